"""The list of contacts: searched, filtered, sorted, page by page."""

from dataclasses import replace
from decimal import Decimal

import pytest

from engine.contacts.listing import listing
from engine.contacts.listing.listing import SORTS, InvalidFilter, Listing
from tests.builders import an_activity, bought, days, identified, minutes
from tests.integration.drained import receive_and_drain


@pytest.fixture
def people(db):
    receive_and_drain(
        db,
        [
            *(an_activity(at=minutes(n), tracker=f"t{n}") for n in range(7)),
            identified(minutes(7), email="ana@x.com", phone="+34600123456", traits={"name": "Ana Ruiz"}),
            bought(50, minutes(8), external_id="C-9"),
        ],
    )
    return db


def walked(db, wanted, *, limit):
    """The ids of all pages, forwards and then backwards."""
    pages = [listing.page(db, wanted, limit=limit)]
    while pages[-1].next is not None:
        pages.append(listing.page(db, wanted, after=pages[-1].next, limit=limit))
    forwards = [row.id for page in pages for row in page.rows]
    back = [pages[-1]]
    while back[-1].previous is not None:
        back.append(listing.page(db, wanted, after=back[-1].previous, limit=limit))
    return forwards, [row.id for page in reversed(back) for row in page.rows]


def test_pages_run_on_by_key_and_back_again(people):
    first = listing.page(people, Listing(), limit=4)
    second = listing.page(people, Listing(), after=first.next, limit=4)
    third = listing.page(people, Listing(), after=second.next, limit=4)
    back = listing.page(people, Listing(), after=third.previous, limit=4)

    seen = [row.id for page in (first, second, third) for row in page.rows]
    assert len(seen) == len(set(seen)) == 9
    assert first.previous is None and third.next is None
    assert back.rows == second.rows
    assert [row.active_at for row in first.rows] == sorted((r.active_at for r in first.rows), reverse=True)


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("sort", SORTS)
def test_whatever_it_is_sorted_by_every_contact_stands_on_one_page(people, sort, descending):
    forwards, backwards = walked(people, Listing(sort=sort, descending=descending), limit=2)

    assert len(forwards) == len(set(forwards)) == 9
    assert backwards == forwards


@pytest.mark.parametrize("descending", [True, False])
def test_strangers_come_after_all_names_whichever_way_it_is_sorted(people, descending):
    page = listing.page(people, Listing(sort="name", descending=descending))

    assert [bool(row.identified) for row in page.rows] == [True] * 2 + [False] * 7


@pytest.mark.parametrize("sort", SORTS)
def test_each_contact_has_its_neighbours_of_the_list(people, sort):
    wanted = Listing(sort=sort, where={"identified": False})
    ids = [row.id for row in listing.page(people, wanted).rows]

    found = [listing.neighbours(people, wanted, id_) for id_ in ids]

    assert found == list(zip([None, *ids], [*ids[1:], None], strict=False))


def test_a_cursor_that_was_tampered_with_is_the_beginning(people):
    first = listing.page(people, Listing(), limit=4)

    for cursor in ("nonsense", "AAAA", first.next[:-4], "é"):
        assert listing.page(people, Listing(), after=cursor, limit=4).rows == first.rows


def test_a_cursor_of_another_order_is_the_beginning(people):
    newest, dearest = Listing(), Listing(sort="spent")
    cursor = listing.page(people, newest, limit=4).next

    assert listing.page(people, dearest, after=cursor, limit=4) == listing.page(people, dearest, limit=4)


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("ana", 1),
        ("RUIZ", 1),
        ("ána  rui", 1),
        ("ana@", 1),
        ("600 12", 1),
        ("0034 600-12", 1),
        ("34600", 1),
        ("60012345", 1),
        ("60012349", 0),
        ("+34600", 1),
        ("C-", 1),
        ("t", 7),
        ("", 9),
        ("zz", 0),
    ],
)
def test_search_finds_beginnings(people, search, found):
    page = listing.page(people, Listing(search=search))

    assert len(page.rows) == found
    assert page.total.count == found


