"""From received to the sheet, on the real server."""

import multiprocessing
import socket
import subprocess
import sys
import threading
import time
from datetime import timedelta
from decimal import Decimal

import pytest
from pymongo.errors import DuplicateKeyError

from engine.contacts import contact_lookup
from engine.contacts.sheet import sheets, timelines
from engine.contacts.sheet.timelines import TimelineFilter
from engine.db import leases, orphaned_transactions
from engine.db.connection import connect, utc_now
from engine.db.processes import holder_name, is_gone, worker_name
from engine.domain.folding import fold as fold_module
from engine.errors import CommitConflict, LeaseLost
from engine.pipeline import batch, failed_activities, inbox, lanes
from engine.rules import versions
from tests.builders import an_activity, bought, identified, minutes
from tests.integration.drained import drain_all, receive_and_drain
from workers.tasks import drain as drain_module
from workers.tasks.drain import drain, size_after


def test_an_activity_becomes_a_contacts_sheet(db):
    receive_and_drain(db, [an_activity("product_visited", tracker="t1", name="Boot", price=60)])

    contact = contact_lookup.find_contact(db, "t1")
    sheet = sheets.sheet(db, contact, now=minutes(1))
    assert not sheet.identified
    assert sheet.points.total == 2
    assert [(e.rule, e.activity_type) for e in sheet.points.entries] == [("product", "product_visited")]
    visits = timelines.timeline(db, contact, where=TimelineFilter(types=("product_visited",))).rows
    assert [row.summary for row in visits] == ["Boot · 60.00"]


def test_the_same_activity_again_changes_nothing_however_late(db):
    order = bought("12.10", email="ana@x.com", order_id="o1")
    receive_and_drain(db, [order])

    again = inbox.receive(db, [order])

    assert (again.accepted, again.duplicates, again.conflicts) == ([], [order.id], [])
    assert db.activities.count_documents({"state": "received"}) == 0


def test_the_same_id_with_other_content_is_kept_aside(db):
    receive_and_drain(db, [bought(10, email="ana@x.com", id_="one")])

    receipt = inbox.receive(db, [bought(99, email="ana@x.com", id_="one")])
    drain_all(db)

    assert receipt.conflicts == ["one"]
    assert db.conflicts.find_one()["content"]["properties"]["total"] == 99
    assert sheets.sheet(
        db, contact_lookup.find_contact(db, "ana@x.com"), now=minutes(0)
    ).commerce.spent == Decimal(10)


def test_a_merge_moves_nothing_and_unites_everything(db):
    receive_and_drain(db, [identified(email="ana@x.com"), bought(5, minutes(0.5), email="ana@x.com")])
    receive_and_drain(db, [an_activity("product_visited", minutes(1), tracker="t1", id_="visit")])
    visitor = contact_lookup.find_contact(db, "t1")
    before = db.activities.find_one({"_id": "visit"})

    receive_and_drain(db, [identified(minutes(2), tracker="t1", email="ana@x.com", id_="claim")])

    ana = contact_lookup.find_contact(db, "ana@x.com")
    assert contact_lookup.find_contact(db, visitor) == ana, "the old id leads on"
    assert db.contacts.count_documents({}) == 1
    assert db.activities.find_one({"_id": "visit"}) == before
    assert "visit" in [row.id for row in timelines.timeline(db, ana).rows]
    assert {row["contact"] for row in db.ledger.find()} == {ana}
    merge = db.merges.find_one({"_id": visitor})
    assert (merge["kind"], merge["into"], merge["cause"]) == ("merged", ana, "claim")
    assert [side["_id"] for side in merge["had"]] == [visitor, ana]
    assert "contacts_merged" in [row.type for row in timelines.timeline(db, ana).rows]


def test_a_late_claim_takes_a_merge_back_and_leaves_no_trace_of_it(db):
    receive_and_drain(
        db, [identified(minutes(0), email="ana@x.com"), identified(minutes(0), email="bob@x.com")]
    )
    receive_and_drain(db, [an_activity("product_visited", minutes(1), tracker="t1")])
    receive_and_drain(db, [identified(minutes(5), tracker="t1", email="ana@x.com")])

    receive_and_drain(db, [identified(minutes(3), tracker="t1", email="bob@x.com")])

    bob = contact_lookup.find_contact(db, "bob@x.com")
    assert sheets.sheet(db, bob, now=minutes(9)).points.total == 2
    assert sheets.sheet(db, contact_lookup.find_contact(db, "ana@x.com"), now=minutes(9)).points.total == 0
    assert {row["into"] for row in db.merges.find()} == {bob}


