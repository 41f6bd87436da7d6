"""The target of each column of a file, guessed: what was remembered, then presets, headings, and values."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from engine.domain.fields import IDENTITY_FIELDS
from engine.domain.rulebook import Ruleset
from engine.imports.mapping import own_export, shop_exports
from engine.imports.mapping.columns import (
    LEFT_OUT,
    REFUSED_HEADINGS,
    Column,
    headings_by_target,
    takes_several,
    targets,
)
from engine.imports.mapping.headings import plain, without_hint
from engine.imports.mapping.kinds import PACKED, PRODUCT, ImportKind, property_target
from engine.imports.mapping.presets.preset import Preset
from engine.imports.mapping.value_guesses import filled_cells, holds_addresses, opt_out_target, status_target

_LINE_ITEMS = re.compile(r"(?:line|order) items?(?: \d+)?|products")

JUST_NAME = frozenset({"name", "nome", "nom", "naam"})
"""Headings of a whole name, or of the part of it that no other column has."""

ALIKE = 0.5
"""The share of headings that files of the same kind have in common."""


Fits = Callable[[str, Sequence[str | None]], bool]
"""Returns whether most values of a column can fill a target."""


def guess(
    headings: Sequence[str],
    ruleset: Ruleset,
    *,
    kind: ImportKind = "contacts",
    sample: Sequence[Sequence[str | None]] = (),
    remembered: Sequence[Mapping[str, str]] = (),
    preset: Preset | None = None,
    fits: Fits = lambda _target, _cells: True,
) -> list[Column]:
    """Guess the target of each column; unknown columns are left out, but are properties of activities.

    Parameters:
      kind: What the rows of the file are.
      sample: The cells of the first rows.
      remembered: The mappings of earlier files, the latest first; they go before a preset and headings.
      preset: What is known of the exports of the tool that wrote the file.
      fits: Rejects a target for a column whose values it cannot hold.

    A target goes to one column, the one with the most specific heading; several can hold the state or the
    end of a subscription, and what became of an address (see `takes_several`).  If no heading suggests an
    identity, a column of email addresses is the email.
    """
    plain_headings = list(map(plain, headings))
    headings_of = (
        headings_by_target(ruleset) if kind == "contacts" else shop_exports.names_of(kind, plain_headings)
    )
    allowed = {target.id for target in targets(ruleset, kind)}

    def could_be(target: str, index: int) -> bool:
        return fits(target, [row[index] for row in sample if index < len(row)])

    before = _remembered_for(headings, remembered)
    found = [
        Column(heading, before[plain(heading)], "remembered")
        if before.get(plain(heading)) in {*allowed, LEFT_OUT} and could_be(before[plain(heading)], index)
        else Column(heading, LEFT_OUT)
        for index, heading in enumerate(headings)
    ]
    if preset is not None and kind == "contacts":
        _apply_preset(preset, found, allowed, could_be)
    taken = {column.target for column in found if column.target}
    for target, names in headings_of.items():
        column = None if target in taken else _best_column(target, found, names, could_be)
        if column is not None:
            found[column] = Column(headings[column], target, "name")
            taken.add(target)
    if not taken & set(IDENTITY_FIELDS):
        _guess_email(found, sample)
    if kind == "orders" and taken & {"external_id", "email"}:
        found = [_without_phone(column) for column in found]
    if kind == "orders" and not any(target.startswith(PRODUCT) for target in taken):
        found = [_packed(column, index, could_be) for index, column in enumerate(found)]
    if kind == "activities" and not own_export.is_own_export(plain_headings):
        found = _as_properties(found)
    if kind != "contacts":
        return found
    found = _with_refusals(found, sample, allowed)
    without = frozenset[str]() if preset is None else preset.without
    found = [Column(column.heading, LEFT_OUT) if column.target in without else column for column in found]
    return [_part_of_name(column, taken) for column in found]


def _remembered_for(headings: Sequence[str], remembered: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """The mappings of files that share at least half of their headings with this one.

    Files of another tool are no guide: its `Phone` may be a different one.
    """
    here, found = set(map(plain, headings)), dict[str, str]()
    for mapping in reversed(remembered):
        before = {plain(heading): target for heading, target in mapping.items()}
        if len(here & before.keys()) >= ALIKE * min(len(here), len(before)):
            found |= before
    return found


def _best_column(
    target: str, columns: Sequence[Column], names: Sequence[str], could_be: Callable[[str, int], bool]
) -> int | None:
    """The free column whose heading comes first among known ones, and whose values fit the target.

    A heading without its hint in brackets comes after all that are known as they are.
    """
    free = [(index, column) for index, column in enumerate(columns) if column.because == ""]
    for form in (plain, without_hint):
        known = {form(column.heading): index for index, column in reversed(free)}
        named = (known[name] for name in names if name in known)
        found = next((index for index in named if could_be(target, index)), None)
        if found is not None:
            return found
    return None


def _apply_preset(
    preset: Preset, columns: list[Column], allowed: set[str], could_be: Callable[[str, int], bool]
) -> None:
    """Map the free columns that a preset knows, the best heading of each target first."""
    taken = {column.target for column in columns}
    free = {
        plain(column.heading): index
        for index, column in reversed(list(enumerate(columns)))
        if column.because == ""
    }
    for heading, target in preset.columns.items():
        index = free.get(heading)
        if index is None or (target and target not in allowed):
            continue
        name = columns[index].heading
        if not target:
            columns[index] = Column(name, LEFT_OUT, "preset")
        elif (target not in taken or takes_several(target)) and could_be(target, index):
            columns[index] = Column(name, target, "preset")
            taken.add(target)


def _with_refusals(
    columns: Sequence[Column], sample: Sequence[Sequence[str | None]], allowed: set[str]
) -> list[Column]:
    """Map the free columns that say who is subscribed or must not be written to, by heading and values."""
    taken = {column.target for column in columns}
    found = []
    for index, column in enumerate(columns):
        target = None
        if column.target == LEFT_OUT and column.because == "":
            cells = filled_cells(sample, index)
            target = opt_out_target(column.heading, cells)
            if target is None and (state := status_target(column.heading, cells)) not in taken:
                target = state
        is_allowed = (
            target is not None and target in allowed and plain(column.heading) not in REFUSED_HEADINGS
        )
        found.append(Column(column.heading, target, "values") if target and is_allowed else column)
        taken |= {found[-1].target} - {LEFT_OUT}
    return found


def _part_of_name(column: Column, taken: set[str]) -> Column:
    """Beside a column of one part of names, a column called just `name` holds the other one."""
    whole = column.target == "name" and column.because == "name" and plain(column.heading) in JUST_NAME
    parts = taken & {"first_name", "last_name"}
    if not whole or len(parts) != 1:
        return column
    return Column(column.heading, "last_name" if parts == {"first_name"} else "first_name", "name")


def _without_phone(column: Column) -> Column:
    """Beside a better identity, the phone of an order is often that of the person who takes the parcel."""
    guessed = column.target == "mobile_phone" and column.because == "name"
    return Column(column.heading, LEFT_OUT) if guessed else column


def _packed(column: Column, index: int, could_be: Callable[[str, int], bool]) -> Column:
    """A column of a shop's line items whose cells hold whole products."""
    is_free = column.target == LEFT_OUT and column.because == ""
    named = is_free and _LINE_ITEMS.fullmatch(plain(column.heading)) is not None
    return Column(column.heading, PACKED, "name") if named and could_be(PACKED, index) else column


def _as_properties(columns: Sequence[Column]) -> list[Column]:
    """Unknown columns as properties, each under a name of its own."""
    taken: set[str] = set()
    found = []
    for column in columns:
        is_ours = plain(column.heading) in REFUSED_HEADINGS
        if column.target == LEFT_OUT and column.because == "" and not is_ours:
            target = property_target(plain(column.heading))
            found.append(column if target in taken else Column(column.heading, target, "name"))
            taken.add(target)
        else:
            found.append(column)
    return found


def _guess_email(columns: list[Column], sample: Sequence[Sequence[str | None]]) -> None:
    """Map the first column of email addresses to the email."""
    for index, column in enumerate(columns):
        if column.because == "" and holds_addresses(filled_cells(sample, index)):
            columns[index] = Column(column.heading, "email", "values")
            return
