"""A file that somebody is settling: what they have chosen so far, kept while they go on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import streamlit as st

from engine.accounts.actor import Actor
from engine.domain.rulebook import Ruleset
from engine.imports import draft_service, import_service
from engine.imports.drafts import Draft
from engine.imports.mapping import inspection
from engine.imports.mapping.cell_format import CellFormat, DateOrder, Decimals
from engine.imports.mapping.columns import LEFT_OUT, Channel, plain
from engine.imports.mapping.consents import Statement
from engine.imports.mapping.import_settings import ImportSettings, Mode
from engine.imports.mapping.inspection import AmbiguousColumn, Inspection
from engine.imports.reading.formats import Format

Empties = Literal["keep", "clear"]

_SETTLING, _EDITION = "import.settling", "import.edition"


@dataclass(frozen=True)
class NewField:
    """A field that does not exist yet, as somebody wants it for a column."""

    label: str
    type: str


@dataclass
class Settling:
    """What somebody has chosen for a file.

    `edition` tells the inputs of one reading of the file from those of another; `new` are the
    fields that they want for columns; `asked` what they were asked of columns; `cleared` the
    columns whose empty cells empty the field.
    """

    draft: Draft
    opening: Inspection
    edition: int
    targets: dict[str, str] = field(default_factory=dict)
    new: dict[str, NewField] = field(default_factory=dict)
    orders: dict[str, DateOrder] = field(default_factory=dict)
    marks: dict[str, Decimals] = field(default_factory=dict)
    asked: dict[str, AmbiguousColumn] = field(default_factory=dict)
    mode: Mode = "both"
    cleared: frozenset[str] = frozenset()
    segment: str = ""
    statements: dict[Channel, Statement] = field(default_factory=dict)
    page: int = 0

    def key(self, name: str) -> str:
        """The key of an input."""
        return f"import.{self.edition}.{name}"

    def renew(self) -> None:
        """Let the inputs show what was chosen for them elsewhere."""
        self.edition = _next_edition()

    @property
    def mapping(self) -> dict[str, str]:
        """The columns that are imported, each with what it fills."""
        return {
            heading: target for heading, target in self.targets.items() if target and heading not in self.new
        }

    def readings(self, ruleset: Ruleset) -> tuple[dict[str, CellFormat], list[AmbiguousColumn]]:
        """How cells are read, and of which columns that is still to be said."""
        told, asked = inspection.cell_formats(self.opening, self.mapping, ruleset)
        open_ = []
        for one in asked:
            dates, mark = self.orders.get(one.heading), self.marks.get(one.heading)
            said = CellFormat(dates=dates) if one.ambiguous.what == "dates" else CellFormat(decimals=mark)
            if said == CellFormat():
                open_.append(one)
            else:
                told[one.heading] = said
        return told, open_

    def settings(self, ruleset: Ruleset) -> ImportSettings:
        """All of it, as the file will be imported."""
        told, _ = self.readings(ruleset)
        return ImportSettings(
            format=self.opening.format,
            columns=self.mapping,
            readings=told,
            mode=self.mode,
            clear=self.cleared & frozenset(self.mapping),
            segment=self.segment,
            statements=tuple(self.statements.values()),
        )


def settling(actor: Actor, draft: Draft, *, model: ImportSettings | None = None) -> Settling:
    """What was chosen for a file so far; at first as it is guessed, or was settled before.

    `model` is how another file was imported that this one is like.
    Raises NotAllowed and UnreadableFile.
    """
    found: Settling | None = st.session_state.get(_SETTLING)
    if found is None or found.draft.id != draft.id:
        before = draft.settings
        found = read_anew(actor, draft, None if before is None else before.format)
        if before is not None:
            _take_over(found, before)
        elif model is not None:
            like(found, model)
    return found


def read_anew(actor: Actor, draft: Draft, format_: Format | None) -> Settling:
    """Look at a file as it is written by what somebody says of it, and guess its columns.

    Raises NotAllowed and UnreadableFile.
    """
    open_ = draft_service.opener(actor, draft.id)
    opening = import_service.inspect(actor, open_, name=draft.name, format_=format_)
    found = Settling(draft, opening, _next_edition())
    found.targets = {column.heading: column.target for column in opening.columns}
    st.session_state[_SETTLING] = found
    return found


def _next_edition() -> int:
    edition: int = st.session_state.get(_EDITION, 0) + 1
    st.session_state[_EDITION] = edition
    return edition


def forget() -> None:
    """Nobody settles a file any more."""
    st.session_state.pop(_SETTLING, None)


def like(settling: Settling, before: ImportSettings) -> None:
    """Choose for a file what was chosen for another one, as far as it has the same columns."""
    by_name = {plain(heading): heading for heading in settling.targets}
    here = {heading: by_name[plain(heading)] for heading in before.columns if plain(heading) in by_name}
    _choose(
        settling, {here[heading]: target for heading, target in before.columns.items() if heading in here}
    )
    settling.cleared = frozenset(here[heading] for heading in before.clear if heading in here)
    _read_as(settling, {here[heading]: told for heading, told in before.readings.items() if heading in here})
    settling.mode, settling.segment = before.mode, before.segment


def _take_over(settling: Settling, before: ImportSettings) -> None:
    """Choose what was chosen for this very file; what had no target then has none."""
    settling.targets = dict.fromkeys(settling.targets, LEFT_OUT)
    like(settling, before)
    settling.statements = {one.channel: one for one in before.statements}


def _choose(settling: Settling, mapping: Mapping[str, str]) -> None:
    taken = set(mapping.values())
    kept = {heading: LEFT_OUT if target in taken else target for heading, target in settling.targets.items()}
    settling.targets = {**kept, **mapping}


def _read_as(settling: Settling, told: Mapping[str, CellFormat]) -> None:
    settling.orders = {heading: one.dates for heading, one in told.items() if one.dates is not None}
    settling.marks = {heading: one.decimals for heading, one in told.items() if one.decimals is not None}
