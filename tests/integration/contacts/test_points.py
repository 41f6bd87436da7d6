"""Where points come from, how they went, and what will become of them."""

from datetime import date, timedelta

import pytest

from engine.contacts import contact_lookup
from engine.contacts.editing import edit_service
from engine.contacts.editing.edit import Edit
from engine.contacts.sheet import points, sheets
from engine.contacts.sheet.points import Ceiling
from engine.db.connection import utc_now
from engine.domain.activities import ActivityId
from engine.publishing import publishing
from engine.rules import versions
from tests.builders import acting, an_activity, bought, colleague, days, identified, minutes
from tests.integration.drained import drain_all, receive_and_drain

SCORING = """
groups:
  - {id: looking, name: Looking around, at_most: 5, per: day}
rules:
  - {id: view, name: Look at a product, on: product_visited, points: 2, group: looking}
  - {id: buy, name: Buy, on: order_completed, points: 10, fades: {by: 50%, every: 30d}}
  - {id: mail, name: Read a mail, on: email_opened, points: 3, limit: {times: 2, per: day}, expires_after: 10d}
"""


@pytest.fixture
def ana(db):
    texts = publishing.completed(db, {"scoring.yaml": SCORING})
    publishing.publish(db, texts, by="ana", message="for the tests", now=utc_now(), recompute=True)
    receive_and_drain(
        db,
        [
            identified(minutes(0), email="ana@x.com"),
            an_activity("product_visited", days(1), id_="v1", email="ana@x.com", name="Trail shoe"),
            an_activity("product_visited", days(1), id_="v2", email="ana@x.com", name="Boot"),
            an_activity("product_visited", days(1), id_="v3", email="ana@x.com", name="Sandal"),
            bought(90, days(2), id_="o1", email="ana@x.com", order_id="A-1"),
            an_activity("email_opened", days(4), id_="m1", email="ana@x.com", subject="Sale", trusted=True),
        ],
    )
    return contact_lookup.find_contact(db, "ana@x.com")


def test_each_entry_says_what_it_is_for_what_is_left_of_it_and_pages_lose_none(db, ana):
    now = days(40)
    first = points.ledger(db, ana, now=now, limit=2)
    rest = points.ledger(db, ana, now=now, limit=9, before=first.next)
    rows = [*first.rows, *rest.rows]

    assert rest.next is None
    assert [(row.rule_name, row.summary, row.points, row.worth) for row in rows] == [
        ("Read a mail", "Sale", 3, 0),
        ("Buy", "90.00 · order A-1", 10, 5),
        ("Look at a product", "Sandal", 1, 1),
        ("Look at a product", "Boot", 2, 2),
        ("Look at a product", "Trail shoe", 2, 2),
    ]
    assert rows[0].expired_at == days(14)
    assert rows[1].losses == [(days(62), 5)]
    assert sum(row.worth for row in rows) == sheets.sheet(db, ana, now=now).points.total


def test_their_course_names_the_reasons_of_each_day_and_ends_with_what_there_is(db, ana):
    now = days(40)
    total = sheets.sheet(db, ana, now=now).points.total

    course = points.history(db, ana, total=total, now=now)

    assert [(day.day, day.total, day.by, day.reasons) for day in course] == [
        (date(2026, 3, 3), 5, 5, [("Look at a product", 5)]),
        (date(2026, 3, 4), 15, 10, [("Buy", 10)]),
        (date(2026, 3, 6), 18, 3, [("Read a mail", 3)]),
        (date(2026, 3, 16), 15, -3, [("Read a mail, no longer", -3)]),
        (date(2026, 4, 3), 10, -5, [("Buy, no longer", -5)]),
    ]
    assert course[-1].total == total


def test_of_very_many_entries_the_course_still_ends_with_what_there_is(db, ana, monkeypatch):
    monkeypatch.setattr(points, "FOLLOWED", 2)

    course = points.history(db, ana, total=18, now=days(5))

    assert [(day.day, day.total) for day in course] == [(date(2026, 3, 4), 15), (date(2026, 3, 6), 18)]


def test_what_time_will_take_and_what_limits_leave(db, ana):
    now = utc_now()
    opened = [an_activity("email_opened", now, email="ana@x.com", trusted=True) for _ in range(3)]
    receive_and_drain(db, [*opened, bought("90", now, email="ana@x.com", order_id="A-2")])

    outlook = points.outlook(db, ana, now=now)

    zone = versions.current(db).account.time_zone
    after = [(now + timedelta(days)).astimezone(zone).date() for days in (10, 30, 60)]
    assert outlook.losses == [(after[0], -6), (after[1], -5), (after[2], -5)]
    assert outlook.ceilings == [Ceiling("Read a mail", 2, 2, "day", group=False)]
    assert points.outlook(db, ana, now=now + timedelta(days=1)).ceilings == []


def test_a_ceiling_of_several_rules_says_how_much_of_it_is_given(db, ana):
    now = utc_now()
    receive_and_drain(db, [an_activity("product_visited", now, email="ana@x.com") for _ in range(2)])

    assert points.outlook(db, ana, now=now).ceilings == [Ceiling("Looking around", 4, 5, "day", group=True)]


def test_points_by_hand_say_who_and_why_and_can_be_taken_back(db, ana):
    given = ActivityId("by-hand-1")
    edit_service.edit(acting(db, colleague()), ana, Edit(points=-4, reason="a joke order"), id_=given)
    drain_all(db)

    [row, *_] = points.ledger(db, ana, now=utc_now()).rows
    assert (row.rule_name, row.by, row.reason, row.points) == ("Corrected by hand", "Mia", "a joke order", -4)
    assert row.activity == given

    edit_service.edit(acting(db, colleague()), ana, Edit(undoes=given), id_=ActivityId("by-hand-2"))
    drain_all(db)
    assert points.ledger(db, ana, now=utc_now()).rows[0].rule_name == "Read a mail"


def test_a_contact_without_points_has_an_empty_story(db, ana):
    nobody = "0" * 24

    assert points.ledger(db, nobody, now=utc_now()).rows == []
    assert points.history(db, nobody, total=0, now=utc_now()) == []
    assert points.outlook(db, nobody, now=utc_now() + timedelta(1)).ceilings == []


def test_all_of_it_is_read_by_an_index(db, ana):
    db.ledger.insert_many(
        {"_id": f"x{n}", "contact": f"c{n}", "points": 1, "happened_at": days(n)} for n in range(200)
    )
    db.command("profile", 2)
    try:
        page = points.ledger(db, ana, now=days(40), limit=2)
        points.ledger(db, ana, now=days(40), limit=2, before=page.next)
        points.history(db, ana, total=0, now=days(40))
        points.outlook(db, ana, now=days(40))
    finally:
        db.command("profile", 0)

    asked = list(
        db.system.profile.find(
            {"op": {"$in": ["query", "command"]}, "ns": {"$regex": "ledger|activities|contacts"}}
        )
    )
    assert asked
    assert not [row["command"] for row in asked if "COLLSCAN" in row.get("planSummary", "")]
    assert sum(row.get("docsExamined", 0) for row in asked) < 40
