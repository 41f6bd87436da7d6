"""The overview for each role, over a real database."""

import json
from dataclasses import replace
from datetime import timedelta
from functools import partial
from urllib.parse import parse_qsl

import pytest

from dashboard.overview import overview_page as page
from engine.accounts.current_user import CurrentUser
from engine.contacts.listing import listing
from engine.contacts.listing.listing import Listing
from engine.db.connection import utc_now
from engine.errors import NotAllowed
from engine.insights import census, daily, overview_service
from engine.insights.overview import LONGEST, Period
from engine.operations import operating
from tests.builders import NOON, acting, an_activity, bought, identified
from tests.integration.dashboard.settings.test_suspected_outages import a_suspected_outage
from tests.integration.dashboard.test_pages import shown
from tests.integration.drained import receive_and_drain

VIEWER = CurrentUser("u1", "eva@x.com", "Eva", "viewer")


@pytest.fixture
def open_as(open_as):
    return partial(open_as, page="overview")


def a_shop(db):
    now = utc_now()
    receive_and_drain(
        db,
        [
            identified(now - timedelta(days=3), email="ana@x.com"),
            an_activity("newsletter_subscribed", now - timedelta(days=3), email="ana@x.com"),
            bought("12.10", now - timedelta(days=2), email="ana@x.com", order_id="1", currency="EUR"),
            bought("5.00", now - timedelta(days=40), email="eva@x.com", order_id="2", currency="EUR"),
            bought("7.00", now - timedelta(days=2), email="eva@x.com", order_id="3", currency="XAU"),
            an_activity("page_visited", now, tracker="somebody"),
        ],
    )
    while daily.refresh(db, clock=utc_now):
        pass
    census.take(db, now=utc_now())


@pytest.mark.parametrize("role", ["viewer", "marketer", "admin"])
def test_every_role_sees_how_the_shop_does(db, open_as, role):
    a_shop(db)

    text = shown(open_as(role))

    for words in (
        "Identified",
        "€12.10",
        "7.00 XAU",
        "Contacts as of",
        "daily figures as of",
        "no worker running",
    ):
        assert words in text


def test_as_long_as_many_are_not_counted_yet_the_page_says_so(db, open_as, monkeypatch):
    monkeypatch.setattr(census, "FEW", 0)
    census.take(db, now=utc_now())
    receive_and_drain(db, [identified(utc_now(), email="ana@x.com")])

    text = shown(open_as("viewer"))

    assert "Counting contacts…" in text
    assert "No contacts yet" not in text


def test_the_first_contacts_are_there_at_once(db, open_as):
    assert "No contacts yet" in shown(open_as("viewer"))

    receive_and_drain(db, [identified(utc_now(), email="ana@x.com")])

    assert "Identified" in shown(open_as("viewer"))


@pytest.mark.parametrize(
    ("role", "said"),
    [("viewer", "An admin can review this"), ("admin", 'section=workers">Review')],
)
def test_a_sending_that_fails_as_a_whole_is_told_in_a_line(db, open_as, role, said):
    a_shop(db)
    assert "failing unusually often" not in shown(open_as(role))
    a_suspected_outage(db, "spring")

    text = shown(open_as(role))

    assert "A sending is failing unusually often: bounces are not counted" in text
    assert said in text.replace(' target="_self"', "").replace("&amp;", "&")


def test_a_shop_without_contacts_is_told_what_will_be_here(db, open_as):
    census.take(db, now=utc_now())

    assert "No contacts yet" in shown(open_as("viewer"))


@pytest.mark.parametrize(("role", "asked"), [("viewer", False), ("admin", True)])
def test_before_the_first_event_an_admin_is_asked_for_the_currency(db, open_as, role, asked):
    census.take(db, now=utc_now())

    assert ("All totals are in EUR. Is that your" in shown(open_as(role))) == asked


