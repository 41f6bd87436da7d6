"""What rows of an export of activities show beyond their activity."""

from dataclasses import replace
from decimal import Decimal

import pytest

from engine.exports.row_facts import ContactFacts, RowFacts
from engine.pipeline.inbox import encode_activity
from tests.builders import SHIPPED, an_activity, bought, days, the_contact

ACCOUNT = SHIPPED.present.account


def row(activity, **more):
    """An activity's document as it is picked."""
    document = encode_activity(activity)
    return {**document, "placing": document if activity.type == "order_completed" else None, **more}


def facts_of(activities, **contact):
    state = the_contact(activities).state
    book = [{name: getattr(order, name) for name in order.__struct_fields__} for order in state.commerce.book]
    facts = ContactFacts({"commerce": {"book": book}, **contact}, ACCOUNT)
    return [facts.of(row(activity)) for activity in activities]


def test_what_an_order_comes_to_stands_on_the_row_that_placed_it():
    order = {"email": "ana@x.com", "order_id": "1", "trusted": True}
    activities = [
        bought("50.00", days(1), **order),
        bought("45.55", days(2), **order),
        an_activity("order_refunded", days(3), total="5.05", **order),
    ]

    placed, *others = facts_of(activities)

    assert placed == RowFacts(True, True, "45.55", "5.05", "40.50")
    assert others == [RowFacts(True)] * 2


def test_a_cancelled_order_does_not_count_and_an_unreadable_one_has_no_amount():
    cancelled = {"email": "ana@x.com", "order_id": "1", "trusted": True}
    activities = [
        bought(9, days(1), **cancelled),
        an_activity("order_cancelled", days(2), **cancelled),
        bought("a lot", days(3), email="ana@x.com", order_id="2", trusted=True),
    ]

    first, _, unreadable = facts_of(activities)

    assert first == RowFacts(True, order_counts=False)
    assert unreadable == RowFacts(True, order_counts=True)


@pytest.mark.parametrize(
    ("activity", "more", "importable"),
    [
        (an_activity("page_visited"), {}, True),
        (an_activity("page_visited", bot=True), {}, False),
        (an_activity("page_visited", id_="gone"), {}, False),
        (an_activity("email_bounced"), {"discounted": True}, False),
        (an_activity("segment_entered"), {}, False),
        (an_activity("contacts_merged"), {}, False),
    ],
)
def test_what_has_no_effect_or_is_our_own_record_cannot_be_imported(activity, more, importable):
    facts = ContactFacts({"undone": ["gone"]}, ACCOUNT)

    assert facts.of(row(activity, **more)).importable is importable


def test_amounts_in_another_currency_are_converted_exactly():
    account = replace(ACCOUNT, rates={"USD": Decimal("0.9137")})
    placed = bought("10.05", days(1), email="ana@x.com", order_id="1", currency="USD")
    book = [{"id": "1", "placed_at": days(1), "amount": Decimal("10.05"), "currency": "USD"}]

    found = ContactFacts({"commerce": {"book": book}}, account).of(row(placed))

    assert (found.order_paid, found.order_value) == ("9.182685", "9.18")
