"""All contacts counted in one pass, and how fast the lanes go, on the real server."""

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

from engine.db.connection import utc_now
from engine.insights import census, claims
from engine.operations import pace
from tests.builders import NOON, an_activity, bought, days, identified, minutes
from tests.integration.drained import receive_and_drain


def a_few_people(db):
    receive_and_drain(
        db,
        [
            identified(minutes(0), email="ana@x.com"),
            an_activity("newsletter_subscribed", minutes(1), email="ana@x.com"),
            bought("10", minutes(2), email="ana@x.com", order_id="1", currency="EUR"),
            bought("10", minutes(3), email="ana@x.com", order_id="2", currency="EUR"),
            identified(days(1), email="eva@x.com"),
            an_activity("page_visited", days(2), tracker="somebody"),
            an_activity("added_to_cart", days(2), tracker="somebody", product_id="p", price=3),
        ],
    )


def counted(db):
    assert census.take(db, now=utc_now())
    found = census.latest(db)
    assert found is not None
    return found


def test_everybody_is_counted_once_in_each_respect(db):
    a_few_people(db)

    found = counted(db)

    assert (found.contacts, found.identified, found.anonymous) == (3, 2, 1)
    assert (found.buyers, found.returning) == (1, 1)
    assert found.statuses["newsletter"] == {"subscribed": 1, "unsubscribed": 0, "not_subscribed": 2}
    assert found.statuses["email_status"]["active"] == 2
    assert sum(group.contacts for group in found.points) == 3
    assert found.appeared == {NOON.date(): 1, days(1).date(): 1, days(2).date(): 1}
    assert found.appeared_identified == {NOON.date(): 1, days(1).date(): 1}
    assert found.active_since(days(1).date()) == 2
    assert found.carts == {"abandoned": 1}
    assert found.cart_value == {"abandoned": Decimal(3)}


def test_members_of_segments_are_those_that_the_index_counts(db):
    a_few_people(db)

    found = counted(db)

    assert found.segments
    for segment, members in found.segments.items():
        assert members == db.contacts.count_documents({f"segments.{segment}": {"$exists": True}})


def test_groups_of_points_have_no_gap_and_no_overlap(db):
    groups = counted(db).points

    for group, following in pairwise(groups):
        assert group.most + 1 == following.least
    assert groups[-1].most is None


def test_nobody_at_all_is_a_census_too(db):
    found = counted(db)

    assert found.contacts == 0
    assert found.segments == {}


def test_it_is_taken_often_while_somebody_looks_and_hourly_otherwise(db):
    now = utc_now()
    assert census.is_due(db, now=now)
    census.take(db, now=now)

    assert not census.is_due(db, now=now + timedelta(minutes=5))
    assert census.is_due(db, now=now + census.LATEST)
    census.look(db, now=now)
    assert not census.is_due(db, now=now + timedelta(seconds=1))
    assert census.is_due(db, now=now + timedelta(minutes=5))


def test_two_do_not_count_at_once_and_a_dead_one_is_followed(db):
    held = claims.claim(db, "census", now=utc_now())

    assert held is not None
    assert not census.take(db, now=utc_now())
    assert census.take(db, now=utc_now() + claims.CLAIM)


def test_the_slower_of_two_does_not_write_over_the_newer(db, monkeypatch):
    a_few_people(db)
    now = utc_now()
    pipeline, later = census._pass, now + claims.CLAIM

    def slow(*args):
        monkeypatch.setattr(census, "_pass", pipeline)
        assert census.take(db, now=later)
        db.contacts.delete_many({})
        return pipeline(*args)

    monkeypatch.setattr(census, "_pass", slow)

    assert not census.take(db, now=now)
    assert census.latest(db).contacts == 3


def test_the_pace_is_what_was_applied_over_the_time_that_it_took(db):
    now = utc_now()
    pace.sample(db, now=now - timedelta(seconds=60))
    receive_and_drain(db, [an_activity("page_visited", minutes(n), tracker="t") for n in range(30)])

    found = pace.pace(db, now=now)

    assert found.minute == 0.5
    assert found.hour is None
    assert found.by_minute == [(now - timedelta(seconds=60), 30)]


def test_without_marks_the_pace_is_not_known(db):
    found = pace.pace(db, now=utc_now())

    assert (found.minute, found.hour, found.by_minute) == (None, None, [])
