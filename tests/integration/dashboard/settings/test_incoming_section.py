"""Incoming events: what each key sends, live, with what is refused and why."""

import json
from decimal import Decimal
from functools import partial

import pytest
from msgspec import structs

from engine.accounts import keys
from engine.accounts.current_user import CurrentUser
from engine.db.connection import utc_now
from engine.errors import NotAllowed
from engine.operations import incoming
from engine.pipeline import arrivals, inbox, refused_events
from engine.pipeline.arrivals import UNKNOWN, Counted
from engine.pipeline.refused_events import RefusedEvent
from tests.builders import acting, an_activity
from tests.integration.dashboard.test_pages import shown
from tests.integration.drained import drain_all

HOSTILE = '<img src=x onerror="hacked()">**[x](javascript:alert(1))**'


@pytest.fixture
def open_as(open_as):
    return partial(open_as, page="settings", section="incoming")


@pytest.fixture
def shop(db):
    """A key that sent two events, of which one is applied and one refused, and was refused by a limit."""
    key = keys.create_key(db, "write", label="our web shop", now=utc_now()).id
    keys.create_key(db, "write", label="silent", now=utc_now())
    visit = an_activity("page_visited", id_="e1", tracker="t", price=Decimal("54.90"))
    inbox.receive(db, [structs.replace(visit, source=key)])
    drain_all(db)
    arrivals.add(db, {key: Counted(1, 1_200, ("e1",))}, now=utc_now())
    refused = RefusedEvent(utc_now(), key, "userId", "is a placeholder", '{"event": "Cart Viewed"}')
    refused_events.refuse(db, [refused])
    return key


def test_before_the_first_event_it_says_where_it_will_appear(open_as):
    text = shown(open_as("admin"))

    assert "No events in the last hour" in text
    assert "within two seconds" in text


def test_it_shows_what_was_accepted_and_refused_and_why(shop, open_as):
    text = shown(open_as("admin"))

    assert "our web shop" in text
    assert shop not in text
    assert "1,200" in text
    assert "silent" not in text
    assert "page_visited" in text
    assert "?contact=" in text
    assert "userId: is a placeholder" in text
    assert "Cart Viewed" in text


def test_the_activity_is_shown_as_it_was_understood(db, shop):
    admin = acting(db, CurrentUser("u1", "eva@x.com", "Eva", "admin"))
    [event] = incoming.incoming(admin, key=shop, refused=False).events

    assert json.loads(event.event)["properties"] == {"price": "54.90"}
    assert json.loads(event.event)["type"] == "page_visited"


def test_one_kind_and_one_key_can_be_chosen(db, shop, open_as):
    other = keys.create_key(db, "write", label="the blog", now=utc_now()).id
    refused_events.refuse(db, [RefusedEvent(utc_now(), other, "type", "is unknown", "[]")])
    arrivals.add(db, {other: Counted(0, 1)}, now=utc_now())
    app = open_as("admin")

    app.segmented_control(key="incoming.kind").set_value("Refused").run()
    assert "page_visited" not in shown(app)
    assert "unreadable event" in shown(app)
    app.segmented_control(key="incoming.kind").set_value("Accepted").run()
    assert "page_visited" in shown(app)
    assert "Cart Viewed" not in shown(app)
    app.segmented_control(key="incoming.kind").set_value("All").run()
    app.selectbox(key="incoming.key").set_value(other).run()
    assert "type: is unknown" in shown(app)
    assert "page_visited" not in shown(app)
    assert "Cart Viewed" not in shown(app)


def test_requests_without_a_valid_key_are_counted_with_how_it_begins(db, open_as):
    arrivals.add(db, {UNKNOWN: Counted(0, 2, ("wk_abcd…", "none"))}, now=utc_now())

    text = shown(open_as("admin"))

    assert "2 requests without a valid key" in text
    assert "wk_abcd…" in text


def test_the_latest_of_a_minute_are_kept_and_no_more(db, shop):
    for number in range(3):
        ids = tuple(f"{number}-{index}" for index in range(15))
        arrivals.add(db, {shop: Counted(15, 0, ids)}, now=utc_now())

    assert len(arrivals.latest_accepted(db, now=utc_now(), limit=50)) <= 2 * arrivals.LATEST
    assert db.arrivals.find_one({"key": shop}, sort=[("at", -1)])["latest"][-1] == "2-14"


def test_what_a_visitor_sent_is_text_and_nothing_else(db, open_as):
    refused_events.refuse(
        db, [RefusedEvent(utc_now(), HOSTILE, HOSTILE, HOSTILE, f'{{"event": "{HOSTILE[:8]}"}}')]
    )
    inbox.receive(db, [an_activity(HOSTILE, id_="same", tracker="t", **{HOSTILE: HOSTILE})])
    inbox.receive(db, [an_activity(HOSTILE, id_="same", tracker="t", other=1)])
    arrivals.add(db, {HOSTILE: Counted(1, 0, ("same",))}, now=utc_now())

    text = shown(open_as("admin"))

    assert "<img" not in text
    assert text.count("&lt;img") >= 4


@pytest.mark.parametrize("role", ["viewer", "marketer"])
def test_it_is_for_admins_alone(db, open_as, role):
    assert "No access" in shown(open_as(role))
    with pytest.raises(NotAllowed):
        incoming.incoming(acting(db, CurrentUser("u1", "eva@x.com", "Eva", role)))
