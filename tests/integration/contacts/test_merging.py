"""Merges, their undo and splits by hand: the role, the log, the preview and what comes of it."""

import pytest

from engine.accounts import audit
from engine.contacts.editing import edit_service
from engine.contacts.editing.edit import Edit
from engine.contacts.merging import merge_list, merge_preview, merge_service
from engine.contacts.merging.merge_errors import InvalidMerge, MergeNotFound
from engine.contacts.sheet import sheet_service
from engine.domain.activities import ActivityId
from engine.errors import ContactNotFound, NotAllowed
from tests.builders import acting, an_activity, bought, colleague, identified, minutes
from tests.integration.drained import drain_all, receive_and_drain, the_id

MIA = colleague("Mia")


@pytest.fixture
def two(db):
    """Ana with a first name and an order, and Ana again under another email with a last name and an order."""
    receive_and_drain(
        db,
        [
            identified(minutes(0), email="ana@x.com", traits={"first_name": "Ana", "city": "Roma"}),
            bought("10", minutes(1), email="ana@x.com", order_id="A-1", currency="EUR"),
            identified(minutes(2), email="ana@work.com", traits={"first_name": "Anna", "last_name": "Ruiz"}),
            bought("20", minutes(3), email="ana@work.com", order_id="A-2", currency="EUR"),
        ],
    )
    return the_id(db, "ana@x.com"), the_id(db, "ana@work.com")


def mia(db):
    return acting(db, MIA)


def merged(db, survivor, other, id_="m1", **more):
    merge_service.merge(mia(db), survivor, other, id_=ActivityId(id_), **more)
    drain_all(db)


def log(db):
    return [audit.entry_of(row) for row in db.audit.find().sort("at", 1)]


def timeline(db, contact):
    return [row.id for row in sheet_service.timeline(mia(db), contact).rows]


def line(preview, name):
    [found] = [line for line in preview.lines if line.name == name]
    return found


def person(db, key):
    """What matters of a contact: who it is and what it bought."""
    row = db.contacts.find_one({"_id": the_id(db, key)})
    return {
        "id": row["_id"],
        "email": row.get("email"),
        "first_name": row.get("first_name"),
        "last_name": row.get("last_name"),
        "custom": row.get("custom"),
        "orders": row["commerce"]["orders"],
        "spent": row["commerce"]["spent"],
        "points": row["points"]["total"],
        "activities": row["activities"],
    }


def test_two_contacts_merge_and_both_emails_lead_to_the_survivor(db, two):
    ana, other = two
    merged(db, ana, other, reason="same person")

    found = person(db, "ana@work.com")
    assert found == person(db, "ana@x.com")
    assert (found["id"], found["email"], found["first_name"], found["last_name"]) == (
        ana, "ana@x.com", "Ana", "Ruiz",
    )  # fmt: skip
    assert found["orders"] == 2 and found["spent"] == 30
    [record] = merge_list.of_contact(mia(db), ana)
    assert (record.loser, record.into, record.cause.author, record.cause.reason) == (
        other, ana, "Mia", "same person",
    )  # fmt: skip


def test_a_merge_is_in_the_log_once_however_often_it_is_sent(db, two):
    merged(db, *two, reason="same person")
    merged(db, *two, reason="same person")

    [entry] = log(db)
    assert (entry.act, entry.by_name, entry.subject.id, entry.reason, entry.ending) == (
        "merged contacts", "Mia", two[0], "same person", "done",
    )  # fmt: skip
    assert db.activities.count_documents({"type": "contacts_joined"}) == 1
    assert db.conflicts.count_documents({}) == 0


@pytest.mark.parametrize("do", [
    lambda actor, one, other: merge_service.merge(actor, one, other, id_=ActivityId("m")),
    lambda actor, one, _: merge_service.undo_merge(actor, one, id_=ActivityId("m")),
    lambda actor, one, _: merge_service.split_tracker(actor, one, "t", id_=ActivityId("m")),
    lambda actor, one, _: merge_service.split_activities(actor, one, [ActivityId("a")], id_=ActivityId("m")),
    lambda actor, *_: merge_service.take_back(actor, ActivityId("a"), id_=ActivityId("m")),
], ids=["merge", "undo", "tracker", "activities", "take back"])  # fmt: skip
def test_a_viewer_merges_and_splits_nothing(db, two, do):
    with pytest.raises(NotAllowed, match="a viewer cannot merge or split contacts"):
        do(acting(db, colleague("Vi", "viewer")), *two)

    assert log(db) == []


def test_a_contact_does_not_merge_into_itself_or_into_one_that_is_gone(db, two):
    with pytest.raises(InvalidMerge, match="one contact already"):
        merge_service.merge(mia(db), two[0], two[0], id_=ActivityId("m"))
    with pytest.raises(ContactNotFound, match="no longer exists"):
        merge_service.merge(mia(db), two[0], "0" * 24, id_=ActivityId("m2"))