def test_a_search_keeps_to_filters_and_order(people):
    page = listing.page(people, Listing(search="t", where={"identified": False}, sort="first_seen"))

    assert [row.first_seen for row in page.rows] == [minutes(6 - n) for n in range(7)]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ({"identified": True}, 2),
        ({"orders": {"gte": 1}}, 1),
        ({"points": {"lte": 0}, "identified": False}, 7),
        ({"points": {"gte": 50}}, 1),
        ({"newsletter": "subscribed"}, 0),
        ({"not": {"newsletter": "subscribed"}}, 9),
        ({"email": {"exists": True}}, 1),
        ({"all": [{"not": {"email": {"exists": True}}}, {"not": {"orders": {"gte": 1}}}]}, 7),
    ],
)
def test_filters_by_field(people, where, found):
    assert len(list(listing.walk(people, Listing(where=where)))) == found
    assert listing.page(people, Listing(where=where)).total.count == found


@pytest.mark.parametrize("descending", [True, False])
def test_who_was_not_seen_since_is_in_order_whether_or_not_a_mail_went_out_meanwhile(db, descending):
    visits = [an_activity(at=days(n), tracker=f"t{n}") for n in range(0, 30, 3)]
    mails = [an_activity("email_sent", days(40 - n), tracker=f"t{n}") for n in range(0, 30, 6)]
    never_here = [an_activity("email_sent", days(n), tracker=f"m{n}") for n in (1, 14, 50)]
    receive_and_drain(db, [*visits, *mails, *never_here])
    wanted = Listing(where={"last_seen": {"before": days(20).isoformat()}}, descending=descending)

    forwards, backwards = walked(db, wanted, limit=2)

    rows = {row.id: row for row in listing.walk(db, replace(wanted, where={}))}
    held = [id_ for id_, row in rows.items() if row.last_seen is not None and row.last_seen < days(20)]
    assert len(held) == 7
    assert forwards == backwards == held
    assert [listing.neighbours(db, wanted, id_) for id_ in held] == list(
        zip([None, *held], [*held[1:], None], strict=False)
    )


def test_who_never_was_here_counts_as_not_seen_lately(db):
    receive_and_drain(db, [an_activity("email_sent", days(n), tracker=f"m{n}") for n in (1, 14, 50)])

    page = listing.page(db, Listing(where={"not": {"last_seen": {"within": "30d"}}}))

    assert [row.active_at for row in page.rows] == [days(50), days(14), days(1)]


@pytest.mark.parametrize("where", [{"$where": "1"}, {"points": {"$gt": 1}}, {"nothing": 1}])
def test_a_filter_that_is_not_declared_is_refused(people, where):
    with pytest.raises(InvalidFilter):
        list(listing.walk(people, Listing(where=where)))


def test_conditions_that_are_gone_are_named_and_the_others_kept(people):
    wanted = Listing(where={"segments": "long-gone", "points": {"gte": 1}})

    kept, [wrong] = listing.without_unknown(people, wanted)

    assert kept.where == {"points": {"gte": 1}}
    assert "long-gone" in wrong


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize(
    ("sort", "stored", "values"),
    [
        ("rfm", "rfm.code", [555, 111, 323, 111]),
        ("clv", "clv.value", [Decimal("9.50"), Decimal("120.00"), Decimal(0), Decimal("9.50")]),
        ("last_order", "commerce.last_order_at", [days(3), days(1), days(200), days(1)]),
    ],
)
def test_contacts_are_sorted_by_what_they_are_worth_and_those_without_come_last(
    people, sort, stored, values, descending
):
    people.contacts.update_many({}, {"$unset": {"commerce.last_order_at": ""}})
    contacts = [row.id for row in listing.page(people, Listing()).rows[: len(values)]]
    for contact, value in zip(contacts, values, strict=True):
        people.contacts.update_one({"_id": contact}, {"$set": {stored: value}})

    forwards, backwards = walked(people, Listing(sort=sort, descending=descending), limit=3)

    valued = sorted(zip(values, contacts, strict=True), reverse=descending)
    assert forwards[:4] == [contact for _, contact in valued]
    assert len(set(forwards)) == 9
    assert backwards == forwards
