"""A long backlog in one lane delays no live event in another, and much of the past makes no long batch."""

from datetime import timedelta

import pytest
from msgspec import structs

from engine.db.connection import utc_now
from engine.db.installation import lane_count
from engine.domain.identity.identities import lane_of, tracker_key
from engine.pipeline import batch, inbox
from tests.builders import an_activity
from workers.tasks.drain import Observer, drain


class Order(Observer):
    """Remembers which lane got a batch of how many activities."""

    def __init__(self):
        self.batches = []

    def batch(self, lane, applied, **_):
        self.batches.append((lane, applied.applied))


@pytest.fixture
def drained(db):
    """Drain a lane; yield its batches."""

    def drain_lane(lane):
        order = Order()
        drain(db, lane, holder="one", clock=utc_now, observer=order)
        return order.batches

    return drain_lane


def receive(db, lane, contacts, *, ago, of_each=1):
    """Receive activities of some contacts of a lane, each of which happened that long ago."""
    count, now = lane_count(db), utc_now()
    trackers = [t for t in (f"t{n}" for n in range(999)) if lane_of(tracker_key(t), count) == lane]
    events = [
        an_activity(at=now - ago - timedelta(minutes=n), tracker=tracker)
        for tracker in trackers[:contacts] for n in range(of_each)
    ]  # fmt: skip
    inbox.receive(db, [structs.replace(event, received_at=now) for event in events])


def test_free_lanes_with_live_events_get_a_batch_after_each_of_a_long_backlog(db, drained, monkeypatch):
    monkeypatch.setattr("workers.tasks.drain.BATCH", 10)
    receive(db, 0, 30, ago=timedelta(days=30))
    receive(db, 1, 3, ago=timedelta())
    receive(db, 2, 5, ago=timedelta(days=30))

    assert drained(0) == [(0, 10), (1, 3), (0, 10), (0, 10)]
    assert {row["lane"] for row in db.activities.find({"state": "received"})} == {2}
    assert not list(db.lanes.find({"holder": {"$exists": True}}))


def test_groups_that_need_much_of_the_past_wait_for_the_next_batch(db, drained, monkeypatch):
    monkeypatch.setattr(batch, "PAST", 9)
    receive(db, 0, 5, ago=timedelta(days=2), of_each=4)
    drained(0)
    receive(db, 0, 5, ago=timedelta(days=3), of_each=3)

    assert drained(0) == [(0, 6), (0, 6), (0, 3)]
    kept = list(db.contacts.find())
    assert [row["activities"] for row in kept] == [7] * 5
