"""scoring.yaml: what activities bring about, points above all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, cast, get_args

from engine.domain.activities import RuleId
from engine.domain.profile import converted
from engine.domain.rulebook import (
    AddToSegment,
    Award,
    CallWebhook,
    CustomField,
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
from engine.rules.conditions.condition_reader import Subject, plain, read_condition
from engine.rules.conditions.vocabulary import Vocabulary
from engine.rules.language.nodes import Node
from engine.rules.language.references import activity_name, identifier, no_repeats
from engine.rules.language.suggestions import did_you_mean

PERIODS = set(get_args(Period)) - {"ever"}
MOST_POINTS = 100_000


def read_scoring(root: Node, words: Vocabulary) -> dict[str, tuple[Rule, ...]]:
    """The rules, by the type of activity that they react to."""
    declared = list(root.nodes("groups"))
    no_repeats(declared, "group")
    groups = {group.id: group for group in map(_group, declared)}
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
        at_most=node.least("at_most", 1),
        per=cast("Period", node.choice("per", PERIODS | {"ever"}, default="ever")),
    )
    node.finish()
    return group


def _rule(node: Node, words: Vocabulary, groups: Mapping[str, RuleGroup]) -> Rule:
    on = activity_name(node, words.catalog)
    effects = tuple(_effects(node, words))
    rule = Rule(
        id=RuleId(identifier(node)),
        name=node.text("name"),
        on=on,
        when=read_condition(node, Subject(words, (on,) if on else (), any_activity=not on, itself=True)),
        award=_award(node, on, words, has_effects=bool(effects)),
        limit=_limit(node),
        once_per=_steps(node, "once_per", on, words),
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


def _award(node: Node, on: str, words: Vocabulary, *, has_effects: bool) -> Award | None:
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
        per=_steps(inner, "per", on, words, number=True),
        times=_number(inner, "times", default=Decimal(1)),
        at_most=None if "at_most" not in inner else most,
    )
    if "per" not in inner:
        inner.fail("`per` is missing: which number of the activity, such as properties.total")
    inner.finish()
    return award


def _steps(node: Node, key: str, on: str, words: Vocabulary, *, number: bool = False) -> tuple[str, ...]:
    """The keys of a path into what an activity carries: `properties.total`, `activity.total`."""
    if key not in node:
        return ()
    path = node.text(key)
    source, _, name = path.partition(".")
    if source in ("properties", "activity") and name:
        _check_property(node, key, name, on, words, number=number)
        return tuple(name.split("."))
    if path:
        node.fail(f"`{key}` must name a property, such as properties.product_id", key)
    return ()


def _check_property(node: Node, key: str, name: str, on: str, words: Vocabulary, *, number: bool) -> None:
    """Note a property that the activity does not have, or of which there is no single value."""
    if not on:
        return
    types = words.properties_of(on)
    type_ = types.get(name.split(".")[0])
    if type_ is None:
        said = (
            f"{on} has no property {name!r}{did_you_mean(name, set(types))} (declare it in activities.yaml)"
        )
        node.fail(said, key, needs="activities.yaml")
    elif type_ == "list":
        node.fail(f"`{key}` needs one value, and {name.split('.')[0]!r} is a list", key)
    elif number and "." not in name and type_ not in ("number", "money"):
        node.fail(f"`{key}` needs a number, and activities.yaml says that {name!r} is of type {type_}", key)


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
    times = limit.least("times", 1)
    per = limit.choice("per", PERIODS | {"ever"})
    limit.finish()
    return Limit(times=times, per=cast("Period", per))


def _in_group(node: Node, groups: Mapping[str, RuleGroup]) -> RuleGroup | None:
    if "group" not in node:
        return None
    name = node.text("group")
    if name and name not in groups:
        said = f"no group {name!r}{did_you_mean(name, groups)} (declare it under `groups`)"
        node.fail(said, "group", needs="scoring.yaml")
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
            needs="segments.yaml",
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
                needs="fields.yaml",
            )
            continue
        found.append(SetField(field, _value(inner, name, words.fields[field])))
    return found


def _value(node: Node, name: str, field: CustomField) -> Any:
    """What is written into a custom field, as a value of its type; nothing empties it."""
    said = plain(node.raw(name))
    if said is None:
        return None
    kept = converted(said.isoformat() if isinstance(said, date) else said, field.type)
    if kept is None:
        node.fail(f"{name!r} is of type {field.type}, and {node.raw(name)!s} is not", name)
    elif field.options and kept not in field.options:
        node.fail(f"{name!r} cannot be {kept!r}{did_you_mean(str(kept), field.options)}", name)
    return kept


def _move_effect(node: Node, key: str, words: Vocabulary) -> list[Effect]:
    inner = node.node(key)
    found: list[Effect] = []
    for name in inner.keys():
        states = words.machines.get(name)
        if states is None:
            said = f"no status {name!r}{did_you_mean(name, words.machines)}"
            inner.fail(said, name, needs="transitions.yaml")
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
            f"no webhook {name!r}{did_you_mean(name, words.webhooks)} (declare it in settings.yaml)",
            key,
            needs="settings.yaml",
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
