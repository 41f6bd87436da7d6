"""Live events go before history that is sent late, which has its share of each batch."""

from datetime import timedelta

import pytest
from msgspec import structs

from engine.db.connection import utc_now
from engine.db.installation import lane_count
from engine.domain.identity.identities import lane_of, tracker_key
from engine.pipeline import batch, inbox, lanes
from tests.builders import an_activity
from tests.integration.drained import drain_all


@pytest.fixture
def crowded(db):
    """The number of a lane with 40 events of a month ago and, received after them, 40 live ones."""
    count = lane_count(db)
    trackers = [t for t in (f"t{n}" for n in range(5_000)) if lane_of(tracker_key(t), count) == 0][:80]
    now = utc_now()
    for number, tracker in enumerate(trackers):
        at = now - timedelta(days=30) if number < 40 else now
        event = an_activity(at=at, tracker=tracker, id_=f"{number:02}")
        inbox.receive(db, [structs.replace(event, received_at=now + timedelta(milliseconds=number))])
    return 0


def test_live_events_go_first_in_the_order_of_arrival_and_a_backfill_has_its_share(db, crowded):
    taken = [activity.id for activity in batch.next_activities(db, crowded, limit=10).activities]

    assert taken == [f"{number:02}" for number in (*range(40, 48), 0, 1)]


def test_with_few_live_events_the_batch_is_short_and_without_any_the_backfill_fills_it(db, crowded):
    both = batch.next_activities(db, crowded, limit=100).activities
    db.activities.delete_many({"backfill": None})
    old = batch.next_activities(db, crowded, limit=10).activities

    assert len({activity.id for activity in both}) == 40 + 20
    assert [activity.id for activity in old] == [f"{number:02}" for number in range(10)]


def test_both_are_counted_and_applied_and_the_next_comes_from_an_index(db, crowded):
    now = utc_now() + timedelta(seconds=1)
    [(waiting, oldest)] = [
        (lane.waiting, lane.oldest_received_at) for lane in lanes.capped_backlog(db, now=now, limit=100)
        if lane.lane == crowded
    ]  # fmt: skip
    assert waiting == 80 and oldest == db.activities.find_one({"_id": "00"})["received_at"]

    wanted = {"lane": crowded, "state": "received", "backfill": True}
    plan = str(db.activities.find(wanted).sort("received_at", 1).explain()["queryPlanner"]["winningPlan"])
    assert "lane_1_backfill_1_received_at_1" in plan and "SORT'" not in plan

    drain_all(db)
    assert db.activities.count_documents({"state": "applied", "derived": None}) == 80
