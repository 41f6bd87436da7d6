"""The made-up shop's history: the same every time, in order, and like a shop's."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import pytest

from engine.domain.identity.normalisation import normalise_email, normalise_phone
from engine.tracking.translate import Sender, translate
from tests.builders import SHIPPED
from workers.demo.arrivals import HERE
from workers.demo.diary import Event, comes_from_server, iso
from workers.demo.history import diaries, generate
from workers.demo.people import HABITS, Kind

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
DAYS = 90

SEGMENTS_LIMIT = 32_768
"""Bytes of one event, by Segment's specification."""


@lru_cache
def history(*, seed: int = 7, contacts: int = 400, now: datetime = NOW) -> tuple[Event, ...]:
    return tuple(generate(seed=seed, contacts=contacts, days=DAYS, now=now))


def by_id(events: tuple[Event, ...]) -> dict[str, Event]:
    return {event["messageId"]: event for event in events}


def counts() -> Counter[str]:
    return Counter(str(event.get("event", event["type"])) for event in history())


# The same every time


def test_the_same_settings_tell_the_same() -> None:
    assert list(history()) == list(generate(seed=7, contacts=400, days=DAYS, now=NOW))


@pytest.mark.parametrize("later", [timedelta(hours=7), timedelta(days=1), timedelta(days=10)])
def test_told_again_later_nothing_is_said_otherwise(later: timedelta) -> None:
    """Else a second `sheets demo` would contradict the first, under the same ids."""
    before, after = by_id(history()), by_id(history(now=NOW + later))

    common = before.keys() & after.keys()
    assert len(common) > len(before) / 2
    assert all(before[id_] == after[id_] for id_ in common)


def test_later_on_the_same_day_only_adds() -> None:
    before, after = by_id(history()), by_id(history(now=NOW + timedelta(hours=7)))

    assert before.keys() < after.keys()
    assert all(after[id_]["timestamp"] > iso(NOW) for id_ in after.keys() - before.keys())


def test_the_next_day_tells_all_that_its_people_did_before() -> None:
    """Who is still within the window loses nothing of what was told of them."""
    before, after = by_id(history()), by_id(history(now=NOW + timedelta(days=1)))
    people = {id_.rsplit("-", 1)[0] for id_ in after}

    gone = {id_.rsplit("-", 1)[0] for id_ in before.keys() - after.keys()}
    assert not gone & people


@pytest.mark.parametrize("other", [{"seed": 8}, {"contacts": 399}])
def test_other_settings_are_other_people(other: dict[str, int]) -> None:
    one, two = history(), history(**other)

    for named in ("messageId", "anonymousId", "userId"):
        assert not {e.get(named) for e in one} & {e.get(named) for e in two} - {None}


# In order, and within bounds


def test_events_come_in_the_order_of_time() -> None:
    times = [event["timestamp"] for event in history()]

    assert times == sorted(times)


def test_all_happened_within_the_days_up_to_now() -> None:
    assert iso(NOW - timedelta(days=DAYS)) <= history()[0]["timestamp"]
    assert history()[-1]["timestamp"] <= iso(NOW)
    assert history()[-1]["timestamp"] >= iso(NOW - timedelta(hours=6))


def test_no_id_is_used_twice() -> None:
    assert len(by_id(history())) == len(history())


def test_no_order_is_placed_twice() -> None:
    orders = [e["properties"]["order_id"] for e in history() if e.get("event") == "Order Completed"]

    assert len(set(orders)) == len(orders)


def test_an_email_and_a_number_are_one_persons() -> None:
    emails: dict[str, set[str]] = defaultdict(set)
    phones: dict[str, set[str]] = defaultdict(set)
    for event in history():
        traits = event.get("traits", {})
        if "userId" in event and "email" in traits:
            emails[normalise_email(traits["email"])].add(event["userId"])
        if "userId" in event and "phone" in traits:
            phones[normalise_phone(traits["phone"], region="ES")].add(event["userId"])

    assert len(emails) > 80
    assert len(phones) > 30
    assert all(len(users) == 1 for users in [*emails.values(), *phones.values()])


def test_mails_could_reach_nobody() -> None:
    """Addresses are under domains that are reserved for examples."""
    emails = {e["properties"]["email"] for e in history() if "email" in e.get("properties", {})}

    assert {email.split("@")[1] for email in emails} == {"example.com", "example.org", "example.net"}


# As the collector takes them


def test_every_event_becomes_an_activity_of_a_declared_type() -> None:
    declared = set(SHIPPED.present.catalog.types())

    for event in history():
        sender = Sender("demo", trusted=comes_from_server(event))
        activity = translate(event, sender, SHIPPED.present, received_at=NOW)
        assert activity.type in declared
        assert not activity.clamped
        assert "identities_not_taken" not in activity.context


def test_no_event_is_near_the_limit_of_size() -> None:
    assert max(len(str(event).encode()) for event in history()) < SEGMENTS_LIMIT / 4


def test_a_browser_says_nothing_that_only_the_shop_may_say() -> None:
    catalog = SHIPPED.present.catalog
    browsers = (e for e in history() if not comes_from_server(e) and e["type"] == "track")

    assert not [e["event"] for e in browsers if catalog.needs_secret(catalog.type_of(e["event"]))]


def test_the_shop_knows_of_whom_it_speaks() -> None:
    for event in filter(comes_from_server, history()):
        assert event.get("userId") or event["context"]["traits"]["email"]


