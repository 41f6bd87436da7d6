"""Files named on the command line, made ready for import: all of them before any begins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from pymongo.database import Database

from engine.core.rulebook import Ruleset
from engine.errors import ContactSheetsError
from engine.store import rulesets
from engine.transfer import checking, formats, importing
from engine.transfer.checking import Opening
from engine.transfer.columns import CHANNELS, Channel, InvalidMapping, plain
from engine.transfer.consents import Statement
from engine.transfer.formats import Format, Opener
from engine.transfer.problems import UnreadableFile
from engine.transfer.settings import Mode, Settings
from engine.transfer.values import DateOrder, Decimals
from workers.commands import import_fields
from workers.commands.session import whoever

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
    found: Opening
    settings: Settings

    @property
    def opener(self) -> Opener:
        return _opener(self.file)


@dataclass
class Batch:
    """The files of a folder, or one."""

    ready: list[Ready] = field(default_factory=list)
    unreadable: list[tuple[Path, UnreadableFile]] = field(default_factory=list)


def prepare(db: Database[Document], path: Path, options: Options, *, pretend: bool) -> Batch:
    """Open a file, or all of a folder, and settle how each is imported.

    In a folder what cannot be read is set aside, and the others are ready.  Raises
    UnreadableFile for a file alone, and NotSettled with all that has to be said of any.
    """
    ruleset = rulesets.current(db)
    settled = Settings(
        mode=options.mode,
        segment=_static(options.segment, ruleset),
        statements=tuple(map(_statement, options.consents)),
    )
    batch, questions = Batch(), list[str]()
    opened: list[tuple[Path, Opening]] = []
    for file in files_at(path):
        try:
            opened.append((file, _opened(db, file, ruleset, options)))
        except UnreadableFile as error:
            if not path.is_dir():
                raise
            batch.unreadable.append((file, error))
    for file, found in opened:
        columns = columns_of(found, options.mapped)
        if options.new_fields:
            columns |= import_fields.made(db, whoever(), found, columns, options.new_fields, pretend=pretend)
            ruleset = rulesets.current(db)
        readings, undecided = checking.readings(
            found, columns, ruleset, dates=options.dates, decimals=options.decimals
        )
        where = f"{file.name}, " if path.is_dir() else ""
        questions += (f"{where}{question(one)}" for one in undecided)
        clear = frozenset(columns) if options.clears else frozenset[str]()
        settings = replace(settled, format=found.format, columns=columns, readings=readings, clear=clear)
        batch.ready.append(Ready(file, found, settings))
    if questions:
        raise NotSettled("\n".join(questions))
    return batch


def _opened(db: Database[Document], file: Path, ruleset: Ruleset, options: Options) -> Opening:
    return checking.opening(
        _opener(file),
        ruleset,
        name=file.name,
        format_=_format(_opener(file), options.encoding, options.separator, options.sheet),
        remembered=importing.remembered(db),
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


def columns_of(found: Opening, said: Iterable[str]) -> dict[str, str]:
    """What each column fills: as it was said, else as it is guessed."""
    columns = {column.heading: column.target for column in found.columns}
    by_name = {plain(heading): heading for heading in columns}
    for entry in said:
        name, mark, target = entry.rpartition("=")
        if not mark:
            raise InvalidMapping(f"--map {entry}: COLUMN=FIELD is wanted")
        heading = name if name in columns else by_name.get(plain(name), name)
        columns = {known: "" if other == target else other for known, other in columns.items()}
        columns[heading] = target
    return columns


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


def question(undecided: checking.Undecided) -> str:
    """What has to be said of a column, with the option that says it."""
    heading, example = undecided.heading, undecided.ambiguous.example
    if undecided.ambiguous.what == "dates":
        return f"column {heading!r}: is {example} day/month or month/day? Say --dates dmy or --dates mdy"
    return (
        f"column {heading!r}: does {example or 'a comma'} divide decimals or thousands? Say --decimals , or ."
    )
