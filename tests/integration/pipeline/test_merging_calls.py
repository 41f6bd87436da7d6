"""What a merge brings about goes out, once; what is past does not."""

from datetime import timedelta
from itertools import permutations

import pytest
from msgspec import structs

from engine.db.connection import utc_now
from engine.publishing import publishing
from tests.builders import an_activity
from tests.integration.drained import drain_all, receive_and_drain

SEGMENTS = """
segments:
  - id: two-products
    name: Saw two products within 30 days
    when: {did: {activity: product_visited, within: 30d, times: {gte: 2}}}
"""
SCORING = """
rules:
  - id: entered
    name: Saw two products
    on: segment_entered
    when: {activity.segment: two-products}
    points: 500
    effects: [{webhook: crm}]
"""


@pytest.fixture
def shop(db):
    files = {
        "segments.yaml": SEGMENTS,
        "scoring.yaml": SCORING,
        "settings.yaml": "webhooks:\n  crm: {url: https://crm.example.com/}\n",
    }
    published = utc_now() - timedelta(minutes=30)
    db.rulesets.update_many({}, {"$set": {"published_at": published - timedelta(days=1)}})
    publishing.publish(db, publishing.completed(db, files), by="ana", message="for the test", now=published)
    drain_all(db)
    return db


@pytest.fixture
def at():
    """Seconds of the last minutes."""
    first = (utc_now() - timedelta(minutes=20)).replace(microsecond=0)
    return lambda seconds: first + timedelta(seconds=seconds)


def viewed(at, **who):
    return under_the_rules(an_activity("product_visited", at, **who))


def identified(at, **who):
    return under_the_rules(an_activity("identified", at, **who))


def under_the_rules(activity):
    """Received while the rules of this test are in force."""
    return structs.replace(activity, ruleset=2)


def calls(db):
    return [(row["root"], row["happened_at"]) for row in db.outbox.find()]


def merged(db, at):
    """Two browsers that each saw one product, and turn out to be one person's."""
    receive_and_drain(db, [viewed(at(0), tracker="t1"), identified(at(1), tracker="t1", email="x@x.com")])
    receive_and_drain(db, [viewed(at(10), tracker="t2", id_="view")])
    assert calls(db) == []
    receive_and_drain(db, [identified(at(13), tracker="t2", email="x@x.com", id_="claim")])


def test_entering_by_identification_calls_the_webhook_and_is_dated_at_it(shop, at):
    merged(shop, at)

    assert calls(shop) == [("claim", at(13))]
    [contact] = shop.contacts.find()
    assert contact["segments"] == {"two-products": at(13)}
    assert contact["points"]["total"] == 500
    [entry] = shop.ledger.find()
    assert (entry["happened_at"], entry["rule"]) == (at(13), "entered")
    [entered] = shop.activities.find({"type": "segment_entered"})
    assert (entered["happened_at"], entered["cause"]) == (at(13), "claim")


def test_nothing_that_comes_late_calls_it_again(shop, at):
    merged(shop, at)

    receive_and_drain(shop, [viewed(at(5), tracker="t1", id_="late")])
    receive_and_drain(shop, [viewed(at(4), tracker="t2")])
    receive_and_drain(shop, [identified(at(3), tracker="t2", email="x@x.com")])
    receive_and_drain(shop, [viewed(at(12), tracker="t3"), identified(at(20), tracker="t3", email="x@x.com")])

    assert calls(shop) == [("claim", at(13))]
    [contact] = shop.contacts.find()
    assert contact["segments"]["two-products"] <= at(5), "the date follows what is known now"
    assert contact["points"]["total"] == 500


def test_what_the_anonymous_contact_had_entered_before_is_not_called_again(shop, at):
    receive_and_drain(shop, [identified(at(1), email="x@x.com")])
    receive_and_drain(shop, [viewed(at(10), tracker="t2"), viewed(at(11), tracker="t2", id_="second")])
    receive_and_drain(shop, [identified(at(13), tracker="t2", email="x@x.com")])

    assert calls(shop) == [("second", at(11))]


def test_all_of_it_in_one_batch_calls_once(shop, at):
    receive_and_drain(
        shop,
        [
            identified(at(13), tracker="t2", email="x@x.com", id_="claim"),
            viewed(at(10), tracker="t2"),
            viewed(at(0), tracker="t1"),
            identified(at(1), tracker="t1", email="x@x.com"),
        ],
    )

    [contact] = shop.contacts.find()
    assert contact["segments"] == {"two-products": at(13)}
    assert calls(shop) == [("claim", at(13))]


@pytest.mark.parametrize("arrival", list(permutations(range(4)))[::3])
def test_whatever_arrives_first_it_is_called_once(shop, at, arrival):
    activities = [
        viewed(at(0), tracker="t1"),
        identified(at(1), tracker="t1", email="x@x.com"),
        viewed(at(10), tracker="t2"),
        identified(at(13), tracker="t2", email="x@x.com", id_="claim"),
    ]

    for number in arrival:
        receive_and_drain(shop, [activities[number]])

    [contact] = shop.contacts.find()
    assert contact["segments"] == {"two-products": at(13)}
    assert contact["points"]["total"] == 500
    assert shop.outbox.count_documents({}) == 1


def test_rules_that_are_recomputed_call_nothing(shop, at):
    merged(shop, at)
    shop.outbox.delete_many({})

    shop.contacts.update_many({}, {"$set": {"upkeep": 0}})
    drain_all(shop)

    assert calls(shop) == []