def test_an_id_that_a_late_activity_renames_still_leads_to_its_contact(db):
    receive_and_drain(db, [an_activity(at=minutes(0), tracker="t1")])
    anonymous = contact_lookup.find_contact(db, "t1")
    receive_and_drain(db, [identified(minutes(5), tracker="t1", email="ana@x.com")])
    ana = contact_lookup.find_contact(db, "ana@x.com")
    assert ana != anonymous
    assert contact_lookup.find_contact(db, anonymous) == ana

    receive_and_drain(db, [identified(minutes(4), tracker="t1", email="bob@x.com")])

    bob = contact_lookup.find_contact(db, "bob@x.com")
    assert contact_lookup.find_contact(db, "ana@x.com") == ana, "the id of one person never becomes another's"
    assert len({anonymous, ana, bob}) == 3
    assert contact_lookup.find_contact(db, anonymous) == ana, "who holds the tracker that it was made from"


def test_six_people_at_one_kiosk_in_any_batches(db):
    claims = [identified(minutes(n), tracker="kiosk", email=f"p{n}@x.com") for n in range(7)]
    receive_and_drain(db, [an_activity(at=minutes(-1), tracker="kiosk")])

    for claim in claims:
        receive_and_drain(db, [claim])
    receive_and_drain(db, [an_activity(at=minutes(30), tracker="kiosk")])

    kiosk = sheets.sheet(db, contact_lookup.find_contact(db, "kiosk"), now=minutes(40))
    assert kiosk.devices[0].shared
    assert (kiosk.identified, kiosk.activities) == (False, 2)
    assert db.contacts.count_documents({"identified": True}) == 7


def test_an_activity_that_breaks_the_fold_is_set_aside_alone_and_can_be_run_again(db, monkeypatch):
    healthy = fold_module._count_activity

    def fragile(state, placement):
        if placement.activity.id == "bad":
            raise ValueError("boom")
        healthy(state, placement)

    monkeypatch.setattr(fold_module, "_count_activity", fragile)
    visits = [an_activity(at=minutes(n), tracker="t1", id_=f"v{n}") for n in range(3)]
    receive_and_drain(db, [*visits, an_activity(at=minutes(1), tracker="t1", id_="bad")])

    [failure] = failed_activities.newest(db)
    assert (failure.id, failure.reason) == ("bad", "ValueError: boom")
    assert sheets.sheet(db, contact_lookup.find_contact(db, "t1"), now=minutes(9)).activities == 3

    monkeypatch.undo()
    assert failed_activities.retry(db) == 1
    drain_all(db)
    assert failed_activities.newest(db) == []
    assert sheets.sheet(db, contact_lookup.find_contact(db, "t1"), now=minutes(9)).activities == 4


def test_a_row_that_is_no_activity_holds_up_nobody(db):
    inbox.receive(db, [an_activity(tracker="t1", id_="good"), an_activity(tracker="t1", id_="bad")])
    db.activities.update_one({"_id": "bad"}, {"$set": {"happened_at": "yesterday"}})

    drain_all(db)

    assert [failure.id for failure in failed_activities.newest(db)] == ["bad"]
    assert db.activities.find_one({"_id": "good"})["state"] == "applied"


def test_time_alone_abandons_a_cart_and_expires_points(db):
    now = utc_now()
    receive_and_drain(
        db, [an_activity("added_to_cart", now - timedelta(hours=5), tracker="t1", product_id="a", price=9)]
    )

    contact = sheets.sheet(db, contact_lookup.find_contact(db, "t1"), now=now)

    assert contact.commerce.cart.state == "abandoned"
    assert lanes.idle(db, now=now)


def test_a_lane_has_one_holder_and_a_zombie_writes_nothing(db):
    now = utc_now()
    activity = an_activity(tracker="t1")
    [lane] = inbox.receive(db, [activity]).lanes
    zombie = lanes.take(db, lane, "zombie", now=now)
    waiting = batch.next_activities(db, lane)
    assert lanes.take(db, lane, "other", now=now) is None

    later = now + lanes.LEASE
    assert lanes.take(db, lane, "other", now=later) is not None
    with pytest.raises(LeaseLost):
        batch.apply(db, zombie, waiting, versions.rulebook(db), clock=lambda: later)

    assert db.activities.find_one()["state"] == "received"
    assert db.contacts.count_documents({}) == 0


def test_work_announced_while_a_lane_is_held_is_not_forgotten(db):
    lease = lanes.take(db, 3, "one", now=utc_now())
    assert lanes.take(db, 3, "two", now=utc_now()) is None

    assert not lanes.release(db, lease), "somebody came with work meanwhile"
    assert lanes.release(db, lease)


def test_what_was_decided_on_changed_contacts_is_not_written(db):
    receive_and_drain(db, [an_activity(at=minutes(0), tracker="t1")])
    [lane] = inbox.receive(db, [an_activity(at=minutes(1), tracker="t1")]).lanes
    lease = lanes.take(db, lane, "one", now=utc_now())
    waiting = batch.next_activities(db, lane)
    original = batch.commit

    def interfere(*args, **kwargs):
        db.contacts.update_one({}, {"$inc": {"v": 1}})
        original(*args, **kwargs)

    batch.commit = interfere
    try:
        with pytest.raises(CommitConflict):
            batch.apply(db, lease, waiting, versions.rulebook(db), clock=utc_now)
    finally:
        batch.commit = original

    assert db.activities.count_documents({"state": "received"}) == 1


