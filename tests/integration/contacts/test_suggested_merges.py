"""Suggested merges: listed with their reason, accepted, dismissed for good, and both undone."""

import pytest

from engine.accounts import audit
from engine.contacts.merging import merge_service, suggestion_service
from engine.contacts.merging.merge_errors import SuggestionDecided, SuggestionNotFound
from engine.contacts.merging.suggestion_rows import pair_id
from engine.db.connection import utc_now
from engine.domain.activities import ActivityId
from engine.errors import NotAllowed
from engine.publishing import publishing
from tests.builders import acting, an_activity, bought, colleague, identified, minutes
from tests.integration.drained import drain_all, receive_and_drain, the_id

MIA = colleague("Mia")


@pytest.fixture
def pair(db):
    """Ana, known by email, and a customer number; one public event named both: they are not merged."""
    receive_and_drain(
        db,
        [
            identified(minutes(0), email="ana@x.com", traits={"name": "Ana Ruiz"}, trusted=True),
            identified(minutes(1), external_id="A-7", traits={"name": "Ana R"}, trusted=True),
        ],
    )
    receive_and_drain(db, [identified(minutes(2), email="ana@x.com", external_id="A-7")])
    return the_id(db, "ana@x.com"), the_id(db, "A-7")


@pytest.fixture
def found(db):
    """Two contacts that the nightly search found to be alike, the older first."""
    receive_and_drain(
        db,
        [
            identified(minutes(0), email="leo@gmail.com", trusted=True),
            identified(minutes(1), email="leo@googlemail.com", trusted=True),
        ],
    )
    contacts = the_id(db, "leo@gmail.com"), the_id(db, "leo@googlemail.com")
    db.suggestions.insert_one(
        {
            "_id": pair_id(*contacts),
            "contacts": sorted(contacts),
            "at": utc_now(),
            "reason": "similar_email",
            "found_by": "nightly",
            "evidence": {"values": ["leo@gmail.com", "leo@googlemail.com"]},
        }
    )
    return contacts


def mia(db):
    return acting(db, MIA)


def the_suggestion(db, **more):
    [suggestion] = suggestion_service.page(mia(db), **more).suggestions
    return suggestion


def counted(db):
    return suggestion_service.count(mia(db)).count


def last_entry(db):
    return audit.entry_of(list(db.audit.find().sort("at", 1))[-1])


def test_a_pair_that_one_public_event_named_is_suggested_with_both_sides(db, pair):
    suggestion = the_suggestion(db)

    assert (suggestion.pair, counted(db)) == (pair, 1)
    assert [side.values["first_name"] for side in suggestion.sides] == ["Ana", "Ana"]
    assert suggestion.cause is not None and suggestion.why


def test_an_accepted_suggestion_merges_into_the_contact_that_was_chosen(db, pair):
    id_ = pair_id(*pair)
    suggestion_service.accept(mia(db), id_, survivor=pair[1], activity=ActivityId("m1"), reason="sure")
    suggestion_service.accept(mia(db), id_, survivor=pair[1], activity=ActivityId("m1"), reason="sure")
    assert counted(db) == 0
    drain_all(db)

    assert the_id(db, "ana@x.com") == the_id(db, "A-7") == pair[1]
    assert (counted(db), db.suggestions.count_documents({})) == (0, 0)
    assert (last_entry(db).act, last_entry(db).reason) == ("accepted a suggested merge", "sure")


def test_an_accepted_suggestion_that_is_undone_is_suggested_again(db, found):
    id_ = pair_id(*found)
    suggestion_service.accept(mia(db), id_, activity=ActivityId("m1"))
    drain_all(db)
    assert db.suggestions.count_documents({}) == 0

    merge_service.take_back(mia(db), ActivityId("m1"), id_=ActivityId("back"))
    drain_all(db)

    assert the_id(db, "leo@googlemail.com") == found[1]
    again = the_suggestion(db)
    assert (again.id, again.pair, again.reason) == (id_, found, "similar_email")
    assert again.why == "Nearly the same email address: leo@gmail.com, leo@googlemail.com"


