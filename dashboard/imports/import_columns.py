"""The columns of a file: what each fills, with some of its values beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import streamlit as st
from markupsafe import Markup

from dashboard import formats
from dashboard.imports import import_fields
from dashboard.imports.import_settling import Settling
from dashboard.ui.markup import card_title, escape_label, joined, quiet, show, tag
from dashboard.wording import plural
from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission
from engine.contacts.editing import edit_checks
from engine.db.connection import utc_now
from engine.domain.rulebook import Ruleset
from engine.imports.mapping import columns
from engine.imports.mapping.columns import LEFT_OUT, InvalidMapping
from engine.imports.mapping.values import DateOrder, Decimals, InvalidValue, read_date
from engine.imports.preview import Undecided
from engine.imports.reading.reading import Row

PAGE = 25
"""Columns that are shown at a time."""

SAMPLES, SAMPLE_LENGTH = 3, 42
"""Values that are shown of a column, and characters of each."""

NEW = "\0new"
"""What a column fills that is to become a field of its own."""

Answer = TypeVar("Answer", bound=str)

_BECAUSE = {"remembered": "as last time", "name": "by its name", "values": "by its values", "": ""}


def ask_columns(actor: Actor, settling: Settling, ruleset: Ruleset) -> list[str]:
    """Ask what each column fills; return what still stands in the way, in words."""
    found = settling.opening.columns
    show(card_title("Which column fills what"))
    show(tag("div", _counted(settling), "cs-sub"))
    labels = _labels(actor, ruleset)
    _, undecided = settling.readings(ruleset)
    asked = {one.heading: one for one in undecided} | _answered(settling)
    first = min(settling.page * PAGE, max(0, (len(found) - 1) // PAGE * PAGE))
    for number in range(first, min(first + PAGE, len(found))):
        _row(settling, number, labels, asked.get(found[number].heading))
    if len(found) > PAGE:
        _pager(settling, first, len(found))
    import_fields.create(actor, settling, ruleset)
    return _in_the_way(settling, ruleset)


def _counted(settling: Settling) -> str:
    filled, total = len(settling.mapping), len(settling.opening.columns)
    words = f"{formats.count(filled)} of {formats.count(total)} {plural(total, 'column')} will be imported"
    return f"{words}. What nothing is chosen for is left out."


def _labels(actor: Actor, ruleset: Ruleset) -> dict[str, str]:
    """All that a column can fill, as somebody may."""
    targets = {target.id: target.label for target in columns.targets(ruleset)}
    refused = edit_checks.not_theirs(targets, actor.user.role, ruleset)
    labels = {LEFT_OUT: "Left out"}
    if actor.may(Permission.EDIT_ACCOUNT):
        labels[NEW] = "A new field…"
    return labels | {id_: label for id_, label in targets.items() if id_ not in refused}


def _answered(settling: Settling) -> dict[str, Undecided]:
    """The columns that were asked about and are settled: they can be settled otherwise."""
    known = {**settling.orders, **settling.marks}
    return {one: found for one in known if (found := settling.asked.get(one)) is not None}


def _row(settling: Settling, number: int, labels: Mapping[str, str], asked: Undecided | None) -> None:
    column = settling.opening.columns[number]
    with st.container(horizontal=True, vertical_alignment="center", key=f"import-column-{number}"):
        with st.container(width="stretch"):
            show(_about(settling, number))
        with st.container(width=320):
            _ask_target(settling, number, labels)
            if column.heading in settling.new:
                import_fields.ask(settling, number)
            elif asked is not None and settling.targets[column.heading]:
                _ask_reading(settling, asked, number)


def _about(settling: Settling, number: int) -> Markup:
    column = settling.opening.columns[number]
    samples = samples_of(settling.opening.sample, number)
    guessed = settling.targets[column.heading] == column.target and column.target
    words = f" · {_BECAUSE[column.because]}" if guessed and column.because else ""
    because = [tag("span", words, "cs-small cs-quiet")] if words else []
    values = tag(
        "div", " · ".join(samples) if samples else "no values in the first rows", "cs-small cs-quiet"
    )
    return tag("div", joined([tag("b", column.heading), *because, values]), "cs-column")


def samples_of(rows: Sequence[Row], number: int) -> list[str]:
    """The first different values of a column, each short."""
    found: dict[str, None] = {}
    for row in rows:
        cell = (row.cells[number] or "").strip()
        if cell:
            found[cell if len(cell) <= SAMPLE_LENGTH else f"{cell[:SAMPLE_LENGTH]}…"] = None
        if len(found) == SAMPLES:
            break
    return list(found)


def _ask_target(settling: Settling, number: int, labels: Mapping[str, str]) -> None:
    heading = settling.opening.columns[number].heading
    present = NEW if heading in settling.new else settling.targets[heading]
    options = list(labels)
    chosen = st.selectbox(
        escape_label(f"What {heading[:80]} fills"),
        options,
        index=options.index(present) if present in options else 0,
        format_func=lambda id_: labels[id_],
        key=settling.key(f"column.{number}"),
        label_visibility="collapsed",
    )
    if chosen == present:
        return
    settling.targets[heading] = LEFT_OUT if chosen == NEW else chosen
    settling.new.pop(heading, None)
    if chosen == NEW:
        settling.new[heading] = import_fields.proposed(settling, number)
    st.rerun()


def _ask_reading(settling: Settling, asked: Undecided, number: int) -> None:
    """Ask in which of two ways a column's dates or numbers are to be read."""
    settling.asked[asked.heading] = asked
    example = asked.ambiguous.example
    if asked.ambiguous.what == "dates":
        orders: dict[DateOrder, str] = {"dmy": _as_day(example, "dmy"), "mdy": _as_day(example, "mdy")}
        order = _either(settling, number, f"{example} is", orders, settling.orders.get(asked.heading))
        if order is not None and order != settling.orders.get(asked.heading):
            settling.orders[asked.heading] = order
            st.rerun()
        return
    marks: dict[Decimals, str] = {",": "the comma", ".": "the point"}
    words = f"In {example}, decimals begin at"
    mark = _either(settling, number, words, marks, settling.marks.get(asked.heading))
    if mark is not None and mark != settling.marks.get(asked.heading):
        settling.marks[asked.heading] = mark
        st.rerun()


