"""Filling segments inside MongoDB comes to what folding every contact again comes to."""

from datetime import timedelta

import pytest

from engine.contacts import contact_rows
from engine.contacts.listing import listing
from engine.contacts.listing.listing import Listing
from engine.db.connection import utc_now
from engine.db.regex_query import RegexTooComplex
from engine.errors import CommitConflict
from engine.pipeline import batch, inbox, lanes
from engine.publishing import filling, publishing, upkeep
from engine.rules import versions
from engine.rules.language import editing
from engine.segments import agreement, segments
from tests.builders import an_activity, by_hand, identified
from tests.chaos.workload import workload
from tests.integration.drained import drain_all, receive_and_drain

SEGMENTS = """
segments:
  - {id: customers, name: Customers, when: {contact.orders: {gte: 2}}}
  - {id: rich, name: Rich, when: {any: [{contact.points: {gte: 60}}, {contact.spent: {gt: 500}}]}}
  - {id: both, name: Both, when: {contact.segments: {has_all: [customers, rich]}}}
  - {id: lately, name: Lately, when: {contact.last_seen: {within: 3650d}}}
  - {id: away, name: Away, when: {contact.last_seen: {older_than: 7d}}}
  - {id: leaving, name: Leaving, when: {contact.last_seen: {older_than: 3650d}}}
  - {id: shoppers, name: Shoppers, when: {did: {activity: product_visited, within: 7d, times: {gte: 3}}, did_not: {activity: order_completed, within: 30d}}}
  - {id: abandoned-cart, name: Abandoned, when: {contact.cart: abandoned}}
"""


def known(db):
    """All that is known of segments: contacts and timelines, without what only the database needs."""
    left_out = dict.fromkeys(("v", "upkeep", "folded_at"), 0)
    contacts = {row.pop("_id"): row for row in db.contacts.find({}, left_out)}
    crossings = {row["_id"]: row for row in db.activities.find({"derived": True})}
    return contacts, crossings


def published(db, now, **files):
    texts = publishing.completed(db, {f"{name}.yaml": text for name, text in files.items()})
    return publishing.publish(db, texts, by="ana", message="segments", now=now)


@pytest.fixture
def lived(db):
    receive_and_drain(db, workload(activities=1_200, contacts=50, seed=5).activities)
    drain_all(db)
    return db


def fold_instead(db):
    """Let the workers fold everybody again, as if MongoDB could not do it."""
    newest = versions.stored_version(db, versions.current_number(db))
    outdated = {"filling": False, "kept_from": newest.upkeep, "outdated_below": newest.upkeep}
    db.rulesets.update_one({"_id": newest.number}, {"$set": outdated})
    drain_all(db)


def test_it_comes_to_what_folding_again_comes_to(lived):
    at = utc_now() + timedelta(hours=1)
    published(lived, at, segments=SEGMENTS)
    version = filling.claim(lived, now=utc_now())
    before = {row["_id"]: row["v"] for row in lived.contacts.find({}, {"v": 1})}

    changed = filling.fill(lived, version)

    after = {row["_id"]: row["v"] for row in lived.contacts.find({}, {"v": 1})}
    # A contact all of whose activities were split off has nothing to evaluate: it is left to the workers.
    empty = {row["_id"] for row in lived.contacts.find({"clock": None}, {"_id": 1})}
    assert changed == sum(after[id_] != v for id_, v in before.items() if id_ not in empty) > 0
    assert len(empty) < 3
    drain_all(lived)
    filled = known(lived)
    assert lanes.idle(lived, now=utc_now())
    fold_instead(lived)
    folded = known(lived)
    assert filled[1] == folded[1], "the timelines"
    assert filled[0] == folded[0], "the contacts"


