"""The nightly search for duplicates: what is alike, what is left alone, and its bounds."""

from datetime import UTC, datetime, timedelta

import pytest

from engine.contacts.merging import duplicate_search, merge_service, suggestion_service
from engine.domain.activities import ActivityId
from engine.errors import NotAllowed
from tests.builders import NOON, acting, colleague, identified, minutes
from tests.integration.drained import drain_all, receive_and_drain, the_id

MIA = colleague("Mia")


def received(db, *people):
    """Contacts of the shop's server, each given as its identity and traits."""
    receive_and_drain(
        db,
        [
            identified(minutes(number), trusted=True, traits=traits, **identity)
            for number, (identity, traits) in enumerate(people)
        ],
    )


def found(db, *, now=NOON):
    report = duplicate_search.search(db, now=now)
    rows = db.suggestions.find({"found_by": "nightly"}).sort("_id", 1)
    return report, [(row["reason"], tuple(row["evidence"]["values"])) for row in rows]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ana.ruiz@gmail.com", "anaruiz@gmail.com"),
        ("ana@x.com", "ana+shop@x.com"),
        ("ana@gmail.com", "ana@googlemail.com"),
        ("ana@gmail.com", "ana@gmial.com"),
        ("a.na+1@hotmail.com", "ana@hotmal.com"),
    ],
)
def test_emails_that_are_nearly_equal_are_suggested(db, one, other):
    received(db, ({"email": one}, {}), ({"email": other}, {}))

    report, rows = found(db)

    assert (report.found, report.complete) == (1, True)
    [(reason, emails)] = rows
    assert reason == "similar_email" and set(emails) == {one, other}


def test_the_same_name_with_the_same_birth_date_is_suggested_whatever_its_case_and_accents(db):
    received(
        db,
        ({"email": "a@x.com"}, {"name": "Ána Ruiz", "birth_date": "1990-06-01"}),
        ({"email": "b@y.com"}, {"name": "ana RUIZ", "birth_date": "1990-06-01"}),
        ({"email": "c@z.com"}, {"name": "Ana Ruiz", "birth_date": "1991-06-01"}),
        ({"email": "d@z.com"}, {"name": "Ana", "birth_date": "1990-06-01"}),
    )

    _, rows = found(db)

    assert rows == [("name_and_birth_date", ("ana ruiz", "1990-06-01"))]


def test_the_same_name_with_a_number_that_is_kept_as_a_custom_field_is_suggested(db):
    received(
        db,
        ({"phone": "+34612345678"}, {"name": "Ana Ruiz"}),
        ({"email": "b@y.com"}, {"name": "Ana Ruiz", "telephone": "612 34-56.78"}),
        ({"email": "c@z.com"}, {"name": "Bo Li", "telephone": "612345678"}),
        ({"email": "d@z.com"}, {"name": "Ana Ruiz", "telephone": "123"}),
    )

    _, rows = found(db)

    assert rows == [("name_and_phone", ("ana ruiz", "612345678"))]


def test_contacts_that_are_not_alike_or_deleted_are_left_alone(db):
    received(db, *(({"email": f"{name}@x.com"}, {"name": "Ana Ruiz"}) for name in ("ana", "bo", "an.a")))
    db.contacts.update_one({"_id": the_id(db, "an.a@x.com")}, {"$set": {"deleted": True}})

    assert found(db)[1] == []


def test_a_key_that_many_share_is_skipped_and_counted(db):
    received(db, *(({"email": f"test+{n}@x.com"}, {}) for n in range(duplicate_search.MAX_HOLDERS + 1)))

    report, rows = found(db)

    assert (report.skipped, rows) == (1, [])


def test_a_search_ends_at_its_bound_and_says_so(db, monkeypatch):
    monkeypatch.setattr(duplicate_search, "MAX_FOUND", 2)
    received(db, *(({"email": f"test+{n}@x.com"}, {}) for n in range(4)))

    report, _ = found(db)
    assert (report.found, report.complete) == (2, False)

    again, rows = found(db)
    assert (again.found, again.known, len(rows)) == (2, 2, 4)


def test_what_was_dismissed_or_undone_is_not_suggested_again(db):
    received(
        db, *(({"email": email}, {}) for email in ("ana@x.com", "ana+1@x.com", "bo@x.com", "bo+1@x.com"))
    )
    mia = acting(db, MIA)
    found(db)
    for suggestion in suggestion_service.page(mia).suggestions:
        if suggestion.sides[0].name.startswith("ana"):
            suggestion_service.dismiss(mia, suggestion.id)
        else:
            suggestion_service.accept(mia, suggestion.id, activity=ActivityId("m1"))
    drain_all(db)
    merge_service.undo_merge(mia, db.merges.find_one({"cause": "m1"})["_id"], id_=ActivityId("u1"))
    drain_all(db)

    report, _ = found(db)

    assert (report.found, report.known) == (0, 2)
    assert suggestion_service.count(mia).count == 0


def test_it_is_searched_once_a_night_in_the_accounts_time_zone(db):
    night = datetime(2026, 3, 2, duplicate_search.HOUR, 30, tzinfo=UTC)

    assert duplicate_search.search_nightly(db, now=night) is not None
    assert duplicate_search.search_nightly(db, now=night + timedelta(hours=1)) is None
    assert duplicate_search.search_nightly(db, now=night + timedelta(hours=20)) is None
    assert duplicate_search.search_nightly(db, now=night + timedelta(days=1)) is not None


def test_a_viewer_starts_no_search(db):
    with pytest.raises(NotAllowed):
        suggestion_service.find_duplicates(acting(db, colleague("Vi", "viewer")))
