"""The columns of a file: the target of each, with some of its values beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import streamlit as st
from markupsafe import Markup

from dashboard import formats
from dashboard.imports import import_fields
from dashboard.imports.import_form import ImportForm
from dashboard.ui.markup import card_title, escape_label, joined, quiet, show, tag
from dashboard.wording import plural
from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission
from engine.contacts.editing import edit_validation
from engine.db.connection import utc_now
from engine.domain.rulebook import Ruleset
from engine.imports.mapping import columns
from engine.imports.mapping.cell_format import DateOrder, Decimals, InvalidValue
from engine.imports.mapping.columns import LEFT_OUT, InvalidMapping
from engine.imports.mapping.dates import read_date
from engine.imports.mapping.headings import plain
from engine.imports.mapping.inspection import AmbiguousColumn
from engine.imports.mapping.kinds import PROPERTY, is_property, property_target
from engine.imports.reading.table import Row

PAGE = 25
"""Columns of one page."""

SAMPLES, SAMPLE_LENGTH = 3, 42
"""Values shown of a column, and characters of each."""

NEW_FIELD = "\0new"
"""The choice to create a custom field for a column."""

Answer = TypeVar("Answer", bound=str)

_REASONS = {
    "remembered": "as last time",
    "preset": "known of this tool",
    "name": "matched by heading",
    "values": "matched by values",
    "": "",
}


def ask_columns(actor: Actor, form: ImportForm, ruleset: Ruleset) -> list[str]:
    """Ask for the target of each column; return the problems that prevent the preview."""
    columns_ = form.inspection.columns
    show(card_title("Map columns"))
    show(tag("div", _counted(form), "cs-sub"))
    labels = _labels(actor, ruleset, form)
    _, undecided = form.cell_formats(ruleset)
    ambiguous = {one.heading: one for one in undecided} | _decided(form)
    waiting = {one.heading: one.seems for one in form.undecided_columns(ruleset)}
    first = min(form.page * PAGE, max(0, (len(columns_) - 1) // PAGE * PAGE))
    for number in range(first, min(first + PAGE, len(columns_))):
        heading = columns_[number].heading
        _row(form, number, labels, ambiguous.get(heading), seems=waiting.get(heading, ""))
    if len(columns_) > PAGE:
        _pager(form, first, len(columns_))
    import_fields.offer_creation(actor, form, ruleset)
    return _problems(form, ruleset)


def _counted(form: ImportForm) -> str:
    filled, total = len(form.mapping), len(form.inspection.columns)
    words = f"{formats.count(filled)} of {formats.count(total)} {plural(total, 'column')} will be imported"
    return f"{words}."


def _labels(actor: Actor, ruleset: Ruleset, form: ImportForm) -> dict[str, str]:
    """The labels of the targets that the user's role may fill."""
    targets = {target.id: target.label for target in columns.targets(ruleset, form.kind)}
    labels = {LEFT_OUT: "Don't import"}
    if form.kind != "contacts":
        return labels | targets | _properties(form)
    refused = edit_validation.fields_not_allowed(targets, actor.user.role, ruleset)
    if actor.may(Permission.EDIT_ACCOUNT):
        labels[NEW_FIELD] = "New field…"
    return labels | {id_: label for id_, label in targets.items() if id_ not in refused}


def _properties(form: ImportForm) -> dict[str, str]:
    """The properties that columns of a file of activities can fill: one for each heading."""
    if form.kind != "activities":
        return {}
    named = [property_target(plain(heading)) for heading in form.targets]
    named += [target for target in form.targets.values() if is_property(target)]
    return {target: f"Property: {target.removeprefix(PROPERTY)}" for target in dict.fromkeys(named)}


def _decided(form: ImportForm) -> dict[str, AmbiguousColumn]:
    """The ambiguous columns that the user has decided, and may decide again."""
    decided = {**form.date_orders, **form.decimal_marks}
    return {heading: one for heading in decided if (one := form.ambiguous.get(heading)) is not None}


def _row(
    form: ImportForm,
    number: int,
    labels: Mapping[str, str],
    ambiguous: AmbiguousColumn | None,
    *,
    seems: str,
) -> None:
    column = form.inspection.columns[number]
    with st.container(horizontal=True, vertical_alignment="center", key=f"import-column-{number}"):
        with st.container(width="stretch"):
            show(_about(form, number, seems=seems))
        with st.container(width=320):
            _ask_target(form, number, labels, is_undecided=bool(seems))
            if column.heading in form.new_fields:
                import_fields.ask_field(form, number)
            elif ambiguous is not None and form.targets[column.heading]:
                _ask_format(form, ambiguous, number)


