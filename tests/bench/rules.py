"""`rules`: a hundred rules of three or four conditions, against other engines used as their docs say.

Every engine gets the same rules and the same facts, and must find the same matches.  Ours
looks only at the rules of the activity's type; the others are asked each rule, as they
are made to be.  An engine that is slow gets fewer activities; what counts is its rate.
"""

from __future__ import annotations

import itertools
import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from engine.domain.activities import Activity, ActivityId
from engine.domain.contact import Commerce, ContactState, Points, Status
from engine.domain.identity.identities import Key
from engine.domain.rulebook import Ruleset
from engine.rules.ruleset import compile_ruleset, read_folder
from engine.settings import CONFIG_DIR
from tests.bench.measure import Result, Size
from tests.bench.traffic import START

SIZES: dict[Size, tuple[int, float]] = {"small": (5_000, 0.5), "full": (100_000, 20.0)}
"""Activities for ours, and the seconds that each other engine is given."""

RULES = 100
TYPES = (
    "product_visited", "added_to_cart", "removed_from_cart", "order_completed", "checkout_started",
    "category_visited", "searched", "page_visited", "form_submitted", "product_reviewed",
)  # fmt: skip
"""Ten kinds of activity with ten rules each."""

Facts = dict[str, Any]
Matcher = Callable[[Facts], int]
"""How many rules the facts of one activity meet."""


@dataclass(frozen=True)
class Wanted:
    """One rule: an activity's type, a bound on its value, names, and the contact's side of it."""

    type: str
    value: int
    names: tuple[str, str]
    points: int
    orders: int | None


def bench_rules(size: Size) -> list[Result]:
    """Ours against the best of the others."""
    count, seconds = SIZES[size]
    wanted = list(_wanted())
    pairs = list(_traffic(count))
    facts = [_facts(activity, state) for activity, state in pairs]
    ruleset = _ruleset(wanted)
    rounds, matches = 0, list[int]()
    began = time.perf_counter()
    while not rounds or time.perf_counter() < began + seconds:
        matches = _ours(ruleset, pairs)
        rounds += 1
    ours = rounds * count / (time.perf_counter() - began)
    rates = {}
    for name, make in _OTHERS.items():
        rates[name] = _rate(make(wanted), facts, matches, seconds=seconds)
    best = max(rates, key=rates.__getitem__)
    more = {"rules": RULES, "activities": count, "best_other": best}
    more |= {name: round(rate, 1) for name, rate in rates.items()}
    return [
        Result("rules", size, ours, rates[best], "activities/s; the limit is the best other engine", more)
    ]


def _wanted() -> Iterator[Wanted]:
    source = random.Random(1)
    for number in range(RULES):
        yield Wanted(
            type=TYPES[number % len(TYPES)],
            value=source.randrange(0, 90),
            names=(source.choice("abc"), source.choice("def")),
            points=source.randrange(50, 400),
            orders=source.randrange(0, 3) if number % 2 else None,
        )


def _traffic(count: int) -> Iterator[tuple[Activity, ContactState]]:
    source = random.Random(2)
    for number in range(count):
        at = START + timedelta(milliseconds=number)
        said = {"value": source.randrange(100), "coupon": source.choice("abcdef")}
        state = ContactState(
            points=Points(total=source.randrange(500)),
            commerce=Commerce(orders=source.randrange(4)),
            statuses={"newsletter": Status(source.choice(("subscribed", "not_subscribed")))},
        )
        yield (
            Activity(ActivityId(str(number)), source.choice(TYPES), Key("t:t"), at, at, properties=said),
            state,
        )


def _facts(activity: Activity, state: ContactState) -> Facts:
    contact = {
        "points": state.points.total,
        "newsletter": state.statuses["newsletter"].state,
        "orders": state.commerce.orders,
    }
    return {"activity": {"type": activity.type, **activity.properties}, "contact": contact}


def _ruleset(wanted: list[Wanted]) -> Ruleset:
    properties = "properties: {value: number, coupon: text}"
    activities = "activities:\n" + "".join(f"  {type_}: {{{properties}}}\n" for type_ in TYPES)
    lines = ["rules:"]
    for number, rule in enumerate(wanted):
        when: dict[str, Any] = {
            "activity.value": {"gte": rule.value},
            "activity.coupon": {"in": list(rule.names)},
            "any": [{"contact.newsletter": "subscribed"}, {"contact.points": {"lt": rule.points}}],
        }
        if rule.orders is not None:
            when["contact.orders"] = {"gt": rule.orders}
        lines.append(
            f"  - {json.dumps({'id': f'r{number}', 'name': 'R', 'on': rule.type, 'when': when, 'points': 1})}"
        )
    texts = read_folder(CONFIG_DIR)
    plain = {"transitions.yaml": _STATUS, "segments.yaml": "", "scoring.yaml": "\n".join(lines)}
    return compile_ruleset(texts | {"activities.yaml": activities} | plain)


_STATUS = """
machines:
  newsletter: {states: [not_subscribed, subscribed], initial: not_subscribed, transitions: [{on: form_submitted, to: subscribed}]}
"""


def _ours(ruleset: Ruleset, pairs: list[tuple[Activity, ContactState]]) -> list[int]:
    """As the fold does it: the rules of the type, each asked its compiled condition."""
    found = []
    for activity, state in pairs:
        rules = ruleset.rules.get(activity.type, ())
        found.append(len([rule for rule in rules if rule.when.meets(activity, state, activity.happened_at)]))
    return found