def test_each_figure_leads_to_as_many_contacts_as_it_says(db, open_as):
    a_shop(db)
    text = shown(open_as("admin"))

    found = {}
    for tile in text.split('class="cs-tile" href="?')[1:]:
        address, rest = tile.split('"', 1)
        label = rest.split('cs-sub">')[1].split("<")[0]
        where = json.loads(dict(parse_qsl(address.replace("&amp;", "&"))).get("where", "{}"))
        number = rest.split('cs-figure">')[1].split("<")[0]
        found[label] = (number, db.contacts.count_documents(listing.matching(db, Listing(where))))

    assert found["All contacts"] == ("3", 3)
    for label in (
        "All contacts",
        "Identified",
        "Anonymous",
        "New",
        "Active today",
        "Customers",
        "Abandoned carts",
    ):
        assert found[label][0] == str(found[label][1]), label


def test_a_period_of_before_shows_what_was_bought_then(db, open_as):
    a_shop(db)
    day = (utc_now() - timedelta(days=40)).date()
    days = {"from": (day - timedelta(days=2)).isoformat(), "to": (day + timedelta(days=2)).isoformat()}

    text = shown(open_as("viewer", **days))

    assert "€5.00" in text
    assert "€12.10" not in text


@pytest.mark.parametrize(
    "params",
    [
        {"days": "x"},
        {"days": "-4"},
        {"from": "yesterday"},
        {"from": "2026-03-01", "to": "<b>"},
        {"days": "9" * 40},
    ],
)
def test_an_address_that_somebody_has_written_into_shows_the_page(db, open_as, params):
    a_shop(db)

    assert "Identified" in shown(open_as("viewer", **params))


def test_a_period_is_put_in_order_and_is_not_endless():
    today = NOON.date()

    backwards = Period.between(today, today - timedelta(days=6), today=today)
    endless = Period.between(today.replace(year=1), today + timedelta(days=9), today=today)

    assert (backwards.days, backwards.last) == (7, today)
    assert (endless.days, endless.last) == (LONGEST, today)
    assert backwards.before == Period(today - timedelta(days=13), today - timedelta(days=7))


def test_figures_are_shown_anew_once_a_part_of_them_is_old_or_the_first_contacts_are_there(db):
    a_shop(db)
    now = overview_service.overview(acting(db, VIEWER), Period.latest(7, today=utc_now().date()))
    old = replace(now, census=replace(now.census, at=now.census.at - timedelta(minutes=2)))
    empty = replace(now, census=replace(now.census, contacts=0))

    assert page._is_overtaken(old, now)
    assert page._is_overtaken(empty, now)
    assert not page._is_overtaken(now, now)


def test_who_is_not_signed_in_is_given_nothing(db):
    with pytest.raises(NotAllowed):
        overview_service.overview(acting(db, None, at=NOON), Period.latest(7, today=NOON.date()))
    with pytest.raises(NotAllowed):
        operating.at_a_glance(acting(db, None, at=NOON))


def test_what_was_sold_and_to_whom_has_its_cards(db, open_as):
    now = utc_now()
    lines = [{"product_id": "s", "name": "<b>Shoes</b>", "category": "Footwear", "price": 10, "quantity": 2}]
    receive_and_drain(
        db,
        [
            bought(
                "20", now - timedelta(days=3), email="ana@x.com", order_id="1", currency="EUR", products=lines
            ),
            bought("7", now - timedelta(days=2), email="ana@x.com", order_id="2", currency="EUR"),
        ],
    )
    while daily.refresh(db, clock=utc_now):
        pass

    text = shown(open_as("viewer"))

    for words in (
        "Revenue by category", "Footwear", "€20.00", "Without category", "€7.00",
        "&lt;b&gt;Shoes&lt;/b&gt;", "Orders of returning customers", "26% of the revenue",
        "Cohorts by month of the first order",
    ):  # fmt: skip
        assert words in text


def test_a_shop_without_orders_has_cards_that_say_so(db, open_as):
    receive_and_drain(db, [identified(utc_now(), email="ana@x.com")])

    text = shown(open_as("viewer"))

    for words in (
        "No orders in this period.",
        "No products in the orders",
        "No first orders in the last 12 months.",
    ):
        assert words in text