def test_the_lane_of_a_dead_worker_is_free_at_once(db):
    with subprocess.Popen([sys.executable, "-c", ""]) as died:
        died.wait()
    dead = f"{socket.gethostname()}:{died.pid}:abc:1"
    elsewhere = f"another-host:{died.pid}:abc:1"
    mine = holder_name(worker_name())
    for lane, holder in enumerate((dead, elsewhere, mine)):
        assert lanes.take(db, lane, holder, now=utc_now()) is not None

    assert leases.release_dead(db.lanes, {}, is_gone) == [0]

    assert lanes.take(db, 0, mine, now=utc_now()) is not None


def write_for_ever(uri, name):
    """Take lane 0 and be in the middle of a transaction that writes it."""
    db = connect(uri, name, app="dies")
    with db.client.start_session() as session, session.start_transaction():
        db.lanes.update_one({"_id": 0}, {"$inc": {"applied": 1}}, session=session)
        db.lanes.find_one_and_update({"_id": 1}, {"$set": {"holder": worker_name()}})
        time.sleep(600)


def test_what_a_dead_worker_left_locked_is_free_at_once(db, mongod):
    context = multiprocessing.get_context("fork")
    dies = context.Process(target=write_for_ever, args=(mongod.uri, db.name))
    try:
        dies.start()
        while "holder" not in db.lanes.find_one({"_id": 1}):
            time.sleep(0.01)
        assert orphaned_transactions.end(db, is_gone) == 0, "its process lives"
        dies.kill()
        dies.join()

        assert orphaned_transactions.end(db, is_gone) == 1

        assert lanes.take(db, 0, "mine", now=utc_now()) is not None  # it would give up after half a second
        assert db.lanes.find_one({"_id": 0}).get("applied") is None
        assert orphaned_transactions.end(db, is_gone) == 0
    finally:
        dies.kill()


def test_merges_that_cross_lanes_settle_by_conflict_and_retry(db):
    """Two threads drain all lanes at once while claims tie the same people together again and again."""
    people = 6
    activities = [
        identified(minutes(n), tracker=f"t{n % 11}", email=f"p{n % people}@x.com", id_=f"c{n}")
        for n in range(120)
    ]
    inbox.receive(db, activities)
    threads = [threading.Thread(target=drain_all, args=(db,)) for _ in range(2)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    drain_all(db)

    assert db.activities.count_documents({"state": "applied", "derived": None}) == 120
    keys = [key for row in db.contacts.find() for key in row.get("keys", [])]
    assert len(keys) == len(set(keys))


def test_a_tracker_belongs_to_one_contact_alone(db):
    db.contacts.insert_one({"_id": "a", "keys": ["t:1"]})

    with pytest.raises(DuplicateKeyError):
        db.contacts.insert_one({"_id": "b", "keys": ["t:1"]})


def test_a_batch_gets_smaller_as_its_holders_die_over_it():
    assert [size_after(attempts, 0) for attempts in (1, 2, 3, 4, 5, 6, 7)] == [500, 500, 125, 31, 7, 1, 1]


def test_an_activity_that_kills_every_worker_is_set_aside(db):
    [lane] = inbox.receive(db, [an_activity(tracker="t1", id_="killer")]).lanes
    for _ in range(drain_module.MAX_DEATHS):
        assert lanes.take(db, lane, "dead", now=utc_now()) is not None
        db.lanes.update_one({"_id": lane}, {"$unset": {"holder": "", "lease_until": ""}})

    done = drain(db, lane, holder="alive", clock=utc_now)

    assert done.failed == 1
    assert "workers in a row died over it" in failed_activities.newest(db)[0].reason


def test_the_accounts_currency_is_a_setting_and_no_event_changes_it(db):
    receive_and_drain(db, [bought(10, email="ana@x.com", currency="GBP", trusted=True)])
    receive_and_drain(db, [bought(7, email="bob@x.com", currency="GBP"), bought(1, email="bob@x.com")])

    bob = sheets.sheet(db, contact_lookup.find_contact(db, "bob@x.com"), now=minutes(0)).commerce

    assert (bob.currency, bob.spent, bob.foreign) == ("EUR", Decimal(1), {"GBP": Decimal(7)})


def test_operators_in_keys_are_data(db):
    receive_and_drain(db, [an_activity("odd", tracker="t1", **{"$where": {"a.b": 1, "$gt": ""}})])

    [row] = timelines.timeline(
        db, contact_lookup.find_contact(db, "t1"), where=TimelineFilter(types=("odd",))
    ).rows
    assert row.details["properties"] == {"$where": {"a.b": 1, "$gt": ""}}