def test_the_preview_of_a_merge_says_whose_value_wins_and_is_what_comes_of_it(db, two):
    preview = merge_preview.of_merge(mia(db), *two)

    assert preview.exact
    assert (line(preview, "first_name").before, line(preview, "first_name").after) == (
        ["Ana", "Anna"],
        ["Ana"],
    )
    assert (line(preview, "last_name").before, line(preview, "last_name").after) == ([None, "Ruiz"], ["Ruiz"])
    assert line(preview, "orders").after == [2]
    assert line(preview, "former").after == [["ana@work.com"]]
    assert line(preview, "first_name").differs and not line(preview, "last_name").differs
    assert db.activities.count_documents({"type": "contacts_joined"}) == 0

    merged(db, *two)
    [after] = preview.after
    found = person(db, "ana@x.com")
    assert (after.values["points"], after.values["activities"]) == (found["points"], found["activities"])


def test_a_preview_of_very_long_histories_has_fields_and_no_totals(db, two, monkeypatch):
    monkeypatch.setattr(merge_preview, "MAX_HISTORY", 1)

    preview = merge_preview.of_merge(mia(db), *two)

    assert not preview.exact
    assert line(preview, "last_name").after == ["Ruiz"]
    assert line(preview, "orders").after == [None]
    assert line(preview, "former").after == [["ana@work.com"]]


def test_by_default_the_identified_contact_survives_and_else_the_older(db, two):
    receive_and_drain(db, [an_activity(at=minutes(-9), tracker="anon")])

    assert merge_preview.pair(mia(db), two[1], two[0]) == two
    assert merge_preview.pair(mia(db), the_id(db, "anon"), two[1]) == (two[1], the_id(db, "anon"))


def test_an_identified_contact_does_not_merge_into_an_anonymous_one(db, two):
    receive_and_drain(db, [an_activity(at=minutes(-9), tracker="anon")])

    with pytest.raises(InvalidMerge, match="not the other way round"):
        merge_service.merge(mia(db), the_id(db, "anon"), two[0], id_=ActivityId("m"))


def test_a_merge_that_is_taken_back_leaves_both_as_they_were(db, two):
    before = person(db, "ana@x.com"), person(db, "ana@work.com")
    merged(db, *two)

    merge_service.take_back(mia(db), ActivityId("m1"), id_=ActivityId("back"))
    drain_all(db)

    assert (person(db, "ana@x.com")["orders"], person(db, "ana@work.com")) == (1, before[1])
    assert merge_list.of_contact(mia(db), two[0]) == []


def test_an_undone_merge_is_merged_again_by_undoing_the_undo(db, two):
    merged(db, *two)
    merge_service.undo_merge(mia(db), two[1], id_=ActivityId("u1"), reason="two sisters")
    drain_all(db)
    assert the_id(db, "ana@work.com") == two[1]
    assert merge_list.page(mia(db)).merges == []

    merge_service.take_back(mia(db), ActivityId("u1"), id_=ActivityId("u2"))
    drain_all(db)

    assert the_id(db, "ana@work.com") == two[0]


def test_the_undo_of_an_automatic_merge_is_previewed_and_holds_against_later_claims(db):
    receive_and_drain(
        db,
        [
            an_activity("page_visited", minutes(0), tracker="t1"),
            an_activity("product_visited", minutes(1), tracker="t1", name="Shoes"),
        ],
    )
    visitor = the_id(db, "t1")
    receive_and_drain(db, [bought("10", minutes(2), email="leo@x.com", order_id="L-1")])
    receive_and_drain(db, [identified(minutes(3), tracker="t1", email="leo@x.com", trusted=True)])
    leo = the_id(db, "leo@x.com")
    assert the_id(db, "t1") == leo

    preview = merge_preview.of_undo(mia(db), visitor)
    assert preview.exact
    assert [side.id for side in preview.before] == [leo]
    assert [side.id for side in preview.after] == [leo, visitor]
    assert line(preview, "orders").after == [1, 0]

    merge_service.undo_merge(mia(db), visitor, id_=ActivityId("u1"), reason="a kiosk")
    drain_all(db)
    assert the_id(db, "t1") == visitor
    receive_and_drain(db, [identified(minutes(9), tracker="t1", email="leo@x.com", trusted=True)])
    assert db.contacts.count_documents({"_id": visitor}) == 1


def test_what_was_never_merged_cannot_be_undone(db, two):
    with pytest.raises(MergeNotFound, match="is merged into another"):
        merge_service.undo_merge(mia(db), two[0], id_=ActivityId("u"))
    assert log(db)[-1].ending == "refused"


