"""Uses of custom fields, and the contacts' values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from engine.db import Db
from engine.domain.conditions import Compare, Condition, leaves
from engine.domain.fields import CUSTOM
from engine.domain.folding import field_values
from engine.domain.rulebook import CustomField, Ruleset, SetField
from engine.rules import versions
from engine.rules.language import editing

VALUES = 10_000
"""Different values of a field that are looked at, the most frequent first."""

EXAMPLES = 5

PATIENCE_MS = 20_000
"""The longest time a user waits for the count."""


@dataclass(frozen=True)
class Use:
    """Something that uses a field, with its place in the files."""

    name: str
    file: str
    line: int | None

    def __str__(self) -> str:
        return f"{self.name} ({self.file}{f':{self.line}' if self.line else ''})"


@dataclass(frozen=True)
class Conversion:
    """The effect of a changed field type on the existing values.

    `lost` contacts have one that would no longer be one, such as the `examples`; `exact`
    unless there are too many different values to look at all.
    """

    kept: int
    lost: int
    examples: list[str]
    exact: bool


def uses_of(db: Db, field: str) -> list[Use]:
    """The rules, segments and statuses in force that name a custom field."""
    ruleset = versions.current(db)
    texts = versions.stored_version(db, ruleset.version).texts
    return [
        Use(name, file, editing.lines_of(texts.get(file, ""), _UNDER[file]).get(id_))
        for name, file, id_ in _named(ruleset, CUSTOM + field)
    ]


_UNDER = {"segments.yaml": "segments", "scoring.yaml": "rules", "transitions.yaml": "machines"}


def converted(db: Db, field: CustomField) -> Conversion:
    """Count the effect of a changed field on the contacts' values.

    Reads every contact: for an explicit request, not for a page to show by itself.
    """
    stored = f"custom.{field.id}"
    rows = db.contacts.aggregate(
        [
            {"$match": {stored: {"$exists": True}}},
            {"$group": {"_id": f"${stored}", "n": {"$sum": 1}}},
            {"$sort": {"n": -1}},
            {"$limit": VALUES + 1},
        ],
        allowDiskUse=True,
        maxTimeMS=PATIENCE_MS,
    )
    found, zone = list(rows), versions.current(db).account.time_zone
    wrong = [row for row in found if not _fits(row["_id"], field, zone)]
    lost = sum(row["n"] for row in wrong)
    return Conversion(
        kept=sum(row["n"] for row in found) - lost,
        lost=lost,
        examples=[str(row["_id"])[:80] for row in wrong[:EXAMPLES]],
        exact=len(found) <= VALUES,
    )


def _fits(value: Any, field: CustomField, zone: ZoneInfo) -> bool:
    found = field_values.converted(value, field.type, zone)
    return found is not None and (not field.options or found in field.options)


def _named(ruleset: Ruleset, field: str) -> Iterator[tuple[str, str, str]]:
    """A use of a field: its name, its file, and its id there."""
    for segment in ruleset.dynamic:
        if _asks(segment.condition, field):
            yield f"the segment “{segment.name}”", "segments.yaml", segment.id
    for rule in (rule for rules in ruleset.rules.values() for rule in rules):
        sets = any(
            isinstance(effect, SetField) and f"{CUSTOM}{effect.field}" == field for effect in rule.effects
        )
        if sets or _asks(rule.when, field):
            yield f"the rule “{rule.name}”", "scoring.yaml", rule.id
    for machine in ruleset.machines.values():
        moves = (move for transitions in machine.transitions.values() for move in transitions)
        if any(_asks(move.when, field) for move in moves):
            yield f"the status “{machine.label}”", "transitions.yaml", machine.id


def _asks(condition: Condition | None, field: str) -> bool:
    found = leaves(condition.tree) if condition is not None and condition.tree is not None else ()
    return any(isinstance(leaf, Compare) and leaf.path.name == field for leaf in found)
