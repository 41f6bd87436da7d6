"""The lanes that have work: received, due and outdated, in few questions."""

from contextlib import contextmanager
from datetime import timedelta

from msgspec import structs

from engine.db.connection import utc_now
from engine.pipeline import inbox, lanes
from tests.builders import an_activity


def in_lane(lane, **more):
    settled = utc_now() - lanes.SETTLED_AFTER
    return {
        "_id": f"c{lane}",
        "lane": lane,
        "keys": [f"t:c{lane}"],
        "folded_at": settled,
        "upkeep": 1,
        **more,
    }


@contextmanager
def counted(db):
    """How often contacts and activities are asked for within the block."""
    counts, before = {}, db.client.admin.command("serverStatus")["opcounters"]["query"]
    yield counts
    counts["queries"] = db.client.admin.command("serverStatus")["opcounters"]["query"] - before


def test_every_free_lane_with_work_of_any_kind_is_found(db):
    live = [an_activity(at=utc_now(), tracker=f"t{number}") for number in range(3)]
    received = inbox.receive(db, [structs.replace(event, received_at=utc_now()) for event in live]).lanes
    due, outdated, held, later, *_ = sorted(set(range(16)) - set(received))
    db.contacts.insert_many(
        [
            in_lane(due, next_due=utc_now()),
            in_lane(outdated, upkeep=0),
            in_lane(held, upkeep=0),
            in_lane(later, next_due=utc_now() + timedelta(hours=1)),
        ]
    )
    lanes.take(db, held, "another-host:1:x:1", now=utc_now())

    assert lanes.waiting(db, now=utc_now()) == sorted({*received, due, outdated})
    assert lanes.free_with_live_events(db, now=utc_now()) == sorted(received)


def test_one_lane_with_work_is_found_in_a_few_questions(db):
    received = inbox.receive(db, [an_activity(tracker="t1")]).lanes

    with counted(db) as counts:
        assert lanes.waiting(db, now=utc_now()) == sorted(received)

    assert counts["queries"] <= 8, "sixteen lanes, three kinds of work each"