def test_a_tracker_is_split_off_with_what_it_did_and_comes_back(db):
    receive_and_drain(
        db,
        [
            identified(minutes(0), tracker="t1", email="ana@x.com", trusted=True),
            an_activity("product_visited", minutes(1), tracker="t2", name="Boots"),
            identified(minutes(2), tracker="t2", email="ana@x.com", trusted=True),
        ],
    )
    ana = the_id(db, "ana@x.com")
    assert the_id(db, "t2") == ana

    merge_service.split_tracker(mia(db), ana, "t2", id_=ActivityId("s1"), reason="her brother's phone")
    drain_all(db)
    brother = the_id(db, "t2")
    assert brother != ana and not db.contacts.find_one({"_id": brother})["identified"]

    merge_service.take_back(mia(db), ActivityId("s1"), id_=ActivityId("s2"))
    drain_all(db)
    assert the_id(db, "t2") == ana


def test_the_only_thing_that_leads_to_a_contact_is_not_split_off(db):
    receive_and_drain(db, [an_activity(at=minutes(0), tracker="t1")])

    with pytest.raises(InvalidMerge, match="nothing to split it from"):
        merge_service.split_tracker(mia(db), the_id(db, "t1"), "t1", id_=ActivityId("s"))
    with pytest.raises(InvalidMerge, match="no longer belongs"):
        merge_service.split_tracker(mia(db), the_id(db, "t1"), "t9", id_=ActivityId("s"))


def test_chosen_activities_are_split_off_and_come_back(db):
    receive_and_drain(
        db,
        [
            identified(minutes(0), email="ana@x.com", tracker="t1", trusted=True),
            an_activity("product_visited", minutes(1), id_="gift", tracker="t1", name="Tie"),
            an_activity("product_visited", minutes(2), id_="own", tracker="t1", name="Boots"),
        ],
    )
    ana = the_id(db, "ana@x.com")
    before = db.contacts.find_one({"_id": ana})["activities"]

    merge_service.split_activities(mia(db), ana, [ActivityId("gift")], id_=ActivityId("s1"), reason="a guest")
    drain_all(db)
    assert db.contacts.count_documents({}) == 2
    [guest] = db.contacts.find({"_id": {"$ne": ana}})
    assert "gift" in timeline(db, guest["_id"]) and "gift" not in timeline(db, ana)
    assert "own" in timeline(db, ana) and sum(
        sheet_service.counts(mia(db), guest["_id"]).days.popitem()[1].values()
    )
    assert sheet_service.sheet(mia(db), guest["_id"]).former == []

    merge_service.take_back(mia(db), ActivityId("s1"), id_=ActivityId("s2"))
    drain_all(db)
    assert db.contacts.count_documents({}) == 1
    assert db.contacts.find_one({"_id": ana})["activities"] >= before
    assert "gift" in timeline(db, ana)


def test_what_was_split_off_and_merged_again_is_there_once(db):
    receive_and_drain(
        db,
        [
            identified(minutes(0), email="ana@x.com", tracker="t1", trusted=True),
            an_activity("product_visited", minutes(1), id_="gift", tracker="t1", name="Tie"),
        ],
    )
    ana = the_id(db, "ana@x.com")
    merge_service.split_activities(mia(db), ana, [ActivityId("gift")], id_=ActivityId("s1"))
    drain_all(db)
    [guest] = db.contacts.find({"_id": {"$ne": ana}})

    merged(db, ana, guest["_id"])

    assert db.contacts.count_documents({}) == 1
    assert timeline(db, ana).count("gift") == 1


def test_only_what_the_contact_did_is_split_off(db, two):
    edit_service.edit(mia(db), two[0], Edit(fields={"last_name": "Ruiz"}), id_=ActivityId("edit"))
    drain_all(db)

    with pytest.raises(InvalidMerge, match="changes by hand"):
        merge_service.split_activities(mia(db), two[0], [ActivityId("edit")], id_=ActivityId("s"))
    with pytest.raises(InvalidMerge, match="no longer belong"):
        merge_service.split_activities(mia(db), two[1], [ActivityId("edit")], id_=ActivityId("s"))
    with pytest.raises(InvalidMerge, match="at least one"):
        merge_service.split_activities(mia(db), two[1], [], id_=ActivityId("s"))


def test_all_merges_are_listed_by_page_the_latest_first(db):
    emails = [f"p{number}@x.com" for number in range(5)]
    receive_and_drain(db, [identified(minutes(n), email=email) for n, email in enumerate(emails)])
    survivor = the_id(db, emails[0])
    for number, email in enumerate(emails[1:]):
        merged(db, survivor, the_id(db, email), id_=f"m{number}")

    first = merge_list.page(mia(db), limit=3)
    rest = merge_list.page(mia(db), after=first.next, limit=3)

    assert [m.cause.id for m in (*first.merges, *rest.merges)] == ["m3", "m2", "m1", "m0"]
    assert rest.next is None
    assert [m.cause.id for m in merge_list.walk(mia(db), limit=10)] == ["m3", "m2", "m1", "m0"]
    assert {m.into_name for m in first.merges} == {"p0@x.com"}
