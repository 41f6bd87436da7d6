"""The operand of a comparison: a validated constant in the form that its operator takes."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from engine.domain.conditions import Path
from engine.errors import Invalid
from engine.rules.conditions import regex
from engine.rules.conditions.operators import Operator, family
from engine.rules.conditions.vocabulary import Vocabulary
from engine.rules.language.nodes import date_of, duration_of, moment_of
from engine.rules.language.suggestions import did_you_mean

MAX_ITEMS = 1_000
"""Values of a list; more belong into a segment or a custom field."""


class UnsuitableOperand(Invalid):
    """A constant that does not go with its operator or path; the message is for the file's author."""


def operand(operator: Operator, path: Path, value: Any, words: Vocabulary) -> Any:
    """The value to compare with, in the form that the operator takes; raise UnsuitableOperand."""
    problem = _wrong_kind(operator, value) or _wrong_path(operator, path)
    if problem is not None:
        raise UnsuitableOperand(problem)
    match operator.operand:
        case "duration":
            return duration_of(value)
        case "pattern":
            return _pattern(value)
        case "text" | "boolean":
            return value
        case "list":
            return tuple(
                _fitted(item, path, words) for item in (value if isinstance(value, list) else [value])
            )
        case _:
            return _fitted(value, path, words)


def _wrong_kind(operator: Operator, value: Any) -> str | None:
    kind = operator.operand
    if value is None:
        return f"`{operator.key}` needs a value; to ask whether there is one, write {{exists: false}}"
    if kind == "list":
        if operator.key not in ("has",) and not isinstance(value, list):
            return f"`{operator.key}` needs a list"
        if isinstance(value, list) and not 1 <= len(value) <= MAX_ITEMS:
            return f"`{operator.key}` needs a list of 1 to {MAX_ITEMS:,} values"
    elif isinstance(value, list):
        meant = "not_in" if operator.negated else "in"
        return f"`{operator.key}` needs one value, not a list; did you mean {meant!r}?"
    if kind == "boolean" and not isinstance(value, bool):
        return f"`{operator.key}` needs true or false"
    if kind in ("text", "pattern") and (not isinstance(value, str) or not value or "\0" in value):
        return f"`{operator.key}` needs a text"
    if kind == "duration" and duration_of(value) is None:
        return f"`{operator.key}` needs a time such as 30d, 4h or 15m"
    return None


_FITS: dict[str, frozenset[str]] = {
    "ordered": frozenset({"number", "money", "date", "day", "any", "list"}),
    "date": frozenset({"date", "day", "any"}),
    "duration": frozenset({"date", "any"}),
    "text": frozenset({"text", "state", "list", "any"}),
    "pattern": frozenset({"text", "list", "any"}),
}


def _wrong_path(operator: Operator, path: Path) -> str | None:
    fits = _FITS.get(operator.operand)
    if fits is not None and path.type not in fits:
        return f"`{operator.key}` does not go with `{path}`, which is {_A[path.type]}"
    if operator.whole and operator.key != "exists" and path.type not in ("list", "any"):
        return f"`{operator.key}` needs a list, and `{path}` is {_A[path.type]}"
    return None


_A = {
    "text": "a text", "number": "a number", "money": "an amount", "date": "a time", "day": "a day",
    "boolean": "true or false", "list": "a list", "state": "a status", "any": "anything",
}  # fmt: skip


def _fitted(value: Any, path: Path, words: Vocabulary) -> Any:
    """A constant in the kind of what it is compared with."""
    if isinstance(value, float) and value != value:
        raise UnsuitableOperand("a comparison with .nan never matches")
    if path.name == "segments" and path.source == "contact":
        return member(value, words.segments, "segment")
    if path.type == "state":
        states = words.states_of(path.name)
        return value if states is None else member(value, states, path.name)
    if path.type in ("date", "day"):
        return _moment(value, path, words)
    kind = _FAMILY.get(path.type)
    if kind is not None and family(value) != kind:
        raise UnsuitableOperand(f"this can never match: `{path}` is {_A[path.type]}, and {value!r} is not")
    return value


_FAMILY = {"text": "text", "number": "number", "money": "number", "boolean": "boolean"}


def member(value: Any, known: frozenset[str], what: str) -> Any:
    """A value that is one of those `known`; raise UnsuitableOperand."""
    if isinstance(value, str) and value in known:
        return value
    raise UnsuitableOperand(f"no {what} {value!r}{did_you_mean(str(value), known)}")


def _moment(value: Any, path: Path, words: Vocabulary) -> datetime | str:
    """A time, or a day as text; a date alone is its first moment in the account's time zone."""
    found = date_of(value)
    if found is None:
        raise UnsuitableOperand(f"`{path}` is {_A[path.type]}: compare it with one such as 2026-03-31")
    if path.type == "day":
        return (found.date() if isinstance(found, datetime) else found).isoformat()
    return moment_of(found, words.zone)


def _pattern(value: str) -> str:
    try:
        regex.check(value)
    except regex.UnsupportedPattern as error:
        raise UnsuitableOperand(f"{value!r} cannot be used: {error}") from None
    return value


def plain(value: Any) -> Any:
    """A value of YAML as plain Python, without the marks of where it stood."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, bool | datetime | date | timedelta | Decimal) or value is None:
        return value
    for kind in (int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return value