def test_a_fill_that_is_killed_is_begun_anew_and_counts_once(lived, monkeypatch):
    published(lived, utc_now() + timedelta(hours=1), segments=SEGMENTS)
    version = filling.claim(lived, now=utc_now())
    monkeypatch.setattr(filling, "_note_leavings", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        filling.fill(lived, version)
    monkeypatch.undo()
    assert filling.claim(lived, now=utc_now()) is None, "somebody is at it"

    again = filling.claim(lived, now=utc_now() + filling.CLAIM)
    filling.fill(lived, again)

    filled = known(lived)
    fold_instead(lived)
    assert known(lived) == filled


def test_a_fill_goes_on_where_it_was_killed(lived, monkeypatch):
    published(lived, utc_now() + timedelta(hours=1), segments=SEGMENTS)
    version = filling.claim(lived, now=utc_now())
    whole = filling._fill_quarter
    monkeypatch.setattr(
        filling, "_fill_quarter", lambda db, what, number: 1 / 0 if number == 2 else whole(db, what, number)
    )
    with pytest.raises(ZeroDivisionError):
        filling.fill(lived, version)
    monkeypatch.undo()
    assert upkeep.filling_progress(lived) >= 0.25
    done = set(lived.rulesets.find_one({"_id": version.number})["filled"])
    seen = []
    monkeypatch.setattr(
        filling, "_fill_quarter", lambda db, what, number: seen.append(number) or whole(db, what, number)
    )

    filling.fill(lived, version)

    assert {*seen} == {0, 1, 2, 3} - done
    assert upkeep.filling_progress(lived) is None
    assert agreement.differences(lived, now=utc_now() + timedelta(hours=2)) == {}


PATTERNS = """
segments:
  - {id: far, name: Far, when: {contact.custom.city: {matches: '.*a.*x$'}}}
  - {id: many, name: Many, when: {contact.custom.city: {matches: '(a|a)*x$'}}}
  - {id: shoppers, name: Shoppers, when: {contact.orders: {gte: 1}}}
"""


@pytest.fixture
def hostile(lived):
    """Somebody lives in a city on which MongoDB gives up to try these patterns."""
    texts = ("a" * 1_000, "a" * 300 + "x")
    seen = [identified(utc_now(), tracker=f"h{n}", traits={"city": text}) for n, text in enumerate(texts)]
    receive_and_drain(lived, seen)
    return lived


def test_a_text_on_which_mongodb_gives_up_is_left_to_the_workers(hostile):
    published(hostile, utc_now() + timedelta(hours=1), segments=PATTERNS)

    assert filling.fill(hostile, filling.claim(hostile, now=utc_now())) == 0

    assert upkeep.filling_progress(hostile) is None
    assert filling.claim(hostile, now=utc_now()) is None, "it is not tried again and again"
    drain_all(hostile)
    members = {
        id_: contact_rows.newest(hostile, segments.in_segment(id_), limit=9) for id_ in ("far", "many")
    }
    assert {id_: len(found) for id_, found in members.items()} == {"far": 1, "many": 1}
    assert hostile.contacts.count_documents({"upkeep": {"$lt": 2}}) == 0
    assert agreement.differences(hostile, now=utc_now() + timedelta(hours=2)) == {}
    hostile.contacts.update_one(segments.in_segment("far"), {"$unset": {"segments.far": ""}})
    assert [*agreement.differences(hostile, now=utc_now() + timedelta(hours=2))] == ["far"]


def test_a_preview_and_a_filter_over_such_a_text_answer(hostile, mongod):
    texts = publishing.completed(hostile, {"segments.yaml": PATTERNS})

    preview = segments.preview(hostile, texts, "many", uri=mongod.uri, now=utc_now())

    assert (preview.count, preview.error) == (1, 0)
    with pytest.raises(RegexTooComplex, match="fewer"):
        list(listing.walk(hostile, Listing(where={"custom.city": {"matches": ".*a.*x$"}})))


def test_rules_published_before_the_fill_do_not_keep_it_from_being_done(lived):
    at = utc_now() + timedelta(hours=1)
    published(lived, at, segments=SEGMENTS)
    published(lived, at + timedelta(minutes=1), scoring="rules: []\n")
    version = filling.claim(lived, now=utc_now())

    assert filling.fill(lived, version) > 0

    filled = known(lived)
    fold_instead(lived)
    assert known(lived) == filled


def test_who_was_active_meanwhile_is_folded_again(lived):
    at = utc_now()
    published(lived, at, segments=SEGMENTS)
    inbox.receive(lived, [an_activity("product_visited", at + timedelta(milliseconds=5), tracker="new")])
    someone = lived.contacts.find_one({"trackers.0": {"$exists": True}})
    lived.contacts.update_one(
        {"_id": someone["_id"]}, {"$set": {"clock.0": at + timedelta(seconds=1)}}
    )  # as if a batch under the old rules had come in between

    drain_all(lived)

    assert lived.contacts.find_one({"_id": someone["_id"]})["upkeep"] == 2
    assert lived.contacts.count_documents({"upkeep": 0}) == 0


def test_a_batch_that_was_folded_under_older_rules_is_not_committed(lived):
    inbox.receive(lived, [an_activity("product_visited", utc_now(), tracker="new", id_="n1")])
    lane = lived.activities.find_one({"_id": "n1"})["lane"]
    lease = lanes.take(lived, lane, "one", now=utc_now())
    waiting = batch.next_activities(lived, lane)
    old = versions.rulebook(lived)
    published(lived, utc_now(), segments=SEGMENTS)

    with pytest.raises(CommitConflict, match="newer rules"):
        batch.apply(lived, lease, waiting, old, clock=utc_now)
    applied = batch.apply(lived, lease, waiting, versions.rulebook(lived), clock=utc_now)

    assert applied.applied == 1


def members_of(db, segment):
    return {row["_id"] for row in db.contacts.find({f"segments.{segment}": {"$exists": True}}, {"_id": 1})}


def test_members_of_a_static_segment_that_is_taken_out_of_the_rules_are_in_it_again_once_it_is_back(lived):
    some = list(lived.contacts.find({"deleted": {"$ne": True}}).sort("_id").limit(2))
    receive_and_drain(lived, [by_hand(row["keys"][0], utc_now(), add_to=["vip"]) for row in some])
    with_vip = publishing.completed(lived, {})["segments.yaml"]
    members = members_of(lived, "vip")
    assert members == {row["_id"] for row in some}

    without = editing.without_entry(with_vip, "segments", "vip")
    published(lived, utc_now() + timedelta(hours=1), segments=without)
    filling.fill(lived, filling.claim(lived, now=utc_now()))
    assert members_of(lived, "vip") == set()
    published(lived, utc_now() + timedelta(hours=2), segments=with_vip)
    filling.fill(lived, filling.claim(lived, now=utc_now()))

    assert members_of(lived, "vip") == members
    assert not lived.contacts.count_documents({"put_away": {"$exists": True}})
    filled = known(lived)
    fold_instead(lived)
    folded = known(lived)
    assert filled[1] == folded[1], "the timelines"
    assert filled[0] == folded[0], "the contacts"


def test_a_static_segment_is_put_away_alike_by_mongodb_and_by_the_fold(lived):
    row = lived.contacts.find_one({"deleted": {"$ne": True}})
    receive_and_drain(lived, [by_hand(row["keys"][0], utc_now(), add_to=["vip"])])

    published(lived, utc_now() + timedelta(hours=1), segments=SEGMENTS)
    filling.fill(lived, filling.claim(lived, now=utc_now()))

    filled = known(lived)
    assert filled[0][row["_id"]]["put_away"] == ["vip"]
    fold_instead(lived)
    assert known(lived) == filled
