"""What a form of conditions shows, and what it leaves to YAML."""

import pytest

from dashboard.segments.condition_rows import (
    ActivityCondition,
    Comparison,
    Simple,
    of_activity,
    read,
    written,
)
from engine.rules.language import editing
from engine.rules.ruleset import compile_ruleset, read_folder
from engine.settings import CONFIG_DIR

SHIPPED = read_folder(CONFIG_DIR)
RULESET = compile_ruleset(SHIPPED)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("contact.points: {gte: 10}", Simple("all", (Comparison("contact.points", "gte", 10),))),
        (
            "contact.newsletter: subscribed\ncontact.segments: customers",
            Simple(
                "all",
                (
                    Comparison("contact.newsletter", "eq", "subscribed"),
                    Comparison("contact.segments", "has", "customers"),
                ),
            ),
        ),
        (
            "any: [{contact.last_seen: {within: 30d}}, {contact.email: {exists: false}}]",
            Simple(
                "any",
                (
                    Comparison("contact.last_seen", "within", "30d"),
                    Comparison("contact.email", "exists", False),
                ),
            ),
        ),
        (
            "contact.last_seen: {older_than: 60d}",
            Simple("all", (Comparison("contact.last_seen", "older_than", "60d"),)),
        ),
        (
            "did: {activity: product_visited, within: 7d, times: {gte: 3}}\n"
            "did_not: {activity: order_completed}",
            Simple(
                "all",
                (
                    ActivityCondition("product_visited", True, 3, 7),
                    ActivityCondition("order_completed", False),
                ),
            ),
        ),
        (
            "did: {activity: order_completed, where: {activity.products.category: {eq: boots}}, within: 30d}",
            Simple(
                "all",
                (
                    ActivityCondition(
                        "order_completed",
                        days=30,
                        where=Comparison("activity.products.category", "eq", "boots"),
                    ),
                ),
            ),
        ),
        (
            "contact.spent: {gte: 10, lte: 20}",
            Simple("all", (Comparison("contact.spent", "gte", 10), Comparison("contact.spent", "lte", 20))),
        ),
    ],
)
def test_a_simple_condition_is_shown_and_comes_back_meaning_the_same(text, shown):
    found = read(editing.read(text), RULESET)

    assert found == shown
    assert meaning(editing.as_yaml(written(found))) == meaning(text)


@pytest.mark.parametrize(
    "text",
    [
        "not: {contact.segments: customers}",
        "contact.points: {gt: 10}",
        "contact.last_seen: {within: 4h}",
        "contact.segments: {has_any: [customers, vip]}",
        "any: [{contact.points: {gte: 1}, contact.orders: {gte: 1}}]",
        "any: [{contact.points: {gte: 1, lte: 5}}]",
        "all: [{any: [{contact.points: {gte: 1}}]}]",
        "contact.custom.unheard_of: x",
        "did: {activity: [product_visited, searched]}",
        "did: {activity: product_visited, times: 3}",
        "did: {activity: product_visited, where: {activity.price: {gte: 5}, activity.category: boots}}",
        "did: {activity: product_visited, where: {any: [{activity.price: {gte: 5}}]}}",
        "contact.newsletter: no_such_state",
    ],
)
def test_what_says_more_than_the_form_can_is_left_to_yaml(text):
    assert read(editing.read(text), RULESET) is None


def test_a_form_is_written_a_part_on_a_line():
    simple = Simple("any", (Comparison("contact.points", "gte", 5), ActivityCondition("searched", days=7)))

    assert editing.as_yaml(written(simple)) == (
        "any:\n  - contact.points: {gte: 5}\n  - did: {activity: searched, within: 7d}\n"
    )


def test_of_orders_the_products_can_be_asked():
    offers = of_activity("order_completed", RULESET)

    assert offers["activity.products.category"].label == "category of a product"
    assert offers["activity.total"].type == "money"
    assert "activity.products" not in offers


def meaning(condition):
    text = "segments:\n  - id: s\n    name: S\n    when:\n" + "".join(
        f"      {line}\n" for line in condition.splitlines()
    )
    others = SHIPPED["segments.yaml"].split("segments:\n", 1)[1].split("tests:")[0]
    segments = compile_ruleset(SHIPPED | {"segments.yaml": text + others}).segments
    return segments["s"].condition.tree
