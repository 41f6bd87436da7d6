"""A file to import as the API shows it: how it was read, the targets of its columns, what is undecided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from engine.accounts.actor import Actor
from engine.imports import draft_service, import_service
from engine.imports.drafts import Draft
from engine.imports.mapping import columns, consents, undecided_columns
from engine.imports.mapping.cell_format import DateOrder, Decimals
from engine.imports.mapping.columns import InvalidMapping
from engine.imports.mapping.consents import InvalidConsent, Statement
from engine.imports.mapping.import_settings import BadCells, ImportSettings, Mode
from engine.imports.mapping.inspection import Inspection, cell_formats
from engine.imports.mapping.kinds import ImportKind
from engine.imports.mapping.presets import registry
from engine.imports.mapping.state_words import Suppression
from engine.imports.reading import formats
from engine.imports.reading.encodings import ENCODINGS, known_encoding
from engine.imports.reading.formats import SEPARATORS, Format
from engine.rules import versions
from workers.collector.api.errors import InvalidParameters


class StatementChange(msgspec.Struct, forbid_unknown_fields=True):
    """All contacts of the file agreed to a subscription: when (`on`), and where (`source`)."""

    channel: str
    on: date
    source: str


class SettingsChange(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Settings of an import; what is left out stays as it was guessed or set before.

    `columns` are targets by heading, an empty one leaves the column out.  `dates` (`dmy`, `mdy`) and
    `decimals` say how ambiguous cells are read.  `mode` is which contacts are changed, `empty` whether
    empty cells clear fields.  `encoding`, `separator`, `sheet` and `header_row` correct how the file is read.
    """

    kind: ImportKind | UnsetType = UNSET
    columns: dict[str, str] = {}
    dates: DateOrder | None = None
    decimals: Decimals | None = None
    mode: Mode | UnsetType = UNSET
    empty: Literal["keep", "clear"] | UnsetType = UNSET
    bad_cells: BadCells | UnsetType = UNSET
    segment: str | UnsetType = UNSET
    statements: list[StatementChange] | UnsetType = UNSET
    suppressed: Suppression | UnsetType | None = UNSET
    activity_type: str | UnsetType = UNSET
    encoding: str = ""
    separator: str = ""
    sheet: str = ""
    header_row: int | None = None

    @property
    def reads_anew(self) -> bool:
        """Whether the file is to be read in another way."""
        return bool(self.encoding or self.separator or self.sheet or self.header_row is not None)


class ColumnView(msgspec.Struct):
    """A column and its target; an empty one leaves it out. `because` is the reason of a guess."""

    heading: str
    target: str
    because: str


class DraftView(msgspec.Struct):
    """A file that was uploaded; with `undecided` problems its import cannot start."""

    id: str
    file: str
    size: int
    format: str
    kind: str
    columns: list[ColumnView]
    mode: str
    empty: str
    bad_cells: str
    segment: str
    suppressed: str | None
    notices: list[str]
    undecided: list[str]


@dataclass(frozen=True)
class Prepared:
    """The settings of a draft, and what is undecided about them."""

    settings: ImportSettings
    inspection: Inspection
    undecided: list[str]


def prepare(actor: Actor, draft: Draft, change: SettingsChange) -> Prepared:
    """Apply a change to the settings of a draft.  Raises InvalidParameters and UnreadableFile."""
    present, first = draft.settings or ImportSettings(), draft.settings is None
    format_ = _format(actor, draft, present, change)
    inspection = import_service.inspect(
        actor,
        draft_service.opener(actor, draft.id),
        name=draft.name,
        format_=format_,
        kind=present.kind if change.kind is UNSET and not first else _or(change.kind, None),
        preset="" if first else present.preset or registry.NONE,
    )
    ruleset = versions.current(actor.db)
    mapping = _mapping(inspection, present, change)
    readings, ambiguous = cell_formats(
        inspection, mapping, ruleset, dates=change.dates, decimals=change.decimals
    )
    kept = {name: one for name, one in present.readings.items() if name in mapping and name not in readings}
    clears = bool(present.clear) if change.empty is UNSET else change.empty == "clear"
    settings = replace(
        present,
        kind=inspection.kind,
        format=inspection.format,
        preset=inspection.preset,
        columns=mapping,
        readings={**kept, **readings},
        clear=frozenset(mapping) if clears else frozenset(),
        dropped_opt_outs=present.dropped_opt_outs | {name for name in change.columns if name in mapping},
        **_plain(change),
    )
    undecided = [
        f"{one.heading}: {one.ambiguous.example} can be read in two ways; give `{one.ambiguous.what}`"
        for one in ambiguous
        if one.heading not in kept
    ]
    return Prepared(settings, inspection, [*undecided, *_problems(actor, inspection, settings)])


