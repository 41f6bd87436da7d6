"""Prepare the files of `sheets import`: all of them before the first is imported."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from engine.db import Db
from engine.db.connection import utc_now
from engine.domain.fields import CUSTOM
from engine.domain.rulebook import CustomField, Ruleset
from engine.errors import NotFound
from engine.imports import import_request
from engine.imports.mapping import columns, consents, undecided_columns
from engine.imports.mapping.cell_format import DateOrder, Decimals
from engine.imports.mapping.columns import LEFT_OUT, InvalidMapping
from engine.imports.mapping.consents import InvalidConsent, Statement
from engine.imports.mapping.headings import plain
from engine.imports.mapping.import_settings import BadCells, ImportSettings, Mode
from engine.imports.mapping.inspection import AmbiguousColumn, Inspection, cell_formats, inspect
from engine.imports.mapping.kinds import ImportKind
from engine.imports.mapping.presets import registry
from engine.imports.mapping.state_words import Suppression
from engine.imports.mapping.subscriptions import subscriptions
from engine.imports.reading import formats
from engine.imports.reading.encodings import ENCODINGS, known_encoding
from engine.imports.reading.formats import Format, Opener
from engine.imports.reading.problems import UnreadableFile
from engine.rules import versions
from workers.cli import import_fields
from workers.cli.errors import InvalidOption, UndecidedImport
from workers.cli.session import cli_actor


@dataclass(frozen=True)
class Options:
    """The options of the command, as given; empty for those that are not."""

    mappings: Sequence[str] = ()
    mode: Mode = "both"
    clears: bool = False
    bad_cells: BadCells = "leave-out"
    segment: str = ""
    consents: Sequence[str] = ()
    suppressed: Suppression | None = None
    new_fields: Sequence[str] = ()
    dates: DateOrder | None = None
    decimals: Decimals | None = None
    encoding: str = ""
    separator: str = ""
    sheet: str = ""
    header_row: int | None = None
    kind: ImportKind | None = None
    activity_type: str = ""
    preset: str = ""


@dataclass(frozen=True)
class PreparedFile:
    """A file that is ready to be imported."""

    file: Path
    inspection: Inspection
    settings: ImportSettings

    @property
    def opener(self) -> Opener:
        return _opener(self.file)

    def without(self, fields: Iterable[CustomField]) -> PreparedFile:
        """Return the file without the columns that fill some fields."""
        targets = {CUSTOM + one.id for one in fields}
        kept = {
            heading: LEFT_OUT if target in targets else target
            for heading, target in self.settings.columns.items()
        }
        return replace(self, settings=replace(self.settings, columns=kept))


@dataclass
class Batch:
    """The files of a folder, or one file."""

    prepared: list[PreparedFile] = field(default_factory=list)
    unreadable: list[tuple[Path, UnreadableFile]] = field(default_factory=list)


def prepare(db: Db, path: Path, options: Options, *, dry_run: bool) -> Batch:
    """Inspect a file, or all files of a folder, and prepare the settings of each.

    Unreadable files of a folder are set aside; a single one raises UnreadableFile.  The fields of
    `--new-field` are created at the end; with `dry_run` they are only announced, and their columns left
    out.  Raises UndecidedImport with all options that are missing.
    """
    ruleset = versions.current(db)
    base = ImportSettings(
        mode=options.mode,
        segment=_static_segment(options.segment, ruleset),
        statements=tuple(_statement(option, ruleset) for option in options.consents),
        suppressed=options.suppressed,
        bad_cells=options.bad_cells,
        activity_type=options.activity_type,
    )
    inspected, unreadable = _inspect_all(db, path, ruleset, options)
    fields = import_fields.new_fields(
        db, [(one.inspection, one.mapping) for one in inspected], options.new_fields
    )
    prepared, problems = list[PreparedFile](), list[str]()
    for one in inspected:
        mapped = replace(one, mapping={**one.mapping, **fields.mapping(one.mapping)})
        settings, found = _settings(mapped, base, fields.added_to(ruleset), options)
        problems += (f"{one.file.name}, {problem}" if path.is_dir() else problem for problem in found)
        prepared.append(PreparedFile(one.file, one.inspection, settings))
    if problems:
        raise UndecidedImport(problems)
    if fields.missing and dry_run:
        import_fields.announce(fields.missing)
        prepared = [one.without(fields.missing) for one in prepared]
    elif fields.missing:
        import_fields.create(cli_actor(db), fields.missing, base=ruleset.version)
    return Batch(prepared, unreadable)


@dataclass(frozen=True)
class _InspectedFile:
    """A readable file, and the targets of its columns: those of `--map`, else the guessed ones."""

    file: Path
    inspection: Inspection
    mapping: Mapping[str, str]


def _inspect_all(
    db: Db, path: Path, ruleset: Ruleset, options: Options
) -> tuple[list[_InspectedFile], list[tuple[Path, UnreadableFile]]]:
    """The readable files, and the unreadable ones of a folder; a single one raises UnreadableFile."""
    inspected, unreadable = list[_InspectedFile](), list[tuple[Path, UnreadableFile]]()
    for file in files_at(path):
        try:
            inspection = _inspect(db, file, ruleset, options)
        except UnreadableFile as error:
            if not path.is_dir():
                raise
            unreadable.append((file, error))
        else:
            mapping = mapping_of(inspection, options.mappings)
            inspected.append(_InspectedFile(file, inspection, mapping))
    return inspected, unreadable


def _settings(
    inspected: _InspectedFile, base: ImportSettings, ruleset: Ruleset, options: Options
) -> tuple[ImportSettings, list[str]]:
    """The settings of a file under these rules, and the problems that prevent its import."""
    inspection, mapping = inspected.inspection, inspected.mapping
    formats_, ambiguous = cell_formats(
        inspection, mapping, ruleset, dates=options.dates, decimals=options.decimals
    )
    clear = frozenset(mapping) if options.clears else frozenset[str]()
    settings = replace(
        base,
        kind=inspection.kind,
        preset=inspection.preset,
        format=inspection.format,
        columns=mapping,
        readings=formats_,
        clear=clear,
        dropped_opt_outs=named_columns(inspection, options.mappings),
    )
    return settings, [*map(question, ambiguous), *_problems(inspection, settings, ruleset)]


def _problems(inspection: Inspection, settings: ImportSettings, ruleset: Ruleset) -> list[str]:
    """The problems of a mapping, and of what is stated for the whole file."""
    headings = [column.heading for column in inspection.columns]
    try:
        columns.validated(
            headings, settings.columns, ruleset, kind=settings.kind, activity_type=settings.activity_type
        )
        settings.validate_kind()
        consents.file_consents(settings.statements, settings.columns, ruleset, now=utc_now())
    except InvalidMapping as error:
        return error.problems
    except InvalidConsent as error:
        return [str(error)]
    dropped = undecided_columns.undecided(headings, inspection.sample, settings, ruleset)
    return [
        f"{one.problem}: name its field, or leave it out, with "
        f'--map "{one.heading}=FIELD" or --map "{one.heading}="'
        for one in dropped
    ]


def _inspect(db: Db, file: Path, ruleset: Ruleset, options: Options) -> Inspection:
    return inspect(
        _opener(file),
        ruleset,
        name=file.name,
        format_=_format(_opener(file), options),
        kind=options.kind,
        preset=_preset(options.preset),
        remembered=lambda kind, preset: import_request.remembered_mappings(db, kind, preset),
    )


def _preset(name: str) -> str:
    """The id of a preset, or that of none; empty if none was chosen."""
    if name and name != registry.NONE and name not in registry.PRESETS:
        known = ", ".join([registry.NONE, *registry.PRESETS])
        raise InvalidOption(f"--preset {name}", f"one of {known} is wanted")
    return name


def files_at(path: Path) -> list[Path]:
    """Return a file, or those of a folder by name.  Raises NotFound if there are none."""
    if not path.exists():
        raise NotFound(f"there is no file {path}")
    files = sorted(found for found in path.iterdir() if found.is_file()) if path.is_dir() else [path]
    if not files:
        raise NotFound(f"there is no file in {path}")
    return files


def _opener(path: Path) -> Opener:
    return lambda: path.open("rb")


def _format(open_: Opener, options: Options) -> Format:
    """The detected format of a file, with the corrections of the options."""
    encoding, separator = options.encoding, options.separator
    name = known_encoding(encoding) if encoding else ""
    if name is None:
        known = ", ".join(ENCODINGS)
        raise InvalidOption(f"--encoding {encoding}", f"one of {known} is wanted")
    format_ = formats.detect(open_, encoding=name, sheet=options.sheet or None)
    if separator:
        mark = "\t" if separator == "tab" else separator
        if mark not in formats.SEPARATORS:
            raise InvalidOption(f"--separator {separator}", "one of , ; | tab is wanted")
        format_ = replace(format_, separator=mark)
    if options.header_row is None:
        return format_
    return replace(format_, header=options.header_row > 0, header_row=options.header_row)


def mapping_of(inspection: Inspection, options: Iterable[str]) -> dict[str, str]:
    """Return the target of each column: the one of `--map COLUMN=FIELD`, else the guessed one."""
    mapping = {column.heading: column.target for column in inspection.columns}
    for heading, target in _named(inspection, options):
        if not columns.takes_several(target):
            mapping = {known: LEFT_OUT if other == target else other for known, other in mapping.items()}
        mapping[heading] = target
    return mapping


def named_columns(inspection: Inspection, options: Iterable[str]) -> frozenset[str]:
    """Return the headings that `--map COLUMN=FIELD` names: the user has decided on them."""
    return frozenset(heading for heading, _ in _named(inspection, options))


def _named(inspection: Inspection, options: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The columns and targets of `--map`.  Raises InvalidMapping."""
    headings = {column.heading for column in inspection.columns}
    by_name = {plain(column.heading): column.heading for column in inspection.columns}
    for option in options:
        name, mark, target = option.rpartition("=")
        if not mark:
            raise InvalidMapping([f"--map {option}: COLUMN=FIELD is wanted"])
        yield (name if name in headings else by_name.get(plain(name), name)), target


