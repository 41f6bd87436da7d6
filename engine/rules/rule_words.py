"""Descriptions of rules as text."""

from __future__ import annotations

from collections.abc import Iterator

from engine.domain.rulebook import (
    AddToSegment,
    Award,
    CallWebhook,
    Effect,
    Limit,
    MoveStatus,
    Period,
    RemoveFromSegment,
    Rule,
    Ruleset,
    SetField,
)
from engine.rules.conditions.explain import span_words, words

MINUS, TIMES = "\N{MINUS SIGN}", "\N{MULTIPLICATION SIGN}"


def reacts_to(rule: Rule, ruleset: Ruleset) -> str:
    """The trigger of a rule: `On “Product viewed”, when price is at least 50`."""
    when = "" if rule.when.tree is None else f", when {words(rule.when.tree, ruleset)}"
    return f"On “{ruleset.catalog.label(rule.on)}”{when}"


def brings(rule: Rule, ruleset: Ruleset) -> str:
    """The effects of a rule: `+2 points, at most 5 times a day, for 60 days`; empty for none."""
    effects = (_effect(effect, ruleset) for effect in rule.effects)
    return ", ".join([*_points(rule), *effects, *_bounds(rule, ruleset)])


def _points(rule: Rule) -> Iterator[str]:
    if rule.award is None:
        return
    yield _award(rule.award)
    if rule.expires_after is not None:
        yield f"for {span_words(rule.expires_after)}"
    if rule.fades is not None:
        yield f"of which {rule.fades.lost}% go every {span_words(rule.fades.every)}"


def _award(award: Award) -> str:
    if award.per:
        most = "" if award.at_most is None else f" (at most {award.at_most})"
        times = "" if award.times == 1 else f"{award.times} {TIMES} "
        return f"{times}{'.'.join(award.per)} as points{most}"
    sign = MINUS if award.fixed < 0 else "+"
    return f"{sign}{abs(award.fixed)} point{'' if abs(award.fixed) == 1 else 's'}"


def _bounds(rule: Rule, ruleset: Ruleset) -> Iterator[str]:
    if rule.limit is not None:
        yield _limit(rule.limit)
    if rule.once_per:
        yield f"once for each {'.'.join(rule.once_per)}"
    if rule.group is not None:
        yield f"with “{rule.group.name}” at most {rule.group.at_most} points{_each(rule.group.per)}"
    zone = ruleset.account.time_zone
    if rule.begins is not None:
        yield f"from {rule.begins.astimezone(zone):%Y-%m-%d}"
    if rule.ends is not None:
        yield f"until {rule.ends.astimezone(zone):%Y-%m-%d}"


def _limit(limit: Limit) -> str:
    times = "once" if limit.times == 1 else f"at most {limit.times} times"
    return f"{times}{_each(limit.per)}"


def _each(per: Period) -> str:
    if per == "ever":
        return ""
    return f" an {per}" if per == "hour" else f" a {per}"


def _effect(effect: Effect, ruleset: Ruleset) -> str:
    match effect:
        case AddToSegment(segment):
            return f"into “{_segment(segment, ruleset)}”"
        case RemoveFromSegment(segment):
            return f"out of “{_segment(segment, ruleset)}”"
        case SetField(field, value):
            label = ruleset.fields[field].label if field in ruleset.fields else field
            return f"empties {label}" if value is None else f"{label} becomes {value}"
        case MoveStatus(machine, to):
            declared = ruleset.machines[machine]
            return f"{declared.label} becomes {declared.states.get(to, to)}"
        case CallWebhook(name):
            return f"tells {name}"


def _segment(id_: str, ruleset: Ruleset) -> str:
    return ruleset.segments[id_].name if id_ in ruleset.segments else id_
