"""`fold`: activities a second through the pure fold with 100 rules, against decoding them."""

from __future__ import annotations

import time

import msgspec

from engine.domain.activities import Activity
from engine.domain.folding.fold import fold
from engine.domain.identity.people import Placement
from engine.domain.rulebook import Rulebook
from engine.pipeline.inbox import encode_activity
from engine.rules.ruleset import compile_ruleset, read_folder
from engine.settings import CONFIG_DIR
from tests.bench.measure import Result, Size
from tests.bench.traffic import traffic

SIZES: dict[Size, int] = {"small": 5_000, "full": 200_000}

_RULE = """
  - id: rule-{number}
    name: Rule {number}
    on: {on}
    when:
      all:
        - {first}
        - {second}
        - any: [{{contact.newsletter: subscribed}}, {{contact.points: {{lt: 500}}}}]
        - not: {{contact.orders: {{gt: {number}}}}}
    points: 1
    limit: {{times: 3, per: day}}
"""

_PRODUCT = ("activity.price: {{gte: {}}}", "activity.category: {in: [boots, hats]}")
_KINDS = (
    ("page_visited", "activity.name: {{ne: Product {}}}", "activity.path: {exists: false}"),
    ("product_visited", *_PRODUCT),
    ("searched", "activity.query: {{ne: Product {}}}", "activity.bot: false"),
    ("added_to_cart", *_PRODUCT),
)


def bench_fold(size: Size) -> list[Result]:
    """100 rules of four conditions over contacts with fifty activities each."""
    activities = list(traffic(SIZES[size], contacts=SIZES[size] // 50, seed=2))
    rulebook = _rulebook()
    by_contact: dict[str, list[Placement]] = {}
    for activity in activities:
        by_contact.setdefault(activity.stream, []).append(Placement(activity, activity.stream))  # type: ignore[arg-type]
    began = time.perf_counter()
    for contact, placements in by_contact.items():
        fold(None, placements, rulebook, contact=contact)  # type: ignore[arg-type]
    ours = len(activities) / (time.perf_counter() - began)
    unit = "activities/s; the limit is decoding the same activities from documents"
    return [Result("fold", size, ours, _decoding(activities), unit, {"rules": 100})]


def _rulebook() -> Rulebook:
    rules = []
    for number in range(100):
        on, first, second = _KINDS[number % len(_KINDS)]
        rules.append(_RULE.format(number=number, on=on, first=first.format(number), second=second))
    texts = read_folder(CONFIG_DIR) | {"scoring.yaml": "rules:" + "".join(rules)}
    ruleset = compile_ruleset(texts)
    return Rulebook(rulesets={1: ruleset}, present=ruleset)


def _decoding(activities: list[Activity]) -> float:
    rows = [{**encode_activity(activity), "id": activity.id} for activity in activities]
    began = time.perf_counter()
    for row in rows:
        msgspec.convert(row, Activity)
    return len(rows) / (time.perf_counter() - began)