def _either(
    settling: Settling, number: int, words: str, options: Mapping[Answer, str], present: Answer | None
) -> Answer | None:
    known = list(options)
    return st.radio(
        escape_label(words),
        known,
        index=None if present is None else known.index(present),
        format_func=lambda one: options[one],
        horizontal=True,
        key=settling.key(f"reading.{number}"),
    )


def _as_day(example: str, order: DateOrder) -> str:
    try:
        return formats.calendar_day(read_date(example, order, today=utc_now().date()))
    except InvalidValue:  # the first of those that can be read in two ways is no day at all
        return "day/month" if order == "dmy" else "month/day"


def _pager(settling: Settling, first: int, total: int) -> None:
    last = min(first + PAGE, total)
    with st.container(horizontal=True, vertical_alignment="center"):
        show(quiet(f"Columns {first + 1} to {last} of {formats.count(total)}"))
        if st.button("Before", disabled=not first, key=settling.key("before")):
            settling.page = first // PAGE - 1
            st.rerun()
        if st.button("Next", disabled=last == total, key=settling.key("next")):
            settling.page = first // PAGE + 1
            st.rerun()


def _in_the_way(settling: Settling, ruleset: Ruleset) -> list[str]:
    problems = []
    try:
        columns.checked(list(settling.targets), settling.mapping, ruleset)
    except InvalidMapping as error:
        problems += str(error).splitlines()
    _, undecided = settling.readings(ruleset)
    for one in undecided:
        what = "which is the day and which the month" if one.ambiguous.what == "dates" else "what a comma is"
        problems.append(f"say of column {one.heading!r} {what}")
    if settling.new:
        problems.append("create the new fields, or choose something else for their columns")
    return problems
