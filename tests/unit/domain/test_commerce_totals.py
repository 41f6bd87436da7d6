"""Totals are the same in any order of arrival, and equal a reckoning by hand."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.arrival import Living
from tests.builders import an_activity, minutes, rules

RATES = {"EUR": Decimal(1), "USD": Decimal("0.5")}
BOOK = rules(settings="account: {currency: EUR, rates: {USD: 0.5}}")
REPORTS = ("order_completed", "order_updated")


@st.composite
def reports(draw, number):
    """What one of three orders is said to be, by the shop's server or a browser."""
    type_ = draw(st.sampled_from([*REPORTS, *REPORTS, "order_refunded", "order_cancelled"]))
    properties = {"order_id": draw(st.sampled_from("abc"))}
    if type_ != "order_cancelled":
        properties["total"] = draw(st.sampled_from([10, "12,50", 30.004, "a lot", -5, None]))
    if type_ == "order_refunded":
        properties["total"] = draw(st.sampled_from([1, "2.50", 100, None]))
    else:
        properties["currency"] = draw(st.sampled_from(["EUR", "USD", "JPY"]))
    return an_activity(
        type_,
        minutes(draw(st.integers(0, 8))),
        id_=f"h{number}",
        tracker="t",
        trusted=draw(st.booleans()),
        **properties,
    )


histories = st.integers(1, 7).flatmap(lambda n: st.tuples(*(reports(number) for number in range(n))))

AMOUNTS = {10: Decimal(10), "12,50": Decimal("12.50"), 30.004: Decimal("30.00"), 1: Decimal(1),
           "2.50": Decimal("2.50"), 100: Decimal(100)}  # fmt: skip


def reckoned(history):
    """Number of orders, those in the sum, spent and refunded: each order on its own, in cents."""
    found = [_order(sorted((a for a in history if a.properties["order_id"] == id_), key=lambda a: a.moment))
             for id_ in "abc"]  # fmt: skip
    placed = [order for order in found if order is not None]
    summed = [(amount, back, RATES[currency]) for amount, back, currency in placed
              if amount is not None and currency in RATES]  # fmt: skip
    return (
        len(placed),
        len(summed),
        sum((amount - back) * rate for amount, back, rate in summed),
        sum(back * rate for _, back, rate in summed),
    )


def _order(told):
    by_server = any(a.trusted and a.type == "order_completed" for a in told)
    told_by = [a for a in told if a.trusted or not by_server]
    if not any(a.type == "order_completed" for a in told_by):
        return None
    if any(a.type == "order_cancelled" and a.trusted for a in told):
        return None
    valued = [a for a in told_by if a.type in REPORTS and a.properties["total"] is not None]
    last = next(iter([a for a in valued if a.trusted][-1:] or valued[-1:]), None)
    amount = None if last is None else AMOUNTS.get(last.properties["total"])
    if last is None or amount is None:
        return None, 0, "EUR"
    refunds = [a.properties["total"] for a in told if a.type == "order_refunded" and a.trusted]
    back = sum(amount if total is None else AMOUNTS[total] for total in refunds)
    return amount, min(back, amount), last.properties["currency"]


@settings(max_examples=300, deadline=None)
@given(history=histories, data=st.data())
def test_totals_are_the_same_in_any_order_of_arrival_with_duplicates_corrections_and_refunds(history, data):
    arrived = [
        *data.draw(st.permutations(history)),
        *data.draw(st.lists(st.sampled_from(history), max_size=3)),
    ]
    size = data.draw(st.integers(1, 3))

    quiet, lively = Living(BOOK), Living(BOOK)
    quiet.receive(history)
    for start in range(0, len(arrived), size):
        lively.receive(arrived[start : start + size])

    assert lively.picture() == quiet.picture()


@settings(max_examples=300, deadline=None)
@given(history=histories)
def test_totals_equal_those_of_each_order_reckoned_by_hand(history):
    living = Living(BOOK)
    living.receive(history)
    [contact] = living.contacts.values()
    found = contact.state.commerce

    assert (found.orders, found.summed, found.spent, found.refunded) == reckoned(history)
