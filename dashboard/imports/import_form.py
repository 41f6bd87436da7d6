"""The form of a draft's settings: what the user has chosen so far, kept in the session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import streamlit as st

from engine.accounts.actor import Actor
from engine.domain.rulebook import Ruleset
from engine.imports import draft_service, import_service
from engine.imports.drafts import Draft
from engine.imports.mapping import undecided_columns
from engine.imports.mapping.cell_format import CellFormat, DateOrder, Decimals
from engine.imports.mapping.columns import LEFT_OUT
from engine.imports.mapping.consents import Statement
from engine.imports.mapping.headings import plain
from engine.imports.mapping.import_settings import BadCells, ImportSettings, Mode
from engine.imports.mapping.inspection import AmbiguousColumn, Inspection, cell_formats
from engine.imports.mapping.kinds import ImportKind
from engine.imports.mapping.presets import registry
from engine.imports.mapping.state_words import Suppression
from engine.imports.mapping.undecided_columns import UndecidedColumn
from engine.imports.reading.formats import Format

_FORM, _EDITION = "import.form", "import.edition"


@dataclass(frozen=True)
class NewField:
    """A custom field that is to be created for a column."""

    label: str
    type: str


@dataclass
class ImportForm:
    """The user's choices for a draft.

    Parameters:
      edition: Distinguishes the widgets of this form from those of an earlier one.
      targets: The target of each column, by heading.
      new_fields: The fields to create, by the heading of their column.
      date_orders: The order of dates that the user chose for ambiguous columns.
      decimal_marks: The decimal mark that the user chose for ambiguous columns.
      ambiguous: The columns that were ambiguous when they were first shown, by heading.
      cleared: The columns whose empty cells clear the field.
      page: The page of columns that is shown.
      activity_type: The type of all activities of the file, if no column has it.
      decided: The columns whose target the user has chosen.
    """

    draft: Draft
    inspection: Inspection
    edition: int
    targets: dict[str, str] = field(default_factory=dict)
    new_fields: dict[str, NewField] = field(default_factory=dict)
    date_orders: dict[str, DateOrder] = field(default_factory=dict)
    decimal_marks: dict[str, Decimals] = field(default_factory=dict)
    ambiguous: dict[str, AmbiguousColumn] = field(default_factory=dict)
    mode: Mode = "both"
    cleared: frozenset[str] = frozenset()
    bad_cells: BadCells = "leave-out"
    segment: str = ""
    statements: dict[str, Statement] = field(default_factory=dict)
    suppressed: Suppression | None = None
    page: int = 0
    activity_type: str = ""
    decided: set[str] = field(default_factory=set)

    @property
    def kind(self) -> ImportKind:
        """What the rows of the file are."""
        return self.inspection.kind

    def key(self, name: str) -> str:
        """Return the key of a widget."""
        return f"import.{self.edition}.{name}"

    def renew_widgets(self) -> None:
        """Let the widgets show values that were set elsewhere."""
        self.edition = _next_edition()

    @property
    def mapping(self) -> dict[str, str]:
        """The imported columns with their targets."""
        return {
            heading: target
            for heading, target in self.targets.items()
            if target and heading not in self.new_fields
        }

    def cell_formats(self, ruleset: Ruleset) -> tuple[dict[str, CellFormat], list[AmbiguousColumn]]:
        """Return the notation of cells by column, and the columns of which the user has to choose it."""
        formats, ambiguous = cell_formats(self.inspection, self.mapping, ruleset)
        undecided = []
        for one in ambiguous:
            if one.ambiguous.what == "dates":
                chosen = CellFormat(dates=self.date_orders.get(one.heading))
            else:
                chosen = CellFormat(decimals=self.decimal_marks.get(one.heading))
            if chosen == CellFormat():
                undecided.append(one)
            else:
                formats[one.heading] = chosen
        return formats, undecided

    def settings(self, ruleset: Ruleset) -> ImportSettings:
        """Return the choices as the settings of the import."""
        formats, _ = self.cell_formats(ruleset)
        return ImportSettings(
            format=self.inspection.format,
            columns=self.mapping,
            readings=formats,
            mode=self.mode,
            clear=self.cleared & frozenset(self.mapping),
            segment=self.segment if self.kind == "contacts" else "",
            statements=tuple(self.statements.values()) if self.kind == "contacts" else (),
            suppressed=self.suppressed if self.kind == "contacts" else None,
            kind=self.kind,
            preset=self.inspection.preset,
            activity_type=self.activity_type if self.kind == "activities" else "",
            dropped_opt_outs=frozenset(self.decided),
            bad_cells=self.bad_cells if self.kind == "contacts" else "leave-out",
        )

    def undecided_columns(self, ruleset: Ruleset) -> list[UndecidedColumn]:
        """Return the columns that matter, are not imported, and wait for the user's choice."""
        settings = self.settings(ruleset)
        return undecided_columns.undecided(list(self.targets), self.inspection.sample, settings, ruleset)

    def unused_addresses(self, ruleset: Ruleset) -> list[str]:
        """Return the columns of email addresses that are not imported beside the one that is."""
        settings = self.settings(ruleset)
        if "email" not in settings.columns.values():
            return []
        return undecided_columns.address_columns(list(self.targets), self.inspection.sample, settings)


