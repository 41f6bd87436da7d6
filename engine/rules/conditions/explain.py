"""A condition in words, part by part, with what was found of one contact."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from engine.domain.conditions import All, Did, Either, Not, Path, Tree
from engine.domain.contact import ContactState
from engine.domain.fields import CUSTOM, FIELDS
from engine.domain.rulebook import Ruleset
from engine.rules.conditions.operators import OPERATORS
from engine.rules.conditions.predicate import predicate, read


@dataclass(frozen=True)
class Explained:
    """One part of a condition: in words, whether it is met, and the value found."""

    text: str
    met: bool
    found: str | None = None
    parts: list[Explained] = field(default_factory=list)


def explain(tree: Tree, state: ContactState, now: datetime, ruleset: Ruleset) -> Explained:
    """Explain why a contact meets a tree or does not."""
    met = predicate(tree)(None, state, now)
    if isinstance(tree, All | Either):
        text = "all of these" if isinstance(tree, All) else "at least one of these"
        return Explained(text, met, parts=[explain(part, state, now, ruleset) for part in tree.parts])
    if isinstance(tree, Not):
        return _explain_not(tree, met, state, now, ruleset)
    if isinstance(tree, Did):
        return Explained(words(tree, ruleset), met, found=_times_found(tree, state, now, ruleset))
    found = read(tree.path)(None, state)
    return Explained(words(tree, ruleset), met, found=_value(found, tree.path, ruleset))


def words(tree: Tree, ruleset: Ruleset) -> str:
    """A tree as a sentence, without a contact."""
    if isinstance(tree, All):
        return " and ".join(_bracketed(part, ruleset) for part in tree.parts)
    if isinstance(tree, Either):
        return " or ".join(_bracketed(part, ruleset) for part in tree.parts)
    if isinstance(tree, Not):
        return f"not: {_bracketed(tree.part, ruleset)}"
    if isinstance(tree, Did):
        return _did_words(tree, ruleset)
    operator = OPERATORS[tree.operator]
    label = _label(tree.path, ruleset)
    if operator.key == "exists":
        return f"{label} is {'known' if tree.operand else 'unknown'}"
    if isinstance(tree.operand, bool):
        is_so = tree.operand != operator.negated
        return label if is_so else f"not {label.lower()}"
    return f"{label} {operator.phrase} {_value(tree.operand, tree.path, ruleset)}"


def span_words(span: timedelta) -> str:
    """`7 days`, `4 hours`: in the largest unit that gives a whole number."""
    seconds = int(span.total_seconds())
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")):
        if seconds % size == 0:
            count = seconds // size
            return f"{count} {name}{'' if count == 1 else 's'}"
    return str(span)


def _explain_not(tree: Not, met: bool, state: ContactState, now: datetime, ruleset: Ruleset) -> Explained:
    inner = explain(tree.part, state, now, ruleset)
    if inner.parts:
        return Explained("none of this", met, parts=[inner])
    return Explained(f"not: {inner.text}", met, found=inner.found)


def _bracketed(tree: Tree, ruleset: Ruleset) -> str:
    text = words(tree, ruleset)
    return f"({text})" if isinstance(tree, All | Either) else text


def _did_words(tree: Did, ruleset: Ruleset) -> str:
    what = " or ".join(ruleset.catalog.label(type_) for type_ in tree.activities)
    where = "" if tree.where is None else f" where {words(tree.where, ruleset)}"
    within = "" if tree.within is None else f" within the last {span_words(tree.within)}"
    return f"“{what}”{where} {_times_words(tree.least, tree.most)}{within}"


def _times_words(least: int, most: int | None) -> str:
    if most is None:
        return "at least once" if least == 1 else f"at least {least} times"
    if least == most:
        return f"exactly {_times(least)}"
    return f"at most {_times(most)}" if least == 0 else f"{least} to {most} times"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _times_found(tree: Did, state: ContactState, now: datetime, ruleset: Ruleset) -> str:
    times = state.did.get(tree.track.id, ())
    counted = [at for at in times if tree.within is None or at > now - tree.within]
    more = " or more" if len(counted) == tree.track.cap else ""
    if not counted:
        last = f", last on {_day(times[0], ruleset)}" if times else ""
        return f"never{' in that time' if times else ''}{last}"
    return f"{_times(len(counted))}{more}, last on {_day(counted[0], ruleset)}"


def _label(path: Path, ruleset: Ruleset) -> str:
    if path.source == "activity":
        return path.name
    if path.name.startswith(CUSTOM):
        name = path.name.removeprefix(CUSTOM)
        declared = ruleset.fields.get(name)
        return name if declared is None else declared.label
    known = FIELDS.get(path.name) or ruleset.machines.get(path.name)
    return path.name if known is None else known.label


def _value(value: Any, path: Path, ruleset: Ruleset) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, list | tuple):
        return ", ".join(_value(item, path, ruleset) for item in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, timedelta):
        return span_words(value)
    if isinstance(value, datetime):
        return _day(value, ruleset)
    return _named(value, path, ruleset)


def _named(value: Any, path: Path, ruleset: Ruleset) -> str:
    """A value as people call it: a segment by its name, a state by its word."""
    if path.name == "segments" and value in ruleset.segments:
        return ruleset.segments[value].name
    machine = ruleset.machines.get(path.name)
    if machine is not None:
        return machine.states.get(value, str(value))
    return str(value)


def _day(at: datetime, ruleset: Ruleset) -> str:
    local = at.astimezone(ruleset.account.time_zone)
    return f"{local.day} {local.strftime('%B %Y, %H:%M')}"


def lines(explained: Explained, *, depth: int = 0) -> Iterable[str]:
    """An explanation as indented lines, each with its mark."""
    mark, indent = "✓" if explained.met else "✗", "  " * depth
    found = "" if explained.found is None else f"  ({explained.found})"
    yield f"{indent}{mark} {explained.text}{found}"
    for part in explained.parts:
        yield from lines(part, depth=depth + 1)