def _about(form: ImportForm, number: int, *, seems: str) -> Markup:
    """A column with some of its values; what it `seems` to hold waits for the user's decision."""
    column = form.inspection.columns[number]
    samples = samples_of(form.inspection.sample, number)
    guessed = form.targets[column.heading] == column.target and column.target
    words = f" · {_REASONS[column.because]}" if guessed and column.because else ""
    words = f" · may {seems}" if seems else words
    reason = [tag("span", words, "cs-small cs-quiet")] if words else []
    values = tag(
        "div", " · ".join(samples) if samples else "no values in the first rows", "cs-small cs-quiet"
    )
    return tag("div", joined([tag("b", column.heading), *reason, values]), "cs-column")


def samples_of(rows: Sequence[Row], number: int) -> list[str]:
    """Return the first distinct values of a column, each shortened."""
    found: dict[str, None] = {}
    for row in rows:
        cell = (row.cells[number] or "").strip()
        if cell:
            found[cell if len(cell) <= SAMPLE_LENGTH else f"{cell[:SAMPLE_LENGTH]}…"] = None
        if len(found) == SAMPLES:
            break
    return list(found)


def _ask_target(form: ImportForm, number: int, labels: Mapping[str, str], *, is_undecided: bool) -> None:
    """Ask what a column fills; nothing is preselected for an opt-out that the user has not decided on."""
    heading = form.inspection.columns[number].heading
    present = NEW_FIELD if heading in form.new_fields else form.targets[heading]
    options = list(labels)
    chosen = st.selectbox(
        escape_label(f"Import {heading[:80]} as"),
        options,
        index=None if is_undecided else options.index(present) if present in options else 0,
        placeholder="Choose",
        format_func=lambda id_: labels[id_],
        key=form.key(f"column.{number}"),
        label_visibility="collapsed",
    )
    if chosen is None or (chosen == present and not is_undecided):
        return
    form.decided.add(heading)
    form.targets[heading] = LEFT_OUT if chosen == NEW_FIELD else chosen
    form.new_fields.pop(heading, None)
    if chosen == NEW_FIELD:
        form.new_fields[heading] = import_fields.proposed_field(form, number)
    st.rerun()


def _ask_format(form: ImportForm, column: AmbiguousColumn, number: int) -> None:
    """Ask which of two notations the dates or numbers of a column have."""
    form.ambiguous[column.heading] = column
    example = column.ambiguous.example
    if column.ambiguous.what == "dates":
        orders: dict[DateOrder, str] = {"dmy": _as_day(example, "dmy"), "mdy": _as_day(example, "mdy")}
        order = _either(form, number, f"{example} means", orders, form.date_orders.get(column.heading))
        if order is not None and order != form.date_orders.get(column.heading):
            form.date_orders[column.heading] = order
            st.rerun()
        return
    marks: dict[Decimals, str] = {",": "Comma", ".": "Point"}
    words = f"Decimal separator in {example}"
    mark = _either(form, number, words, marks, form.decimal_marks.get(column.heading))
    if mark is not None and mark != form.decimal_marks.get(column.heading):
        form.decimal_marks[column.heading] = mark
        st.rerun()


def _either(
    form: ImportForm, number: int, words: str, options: Mapping[Answer, str], present: Answer | None
) -> Answer | None:
    known = list(options)
    return st.radio(
        escape_label(words),
        known,
        index=None if present is None else known.index(present),
        format_func=lambda one: options[one],
        horizontal=True,
        key=form.key(f"reading.{number}"),
    )


def _as_day(example: str, order: DateOrder) -> str:
    try:
        return formats.calendar_day(read_date(example, order, today=utc_now().date()))
    except InvalidValue:  # the example is no day at all, such as 31/31/2026
        return "day/month" if order == "dmy" else "month/day"


def _pager(form: ImportForm, first: int, total: int) -> None:
    last = min(first + PAGE, total)
    with st.container(horizontal=True, vertical_alignment="center"):
        show(quiet(f"Columns {first + 1} to {last} of {formats.count(total)}"))
        if st.button("Previous", disabled=not first, key=form.key("before")):
            form.page = first // PAGE - 1
            st.rerun()
        if st.button("Next", disabled=last == total, key=form.key("next")):
            form.page = first // PAGE + 1
            st.rerun()


def _problems(form: ImportForm, ruleset: Ruleset) -> list[str]:
    problems = []
    try:
        columns.validated(
            list(form.targets), form.mapping, ruleset, kind=form.kind, activity_type=form.activity_type
        )
    except InvalidMapping as error:
        problems += error.problems
    _, undecided = form.cell_formats(ruleset)
    for one in undecided:
        what = "date format" if one.ambiguous.what == "dates" else "decimal separator"
        problems.append(f"choose the {what} of column {one.heading!r}")
    problems += [
        f"{one.problem}: choose what it fills, or “Don't import”" for one in form.undecided_columns(ruleset)
    ]
    if form.new_fields:
        problems.append("create the new fields, or map their columns to something else")
    return problems
