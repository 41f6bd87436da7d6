"""What a person changes by hand takes effect once, is told with its author, and can be taken back."""

import itertools
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from engine.contacts import contact_lookup
from engine.contacts.editing import edit_service
from engine.contacts.editing.edit import Edit, FieldConflict, InvalidEdit
from engine.contacts.sheet import sheets, timelines
from engine.contacts.sheet.timelines import TimelineFilter
from engine.db.connection import utc_now
from engine.domain.activities import ActivityId
from engine.errors import ContactNotFound
from engine.publishing import publishing
from engine.rules import versions
from tests.builders import acting, an_activity, bought, colleague, identified, minutes
from tests.integration.drained import drain_all, receive_and_drain

SEGMENTS = """
segments:
  - {id: staff, name: Staff, static: true}
  - {id: rich, name: Rich, when: {contact.points: {gte: 100}}}
"""
SCORING = """
rules:
  - {id: buy, name: Buy, on: order_completed, points: 7}
  - {id: hired, name: Hired, on: segment_entered, when: {activity.segment: staff}, points: 3}
"""

_ids = itertools.count()


@pytest.fixture
def shop(db):
    texts = publishing.completed(db, {"segments.yaml": SEGMENTS, "scoring.yaml": SCORING})
    publishing.publish(db, texts, by="ana", message="for the tests", now=utc_now())
    drain_all(db)
    receive_and_drain(
        db,
        [
            an_activity("page_visited", minutes(0), tracker="t1"),
            identified(
                minutes(1), tracker="t1", email="eva@x.com", traits={"name": "Eva Sanz", "city": "Roma"}
            ),
            identified(minutes(2), tracker="t2", email="bob@x.com", phone="+34600111222", trusted=True),
        ],
    )
    return db


def now_of(db, key):
    return sheets.sheet(db, contact_lookup.find_contact(db, key), now=utc_now())


def edited(db, key, *, id_=None, **change):
    id_ = ActivityId(id_ or f"edit-{next(_ids)}")
    edit_service.edit(acting(db, colleague()), contact_lookup.find_contact(db, key), Edit(**change), id_=id_)
    drain_all(db)
    return id_


def test_fields_are_changed_and_emptied_and_the_timeline_says_by_whom(shop):
    edited(
        shop, "eva@x.com", fields={"first_name": " Eva María ", "custom.city": None, "custom.shoe_size": "38"}
    )

    eva = now_of(shop, "eva@x.com")
    assert (eva.first_name, eva.last_name, eva.custom) == ("Eva María", "Sanz", {"shoe_size": 38.0})
    [row] = timelines.timeline(shop, eva.id, where=TimelineFilter(types=("contact_edited",))).rows
    assert row.summary.startswith("First name: Eva → ")
    assert "City: Roma → nothing" in row.summary
    assert row.summary.endswith("by Mia")


def test_an_email_that_is_changed_leads_to_the_same_contact_as_the_old_one(shop):
    before = now_of(shop, "eva@x.com")

    edited(shop, "eva@x.com", fields={"email": " Eva.New@x.com ", "mobile_phone": "600 333 444"})
    receive_and_drain(shop, [bought(10, utc_now(), email="eva@x.com", order_id="A-1")])

    eva = now_of(shop, "eva.new@x.com")
    assert (eva.id, eva.email, eva.mobile_phone) == (before.id, "Eva.New@x.com", "+34600333444")
    assert eva.commerce.orders == 1
    assert contact_lookup.find_contact(shop, "eva@x.com") == before.id


def test_an_anonymous_visitor_is_identified_by_hand(shop):
    receive_and_drain(shop, [an_activity("product_visited", minutes(5), tracker="t9")])
    before = now_of(shop, "t9")

    edited(shop, "t9", fields={"email": "new@x.com", "first_name": "Nia"})
    receive_and_drain(shop, [an_activity("product_visited", utc_now(), tracker="t9")])

    nia = now_of(shop, "new@x.com")
    assert (nia.identified, nia.first_name, nia.trackers) == (True, "Nia", ["t9"])
    assert contact_lookup.find_contact(shop, before.id) == nia.id, "the id of the visitor leads to her"
    assert nia.activities == 3


