"""Deleting segments on the real server: refused while something uses them, and taken back whole."""

from __future__ import annotations

import pytest

from engine.accounts.current_user import CurrentUser
from engine.contacts import contact_lookup
from engine.contacts.bulk import bulk_change
from engine.contacts.editing import edit_service
from engine.contacts.editing.edit import Edit
from engine.contacts.listing import views
from engine.contacts.listing.listing import Listing
from engine.contacts.listing.views import View, ViewId
from engine.db.connection import utc_now
from engine.errors import InvalidRules, NotAllowed, StillInUse
from engine.publishing import publishing
from engine.publishing.publishing import PublishConflict
from engine.rules import versions
from engine.rules.language import editing
from engine.rules.ruleset import compile_ruleset
from engine.segments import segment_service, segment_uses
from engine.segments.segment_service import SegmentNotFound
from tests.builders import acting, bought, identified, minutes
from tests.integration.drained import drain_all, receive_and_drain

MAX, VERA = CurrentUser("u2", "max@x.com", "Max", "marketer"), CurrentUser("u3", "v@x.com", "Vera", "viewer")

SEGMENTS = """
segments:
  - {id: vip, name: VIP, static: true}
  - {id: customers, name: Customers, when: {contact.orders: {gte: 1}}}
  - {id: dear, name: Dear customers, when: {all: [{not: {contact.segments: vip}}, {contact.segments: customers}]}}
  - {id: unused, name: Unused, when: {contact.points: {gte: 1}}}
tests:
  - {name: an order makes a customer, given: [{order_completed: {total: 5}}], expect: {segments: [customers]}}
"""

SCORING = """
rules:
  - {id: put, name: Puts in, on: order_completed, when: {activity.total: {gte: 900}}, effects: [{add_to_segment: vip}]}
  - {id: joined, name: Joined, on: segment_entered, when: {activity.segment: {in: [vip, dear]}}, points: 1, limit: once}
  - {id: seen, name: Seen, on: page_visited, when: {not: {contact.segments: {has_any: [vip]}}}, points: 1}
"""


def published(db, **files):
    texts = publishing.completed(db, {f"{name}.yaml": text for name, text in files.items()})
    version = publishing.publish(db, texts, by="ana", message="m", now=utc_now())
    drain_all(db)
    return version


def deleted(db, segment, user=MAX):
    version = segment_service.delete(acting(db, user), segment, base=versions.current_number(db))
    drain_all(db)
    return version


def members(db, segment):
    return {row["_id"] for row in db.contacts.find({f"segments.{segment}": {"$exists": True}})}


def test_what_uses_a_segment_is_named_with_its_line_and_keeps_it(db):
    published(db, segments=SEGMENTS, scoring=SCORING)

    with pytest.raises(StillInUse, match="VIP cannot be deleted while it is used") as refused:
        deleted(db, "vip")

    assert [str(use) for use in refused.value.uses] == [
        "the segment “Dear customers” (segments.yaml:5)",
        "the rule “Puts in” (scoring.yaml:3)",
        "the rule “Joined” (scoring.yaml:4)",
        "the rule “Seen” (scoring.yaml:5)",
    ]
    assert "vip" in versions.current(db).segments
    assert db.audit.count_documents({}) == 0, "nothing was begun"


def test_what_is_said_to_use_a_segment_is_what_the_check_finds_without_it(db):
    published(db, segments=SEGMENTS, scoring=SCORING)
    texts = publishing.completed(db, {})

    for segment in versions.current(db).segments:
        without = editing.without_entry(texts["segments.yaml"], "segments", segment)
        try:
            compile_ruleset({**texts, "segments.yaml": without})
            places = set()
        except InvalidRules as error:
            places = {problem.file for problem in error.problems}
        assert {use.file for use in segment_uses.uses_of(db, segment)} == places, segment


def test_a_change_of_many_that_is_under_way_keeps_the_segment_that_it_fills(db):
    published(db, segments=SEGMENTS.replace("{not: {contact.segments: vip}}, ", ""), scoring="rules: []")
    db.jobs.insert_one(
        {"_id": "j1", "kind": bulk_change.KIND, "state": "running", "title": "Into VIP", "by": "u1", "by_name": "Mia", "created_at": utc_now(),
         "wanted": {"change": {"add_to": ["vip"]}}}
    )  # fmt: skip

    with pytest.raises(StillInUse, match="“Into VIP”, which is under way"):
        deleted(db, "vip")

    db.jobs.update_one({"_id": "j1"}, {"$set": {"state": "done"}})
    deleted(db, "vip")
    assert "vip" not in versions.current(db).segments