def _rate(matcher: Matcher, facts: list[Facts], expected: list[int], *, seconds: float) -> float:
    """Activities a second; raise if an engine finds other matches than ours."""
    end = time.perf_counter() + seconds
    began, done = time.perf_counter(), 0
    for index in itertools.cycle(range(len(facts))):
        found = matcher(facts[index])
        if found != expected[index]:
            raise AssertionError(f"{found} matches where ours finds {expected[index]}")
        done += 1
        if time.perf_counter() > end:
            break
    return done / (time.perf_counter() - began)


# The others


def _rule_engine(wanted: list[Wanted]) -> Matcher:
    import rule_engine

    context = rule_engine.Context(resolver=rule_engine.resolve_item)
    rules = [rule_engine.Rule(_expression(rule, "and", "or"), context=context) for rule in wanted]
    return lambda facts: sum(rule.matches(facts) for rule in rules)


def _cel_python(wanted: list[Wanted]) -> Matcher:
    import celpy

    environment = celpy.Environment(runner_class=celpy.CompiledRunner)
    programs = [environment.program(environment.compile(_expression(rule, "&&", "||"))) for rule in wanted]

    def matcher(facts: Facts) -> int:
        activation = {name: celpy.json_to_cel(value) for name, value in facts.items()}
        return sum(bool(program.evaluate(activation)) for program in programs)

    return matcher


def _cel(wanted: list[Wanted]) -> Matcher:
    import cel

    programs = [cel.compile(_expression(rule, "&&", "||")) for rule in wanted]

    def matcher(facts: Facts) -> int:
        context = cel.Context(variables=facts)
        return sum(program.execute(context) for program in programs)

    return matcher


def _expression(rule: Wanted, all_: str, any_: str) -> str:
    parts = [
        f'activity.type == "{rule.type}"',
        f"activity.value >= {rule.value}",
        f"activity.coupon in {json.dumps(rule.names)}",
        f'(contact.newsletter == "subscribed" {any_} contact.points < {rule.points})',
    ]
    if rule.orders is not None:
        parts.append(f"contact.orders > {rule.orders}")
    return f" {all_} ".join(parts)


def _json_logic(wanted: list[Wanted]) -> Matcher:
    from json_logic import jsonLogic

    def var(name: str) -> dict[str, str]:
        return {"var": name}

    rules = [
        {
            "and": [
                {"==": [var("activity.type"), rule.type]},
                {">=": [var("activity.value"), rule.value]},
                {"in": [var("activity.coupon"), list(rule.names)]},
                {
                    "or": [
                        {"==": [var("contact.newsletter"), "subscribed"]},
                        {"<": [var("contact.points"), rule.points]},
                    ]
                },
                *([] if rule.orders is None else [{">": [var("contact.orders"), rule.orders]}]),
            ]
        }
        for rule in wanted
    ]
    return lambda facts: sum(bool(jsonLogic(rule, facts)) for rule in rules)


def _business_rules(wanted: list[Wanted]) -> Matcher:  # noqa: C901  (its variables are methods)
    from business_rules import run_all
    from business_rules.actions import BaseActions, rule_action
    from business_rules.variables import BaseVariables, numeric_rule_variable, string_rule_variable

    class Variables(BaseVariables):  # type: ignore[misc]
        def __init__(self, facts: Facts) -> None:
            self.facts = facts

        @string_rule_variable
        def type(self) -> str:
            return str(self.facts["activity"]["type"])

        @numeric_rule_variable
        def value(self) -> int:
            return int(self.facts["activity"]["value"])

        @string_rule_variable
        def coupon(self) -> str:
            return str(self.facts["activity"]["coupon"])

        @string_rule_variable
        def newsletter(self) -> str:
            return str(self.facts["contact"]["newsletter"])

        @numeric_rule_variable
        def points(self) -> int:
            return int(self.facts["contact"]["points"])

        @numeric_rule_variable
        def orders(self) -> int:
            return int(self.facts["contact"]["orders"])

    class Actions(BaseActions):  # type: ignore[misc]
        def __init__(self) -> None:
            self.count = 0

        @rule_action()
        def match(self) -> None:
            self.count += 1

    def test(name: str, operator: str, value: object) -> dict[str, object]:
        return {"name": name, "operator": operator, "value": value}

    rules = [
        {
            "conditions": {
                "all": [
                    test("type", "equal_to", rule.type),
                    test("value", "greater_than_or_equal_to", rule.value),
                    {"any": [test("coupon", "equal_to", name) for name in rule.names]},
                    {
                        "any": [
                            test("newsletter", "equal_to", "subscribed"),
                            test("points", "less_than", rule.points),
                        ]
                    },
                    *([] if rule.orders is None else [test("orders", "greater_than", rule.orders)]),
                ]
            },
            "actions": [{"name": "match"}],
        }
        for rule in wanted
    ]

    def matcher(facts: Facts) -> int:
        actions = Actions()
        run_all(rule_list=rules, defined_variables=Variables(facts), defined_actions=actions)
        return actions.count

    return matcher


_OTHERS: dict[str, Callable[[list[Wanted]], Matcher]] = {
    "rule-engine": _rule_engine,
    "business-rules": _business_rules,
    "json-logic-modernized": _json_logic,
    "cel-python": _cel_python,
    "common-expression-language": _cel,
}