def view_of(draft: Draft, prepared: Prepared) -> DraftView:
    """Return a draft as the API shows it."""
    settings, inspection = prepared.settings, prepared.inspection
    because = {column.heading: column.because for column in inspection.columns}
    return DraftView(
        id=draft.id,
        file=draft.name,
        size=draft.size,
        format=str(settings.format),
        kind=settings.kind,
        columns=[ColumnView(name, target, because[name]) for name, target in settings.columns.items()],
        mode=settings.mode,
        empty="clear" if settings.clear else "keep",
        bad_cells=settings.bad_cells,
        segment=settings.segment,
        suppressed=settings.suppressed,
        notices=[notice.message for notice in inspection.notices],
        undecided=prepared.undecided,
    )


def _or(value: Any, other: Any) -> Any:
    return other if value is UNSET else value


def _plain(change: SettingsChange) -> dict[str, Any]:
    """The settings that are taken as they are given."""
    names = ("mode", "bad_cells", "segment", "suppressed", "activity_type")
    found = {name: value for name in names if (value := getattr(change, name)) is not UNSET}
    if change.statements is not UNSET:
        found["statements"] = tuple(Statement(one.channel, one.on, one.source) for one in change.statements)
    return found


def _mapping(inspection: Inspection, present: ImportSettings, change: SettingsChange) -> dict[str, str]:
    """The target of each column: the one given, else the one set before, else the guessed one."""
    headings = [column.heading for column in inspection.columns]
    if unknown := [name for name in change.columns if name not in headings]:
        raise InvalidParameters(
            {f"columns.{name}": f"is no column; there are: {', '.join(headings)}" for name in unknown}
        )
    before: Mapping[str, str] = present.columns if present.kind == inspection.kind else {}
    guessed = {column.heading: column.target for column in inspection.columns}
    return {
        **guessed,
        **{name: target for name, target in before.items() if name in guessed},
        **change.columns,
    }


def _format(actor: Actor, draft: Draft, present: ImportSettings, change: SettingsChange) -> Format | None:
    if not change.reads_anew:
        return present.format if draft.settings is not None else None
    encoding = known_encoding(change.encoding) if change.encoding else ""
    if encoding is None:
        raise InvalidParameters({"encoding": f"is unknown; there are: {', '.join(ENCODINGS)}"})
    opener = draft_service.opener(actor, draft.id)
    found = formats.detect(opener, encoding=encoding, sheet=change.sheet or None)
    if change.separator:
        if change.separator not in SEPARATORS:
            raise InvalidParameters({"separator": "is none of comma, semicolon, tab and vertical bar"})
        found = replace(found, separator=change.separator)
    if change.header_row is None:
        return found
    return replace(found, header=change.header_row > 0, header_row=change.header_row)


def _problems(actor: Actor, inspection: Inspection, settings: ImportSettings) -> list[str]:
    """The problems of a mapping, and of what is stated for the whole file."""
    ruleset, headings = versions.current(actor.db), [column.heading for column in inspection.columns]
    try:
        columns.validated(
            headings, settings.columns, ruleset, kind=settings.kind, activity_type=settings.activity_type
        )
        settings.validate_kind()
        consents.file_consents(settings.statements, settings.columns, ruleset, now=actor.now)
        import_service.refuse_fields(actor, settings)
    except InvalidMapping as error:
        return error.problems
    except InvalidConsent as error:
        return [str(error)]
    dropped = undecided_columns.undecided(headings, inspection.sample, settings, ruleset)
    return [
        f"{one.problem}: give its target under `columns`, an empty one to leave it out" for one in dropped
    ]