def test_a_saved_view_keeps_the_segment_that_it_asks_for(db):
    published(db, segments=SEGMENTS.replace("{not: {contact.segments: vip}}, ", ""), scoring="rules: []")
    listing = Listing({"any": [{"segments": {"has_any": ["vip"]}}, {"points": {"gte": 5}}]})
    views.add(db, View(ViewId("v1"), "The few", "u9", "Eva", listing, shared=True))
    views.add(db, View(ViewId("v2"), "Secret", "u9", "Eva", listing))

    with pytest.raises(StillInUse) as refused:
        deleted(db, "vip")

    assert [str(use) for use in refused.value.uses] == [
        "the view “The few” of Eva (Contacts)",
        "a view of Eva (Contacts)",
    ]


def test_deleting_is_taken_back_with_the_members(db):
    published(db, segments=SEGMENTS.replace("{not: {contact.segments: vip}}, ", ""), scoring="rules: []")
    receive_and_drain(db, [identified(minutes(n), email=f"{n}@x.com", tracker=f"t{n}") for n in (1, 2)])
    receive_and_drain(db, [bought("9", minutes(3), email="1@x.com", order_id="A")])
    one = contact_lookup.find_contact(db, "1@x.com")
    edit_service.edit(acting(db, MAX), one, Edit(add_to=["vip"]), id_="e1")
    drain_all(db)
    assert members(db, "vip") == members(db, "customers") == {one}

    by = deleted(db, "vip")
    assert members(db, "vip") == set()
    segment_service.restore(acting(db, MAX), by)
    drain_all(db)

    assert members(db, "vip") == {one}
    texts = {number: versions.stored_version(db, number).texts for number in (by.number - 1, by.number + 1)}
    assert texts[by.number - 1] == texts[by.number + 1], "to the letter"
    acts = [row["reason"] for row in db.audit.find({"act": "published rules"}).sort("at", 1)]
    assert acts == ["Deleted the segment VIP", "Undid: Deleted the segment VIP"]


def test_a_new_name_keeps_the_members(db):
    published(db, segments=SEGMENTS, scoring="rules: []")
    receive_and_drain(db, [bought("9", minutes(3), email="1@x.com", order_id="A")])
    one = contact_lookup.find_contact(db, "1@x.com")
    edit_service.edit(acting(db, MAX), one, Edit(add_to=["vip"]), id_="e1")
    drain_all(db)
    since = db.contacts.find_one(one)["segments"]

    published(db, segments=SEGMENTS.replace("name: VIP", "name: The few").replace("Customers,", "Buyers,"))

    assert versions.current(db).segments["vip"].name == "The few"
    assert db.contacts.find_one(one)["segments"] == since


def test_once_others_have_published_nothing_is_taken_back(db):
    published(db, segments=SEGMENTS, scoring="rules: []")
    by = deleted(db, "unused")
    published(db, scoring=SCORING)

    with pytest.raises(PublishConflict):
        segment_service.restore(acting(db, MAX), by)

    assert "unused" not in versions.current(db).segments


def test_a_new_segment_does_not_take_the_id_of_one_that_was_deleted(db):
    published(db, segments=SEGMENTS.replace("{not: {contact.segments: vip}}, ", ""), scoring="rules: []")
    deleted(db, "vip")

    assert editing.id_of("VIP", taken=versions.segments_ever(db)) == "vip-2"


@pytest.mark.parametrize("act", [
    lambda db: segment_service.deletable(acting(db, VERA), "vip"),
    lambda db: segment_service.delete(acting(db, VERA), "vip", base=1),
    lambda db: segment_service.restore(acting(db, VERA), versions.stored_version(db, 1)),
])  # fmt: skip
def test_a_viewer_deletes_nothing(db, act):
    with pytest.raises(NotAllowed):
        act(db)

    assert versions.current_number(db) == 1


def test_a_segment_that_there_is_not_cannot_be_deleted(db):
    with pytest.raises(SegmentNotFound):
        segment_service.delete(acting(db, MAX), "nothing", base=1)