def current_form(actor: Actor, draft: Draft, *, model: ImportSettings | None = None) -> ImportForm:
    """Return the form of a draft; a new one starts with its stored settings, those of `model`, or the guess.

    Raises NotAllowed and UnreadableFile.
    """
    form: ImportForm | None = st.session_state.get(_FORM)
    if form is None or form.draft.id != draft.id:
        stored = draft.settings
        like = stored or model
        format_ = None if stored is None else stored.format
        kind = None if like is None else like.kind
        preset = "" if stored is None else stored.preset or registry.NONE
        form = new_form(actor, draft, format_, kind=kind, preset=preset)
        if stored is not None:
            _restore(form, stored)
        elif model is not None:
            _apply(form, model)
    return form


def new_form(
    actor: Actor, draft: Draft, format_: Format | None, *, kind: ImportKind | None = None, preset: str = ""
) -> ImportForm:
    """Inspect a draft's file, in the given format and of the given kind, and start its form with the guess.

    `preset` is the one that the user chose, or `registry.NONE`; empty: the one that recognises the file.
    Raises NotAllowed and UnreadableFile.
    """
    open_ = draft_service.opener(actor, draft.id)
    inspection = import_service.inspect(
        actor, open_, name=draft.name, format_=format_, kind=kind, preset=preset
    )
    form = ImportForm(draft, inspection, _next_edition())
    form.targets = {column.heading: column.target for column in inspection.columns}
    st.session_state[_FORM] = form
    return form


def discard_form() -> None:
    """Discard the form."""
    st.session_state.pop(_FORM, None)


def _next_edition() -> int:
    edition: int = st.session_state.get(_EDITION, 0) + 1
    st.session_state[_EDITION] = edition
    return edition


def _apply(form: ImportForm, settings: ImportSettings) -> None:
    """Apply the settings of another file, as far as this one has the same columns."""
    headings = {plain(heading): heading for heading in form.targets}
    here = {heading: headings[plain(heading)] for heading in settings.columns if plain(heading) in headings}
    _map(form, {here[heading]: target for heading, target in settings.columns.items() if heading in here})
    form.cleared = frozenset(here[heading] for heading in settings.clear if heading in here)
    formats = {here[heading]: one for heading, one in settings.readings.items() if heading in here}
    form.date_orders = {heading: one.dates for heading, one in formats.items() if one.dates is not None}
    form.decimal_marks = {
        heading: one.decimals for heading, one in formats.items() if one.decimals is not None
    }
    form.decided |= {headings[plain(one)] for one in settings.dropped_opt_outs if plain(one) in headings}
    form.mode, form.segment, form.bad_cells = settings.mode, settings.segment, settings.bad_cells
    form.activity_type = settings.activity_type


def _restore(form: ImportForm, settings: ImportSettings) -> None:
    """Apply the settings of this very file; a column without a target there has none."""
    form.targets = dict.fromkeys(form.targets, LEFT_OUT)
    _apply(form, settings)
    form.statements = {one.channel: one for one in settings.statements}
    form.suppressed = settings.suppressed


def _map(form: ImportForm, mapping: Mapping[str, str]) -> None:
    taken = set(mapping.values())
    kept = {heading: LEFT_OUT if target in taken else target for heading, target in form.targets.items()}
    form.targets = {**kept, **mapping}