def test_a_dismissed_suggestion_stays_dismissed_when_the_contacts_are_folded_again(db, pair):
    suggestion_service.dismiss(mia(db), pair_id(*pair), reason="mother and daughter")
    receive_and_drain(db, [bought("5", minutes(-5), email="ana@x.com", order_id="A-1")])
    receive_and_drain(db, [identified(minutes(9), email="ana@x.com", external_id="A-7")])

    assert counted(db) == 0
    dismissed = the_suggestion(db, dismissed=True)
    assert (dismissed.dismissed_by, dismissed.dismissed_why) == ("Mia", "mother and daughter")
    assert (last_entry(db).act, last_entry(db).reason) == (
        "dismissed a suggested merge", "mother and daughter",
    )  # fmt: skip


def test_a_dismissal_is_undone(db, pair):
    suggestion_service.dismiss(mia(db), pair_id(*pair))
    suggestion_service.reopen(mia(db), pair_id(*pair))

    assert the_suggestion(db).pair == pair
    assert last_entry(db).act == "reopened a suggested merge"


def test_a_decided_or_unknown_suggestion_is_not_decided_again(db, pair):
    suggestion_service.dismiss(mia(db), pair_id(*pair))

    with pytest.raises(SuggestionDecided, match="by Mia"):
        suggestion_service.accept(mia(db), pair_id(*pair), activity=ActivityId("m1"))
    with pytest.raises(SuggestionNotFound):
        suggestion_service.dismiss(mia(db), "a:b")
    with pytest.raises(SuggestionNotFound):
        suggestion_service.reopen(mia(db), "a:b")


def test_what_the_nightly_search_found_stays_when_a_contact_is_folded_again(db, found):
    receive_and_drain(db, [bought("5", minutes(-5), email="leo@gmail.com", order_id="L-1")])

    assert the_suggestion(db).pair == found


def test_what_the_nightly_search_found_goes_when_one_of_the_two_is_merged_or_deleted(db, found):
    receive_and_drain(db, [identified(minutes(3), email="other@x.com", trusted=True)])
    merge_service.merge(mia(db), the_id(db, "other@x.com"), found[1], id_=ActivityId("m1"))
    drain_all(db)

    assert (counted(db), db.suggestions.count_documents({})) == (0, 0)


def test_a_viewer_sees_suggestions_masked_and_decides_none(db, found):
    settings = publishing.completed(db, {})["settings.yaml"]
    masked = {"settings.yaml": settings.replace("mask_for_viewers: false", "mask_for_viewers: true")}
    publishing.publish(db, publishing.completed(db, masked), by="Eva", message="mask", now=utc_now())
    viewer = acting(db, colleague("Vi", "viewer"))

    [shown] = suggestion_service.page(viewer).suggestions
    assert shown.why == "Nearly the same email address"
    assert "leo" not in str(shown.sides)
    for decide in (
        lambda: suggestion_service.accept(viewer, shown.id, activity=ActivityId("m1")),
        lambda: suggestion_service.dismiss(viewer, shown.id),
        lambda: suggestion_service.reopen(viewer, shown.id),
    ):
        with pytest.raises(NotAllowed):
            decide()


def test_suggestions_are_listed_by_page_without_pairs_that_are_gone(db):
    receive_and_drain(db, [an_activity(at=minutes(n), tracker=f"t{n}") for n in range(6)])
    contacts = [the_id(db, f"t{n}") for n in range(6)]
    for number, other in enumerate(contacts[1:]):
        row = {"contacts": [contacts[0], other], "at": minutes(number), "found_by": "nightly"}
        db.suggestions.insert_one({"_id": pair_id(contacts[0], other), **row})
    db.contacts.update_one({"_id": contacts[3]}, {"$set": {"deleted": True}})

    first = suggestion_service.page(mia(db), limit=2)
    rest = suggestion_service.page(mia(db), after=first.next, limit=5)

    others = [s.pair[1] for s in (*first.suggestions, *rest.suggestions)]
    assert others == [contacts[5], contacts[4], contacts[2], contacts[1]]
    assert (rest.next, counted(db)) == (None, 4)
    assert len(list(suggestion_service.walk(mia(db), limit=10))) == 4