# Like a shop


def test_a_history_has_a_lively_size() -> None:
    assert 8_000 < len(history()) < 15_000
    assert 380 <= len(people()) <= 420


def test_every_kind_of_thing_happens() -> None:
    happened = {SHIPPED.present.catalog.type_of(name) for name in counts()} - {"page", "identify"}

    assert happened >= {
        "product_visited", "category_visited", "searched", "added_to_cart", "removed_from_cart", "cart_viewed",
        "checkout_started", "order_completed", "order_refunded", "order_cancelled", "product_reviewed",
        "form_submitted", "registered", "logged_in", "newsletter_subscribed", "newsletter_unsubscribed",
        "sms_subscribed", "sms_unsubscribed", "push_subscribed", "push_unsubscribed", "email_sent",
        "email_delivered", "email_opened", "email_clicked", "email_bounced", "email_complained", "sms_sent",
        "sms_delivered", "sms_bounced", "sms_clicked", "push_sent", "push_clicked", "web_content_shown",
        "web_content_clicked",
    }  # fmt: skip


def test_a_funnel_narrows() -> None:
    number = counts()

    assert number["Product Viewed"] > 3 * number["Product Added"]
    assert number["Product Added"] > 2 * number["Checkout Started"]
    assert number["Checkout Started"] > number["Order Completed"] > 100
    assert number["Order Completed"] > 5 * number["Order Refunded"] > 0


def test_every_mail_has_one_fate() -> None:
    fates: dict[str, list[str]] = defaultdict(list)
    for event in history():
        if event.get("event") in ("Email Sent", "Email Delivered", "Email Bounced"):
            fates[event["properties"]["message_id"]].append(event["event"])

    told = [fate[1] for fate in fates.values() if len(fate) == 2]  # the last may still be under way
    assert all(fate[0] == "Email Sent" and len(fate) <= 2 for fate in fates.values())
    assert 0.02 < told.count("Email Bounced") / len(told) < 0.15


def test_an_address_that_is_dead_gets_no_more_newsletters() -> None:
    in_a_row: Counter[str] = Counter()
    for event in history():
        if event.get("event") == "Email Bounced" and event["properties"]["code"] == "5.1.1":
            in_a_row[event["properties"]["email"]] += event["properties"]["campaign"] != "order"

    assert max(in_a_row.values()) == 3


def test_most_come_once_and_few_come_often() -> None:
    visits = sorted(visit_counts().values())

    assert sum(count == 1 for count in visits) > len(visits) / 3
    assert sum(count >= 10 for count in visits) < len(visits) / 8
    assert visits[-1] >= 15


def test_weekends_and_evenings_are_livelier() -> None:
    local = [datetime.fromisoformat(event["timestamp"]).astimezone(HERE) for event in pages()]
    weekend = sum(at.weekday() >= 5 for at in local) / 2
    weekday = sum(at.weekday() < 5 for at in local) / 5
    evening = sum(19 <= at.hour < 22 for at in local)
    night = sum(2 <= at.hour < 5 for at in local)

    assert weekend > 1.2 * weekday
    assert evening > 20 * night


def test_somebody_is_first_anonymous_and_then_known() -> None:
    known_since: dict[str, str] = {}
    anonymous: dict[str, str] = {}
    for event in history():
        tracker = event.get("anonymousId")
        if tracker is not None and "userId" in event:
            known_since.setdefault(tracker, event["timestamp"])
        elif tracker is not None:
            anonymous.setdefault(tracker, event["timestamp"])

    became = [t for t, since in known_since.items() if anonymous.get(t, since) < since]
    assert len(became) > 50


def test_people_have_two_devices_and_devices_two_people() -> None:
    trackers: dict[str, set[str]] = defaultdict(set)
    users: dict[str, set[str]] = defaultdict(set)
    for event in history():
        if "userId" in event and "anonymousId" in event:
            trackers[event["userId"]].add(event["anonymousId"])
            users[event["anonymousId"]].add(event["userId"])

    assert sum(len(found) >= 2 for found in trackers.values()) >= 10
    assert sum(len(found) == 2 for found in users.values()) >= 1
    assert sum(len(found) > 5 for found in users.values()) >= 2  # the tablet in the store


def test_shares_of_kinds_are_as_declared() -> None:
    many = Counter(d.person.kind for d in diaries(seed=1, contacts=3_000, days=30, now=NOW))

    assert sum(habit.share for habit in HABITS.values()) == 100
    for kind, habit in HABITS.items():
        assert many[kind] / 3_000 == pytest.approx(habit.share / 100, abs=0.03)


def people() -> set[str]:
    return {event["messageId"].rsplit("-", 1)[0] for event in history()}


def pages() -> list[Event]:
    """Visits of human beings: each begins with a page."""
    return [e for e in history() if e["type"] == "page" and "Googlebot" not in e["context"]["userAgent"]]


def visit_counts() -> Counter[Any]:
    return Counter(event["messageId"].rsplit("-", 1)[0] for event in pages())


def test_robots_are_few_and_say_so() -> None:
    robots = {
        d.person.number
        for d in diaries(seed=7, contacts=400, days=DAYS, now=NOW)
        if d.person.kind is Kind.ROBOT
    }

    assert 1 <= len(robots) <= 12
    assert any("Googlebot" in e["context"]["userAgent"] for e in history() if e["type"] == "page")
