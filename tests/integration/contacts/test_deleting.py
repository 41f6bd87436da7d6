"""Deleting a contact and restoring it, on the real server."""

import pytest

from engine.contacts import contact_lookup
from engine.contacts.editing import edit_service
from engine.contacts.editing.edit import Edit, InvalidEdit
from engine.contacts.listing import listing
from engine.contacts.listing.listing import Listing
from engine.contacts.sheet import sheets, timelines
from engine.db.connection import utc_now
from engine.domain.activities import ActivityId
from engine.errors import ContactNotFound
from engine.publishing import publishing
from engine.segments import agreement, segments
from tests.builders import acting, an_activity, bought, colleague, identified, minutes
from tests.integration.drained import drain_all, receive_and_drain


@pytest.fixture
def eva(db):
    receive_and_drain(
        db,
        [
            an_activity("page_visited", minutes(0), tracker="t1"),
            identified(minutes(1), tracker="t1", email="eva@x.com", traits={"name": "Eva Sanz"}),
            an_activity("newsletter_subscribed", minutes(2), email="eva@x.com"),
            an_activity("newsletter_unsubscribed", minutes(3), email="eva@x.com"),
            bought("90", minutes(4), email="eva@x.com", order_id="1", currency="EUR"),
            identified(minutes(5), email="bob@x.com", traits={"name": "Bob"}),
        ],
    )
    return contact_lookup.find_contact(db, "eva@x.com")


def delete(db, contact, id_="deletion"):
    edit_service.delete(acting(db, colleague()), contact, id_=ActivityId(id_))
    drain_all(db)


def restore(db, contact, id_="restoration"):
    edit_service.restore(acting(db, colleague()), contact, id_=ActivityId(id_))
    drain_all(db)


def listed(db):
    return {row.email for row in listing.page(db, Listing()).rows}


def known(db, contact):
    row = db.contacts.find_one({"_id": contact})
    left_out = ("v", "folded_at", "clock", "active_at", "activities", "undone")
    row["facets"].pop("away", None)  # follows from `active_at`
    return (
        {name: value for name, value in row.items() if name not in left_out},
        list(db.ledger.find({"contact": contact}).sort("_id", 1)),
    )


def test_who_is_deleted_is_in_no_list_no_segment_and_no_count(db, eva):
    before = segments.size(db, "customers")
    delete(db, eva)

    assert listed(db) == {"bob@x.com"}
    assert listing.page(db, Listing()).total.count == 1
    assert listing.page(db, Listing(search="eva")).rows == []
    assert [row.email for row in listing.walk(db, Listing())] == ["bob@x.com"]
    assert segments.size(db, "customers") == before - 1
    assert db.ledger.count_documents({"contact": eva}) == 0
    assert agreement.differences(db, now=utc_now()) == {}


def test_a_segment_made_later_does_not_take_in_who_is_deleted(db, eva):
    delete(db, eva)
    everybody = "segments:\n  - {id: all, name: All, when: {contact.spent: {lt: 1000}}}\n"
    texts = publishing.completed(db, {"segments.yaml": everybody})
    found = segments.preview(db, texts, "all", uri="", now=utc_now())
    publishing.publish(db, texts, by="ana", message="all", now=utc_now())
    drain_all(db)

    assert found.count == 1
    assert segments.size(db, "all") == 1


def test_restoring_makes_all_as_it_was(db, eva):
    before = known(db, eva)
    delete(db, eva)
    restore(db, eva)

    after, ledger = known(db, eva)
    after.pop("deletion", None)
    assert (after, ledger) == before
    assert "order_completed" in {row.type for row in timelines.timeline(db, eva).rows}


def test_deleting_twice_by_the_same_id_is_once(db, eva):
    for _ in range(2):
        edit_service.delete(acting(db, colleague()), eva, id_=ActivityId("same"))
    drain_all(db)

    assert db.activities.count_documents({"type": "contact_deleted"}) == 1


def test_who_comes_back_has_a_new_timeline_and_the_old_end_of_the_subscription(db, eva):
    delete(db, eva)
    receive_and_drain(db, [an_activity("page_visited", utc_now(), tracker="t1")])

    assert listed(db) == {"eva@x.com", "bob@x.com"}
    sheet = sheets.sheet(db, eva, now=utc_now())
    assert (sheet.name, sheet.commerce.orders, sheet.newsletter) == ("", 0, "unsubscribed")
    types = {row.type for row in timelines.timeline(db, eva).rows}
    assert {"contact_deleted", "page_visited"} <= types
    assert "order_completed" not in types


def test_who_is_deleted_cannot_be_changed_and_can_be_made_anew(db, eva):
    delete(db, eva)
    with pytest.raises(ContactNotFound):
        edit_service.edit(acting(db, colleague()), eva, Edit(points=1, reason="x"), id_=ActivityId("e"))

    edit_service.create(
        acting(db, colleague()), {"email": "eva@x.com", "first_name": "Eve"}, id_=ActivityId("c")
    )
    drain_all(db)
    assert contact_lookup.find_contact(db, "eva@x.com") == eva
    assert sheets.sheet(db, eva, now=utc_now()).name == "Eve"


def test_nobody_takes_the_email_of_who_is_deleted(db, eva):
    delete(db, eva)
    with pytest.raises(InvalidEdit, match=r"has email eva@x\.com already"):
        edit_service.edit(
            acting(db, colleague()),
            contact_lookup.find_contact(db, "bob@x.com"),
            Edit(fields={"email": "eva@x.com"}),
            id_=ActivityId("e"),
        )


def test_only_who_is_deleted_can_be_restored(db, eva):
    with pytest.raises(ContactNotFound, match="is not deleted"):
        restore(db, eva)


def test_a_deletion_that_nobody_has_folded_yet_is_not_lost(db, eva):
    edit_service.delete(acting(db, colleague()), eva, id_=ActivityId("kept"))
    assert db.activities.find_one({"_id": "kept"})["state"] == "received"
    drain_all(db)

    assert listed(db) == {"bob@x.com"}