def _static_segment(name: str, ruleset: Ruleset) -> str:
    """The id of a static segment, by its id or name; empty for no segment."""
    if not name:
        return ""
    static = [segment for segment in ruleset.segments.values() if not segment.dynamic]
    for segment in static:
        if name in (segment.id, segment.name):
            return segment.id
    known = ", ".join(segment.id for segment in static) or "none"
    raise InvalidOption(f"--segment {name}", f"there is no such static segment; there are: {known}")


def _statement(option: str, ruleset: Ruleset) -> Statement:
    """The statement of an option: `newsletter=2026-01-31,form at the fair`."""
    channel, _, rest = option.partition("=")
    day, _, source = rest.partition(",")
    found = channel.strip()
    known = [one.id for one in subscriptions(ruleset)]
    try:
        on = date.fromisoformat(day.strip())
    except ValueError:
        on = None
    if found not in known:
        raise InvalidOption(
            f"--consent {option}", f"no subscription {found!r}; there are: {', '.join(known)}"
        )
    if on is None or not source.strip():
        wanted = "CHANNEL=DATE,SOURCE is wanted, such as newsletter=2026-01-31,form at the fair"
        raise InvalidOption(f"--consent {option}", wanted)
    return Statement(found, on, source.strip())


def question(column: AmbiguousColumn) -> str:
    """Return the question of an ambiguous column, with the option that answers it."""
    heading, example = column.heading, column.ambiguous.example
    if column.ambiguous.what == "dates":
        return f"column {heading!r}: is {example} day/month or month/day? Say --dates dmy or --dates mdy"
    return (
        f"column {heading!r}: does {example or 'a comma'} divide decimals or thousands? Say --decimals , or ."
    )
