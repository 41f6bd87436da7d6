"""The page of customers: before and after the first run, who moved, and lifetime value."""

import json
from datetime import date, timedelta
from urllib.parse import quote

import pytest

from engine.contacts.valuation import lifetime_service, rfm_service
from engine.db.connection import utc_now
from tests.builders import acting, bought, colleague
from tests.integration.contacts.valuation import shop
from tests.integration.dashboard.test_pages import shown
from tests.integration.drained import drain_all, receive_and_drain, run_jobs


def marketer(db):
    return acting(db, colleague(role="marketer"), at=utc_now())


def ordered(db, customers):
    """An order of 10.00 of each, so many days ago."""
    now = utc_now()
    receive_and_drain(
        db,
        [
            bought(
                "10.00", now - timedelta(days=ago), email=f"{name}@x.com", order_id=f"{name}-{ago}",
                currency="EUR", trusted=True,
            )
            for name, ago in customers
        ],
    )  # fmt: skip


def run(db):
    rfm_service.start(marketer(db))
    run_jobs(db)
    drain_all(db)


def link_to(where):
    return f"where={quote(where, safe='')}"


def test_before_the_first_run_the_page_says_when_there_will_be_one(db, open_as):
    text = shown(open_as("viewer", page="customers"))

    assert "Not calculated yet" in text and "each night" in text


def test_only_who_may_calculate_is_offered_it(db, open_as):
    def offered(role, view):
        return {b.label for b in open_as(role, page="customers", view=view).button} & {"Calculate now"}

    assert offered("marketer", "rfm") and offered("marketer", "clv")
    assert not offered("viewer", "rfm") and not offered("viewer", "clv")


def test_a_run_is_begun_on_the_page(db, open_as):
    ordered(db, [("ana", 5)])
    app = open_as("marketer", page="customers")
    next(button for button in app.button if button.label == "Calculate now").click().run()
    assert "Being calculated" in shown(app)
    run_jobs(db)

    assert "1 customer with orders in the 24 months" in shown(open_as("viewer", page="customers"))


def test_cells_and_categories_lead_to_their_contacts(db, open_as):
    ordered(db, [("ana", 5), ("ana", 9), ("bob", 300)])
    run(db)

    text = shown(open_as("viewer", page="customers"))

    [ana] = db.contacts.find({"mail.address": "ana@x.com"})
    scores = ana["rfm"]
    first = scores["code"] - scores["monetary"] + 1
    codes = list(range(first, first + 5))
    assert link_to(json.dumps({"rfm_code": {"in": codes}}, separators=(",", ":"))) in text
    assert link_to(f'{{"rfm":"{scores["category"]}"}}') in text
    assert "€20.00" in text and "2 customers" in text
    assert "Days since the last order" in text and "to 5" in text


def test_who_moved_this_month_is_a_list_of_contacts(db, open_as):
    today = shop.today(db)
    before = utc_now() - timedelta(days=today.day + 1)
    ordered(db, [("ana", 50), ("bob", 300)])
    run(db)
    db.contacts.update_many({}, {"$set": {"rfm.since": before, "rfm.month": f"{before:%Y-%m}"}})
    db.rfm_runs.update_many({}, {"$set": {"at": before, "as_of": before.date().isoformat()}})
    ordered(db, [("bob", 1), ("bob", 2), ("bob", 3)])
    run(db)

    text = shown(open_as("marketer", page="customers"))

    bob = db.contacts.find_one({"mail.address": "bob@x.com"})["rfm"]
    assert bob["month_from"] and bob["month_from"] != bob["category"]
    where = f'{{"rfm":"{bob["category"]}","rfm_before":"{bob["month_from"]}","rfm_since":{{"gte":"{today:%Y-%m}-01"}}}}'
    assert link_to(where) in text
    listed = open_as("marketer", page="contacts", where=where)
    assert "1 found" in shown(listed)


def test_too_few_orders_for_lifetime_value_are_counted(db, open_as):
    ordered(db, [("ana", 5)])
    lifetime_service.start(marketer(db))
    run_jobs(db)

    text = shown(open_as("viewer", page="customers", view="clv"))

    assert "too few orders" in text and "500 customers" in text


@pytest.fixture
def many(db):
    """Customers who ordered at a pace of their own, and a model of them."""
    table = shop.leaving(600, until=shop.today(db))
    receive_and_drain(db, shop.activities(table))
    lifetime_service.start(marketer(db))
    run_jobs(db)


def test_a_model_is_shown_with_what_it_foretold(db, many, open_as):
    text = shown(open_as("viewer", page="customers", view="clv"))

    fitted = lifetime_service.status(marketer(db)).model
    assert f"{round(fitted.holdout.expected):,}" in text and f"{fitted.holdout.actual:,}" in text
    assert f"r {round(fitted.model.purchases.r, 3):g}" in text
    assert "How it is calculated" in text and "12 months" in text
    assert isinstance(fitted.model.as_of, date)