def test_what_somebody_else_has_is_refused_and_says_who(shop):
    with pytest.raises(InvalidEdit, match=r"has email bob@x\.com already") as refused:
        edited(shop, "eva@x.com", fields={"email": "BOB@x.com"})

    assert refused.value.other == contact_lookup.find_contact(shop, "bob@x.com")
    assert now_of(shop, "eva@x.com").activities == 2


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"fields": {"email": "nonsense"}}, "email", "is no email address"),
        ({"fields": {"email": ""}}, "email", "can be changed, not taken away"),
        ({"fields": {"birth_date": "31/02/2024"}}, "birth_date", "a date is wanted"),
        ({"fields": {"custom.shoe_size": "large"}}, "custom.shoe_size", "a number is wanted"),
        ({"fields": {"points": 5}}, "points", "cannot be changed by hand"),
        ({"fields": {"first_name": "x" * 1_001}}, "first_name", "at most 1,000 characters"),
        ({"statuses": {"email_status": "active"}}, "email_status", "allowed: paused, blocked"),
        ({"statuses": {"mood": "good"}}, "mood", "no status"),
        ({"add_to": ["rich"]}, "rich", "Rich is dynamic"),
        ({"add_to": ["nobody"]}, "nobody", "no segment"),
        ({"points": 5}, "points", "need a reason"),
        ({"points": 5_000_000, "reason": "x"}, "points", "at most"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_at_its_field_and_nothing_is_kept(shop, change, field, words):
    with pytest.raises(InvalidEdit) as refused:
        edited(shop, "eva@x.com", **change)

    assert words in refused.value.problems[field]
    assert shop.activities.count_documents({"type": "contact_edited"}) == 0


def test_statuses_move_where_the_machine_allows_it_and_a_pause_ends(shop):
    edited(shop, "eva@x.com", statuses={"newsletter": "subscribed", "email_status": "paused"},
           until=(utc_now() + timedelta(days=3)).date(), reason="holidays")  # fmt: skip

    eva = now_of(shop, "eva@x.com")
    assert (eva.newsletter, eva.email_status) == ("subscribed", "paused")
    assert eva.statuses["email_status"].reason == "holidays"
    assert eva.statuses["email_status"].until.date() >= (utc_now() + timedelta(days=2)).date()


def test_a_running_pause_gets_another_end_and_has_to_end_later(shop):
    begun = edited(
        shop, "eva@x.com", statuses={"email_status": "paused"}, until=in_days(3), reason="holidays"
    )
    since = now_of(shop, "eva@x.com").statuses["email_status"].since
    prolonged = edited(shop, "eva@x.com", statuses={"email_status": "paused"}, until=in_days(30))
    longer = now_of(shop, "eva@x.com").statuses["email_status"]
    assert longer.until.date() >= in_days(29)
    assert (longer.since, longer.reason, longer.by) == (since, "holidays", "Mia")

    edited(shop, "eva@x.com", statuses={"email_status": "paused"})
    assert now_of(shop, "eva@x.com").statuses["email_status"].until is None
    assert shop.activities.count_documents({"type": "status_changed"}) == 1

    with pytest.raises(InvalidEdit, match="has begun already"):
        edited(shop, "eva@x.com", statuses={"email_status": "paused"}, until=in_days(0))
    with pytest.raises(InvalidEdit, match="only a status that ends"):
        edited(shop, "eva@x.com", statuses={"newsletter": "subscribed"}, until=in_days(3))

    edited(shop, "eva@x.com", undoes=prolonged)
    edited(shop, "eva@x.com", undoes=begun)
    assert now_of(shop, "eva@x.com").statuses["email_status"].until is None


def in_days(number):
    return (utc_now() + timedelta(days=number)).date()


def test_nobody_leaves_bounced_without_a_reason_and_the_count_begins_anew(shop):
    bounces = [
        an_activity("email_bounced", minutes(10 + n), email="eva@x.com", trusted=True, bounce="permanent", message_id=f"m{n}")
        for n in range(3)
    ]  # fmt: skip
    receive_and_drain(shop, bounces)
    assert now_of(shop, "eva@x.com").email_status == "bounced"

    with pytest.raises(InvalidEdit, match="say why"):
        edited(shop, "eva@x.com", statuses={"email_status": "active"})
    edited(shop, "eva@x.com", statuses={"email_status": "active"}, reason="her mailbox was full")

    assert now_of(shop, "eva@x.com").email_status == "active"
    assert shop.contacts.find_one({"email": "eva@x.com"})["mail"].get("failing", []) == []


def test_a_bounce_that_was_none_is_taken_back_with_what_it_did(shop):
    bounces = [
        an_activity("email_bounced", minutes(10 + n), id_=f"b{n}", email="eva@x.com", trusted=True, bounce="permanent", message_id=f"m{n}")
        for n in range(3)
    ]  # fmt: skip
    receive_and_drain(shop, bounces)

    undoing = edited(shop, "eva@x.com", undoes=ActivityId("b1"), reason="an auto-reply")

    eva = now_of(shop, "eva@x.com")
    assert eva.email_status == "active"
    assert "email_bounced" in [row.type for row in timelines.timeline(shop, eva.id).rows]
    again = an_activity(
        "email_bounced", utc_now(), email="eva@x.com", trusted=True, bounce="permanent", message_id="m9"
    )
    receive_and_drain(shop, [again])
    assert now_of(shop, "eva@x.com").email_status == "bounced", "two, and this one"
    edited(shop, "eva@x.com", undoes=ActivityId(again.id))
    assert now_of(shop, "eva@x.com").email_status == "active"
    edited(shop, "eva@x.com", undoes=undoing)
    assert now_of(shop, "eva@x.com").email_status == "bounced", "the taking back was taken back"


def test_static_segments_are_joined_and_left_and_rules_hear_of_it(shop):
    edited(shop, "eva@x.com", add_to=["staff"])
    edited(shop, "eva@x.com", add_to=["staff"])
    eva = now_of(shop, "eva@x.com")
    assert (eva.segments, eva.points.total) == (["staff"], 3)

    edited(shop, "eva@x.com", remove_from=["staff"])

    assert now_of(shop, "eva@x.com").segments == []


def test_points_by_hand_are_an_entry_with_who_and_why_and_survive_a_recomputation(shop):
    edited(shop, "eva@x.com", points=120, reason="she helped at the fair")
    texts = publishing.completed(shop, {"scoring.yaml": SCORING.replace("7", "8")})
    publishing.publish(shop, texts, by="ana", message="more", now=utc_now(), recompute=True)
    drain_all(shop)

    eva = now_of(shop, "eva@x.com")
    assert (eva.points.total, eva.segments) == (120, ["rich"])
    [entry] = eva.points.entries
    assert entry.rule_name == "Corrected by hand"
    [row] = timelines.timeline(shop, eva.id, where=TimelineFilter(types=("contact_edited",))).rows
    assert "she helped at the fair · by Mia" in row.summary


def test_an_edit_can_be_taken_back_whole(shop):
    before = now_of(shop, "eva@x.com")
    wrong = edited(
        shop, "eva@x.com", fields={"email": "wrong@x.com", "first_name": "Wrong"}, add_to=["staff"], points=5, reason="oops"
    )  # fmt: skip
    assert now_of(shop, "wrong@x.com").first_name == "Wrong"

    edited(shop, "eva@x.com", undoes=wrong)

    after = now_of(shop, "eva@x.com")
    assert (after.id, after.email, after.first_name) == (before.id, "eva@x.com", "Eva")
    assert (after.segments, after.points.total) == ([], 0)
    assert contact_lookup.find_contact(shop, "wrong@x.com") is None


def test_the_same_edit_twice_counts_once(shop):
    for _ in range(2):
        edited(shop, "eva@x.com", id_="one-click", points=5, reason="a double click")

    assert now_of(shop, "eva@x.com").points.total == 5


def test_an_edit_that_was_done_is_not_refused_when_it_comes_again(shop):
    contact = contact_lookup.find_contact(shop, "eva@x.com")
    for _ in range(2):
        lanes = edit_service.edit(
            acting(shop, colleague()),
            contact,
            Edit(fields={"custom.city": "Paris"}),
            id_=ActivityId("again"),
            read={"custom.city": "Roma"},
        )
        drain_all(shop)

    assert len(lanes) == 1
    assert now_of(shop, "eva@x.com").custom["city"] == "Paris"
    assert shop.conflicts.count_documents({}) == 0


def test_a_status_that_somebody_else_moved_is_shown_and_not_overwritten(shop):
    contact = contact_lookup.find_contact(shop, "eva@x.com")
    edited(shop, "eva@x.com", statuses={"email_status": "blocked"})

    with pytest.raises(FieldConflict) as overtaken:
        edit_service.edit(
            acting(shop, colleague("Leo")),
            contact,
            Edit(statuses={"email_status": "paused"}),
            id_=ActivityId("late"),
            read={"email_status": "active"},
        )

    assert overtaken.value.current == {"email_status": "blocked"}


def test_a_change_by_somebody_else_is_shown_and_not_overwritten(shop):
    contact = contact_lookup.find_contact(shop, "eva@x.com")
    edited(shop, "eva@x.com", fields={"custom.city": "Milano"})

    with pytest.raises(FieldConflict) as overtaken:
        edit_service.edit(
            acting(shop, colleague("Leo")),
            contact,
            Edit(fields={"custom.city": "Paris"}),
            id_=ActivityId("late"),
            read={"custom.city": "Roma"},
        )

    assert overtaken.value.current == {"custom.city": "Milano"}
    assert now_of(shop, "eva@x.com").custom["city"] == "Milano"


def test_a_change_that_waits_for_the_workers_is_not_overwritten_either(shop):
    contact = contact_lookup.find_contact(shop, "eva@x.com")
    said = {"custom.city": "Milano", "mobile_phone": "600333444", "first_name": ""}
    theirs = Edit(fields=said, statuses={"email_status": "paused"})
    edit_service.edit(acting(shop, colleague()), contact, theirs, id_=ActivityId("theirs"))
    read = {"custom.city": "Roma", "mobile_phone": None, "first_name": "Eva", "email_status": "active"}

    with pytest.raises(FieldConflict) as overtaken:
        edit_service.edit(
            acting(shop, colleague("Leo")),
            contact,
            Edit(fields={"custom.city": "Paris"}),
            id_=ActivityId("mine"),
            read={**read, "last_name": "Sanz"},
        )

    assert overtaken.value.current == {
        "custom.city": "Milano", "mobile_phone": "+34600333444", "first_name": None, "email_status": "paused"
    }  # fmt: skip


def test_of_edits_at_the_same_moment_one_is_kept_and_the_others_are_told(shop):
    contact = contact_lookup.find_contact(shop, "eva@x.com")
    cities = ["Paris", "Milano", "Lyon", "Bari"]
    at_once = threading.Barrier(len(cities))

    def move_to(city):
        at_once.wait()
        try:
            edit_service.edit(
                acting(shop, colleague()),
                contact,
                Edit(fields={"custom.city": city}),
                id_=ActivityId(city),
                read={"custom.city": "Roma"},
            )
        except FieldConflict as overtaken:
            return overtaken.current["custom.city"]
        return None

    with ThreadPoolExecutor(len(cities)) as people:
        told = list(people.map(move_to, cities))
    drain_all(shop)

    city = now_of(shop, "eva@x.com").custom["city"]
    assert shop.activities.count_documents({"type": "contact_edited"}) == 1
    assert sorted(told, key=str) == sorted([None, city, city, city], key=str)
    assert told[cities.index(city)] is None


def test_the_same_edit_from_two_windows_at_once_is_kept_once(shop):
    contact = contact_lookup.find_contact(shop, "eva@x.com")
    at_once = threading.Barrier(2)

    def give(_window):
        at_once.wait()
        change = Edit(points=5, reason="a double click")
        return edit_service.edit(acting(shop, colleague()), contact, change, id_=ActivityId("twice"))

    with ThreadPoolExecutor(2) as windows:
        lanes = set(windows.map(give, range(2)))
    drain_all(shop)

    assert len(lanes) == 1
    assert now_of(shop, "eva@x.com").points.total == 5
    assert shop.conflicts.count_documents({}) == 0


def test_each_status_has_an_end_of_its_own_and_the_timeline_says_from_what_to_what(shop):
    day, later = in_days(3), in_days(9)
    both = {"email_status": "paused", "mobile_status": "paused"}
    edited(shop, "bob@x.com", statuses=both, ends={"email_status": day, "mobile_status": later})
    edited(shop, "bob@x.com", statuses={"email_status": "paused"}, ends={"email_status": later})

    bob = now_of(shop, "bob@x.com")
    zone = versions.current(shop).account.time_zone
    ends = {m: bob.statuses[m].until.astimezone(zone).date() for m in both}
    assert ends == {"email_status": later, "mobile_status": later}
    rows = timelines.timeline(shop, bob.id, where=TimelineFilter(types=("contact_edited",))).rows
    assert [row.details["properties"]["what"] for row in rows] == [
        [f"Email: paused until {later}"],
        [f"Email: active → paused until {day}", f"Mobile phone: active → paused until {later}"],
    ]
    with pytest.raises(InvalidEdit, match="only a status that ends"):
        edited(shop, "bob@x.com", statuses={"newsletter": "subscribed"}, ends={"newsletter": later})
    with pytest.raises(InvalidEdit, match="has begun already"):
        edited(shop, "bob@x.com", statuses=both, ends={"mobile_status": in_days(0)})


def test_a_contact_made_by_hand_is_there_and_one_that_exists_is_pointed_at(shop):
    edit_service.create(
        acting(shop, colleague()),
        {"email": "Zoe@x.com", "first_name": "Zoe", "custom.city": "Lyon"},
        id_=ActivityId("c1"),
    )
    drain_all(shop)
    zoe = now_of(shop, "zoe@x.com")
    assert (zoe.first_name, zoe.email, zoe.custom) == ("Zoe", "Zoe@x.com", {"city": "Lyon"})

    with pytest.raises(InvalidEdit) as refused:
        edit_service.create(acting(shop, colleague()), {"mobile_phone": "600111222"}, id_=ActivityId("c2"))
    assert refused.value.other == contact_lookup.find_contact(shop, "bob@x.com")
    with pytest.raises(InvalidEdit, match="is needed"):
        edit_service.create(acting(shop, colleague()), {"first_name": "Nobody"}, id_=ActivityId("c3"))


def test_who_is_gone_cannot_be_changed(shop):
    with pytest.raises(ContactNotFound):
        edit_service.edit(
            acting(shop, colleague()), "0" * 24, Edit(points=1, reason="x"), id_=ActivityId("x")
        )


def test_edits_and_what_they_take_back_come_to_the_same_in_any_order(shop):
    undone = edited(
        shop, "eva@x.com", fields={"email": "wrong@x.com", "first_name": "Wrong"}, points=9, reason="r"
    )
    edited(shop, "wrong@x.com", fields={"custom.city": "Paris"}, statuses={"newsletter": "subscribed"})
    edited(shop, "wrong@x.com", undoes=undone)
    edited(shop, "eva@x.com", add_to=["staff"], points=-2, reason="s")
    receive_and_drain(shop, [bought(10, utc_now(), email="eva@x.com", order_id="A-1")])

    def known():
        left_out = dict.fromkeys(("v", "folded_at", "clock"), 0)
        return (
            {row["_id"]: row for row in shop.contacts.find({}, left_out)},
            {row["_id"]: row for row in shop.ledger.find()},
        )

    lived = known()
    rows = list(shop.activities.find({"derived": None}))
    source = random.Random(4)
    for _ in range(6):
        source.shuffle(rows)
        for name in ("contacts", "ledger", "activities", "merges", "suggestions"):
            shop[name].delete_many({})
        for row in rows:
            shop.activities.insert_one({**row, "state": "received"})
            if source.random() < 0.5:
                drain_all(shop)
        drain_all(shop)
        assert known() == lived


def test_an_edit_is_durable_before_it_is_folded(shop):
    contact = contact_lookup.find_contact(shop, "eva@x.com")
    lanes = edit_service.edit(
        acting(shop, colleague()), contact, Edit(points=4, reason="x"), id_=ActivityId("kept")
    )
    assert len(lanes) == 1
    assert not edit_service.wait_until_applied(shop, ActivityId("kept"), patience=0.05)
    drain_all(shop)

    assert edit_service.wait_until_applied(shop, ActivityId("kept"), patience=1)
    assert now_of(shop, "eva@x.com").points.total == 4
