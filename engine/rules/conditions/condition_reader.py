"""Conditions as they stand in YAML, read into a tree; every problem is noted at its line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from engine.domain.conditions import ALWAYS, All, Compare, Condition, Did, Either, Not, Path, Tree
from engine.errors import InvalidRules, Problem
from engine.rules.conditions import predicate, regex
from engine.rules.conditions.contradictions import contradiction, never_by_itself
from engine.rules.conditions.operators import OPERATORS, Operator, family
from engine.rules.conditions.vocabulary import Vocabulary
from engine.rules.language.nodes import File, Node, Problems, duration_of
from engine.rules.language.suggestions import did_you_mean

MAX_DEPTH = 40
"""How deep conditions may be nested; a deeper one nobody can read."""

MAX_TIMES = 1_000
"""How often something may be asked to have happened: each time is remembered."""

COMBINING = ("all", "any", "not", "did", "did_not")

NOT_CALCULATED: Mapping[str, str] = {
    "rfm": "RFM is not calculated yet; `contact.orders`, `contact.spent` and `contact.last_order_at` are",
    "clv": "customer lifetime value is not calculated yet; `contact.spent` and `contact.average_order` are",
}
"""What contacts will have and have not, with what there is instead."""

MAX_ITEMS = 1_000
"""Values of a list; more belong into a segment or a custom field."""


@dataclass(frozen=True)
class Subject:
    """What a condition is about: the words declared, and the activity that it looks at, if any.

    `activities` are the types of the activity at hand; none for segments, which look at
    the contact alone.  `place` says where the condition stands: a filter knows nothing of
    the past, the `where` of a `did` looks at an activity alone, and in both a name needs no
    `contact.` or `activity.` before it.  `any_activity` is for rules whose activity is itself
    wrong: one mistake is reported once.  `itself` says that what was done includes the
    activity at hand.
    """

    words: Vocabulary
    activities: tuple[str, ...] = ()
    place: Literal["file", "filter", "where"] = "file"
    any_activity: bool = False
    itself: bool = False


def read_condition(owner: Node, subject: Subject, *, key: str = "when") -> Condition:
    """Read and compile the condition at `key` of a rule; without one everything meets it."""
    if key not in owner:
        return ALWAYS
    tree = _tree(owner.node(key), subject, depth=0)
    if tree is None:
        return ALWAYS
    reason = contradiction(_of_type(tree, subject)) or (
        never_by_itself(tree, subject.activities[0]) if subject.itself and subject.activities else None
    )
    if reason is not None:
        owner.fail(f"this can never match: {reason}", key)
    return predicate.condition(tree)


def problems_of(text: str, words: Vocabulary) -> list[Problem]:
    """What is wrong with a condition on contacts that stands alone, at the lines of its own text."""
    problems = Problems()
    inside = "".join(f"  {line}\n" for line in text.splitlines())
    node = File("condition", problems).parse(f"when:\n{inside}")
    if node.is_mapping("when"):
        read_condition(node, Subject(words))
    elif not problems and node.raw("when") is not None:
        node.fail("a condition must be a mapping, such as `contact.points: {gte: 10}`", "when")
    elif not problems:
        node.fail("a condition must say something, such as `contact.points: {gte: 10}`", "when")
    moved = (Problem(p.file, max(1, p.line - 1), max(1, p.column - 2), p.message) for p in problems)
    return sorted(dict.fromkeys(moved), key=lambda problem: (problem.line, problem.column))


def _of_type(tree: Tree, subject: Subject) -> Tree:
    """The tree, and that the activity is of the one type which the rule waits for."""
    if len(subject.activities) != 1:
        return tree
    return All((Compare(Path("activity", "type", "text"), "eq", subject.activities[0]), tree))


def read_filters(filters: Mapping[str, Any], words: Vocabulary) -> Tree | None:
    """Read a condition on contacts out of plain data, where `contact.` may be left out.

    Raises InvalidRules; the past (`did`) cannot be filtered by.
    """
    problems = Problems()
    node = File("filter", problems).data(dict(filters))
    tree = _tree(node, Subject(words, place="filter"), depth=0)
    if problems:
        raise InvalidRules(problems)
    return tree


def qualified(filters: Mapping[str, Any]) -> dict[str, Any]:
    """Filters with `contact.` before each field, as conditions stand in files."""
    return {
        (key if key in COMBINING or key.startswith("contact.") else f"contact.{key}"): _qualified(key, value)
        for key, value in filters.items()
    }


def unqualified(condition: Mapping[str, Any]) -> dict[str, Any]:
    """A condition as it stands in a file, with `contact.` left out: as filters are written."""
    return {key.removeprefix("contact."): _unqualified(key, value) for key, value in condition.items()}


def _unqualified(key: str, value: Any) -> Any:
    if key == "not" and isinstance(value, Mapping):
        return unqualified(value)
    if key in ("all", "any") and isinstance(value, list):
        return [unqualified(part) if isinstance(part, Mapping) else part for part in value]
    return value


def _qualified(key: str, value: Any) -> Any:
    if key == "not" and isinstance(value, Mapping):
        return qualified(value)
    if key in ("all", "any") and isinstance(value, list):
        return [qualified(part) if isinstance(part, Mapping) else part for part in value]
    return value


def _tree(node: Node, subject: Subject, *, depth: int) -> Tree | None:
    """A mapping: all of its keys must be met.  None if something is wrong with it."""
    if depth > MAX_DEPTH:
        node.fail(f"conditions are nested more than {MAX_DEPTH} deep")
        return None
    parts = [part for key in node.keys() if (part := _part(node, key, subject, depth=depth)) is not None]
    if not node.keys():
        node.fail("a condition must say something, such as `contact.points: {gte: 10}`")
    return _all(parts)


def _all(parts: list[Tree]) -> Tree | None:
    if len(parts) < 2:
        return parts[0] if parts else None
    return All(tuple(parts))


def _part(node: Node, key: str, subject: Subject, *, depth: int) -> Tree | None:
    if key == "not":
        inner = _tree(node.node(key), subject, depth=depth + 1)
        return None if inner is None else Not(inner)
    if key in ("all", "any"):
        return _combination(node, key, subject, depth=depth)
    if key in ("did", "did_not"):
        return _did(node, key, subject, depth=depth)
    return _comparison(node, key, subject)


def _combination(node: Node, key: str, subject: Subject, *, depth: int) -> Tree | None:
    children = list(node.nodes(key))
    if not children:
        node.fail(f"`{key}` needs a list of at least one condition", key)
    parts = [part for child in children if (part := _tree(child, subject, depth=depth + 1)) is not None]
    if key == "any" and len(parts) > 1:
        return Either(tuple(parts))
    return _all(parts)


# The past


def _did(node: Node, key: str, subject: Subject, *, depth: int) -> Tree | None:
    if subject.place != "file":
        place = (
            "in a filter" if subject.place == "filter" else "within `where`: that looks at one activity alone"
        )
        node.fail(f"`{key}` cannot stand {place}", key)
        return None
    asked = node.node(key)
    types = _activities(asked, subject.words)
    where = None
    if "where" in asked:
        inner = Subject(subject.words, types, place="where")
        where = _tree(asked.node("where"), inner, depth=depth + 1)
    least, most = _times(asked) if key == "did" else (1, None)
    within = asked.duration("within")
    asked.finish(also={"where", "times"} if key == "did" else {"where"})
    if not types:
        return None
    tree = Did(types, where=where, within=within, least=least, most=most)
    return Not(tree) if key == "did_not" else tree


def _activities(node: Node, words: Vocabulary) -> tuple[str, ...]:
    types = node.texts("activity")
    known = set(words.catalog.types())
    for type_ in types:
        if type_ not in known:
            node.fail(
                f"no activity {type_!r}{did_you_mean(type_, known)} (declare it in activities.yaml)",
                "activity",
                needs="activities.yaml",
            )
    if not types:
        node.fail("`activity` is missing: what must have been done", "activity")
    return tuple(type_ for type_ in types if type_ in known)


def _times(node: Node) -> tuple[int, int | None]:
    """How often, as a range: `3`, `{gte: 3}`, `{lte: 5}`, `{gte: 2, lt: 4}`."""
    value = node.raw("times")
    if value is None:
        return 1, None
    if _is_count(value):
        return int(value), int(value)
    if not isinstance(value, dict):
        node.fail("`times` must be a number or a range, such as {gte: 3}", "times")
        return 1, None
    asked, least, most = node.node("times"), 0, None
    for name in asked.keys():
        count = asked.raw(name)
        if not _is_count(count):
            asked.fail(f"`{name}` must be a whole number from 0 to {MAX_TIMES:,}", name)
        elif name in _RANGES:
            low, high = _RANGES[name](int(count))
            least = max(least, low)
            most = high if most is None else most if high is None else min(most, high)
        else:
            asked.fail(f"`times` cannot have {name!r}{did_you_mean(name, set(_RANGES))}", name)
    if most is not None and least > most:
        node.fail(f"this can never match: at least {least} times and at most {most}", "times")
    return least, most


_RANGES: dict[str, Callable[[int], tuple[int, int | None]]] = {
    "gte": lambda n: (n, None), "gt": lambda n: (n + 1, None), "eq": lambda n: (n, n),
    "lte": lambda n: (0, n), "lt": lambda n: (0, n - 1),
}  # fmt: skip


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_TIMES


# Comparisons


def _comparison(node: Node, key: str, subject: Subject) -> Tree | None:
    path = _path(node, key, subject)
    value = node.raw(key)
    if path is None:
        return None
    if isinstance(value, dict):
        inner = node.node(key)
        tests = [_test(inner, name, name, path, value[name], subject) for name in inner.keys()]
        if not tests:
            inner.fail("a comparison is missing, such as {gte: 10}")
        return _all([test for test in tests if test is not None])
    usual = "has" if path.type == "list" else "eq"
    return _test(node, key, usual, path, value, subject)


def _path(node: Node, key: str, subject: Subject) -> Path | None:
    if subject.place == "filter":
        return _contact_path(node, key, key.removeprefix("contact."), subject.words)
    source, _, name = key.partition(".")
    if source == "contact" and name and subject.place == "file":
        return _contact_path(node, key, name, subject.words)
    if source in ("activity", "properties") and name and subject.any_activity:
        return Path("activity", name)
    if source in ("activity", "properties") and name and subject.activities:
        return _activity_path(node, key, name, subject)
    if subject.place == "where" and source not in ("contact", "activity", "properties"):
        return _activity_path(node, key, key, subject)  # within `where` the bare name will do
    node.fail(_misplaced(key, source, subject), key)
    return None


def _misplaced(key: str, source: str, subject: Subject) -> str:
    if source == "contact":
        return "`where` looks at the activity alone: put conditions on the contact beside `did`"
    if source in ("activity", "properties"):
        return "there is no activity here to look at: ask `did: {activity: …}`"
    known = {"all", "any", "not", "did", "did_not", "contact.…"} | (
        {"activity.…"} if subject.activities else set()
    )
    return f"unknown condition {key!r}{did_you_mean(key, known)}"


def _contact_path(node: Node, key: str, name: str, words: Vocabulary) -> Path | None:
    path = words.contact_path(name)
    if path is not None:
        return path
    if name.split(".")[0] in NOT_CALCULATED:
        node.fail(f"`contact.{name}` cannot be asked: {NOT_CALCULATED[name.split('.')[0]]}", key)
        return None
    custom = name.startswith("custom.")
    hint = " (declare it in fields.yaml)" if custom else ""
    said = f"no field {name!r}{did_you_mean(name, words.contact_names())}{hint}"
    node.fail(said, key, needs="fields.yaml" if custom else "transitions.yaml")
    return None


def _activity_path(node: Node, key: str, name: str, subject: Subject) -> Path | None:
    path = subject.words.activity_path(name, subject.activities)
    if path is None and subject.activities:
        known, kinds = subject.words.activity_names(subject.activities), " or ".join(subject.activities)
        node.fail(
            f"{kinds} has no property {name!r}{did_you_mean(name, known)} (declare it in activities.yaml)",
            key,
            needs="activities.yaml",
        )
    return path


def _test(node: Node, key: str, name: str, path: Path, value: Any, subject: Subject) -> Tree | None:
    operator = OPERATORS.get(str(name))
    if operator is None:
        node.fail(f"unknown operator {name!r}{did_you_mean(str(name), set(OPERATORS))}", key)
        return None
    operand, problem = _operand(operator, path, plain(value), subject.words)
    problem = problem or _unnamed(operator, path, operand, subject)
    if problem is not None:
        node.fail(problem, key, needs=_declared_in(path, subject))
        return None
    return Compare(path, operator.key, operand)


def _declared_in(path: Path, subject: Subject) -> str:
    """The file that declares what a path can be compared with, if one does."""
    if path.type == "state":
        return "transitions.yaml"
    if path.source == "contact":
        return "segments.yaml" if path.name == "segments" else ""
    named = subject.words.values_of(path.name, subject.activities)
    return "" if named is None else "segments.yaml" if named[0] == "segment" else "transitions.yaml"


def _unnamed(operator: Operator, path: Path, operand: Any, subject: Subject) -> str | None:
    """A segment, status or state that there is not, of which an activity of ours would have to tell."""
    if path.source != "activity" or operator.operand in ("text", "pattern", "boolean"):
        return None
    found = subject.words.values_of(path.name, subject.activities)
    if found is None:
        return None
    what, known = found
    items = operand if isinstance(operand, tuple) else (operand,)
    return next((problem for item in items if (problem := _unknown(item, known, what)) is not None), None)


def _operand(operator: Operator, path: Path, value: Any, words: Vocabulary) -> tuple[Any, str | None]:
    """The value to compare with, in the form that the operator takes; and what is wrong with it."""
    problem = _wrong_kind(operator, value) or _wrong_path(operator, path)
    if problem is not None:
        return None, problem
    if operator.operand == "duration":
        return duration_of(value), None
    if operator.operand == "pattern":
        return _pattern(value)
    if operator.operand in ("text", "boolean"):
        return value, None
    items = value if isinstance(value, list) else [value]
    fitted = [_fitted(item, path, words) for item in items]
    problem = next((problem for _, problem in fitted if problem is not None), None)
    found = tuple(item for item, _ in fitted)
    return (found if operator.operand == "list" else found[0] if found else None), problem


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


def _fitted(value: Any, path: Path, words: Vocabulary) -> tuple[Any, str | None]:
    """A constant in the kind of what it is compared with."""
    if isinstance(value, float) and value != value:
        return None, "a comparison with .nan never matches"
    if path.name == "segments" and path.source == "contact":
        return value, _unknown(value, words.segments, "segment")
    if path.type == "state":
        states = words.states_of(path.name)
        return value, None if states is None else _unknown(value, states, path.name)
    if path.type in ("date", "day"):
        return _moment(value, path, words)
    wanted = _FAMILY.get(path.type)
    if wanted is not None and family(value) != wanted:
        return None, f"this can never match: `{path}` is {_A[path.type]}, and {value!r} is not"
    return value, None


_FAMILY = {"text": "text", "number": "number", "money": "number", "boolean": "boolean"}


def _unknown(value: Any, known: frozenset[str], what: str) -> str | None:
    if isinstance(value, str) and value in known:
        return None
    return f"no {what} {value!r}{did_you_mean(str(value), known)}"


def _moment(value: Any, path: Path, words: Vocabulary) -> tuple[Any, str | None]:
    """A time, or a day as text; a date alone is its first moment in the account's time zone."""
    if isinstance(value, str):
        try:
            value = (
                datetime.fromisoformat(value) if len(value) > len("2026-01-31") else date.fromisoformat(value)
            )
        except ValueError:
            value = None
    if not isinstance(value, date):
        return None, f"`{path}` is {_A[path.type]}: compare it with one such as 2026-03-31"
    if path.type == "day":
        return (value.date() if isinstance(value, datetime) else value).isoformat(), None
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=words.zone)
    elif value.tzinfo is None:
        value = value.replace(tzinfo=words.zone)
    return value.astimezone(UTC), None


def _pattern(value: str) -> tuple[str | None, str | None]:
    try:
        regex.check(value)
    except regex.UnsupportedPattern as error:
        return None, f"{value!r} cannot be used: {error}"
    return value, None


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
