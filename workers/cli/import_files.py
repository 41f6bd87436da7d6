"""Files named on the command line, made ready for import: all of them before any begins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from pymongo.database import Database

from engine.db.connection import utc_now
from engine.domain.fields import CUSTOM
from engine.domain.rulebook import CustomField, Ruleset
from engine.errors import ContactSheetsError
from engine.imports import import_request
from engine.imports.mapping import columns, consents, inspection
from engine.imports.mapping.cell_format import DateOrder, Decimals
from engine.imports.mapping.columns import CHANNELS, LEFT_OUT, Channel, InvalidMapping, plain
from engine.imports.mapping.consents import InvalidStatement, Statement
from engine.imports.mapping.import_settings import ImportSettings, Mode
from engine.imports.mapping.inspection import Inspection
from engine.imports.reading import formats
from engine.imports.reading.formats import Format, Opener
from engine.imports.reading.problems import UnreadableFile
from engine.rules import rulesets
from workers.cli import import_fields
from workers.cli.session import cli_actor

Document = dict[str, Any]


class NotSettled(ContactSheetsError):
    """Something of a file that has to be said before it can be imported."""


@dataclass(frozen=True)
class Options:
    """What was said of how files are to be imported, as it was said; empty for what was not."""

    mapped: Sequence[str] = ()
    mode: Mode = "both"
    clears: bool = False
    segment: str = ""
    consents: Sequence[str] = ()
    new_fields: Sequence[str] = ()
    dates: DateOrder | None = None
    decimals: Decimals | None = None
    encoding: str = ""
    separator: str = ""
    sheet: str = ""


@dataclass(frozen=True)
class Ready:
    """A file that can be imported as its settings say."""

    file: Path
    found: Inspection
    settings: ImportSettings

    @property
    def opener(self) -> Opener:
        return _opener(self.file)

    def without(self, fields: Iterable[CustomField]) -> Ready:
        """The same, but columns that fill these fields are left out."""
        targets = {CUSTOM + one.id for one in fields}
        kept = {
            heading: LEFT_OUT if target in targets else target
            for heading, target in self.settings.columns.items()
        }
        return replace(self, settings=replace(self.settings, columns=kept))


@dataclass
class Batch:
    """The files of a folder, or one."""

    ready: list[Ready] = field(default_factory=list)
    unreadable: list[tuple[Path, UnreadableFile]] = field(default_factory=list)


def prepare(db: Database[Document], path: Path, options: Options, *, pretend: bool) -> Batch:
    """Open a file, or all of a folder, and settle how each is imported.

    In a folder what cannot be read is set aside, and the others are ready.  Fields that are wanted
    of columns are made at the end; with `pretend` it is said which would be, and their columns are
    left out.  Raises UnreadableFile for a file alone, and NotSettled with all that has to be said
    of any.
    """
    ruleset = rulesets.current(db)
    settled = ImportSettings(
        mode=options.mode,
        segment=_static(options.segment, ruleset),
        statements=tuple(map(_statement, options.consents)),
    )
    opened, unreadable = _open_all(db, path, ruleset, options)
    wishes = import_fields.wished(db, [(one.found, one.columns) for one in opened], options.new_fields)
    ready, questions = list[Ready](), list[str]()
    for one in opened:
        filled = replace(one, columns={**one.columns, **wishes.of(one.columns)})
        settings, wrong = _settle(filled, settled, wishes.foreseen(ruleset), options)
        questions += (f"{one.file.name}, {words}" if path.is_dir() else words for words in wrong)
        ready.append(Ready(one.file, one.found, settings))
    if questions:
        raise NotSettled("\n".join(questions))
    if wishes.new and pretend:
        import_fields.tell(wishes.new)
        ready = [one.without(wishes.new) for one in ready]
    elif wishes.new:
        import_fields.make(cli_actor(db), wishes.new, base=ruleset.version)
    return Batch(ready, unreadable)


@dataclass(frozen=True)
class _Opened:
    """A file that can be read, and what its columns fill as it was said, else as it is guessed."""

    file: Path
    found: Inspection
    columns: Mapping[str, str]


def _open_all(
    db: Database[Document], path: Path, ruleset: Ruleset, options: Options
) -> tuple[list[_Opened], list[tuple[Path, UnreadableFile]]]:
    """The files that can be read, and those of a folder that cannot; a file alone raises UnreadableFile."""
    opened, unreadable = list[_Opened](), list[tuple[Path, UnreadableFile]]()
    for file in files_at(path):
        try:
            found = _opened(db, file, ruleset, options)
        except UnreadableFile as error:
            if not path.is_dir():
                raise
            unreadable.append((file, error))
        else:
            opened.append(_Opened(file, found, columns_of(found, options.mapped)))
    return opened, unreadable


def _settle(
    opened: _Opened, settled: ImportSettings, ruleset: Ruleset, options: Options
) -> tuple[ImportSettings, list[str]]:
    """How a file is imported under these rules, and what has to be said of it before."""
    found, mapping = opened.found, opened.columns
    readings, undecided = inspection.cell_formats(
        found, mapping, ruleset, dates=options.dates, decimals=options.decimals
    )
    clear = frozenset(mapping) if options.clears else frozenset[str]()
    settings = replace(settled, format=found.format, columns=mapping, readings=readings, clear=clear)
    return settings, [*map(question, undecided), *_wrong(found, mapping, settled, ruleset)]


def _wrong(
    found: Inspection, mapping: Mapping[str, str], settled: ImportSettings, ruleset: Ruleset
) -> list[str]:
    """What cannot be of the columns of a file, and of what is stated of all in it."""
    try:
        columns.validated([column.heading for column in found.columns], mapping, ruleset)
        consents.file_consents(settled.statements, mapping, ruleset.account, now=utc_now())
    except (InvalidMapping, InvalidStatement) as error:
        return str(error).splitlines()
    return []


def _opened(db: Database[Document], file: Path, ruleset: Ruleset, options: Options) -> Inspection:
    return inspection.inspect(
        _opener(file),
        ruleset,
        name=file.name,
        format_=_format(_opener(file), options.encoding, options.separator, options.sheet),
        remembered=import_request.remembered_mappings(db),
    )


def files_at(path: Path) -> list[Path]:
    """A file, or those of a folder in order; raise NotSettled if there are none."""
    if not path.exists():
        raise NotSettled(f"there is no file {path}")
    files = sorted(found for found in path.iterdir() if found.is_file()) if path.is_dir() else [path]
    if not files:
        raise NotSettled(f"there is no file in {path}")
    return files


def _opener(path: Path) -> Opener:
    return lambda: path.open("rb")


def _format(open_: Opener, encoding: str, separator: str, sheet: str) -> Format:
    """How a file is written, as it is found out and corrected."""
    found = formats.detect(open_)
    if encoding:
        if encoding.lower() not in formats.ENCODINGS:
            raise NotSettled(f"--encoding {encoding}: one of {', '.join(formats.ENCODINGS)} is wanted")
        found = replace(found, encoding=encoding.lower())
    if separator:
        mark = "\t" if separator == "tab" else separator
        if mark not in formats.SEPARATORS:
            raise NotSettled(f"--separator {separator}: one of , ; | tab is wanted")
        found = replace(found, separator=mark)
    return replace(found, sheet=sheet) if sheet else found


def columns_of(found: Inspection, said: Iterable[str]) -> dict[str, str]:
    """What each column fills: as it was said, else as it is guessed."""
    filled = {column.heading: column.target for column in found.columns}
    by_name = {plain(heading): heading for heading in filled}
    for entry in said:
        name, mark, target = entry.rpartition("=")
        if not mark:
            raise InvalidMapping(f"--map {entry}: COLUMN=FIELD is wanted")
        heading = name if name in filled else by_name.get(plain(name), name)
        filled = {known: LEFT_OUT if other == target else other for known, other in filled.items()}
        filled[heading] = target
    return filled


def _static(name: str, ruleset: Ruleset) -> str:
    """The id of a static segment, by its id or name; empty for none."""
    if not name:
        return ""
    static = [segment for segment in ruleset.segments.values() if not segment.dynamic]
    for segment in static:
        if name in (segment.id, segment.name):
            return segment.id
    known = ", ".join(segment.id for segment in static) or "none"
    raise NotSettled(f"--segment {name}: there is no such static segment; there are: {known}")


def _statement(said: str) -> Statement:
    """`newsletter=2026-01-31,form at the fair`: that all agreed, when and where."""
    channel, _, rest = said.partition("=")
    day, _, source = rest.partition(",")
    known: tuple[Channel, ...] = CHANNELS
    found = next((one for one in known if one == channel.strip()), None)
    try:
        on = date.fromisoformat(day.strip())
    except ValueError:
        on = None
    if found is None or on is None or not source.strip():
        raise NotSettled(
            f"--consent {said}: CHANNEL=DATE,SOURCE is wanted, such as newsletter=2026-01-31,form at the fair"
        )
    return Statement(found, on, source.strip())


def question(undecided: inspection.AmbiguousColumn) -> str:
    """What has to be said of a column, with the option that says it."""
    heading, example = undecided.heading, undecided.ambiguous.example
    if undecided.ambiguous.what == "dates":
        return f"column {heading!r}: is {example} day/month or month/day? Say --dates dmy or --dates mdy"
    return (
        f"column {heading!r}: does {example or 'a comma'} divide decimals or thousands? Say --decimals , or ."
    )
