"""`sheets contact show`: the sheet of a contact, with the products that it bought and saw."""

import json

from engine.contacts.merging import merge_service
from engine.domain.activities import ActivityId
from tests.builders import acting, an_activity, bought, colleague, minutes
from tests.integration.cli.commands import run
from tests.integration.drained import drain_all, receive_and_drain, the_id

SHOES = {"product_id": "s", "name": "Shoes", "category": "Footwear", "price": 40, "quantity": 2}
HAT = {"product_id": "h", "name": "Hat", "price": 10}


def shown(key):
    answer = run("contact", "show", key, "--json")
    assert answer.exit_code == 0, answer.exception
    return json.loads(answer.stdout)


def pieces(key):
    return {product["name"]: product["bought"] for product in shown(key)["products"]["bought"]}


def test_the_products_bought_and_seen_are_shown(named):
    receive_and_drain(
        named,
        [
            bought(80, minutes(0), email="ana@x.com", order_id="a", products=[SHOES], trusted=True),
            an_activity("product_visited", minutes(1), email="ana@x.com", product_id="h", name="Hat"),
        ],
    )

    found = shown("ana@x.com")["products"]
    assert [(p["name"], p["bought"], p["orders"]) for p in found["bought"]] == [("Shoes", "2", 1)]
    assert [(p["name"], p["seen"]) for p in found["seen"]] == [("Hat", 1)]
    assert found["categories"] == [{"name": "Footwear", "bought": "2", "seen": 0}]
    assert (found["all_orders"], found["all_views"]) == (True, True)
    text = run("contact", "show", "ana@x.com").stdout
    assert "Shoes: 2 bought in 1 order, last" in text
    assert "Hat: seen 1 time, last" in text


def test_after_an_undone_merge_each_contact_is_shown_with_its_own_products(named):
    receive_and_drain(
        named,
        [
            bought(80, minutes(0), email="ana@x.com", order_id="a", products=[SHOES], trusted=True),
            bought(10, minutes(1), email="eva@x.com", order_id="b", products=[HAT], trusted=True),
        ],
    )
    mia = acting(named, colleague(role="admin"))
    ana, eva = the_id(named, "ana@x.com"), the_id(named, "eva@x.com")
    merge_service.merge(mia, ana, eva, id_=ActivityId("m1"))
    drain_all(named)
    assert pieces("ana@x.com") == pieces("eva@x.com") == {"Shoes": "2", "Hat": "1"}

    merge_service.undo_merge(mia, eva, id_=ActivityId("u1"), reason="two sisters")
    drain_all(named)

    assert pieces("ana@x.com") == {"Shoes": "2"}
    assert pieces("eva@x.com") == {"Hat": "1"}


def test_a_contact_without_products_has_empty_lists(named):
    receive_and_drain(named, [an_activity("page_visited", minutes(0), tracker="t")])

    assert shown("t")["products"]["bought"] == []
    assert "products_bought" not in run("contact", "show", "t").stdout
