"""scoring.yaml: what activities bring about, points above all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import cast, get_args

from engine.core.activities import RuleId
from engine.core.rulebook import (
    AddToSegment,
    Award,
    CallWebhook,
    Effect,
    Fading,
    Limit,
    MoveStatus,
    Period,
    RemoveFromSegment,
    Rule,
    RuleGroup,
    SetField,
)
from engine.rules.conditions import Subject, plain, read_condition
from engine.rules.naming import activity_name, identifier, no_repeats
from engine.rules.source import Node
from engine.rules.vocabulary import Vocabulary
from engine.rules.words import did_you_mean

PERIODS = set(get_args(Period)) - {"ever"}
MOST_POINTS = 100_000


def read_scoring(root: Node, words: Vocabulary) -> dict[str, tuple[Rule, ...]]:
    """The rules, by the type of activity that they react to."""
    groups = {group.id: group for group in map(_group, root.nodes("groups"))}
    by_type: dict[str, tuple[Rule, ...]] = {}
    nodes = list(root.nodes("rules"))
    no_repeats(nodes, "rule")
    for node in nodes:
        rule = _rule(node, words, groups)
        by_type[rule.on] = (*by_type.get(rule.on, ()), rule)
    return by_type


def _group(node: Node) -> RuleGroup:
    group = RuleGroup(
        id=identifier(node),
        name=node.text("name", default=str(node.raw("id"))),
        at_most=node.whole("at_most"),
        per=cast("Period", node.choice("per", PERIODS | {"ever"}, default="ever")),
    )
    if group.at_most < 1:
        node.fail("`at_most` must be 1 or more", "at_most")
    node.finish()
    return group


def _rule(node: Node, words: Vocabulary, groups: Mapping[str, RuleGroup]) -> Rule:
    on = activity_name(node, words.catalog)
    effects = tuple(_effects(node, words))
    rule = Rule(
        id=RuleId(identifier(node)),
        name=node.text("name"),
        on=on,
        when=read_condition(node, Subject(words, (on,), any_activity=not on)),
        award=_award(node, has_effects=bool(effects)),
        limit=_limit(node),
        once_per=_steps(node, "once_per"),
        group=_in_group(node, groups),
        expires_after=node.duration("expires_after"),
        fades=_fading(node),
        effects=effects,
        **_active(node, words),
    )
    if rule.expires_after is not None and rule.fades is not None:
        node.fail("points expire at once or fade, not both: take `expires_after` or `fades` away", "fades")
    node.finish(also={"when", "description"})
    return rule


# Points


def _award(node: Node, *, has_effects: bool) -> Award | None:
    if node.raw("points") is None and has_effects:
        return None
    if not node.is_mapping("points"):
        points = node.whole("points")
        if abs(points) > MOST_POINTS:
            node.fail(f"`points` must be between -{MOST_POINTS:,} and {MOST_POINTS:,}", "points")
        if node.raw("points") == 0 and not has_effects:
            node.fail("a rule that gives 0 points does nothing", "points")
        return Award(fixed=points)
    inner = node.node("points")
    most = inner.whole("at_most", default=-1)
    award = Award(
        per=_steps(inner, "per"),
        times=_number(inner, "times", default=Decimal(1)),
        at_most=None if "at_most" not in inner else most,
    )
    if not award.per:
        inner.fail("`per` is missing: which number of the activity, such as properties.total")
    inner.finish()
    return award


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


def _number(node: Node, key: str, *, default: Decimal) -> Decimal:
    value = node.raw(key)
    if value is None:
        return default
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite():
        node.fail(f"`{key}` must be a number", key)
        return default
    return number


def _limit(node: Node) -> Limit | None:
    value = node.raw("limit")
    if value is None:
        return None
    if value == "once":
        return Limit(times=1, per="ever")
    if isinstance(value, str):
        node.fail("`limit` can be `once` or {times: 3, per: day}", "limit")
        return None
    limit = node.node("limit")
    times = limit.whole("times")
    per = limit.choice("per", PERIODS | {"ever"})
    limit.finish()
    if times < 1:
        limit.fail("`times` must be 1 or more", "times")
    return Limit(times=times, per=cast("Period", per))


def _in_group(node: Node, groups: Mapping[str, RuleGroup]) -> RuleGroup | None:
    if "group" not in node:
        return None
    name = node.text("group")
    if name and name not in groups:
        node.fail(f"no group {name!r}{did_you_mean(name, groups)} (declare it under `groups`)", "group")
    return groups.get(name)


def _fading(node: Node) -> Fading | None:
    """`fades: {by: 50%, every: 30d}`."""
    if "fades" not in node:
        return None
    inner = node.node("fades")
    by, every = str(inner.raw("by") or ""), inner.duration("every")
    inner.finish()
    percent = by.removesuffix("%").strip()
    if not by.endswith("%") or not percent.isdigit() or not 1 <= int(percent) <= 100:
        inner.fail("`by` must be how much is lost each time, from 1% to 100%", "by")
        return None
    if every is None:
        if "every" not in inner:
            inner.fail("`every` is missing: how often, such as 30d")
        return None
    return Fading(lost=int(percent), every=every)


def _active(node: Node, words: Vocabulary) -> dict[str, datetime | None]:
    """`active: {from: 2026-11-20, until: 2026-12-01}`: the first day, and the first day after."""
    if "active" not in node:
        return {}
    inner = node.node("active")
    begins, ends = (_day(inner, key, words) for key in ("from", "until"))
    inner.finish()
    if begins is not None and ends is not None and begins >= ends:
        inner.fail("this can never match: `from` is not before `until`", "until")
    return {"begins": begins, "ends": ends}


def _day(node: Node, key: str, words: Vocabulary) -> datetime | None:
    value = plain(node.raw(key))
    if value is None:
        return None
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            value = None
    if not isinstance(value, date):
        node.fail(f"`{key}` must be a day such as 2026-11-20, or a day and a time", key)
        return None
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)  # noqa: DTZ001  (the zone comes next)
    moment: datetime = value if value.tzinfo else value.replace(tzinfo=words.zone)
    return moment.astimezone(UTC)


# Other effects


def _effects(node: Node, words: Vocabulary) -> list[Effect]:
    found: list[Effect] = []
    for inner in node.nodes("effects"):
        for key in inner.keys():
            reader = EFFECTS.get(key)
            if reader is None:
                inner.fail(f"no effect {key!r}{did_you_mean(key, EFFECTS)}", key)
                continue
            found += reader(inner, key, words)
    return found


def _segment_effect(node: Node, key: str, words: Vocabulary) -> list[Effect]:
    name = node.text(key)
    if name in words.dynamic:
        node.fail(f"{name!r} is a dynamic segment: its condition alone decides who is in it", key)
        return []
    if name not in words.static:
        node.fail(
            f"no static segment {name!r}{did_you_mean(name, words.static)} (declare it in segments.yaml)",
            key,
        )
        return []
    return [AddToSegment(name) if key == "add_to_segment" else RemoveFromSegment(name)]


def _set_effect(node: Node, key: str, words: Vocabulary) -> list[Effect]:
    inner = node.node(key)
    found: list[Effect] = []
    for name in inner.keys():
        field = name.removeprefix("custom.")
        if field not in words.fields:
            inner.fail(
                f"no custom field {name!r}{did_you_mean(field, words.fields)} (declare it in fields.yaml)",
                name,
            )
            continue
        found.append(SetField(field, plain(inner.raw(name))))
    return found


def _move_effect(node: Node, key: str, words: Vocabulary) -> list[Effect]:
    inner = node.node(key)
    found: list[Effect] = []
    for name in inner.keys():
        states = words.machines.get(name)
        if states is None:
            inner.fail(f"no status {name!r}{did_you_mean(name, words.machines)}", name)
            continue
        to = inner.choice(name, set(states))
        if to in states and to not in words.reached.get(name, ()):
            inner.fail(f"no transition of {name!r} leads to {to!r}, so that this would do nothing", name)
        found.append(MoveStatus(name, to))
    return found


def _webhook_effect(node: Node, key: str, words: Vocabulary) -> list[Effect]:
    name = node.text(key)
    if name not in words.webhooks:
        node.fail(
            f"no webhook {name!r}{did_you_mean(name, words.webhooks)} (declare it in settings.yaml)", key
        )
        return []
    return [CallWebhook(name)]


EFFECTS = {
    "add_to_segment": _segment_effect,
    "remove_from_segment": _segment_effect,
    "set": _set_effect,
    "move": _move_effect,
    "webhook": _webhook_effect,
}
