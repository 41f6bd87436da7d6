"""The mapping of columns to targets, such as fields: which there are, and whether a choice can be used.

`column_guesses` proposes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from engine.domain.fields import CUSTOM, EDITABLE_FIELDS, FIELDS
from engine.domain.rulebook import Ruleset
from engine.errors import Invalid
from engine.imports.mapping import suppressions, tags
from engine.imports.mapping.headings import plain
from engine.imports.mapping.kinds import (
    ACTIVITY_TARGETS,
    NUMBERS,
    ORDER_TARGETS,
    PACKED,
    ImportKind,
    is_property,
    missing_targets,
)
from engine.imports.mapping.known_headings import NAMES
from engine.imports.mapping.subscriptions import channel_of, headings_of_topic, targets_of

SEGMENTS = "segments"

LEFT_OUT = ""
"""The target of a column that is not imported."""

REFUSED_HEADINGS = frozenset({"line in the file", "why it was refused", "what was left out"})
"""The columns that a file of refused rows, or of cells left out, has besides those of the original."""


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


def _suggestion(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, list(known), n=1)
    return f", did you mean {close[0]!r}?" if close else ""


def _joined(headings: Sequence[str]) -> str:
    return " and ".join(repr(heading) for heading in headings)


def static_segments(ruleset: Ruleset) -> dict[str, str]:
    """Return the ids of static segments by what a cell can call them: the id, or the name in lower case."""
    static = [segment for segment in ruleset.segments.values() if not segment.dynamic]
    return {segment.name.lower(): segment.id for segment in static} | {s.id: s.id for s in static}
