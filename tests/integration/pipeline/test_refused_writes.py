"""What MongoDB refuses however often it is tried is no race: it is found at once, and set aside alone."""

import pytest

from engine.db.connection import utc_now
from engine.pipeline import failed_activities, inbox
from engine.pipeline.commit import duplicate
from engine.publishing import filling
from tests.builders import an_activity, identified, minutes
from tests.integration.drained import drain_all, receive_and_drain
from workers.tasks.drain import Observer, drain


class Attempts(Observer):
    """Counts the attempts at writing batches."""

    def __init__(self):
        self.conflicts = self.batches = 0

    def batch(self, *_, **__):
        self.batches += 1

    def conflict(self, *_):
        self.conflicts += 1


@pytest.fixture
def one_lane(db):
    """A database in which everything waits in lane 0."""

    def receive_in_lane_0(activities):
        receipt = inbox.receive(db, activities)
        db.activities.update_many({"_id": {"$in": receipt.accepted}}, {"$set": {"lane": 0}})

    return receive_in_lane_0


def drain_lane_0(db):
    attempts = Attempts()
    drain(db, 0, holder="test", clock=utc_now, observer=attempts)
    return attempts


@pytest.mark.parametrize("contacts", [1, 2, 5, 8])
def test_contacts_that_hand_over_all_their_keys_in_one_batch_do_not_collide(db, one_lane, contacts):
    first = [identified(minutes(3), tracker=f"t{n}", email=f"a{n}@x.com") for n in range(contacts)]
    earlier = [identified(minutes(2), tracker=f"t{n}", email=f"b{n}@x.com") for n in range(contacts)]
    receive_and_drain(db, first)

    one_lane([*earlier, an_activity(at=minutes(5), tracker="stranger")])
    attempts = drain_lane_0(db)

    assert (attempts.conflicts, attempts.batches) == (0, 1)
    assert db.activities.count_documents({"state": "received"}) == 0
    assert all(row["keys"] for row in db.contacts.find())


def test_contacts_that_swap_their_browsers_in_one_batch_do_not_collide(db, one_lane):
    receive_and_drain(db, [identified(minutes(3), tracker=f"t{n}", email=f"{n}@x.com") for n in range(6)])

    one_lane([identified(minutes(4), tracker=f"t{n}", email=f"{(n + 1) % 6}@x.com") for n in range(6)])

    assert drain_lane_0(db).conflicts == 0


def entry_there_already(db, activity):
    """A ledger entry that the activity will write, although it was never applied."""
    db.ledger.insert_one({"_id": f"{activity}:visit", "contact": "somebody else"})


def test_an_activity_whose_writing_is_refused_is_set_aside_alone_after_few_attempts(db, one_lane):
    one_lane([an_activity(at=minutes(n), tracker=f"t{n}", id_=f"v{n}") for n in range(30)])
    entry_there_already(db, "v17")

    attempts = drain_lane_0(db)

    [failure] = failed_activities.newest(db)
    assert failure.id == "v17"
    assert "duplicate key in ledger" in failure.reason
    assert "v17:visit" in failure.reason
    assert db.activities.count_documents({"state": "applied", "derived": None}) == 29
    assert attempts.conflicts == 2
    assert attempts.batches < 8, "by halves, and not one by one"


def test_what_comes_in_meanwhile_does_not_hide_that_a_conflict_is_the_same(db, one_lane, monkeypatch):
    from workers.tasks import drain as drain_module

    one_lane([an_activity(tracker="t", id_="bad")])
    entry_there_already(db, "bad")
    monkeypatch.setattr(
        drain_module.time, "sleep", lambda _: one_lane([an_activity(at=minutes(1), tracker="u", id_="next")])
    )

    assert drain_lane_0(db).conflicts == 2
    assert [failure.id for failure in failed_activities.newest(db)] == ["bad"]
    assert db.activities.find_one({"_id": "next"})["state"] == "applied"


def test_what_was_set_aside_can_be_run_again_once_the_cause_is_gone(db, one_lane):
    one_lane([an_activity(tracker="t", id_="bad")])
    entry_there_already(db, "bad")
    drain_lane_0(db)

    db.ledger.delete_many({})
    failed_activities.retry(db)
    drain_all(db)

    assert db.activities.find_one({"_id": "bad"})["state"] == "applied"


def test_a_contact_that_outgrows_a_document_is_no_outage(db, one_lane):
    receive_and_drain(db, [identified(email="ana@x.com")])
    [size] = db.contacts.aggregate([{"$project": {"size": {"$bsonSize": "$$ROOT"}}}])
    db.contacts.update_one({}, {"$set": {"email_typed": "x" * (16 * 1024 * 1024 - size["size"] - 50)}})

    one_lane([identified(utc_now(), email="ana@x.com", id_="bad", traits={"city": "Rome" * 200})])
    one_lane([an_activity(tracker="u", id_="good")])
    drain_lane_0(db)

    [failure] = failed_activities.newest(db)
    assert (failure.id, "cannot be written" in failure.reason) == ("bad", True)
    assert db.activities.find_one({"_id": "good"})["state"] == "applied"


def test_a_contact_that_is_due_and_beside_one_that_is_outdated_is_written_once(db):
    now = utc_now()
    receive_and_drain(
        db,
        [
            identified(minutes(0), external_id="1", email="ana@x.com", trusted=True),
            identified(minutes(1), external_id="2", email="bob@x.com", trusted=True),
        ],
    )
    receive_and_drain(db, [an_activity(at=minutes(2), external_id="1", email="bob@x.com", trusted=True)])
    ana, bob = (db.contacts.find_one({"keys": key}) for key in ("x:1", "x:2"))
    assert ana["component"] == bob["component"]
    lane = ana["lane"]
    due = {"next_due": now, "folded_at": minutes(0), "lane": lane}
    db.contacts.update_one({"_id": ana["_id"]}, {"$set": due})
    db.contacts.update_one({"_id": bob["_id"]}, {"$set": {"upkeep": 0, "lane": lane}})
    attempts = Attempts()

    drain(db, lane, holder="test", clock=utc_now, observer=attempts)

    assert attempts.conflicts == 0
    assert db.contacts.count_documents({"upkeep": 0}) == 0
    assert filling.claim(db, now=now) is None


def test_a_duplicate_key_is_named_without_personal_data():
    refused = {
        "code": 11000,
        "errmsg": 'E11000 duplicate key error collection: sheets.contacts index: keys_1 dup key: { keys: "e:ana@x.com" }',
        "keyValue": {"keys": "e:ana@x.com"},
    }

    assert duplicate(refused) == "a duplicate key in contacts keys_1: keys (email)"
