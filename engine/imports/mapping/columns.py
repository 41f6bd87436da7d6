"""The mapping of columns to targets, such as fields: guessed by the headings, decided by the user."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from engine.domain.fields import CUSTOM, EDITABLE_FIELDS, FIELDS, IDENTITY_FIELDS
from engine.domain.rulebook import Ruleset
from engine.errors import Invalid
from engine.imports.mapping import own_export, shop_exports, suppressions, tags
from engine.imports.mapping.headings import plain, without_hint
from engine.imports.mapping.kinds import (
    ACTIVITY_TARGETS,
    NUMBERS,
    ORDER_TARGETS,
    PACKED,
    PRODUCT,
    ImportKind,
    is_property,
    missing_targets,
    property_target,
)
from engine.imports.mapping.known_headings import NAMES
from engine.imports.mapping.presets.preset import Preset
from engine.imports.mapping.subscriptions import channel_of, headings_of_topic, targets_of
from engine.imports.mapping.value_guesses import filled_cells, holds_addresses, opt_out_target, status_target

SEGMENTS = "segments"

LEFT_OUT = ""
"""The target of a column that is not imported."""

REFUSED_HEADINGS = frozenset({"line in the file", "why it was refused", "what was left out"})
"""The columns that a file of refused rows, or of cells left out, has besides those of the original."""

_LINE_ITEMS = re.compile(r"(?:line|order) items?(?: \d+)?|products")

JUST_NAME = frozenset({"name", "nome", "nom", "naam"})
"""Headings of a whole name, or of the part of it that no other column has."""

ALIKE = 0.5
"""The share of headings that files of the same kind have in common."""


@dataclass(frozen=True)
class Target:
    """A target of a column, such as a field of a contact."""

    id: str
    label: str


@dataclass(frozen=True)
class Column:
    """A column and its target, or `LEFT_OUT`; `because` is the reason of the guess."""

    heading: str
    target: str
    because: Literal["remembered", "preset", "name", "values", ""] = ""


class InvalidMapping(Invalid):
    """A mapping that cannot be used, with every problem found."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(problems))


def targets(ruleset: Ruleset, kind: ImportKind = "contacts") -> list[Target]:
    """Return all targets of a kind, in the order in which the user chooses one."""
    if kind != "contacts":
        own_targets = ORDER_TARGETS if kind == "orders" else ACTIVITY_TARGETS
        return [Target(id_, label) for id_, label in own_targets.items()]
    labels = {name: FIELDS[name].label for name in EDITABLE_FIELDS}
    labels |= {CUSTOM + field.id: field.label for field in ruleset.fields.values()}
    labels |= {"name": "Whole name", **targets_of(ruleset), suppressions.TARGET: suppressions.LABEL}
    labels |= {SEGMENTS: "Static segments, by id or name", tags.TARGET: tags.LABEL}
    return [Target(id_, label) for id_, label in labels.items()]


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


def takes_several(target: str) -> bool:
    """Return whether several columns can fill a target: a no in any of them counts."""
    is_subscription = bool(channel_of(target)) and not (
        target.endswith("_at") and not target.endswith("_ended_at")
    )
    return target in (PACKED, suppressions.TARGET, tags.TARGET) or is_subscription


def type_of(target: str, ruleset: Ruleset) -> str:
    """Return the type of a target: `text`, `number`, `money`, `date`, `boolean` or `list`."""
    if target == "birth_date" or target.endswith("_at"):
        return "date"
    if target in NUMBERS:
        return "money"
    if target.endswith("_out"):
        return "boolean"
    declared = ruleset.fields.get(target.removeprefix(CUSTOM)) if target.startswith(CUSTOM) else None
    return "text" if declared is None else declared.type


def validated(
    headings: Sequence[str],
    mapping: Mapping[str, str],
    ruleset: Ruleset,
    *,
    kind: ImportKind = "contacts",
    activity_type: str = "",
) -> dict[str, str]:
    """Return the imported columns with their targets, in the order of the file.  Raises InvalidMapping.

    `activity_type` is the type of all activities of the file, if it has one.
    """
    labels = {target.id: target.label for target in targets(ruleset, kind)}
    owner = {"contacts": "a contact", "orders": "an order", "activities": "an activity"}[kind]
    problems = [
        f"there is no column {heading!r}{_suggestion(heading, headings)}"
        for heading in mapping
        if heading not in headings
    ]
    chosen = {heading: target for heading, target in mapping.items() if target != LEFT_OUT}
    problems += [
        f"column {heading!r}: {owner} has no field {target!r}{_suggestion(target, labels)}"
        for heading, target in chosen.items()
        if target not in labels and not (kind == "activities" and is_property(target))
    ]
    for target in dict.fromkeys(chosen.values()):
        twice = [heading for heading, other in chosen.items() if other == target]
        if len(twice) > 1 and not takes_several(target):
            problems.append(
                f"{labels.get(target, target)} can be filled by one column, not by {_joined(twice)}"
            )
    problems += missing_targets(kind, set(chosen.values()), activity_type=activity_type)
    if problems:
        raise InvalidMapping(problems)
    return {heading: chosen[heading] for heading in headings if heading in chosen}


def headings_by_target(ruleset: Ruleset) -> dict[str, tuple[str, ...]]:
    """Return the known headings of each target; those of a custom field include its id and label."""
    own = {
        CUSTOM + field.id: (plain(field.label), plain(field.id), *NAMES.get(CUSTOM + field.id, ()))
        for field in ruleset.fields.values()
    }
    reserved = {name for names in own.values() for name in names[:2]}
    known = reserved.union(*NAMES.values())
    topics: dict[str, tuple[str, ...]] = {}
    for topic in ruleset.topics.values():
        called = dict.fromkeys([plain(topic.machine), plain(f"topic {topic.label}"), plain(topic.label)])
        for target, names in headings_of_topic(called, topic.machine).items():
            topics[target] = tuple(dict.fromkeys(name for name in names if name and name not in known))
    standard = {
        target: tuple(name for name in names if name not in reserved)
        for target, names in NAMES.items()
        if not target.startswith(CUSTOM)
    }
    others = {suppressions.TARGET: suppressions.HEADINGS, tags.TARGET: tags.HEADINGS}
    own_names = {name for names in own.values() for name in names}
    others = {
        target: tuple(name for name in names if name not in own_names) for target, names in others.items()
    }
    return own | topics | others | standard


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


def _suggestion(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, list(known), n=1)
    return f", did you mean {close[0]!r}?" if close else ""


def _joined(headings: Sequence[str]) -> str:
    return " and ".join(repr(heading) for heading in headings)


def static_segments(ruleset: Ruleset) -> dict[str, str]:
    """Return the ids of static segments by what a cell can call them: the id, or the name in lower case."""
    static = [segment for segment in ruleset.segments.values() if not segment.dynamic]
    return {segment.name.lower(): segment.id for segment in static} | {s.id: s.id for s in static}
