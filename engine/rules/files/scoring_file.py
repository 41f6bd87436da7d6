"""scoring.yaml: what activities bring about, points above all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Literal, get_args

from engine.domain.activities import RuleId
from engine.domain.rulebook import Award, Fading, Limit, Period, Rule, RuleGroup
from engine.rules.conditions.condition_reader import condition, read_condition
from engine.rules.conditions.operands import plain
from engine.rules.conditions.vocabulary import Subject, Vocabulary
from engine.rules.files.effects_entry import effect_list, read_effects
from engine.rules.files.rule_tests import RuleTestEntry
from engine.rules.language.entries import (
    ID,
    Entry,
    Key,
    Schema,
    choice,
    duration,
    identifier,
    list_of,
    nested,
    optional,
    required,
    text,
    whole,
)
from engine.rules.language.nodes import Node, date_of, moment_of
from engine.rules.language.references import known_activities, refuse_repeats
from engine.rules.language.suggestions import did_you_mean

PERIODS: Sequence[Period] = get_args(Period)
MOST_POINTS = 100_000


# Kinds of values that stand in this file alone


def _steps(node: Node, key: str) -> tuple[str, ...]:
    """The keys of a path into what an activity carries: `properties.total`, `activity.total`."""
    if key not in node:
        return ()
    path = node.text(key)
    source, _, name = path.partition(".")
    if source in ("properties", "activity") and name:
        return tuple(name.split("."))
    if path:
        node.fail(f"`{key}` must name a property, such as properties.product_id", key)
    return ()


def _number(node: Node, key: str) -> Decimal:
    value = node.raw(key)
    if value is None:
        return Decimal(1)
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite():
        node.fail(f"`{key}` must be a number", key)
        return Decimal(1)
    return number


def _percent(node: Node, key: str) -> int | None:
    written = str(node.raw(key) or "")
    percent = written.removesuffix("%").strip()
    if written.endswith("%") and percent.isdigit() and 1 <= int(percent) <= 100:
        return int(percent)
    node.fail(f"`{key}` must be how much is lost each time, from 1% to 100%", key)
    return None


def _day(node: Node, key: str) -> date | None:
    value = plain(node.raw(key))
    day = date_of(value)
    if day is None and value is not None:
        node.fail(f"`{key}` must be a day such as 2026-11-20, or a day and a time", key)
    return day


def _points(node: Node, key: str) -> int | PointsEntry | None:
    if node.is_mapping(key):
        return PointsEntry(node.node(key))
    return None if node.raw(key) is None else node.whole(key)


def _limit(node: Node, key: str) -> Literal["once"] | LimitEntry | None:
    value = node.raw(key)
    if value == "once":
        return "once"
    if isinstance(value, str):
        node.fail(f"`{key}` can be `once` or {{times: 3, per: day}}", key)
        return None
    return None if value is None else LimitEntry(node.node(key))


_PATH: Schema = {"type": "string", "pattern": r"^(properties|activity)\..+"}
_DAY: Schema = {"type": "string", "examples": ["2026-11-20"]}


# Entries


class GroupEntry(Entry):
    id = identifier("What rules name in `group`.")
    name = optional(text("What people read."))
    at_most = whole("Points that its rules give together.", least=1)
    per = choice("Within how long; without it, ever.", PERIODS, default="ever")


class PointsEntry(Entry):
    per = required(
        Key("A number that the activity carries, such as properties.total.", _steps, _PATH),
        "which number of the activity, such as properties.total",
    )
    times = Key("Points for each one of it; without it, 1.", _number, {"type": "number"})
    at_most = optional(whole("The most points for one activity."))


class LimitEntry(Entry):
    times = whole("How often.", least=1)
    per = choice("Within how long, in the account's time zone.", PERIODS)


class FadesEntry(Entry):
    by = Key(
        "What is lost each time, of what was given.",
        _percent,
        {"type": "string", "pattern": r"^\d+\s*%$"},
        required=True,
    )
    every = required(duration("How often."), "how often, such as 30d")


class ActiveEntry(Entry):
    first = Key("The first day.", _day, _DAY, name="from")
    end = Key("The first day after.", _day, _DAY, name="until")


class RuleEntry(Entry):
    id = identifier("What its points are kept under; it never changes.")
    name = text("What people read.")
    description = text("What it is for.", default="")
    on = text("The activity that it reacts to.")
    when = condition("A condition on the activity, and on the contact as the activity leaves it.")
    points = Key(
        "How many points: a number, or so many for each one of a number of the activity.",
        _points,
        {"anyOf": [{"type": "integer"}, PointsEntry.schema()]},
    )
    limit = Key(
        "How often it may give points: `once`, or {times: 3, per: day}.",
        _limit,
        {"anyOf": [{"const": "once"}, LimitEntry.schema()]},
    )
    once_per = Key("It gives points once for each, such as properties.product_id.", _steps, _PATH)
    group = optional(Key("The group whose ceiling it shares, declared under `groups`.", Node.text, ID))
    expires_after = duration("After how long the points are worth nothing.")
    fades = nested("How the points lose their worth in steps.", FadesEntry)
    active = nested("When it is in force; without it, always.", ActiveEntry)
    effects = effect_list("What else it brings about.")


class ScoringFile(Entry):
    """What activities bring about"""

    groups = list_of("Rules that share a ceiling.", GroupEntry)
    rules = list_of("The rules.", RuleEntry)
    tests = list_of("What a few activities must come to.", RuleTestEntry)


# What they mean together


def read_scoring(file: ScoringFile, words: Vocabulary) -> dict[str, tuple[Rule, ...]]:
    """The rules, by the type of activity that they react to."""
    refuse_repeats((entry.node for entry in file.groups), "group")
    refuse_repeats((entry.node for entry in file.rules), "rule")
    groups = {group.id: _group(group) for group in file.groups}
    by_type: dict[str, tuple[Rule, ...]] = {}
    for entry in file.rules:
        rule = _rule(entry, words, groups)
        by_type[rule.on] = (*by_type.get(rule.on, ()), rule)
    return by_type


def _group(entry: GroupEntry) -> RuleGroup:
    name = str(entry.node.raw("id")) if entry.name is None else entry.name
    return RuleGroup(entry.id, name, entry.at_most, entry.per)


def _rule(entry: RuleEntry, words: Vocabulary, groups: Mapping[str, RuleGroup]) -> Rule:
    activities = known_activities([entry.on], words.catalog, node=entry.node, key="on")
    on = activities[0] if activities else ""
    brought = read_effects(entry.effects, words)
    _check_property(entry.node, "once_per", entry.once_per, on, words)
    begins, ends = _bounds(entry, words)
    return Rule(
        id=RuleId(entry.id),
        name=entry.name,
        on=on,
        when=read_condition(entry.node, Subject(words, activities, any_activity=not activities, itself=True)),
        award=_award(entry, on, words, has_effects=bool(brought)),
        limit=_bound(entry.limit),
        once_per=entry.once_per,
        group=_in_group(entry, groups),
        expires_after=entry.expires_after,
        fades=_fading(entry),
        begins=begins,
        ends=ends,
        effects=brought,
    )


def _bound(limit: Literal["once"] | LimitEntry | None) -> Limit | None:
    if limit is None:
        return None
    return Limit(1, "ever") if limit == "once" else Limit(limit.times, limit.per)


def _award(entry: RuleEntry, on: str, words: Vocabulary, *, has_effects: bool) -> Award | None:
    points, node = entry.points, entry.node
    if isinstance(points, PointsEntry):
        _check_property(points.node, "per", points.per, on, words, number=True)
        return Award(per=points.per, times=points.times, at_most=points.at_most)
    if points is None:
        if not has_effects:
            node.fail("`points` is missing", "points")
        return None if has_effects else Award()
    if abs(points) > MOST_POINTS:
        node.fail(f"`points` must be between -{MOST_POINTS:,} and {MOST_POINTS:,}", "points")
    if node.raw("points") == 0 and not has_effects:
        node.fail("a rule that gives 0 points does nothing", "points")
    return Award(fixed=points)


def _check_property(
    node: Node, key: str, steps: Sequence[str], on: str, words: Vocabulary, *, number: bool = False
) -> None:
    """Report a property that the activity does not have, or of which there is no single value."""
    if not on or not steps:
        return
    types, name = words.properties_of(on), ".".join(steps)
    type_ = types.get(steps[0])
    if type_ is None:
        message = f"{on} has no property {name!r}"
        node.fail_undeclared(message, key, name=name, known=types, file="activities.yaml")
    elif type_ == "list":
        node.fail(f"`{key}` needs one value, and {steps[0]!r} is a list", key)
    elif number and len(steps) == 1 and type_ not in ("number", "money"):
        node.fail(f"`{key}` needs a number, and activities.yaml says that {name!r} is of type {type_}", key)


def _in_group(entry: RuleEntry, groups: Mapping[str, RuleGroup]) -> RuleGroup | None:
    if entry.group and entry.group not in groups:
        hint = did_you_mean(entry.group, groups)
        message = f"no group {entry.group!r}{hint} (declare it under `groups`)"
        entry.node.fail(message, "group", needs="scoring.yaml")
    return None if entry.group is None else groups.get(entry.group)


def _fading(entry: RuleEntry) -> Fading | None:
    fades = entry.fades
    if fades is None or fades.by is None or fades.every is None:
        return None
    if entry.expires_after is not None:
        message = "points expire at once or fade, not both: take `expires_after` or `fades` away"
        entry.node.fail(message, "fades")
    return Fading(lost=fades.by, every=fades.every)


def _bounds(entry: RuleEntry, words: Vocabulary) -> tuple[datetime | None, datetime | None]:
    """From when to when (exclusive) a rule is in force."""
    if entry.active is None:
        return None, None
    begins, ends = (
        None if day is None else moment_of(day, words.zone) for day in (entry.active.first, entry.active.end)
    )
    if begins is not None and ends is not None and begins >= ends:
        entry.active.node.fail("this can never match: `from` is not before `until`", "until")
    return begins, ends
