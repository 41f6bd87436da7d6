"""What is asked of a contact's timeline, and that an index answers it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from pymongo import ASCENDING

from engine.contacts import contact_lookup
from engine.contacts.editing import edit_service
from engine.contacts.editing.edit import Edit, InvalidEdit
from engine.contacts.sheet import activity_counts, timelines
from engine.contacts.sheet.timelines import TimelineFilter
from engine.db.connection import utc_now
from engine.domain.activities import ActivityId
from engine.operations.preparation import prepare
from engine.settings import CONFIG_DIR
from tests.builders import acting, an_activity, bought, colleague, days, identified, minutes
from tests.integration.drained import drain_all, receive_and_drain


@pytest.fixture
def ana(db):
    """Ana on two devices over three days, and somebody else who bought the same."""
    receive_and_drain(
        db,
        [
            identified(minutes(0), id_="who", tracker="laptop", email="ana@x.com", traits={"city": "León"}),
            an_activity("product_visited", minutes(1), id_="shoe", tracker="laptop", name="Trail shoe (red)",
                        category="Running", url="https://shop.example/shoes?a=.*&b=[x"),
            identified(days(1), id_="phone", tracker="phone", email="ana@x.com"),
            an_activity("product_visited", days(1.1), id_="boot", tracker="phone", name="Botín clásico"),
            bought("122.50", days(1.2), id_="order", email="ana@x.com", order_id="A-77",
                   products=[{"name": "Trail shoe (red)", "sku": "TS-9"}]),
            an_activity("email_sent", days(2), id_="mail", email="ana@x.com", subject="20% off & more"),
            bought("122.50", days(1.2), id_="other", email="bob@x.com", order_id="A-77"),
        ],
    )  # fmt: skip
    return contact_lookup.find_contact(db, "ana@x.com")


def ids(db, contact, **wanted):
    """The activities that people and the shop did, of all that is found, the newest first."""
    page = timelines.timeline(db, contact, where=TimelineFilter(**wanted))
    return [row.id for row in page.rows if not row.derived]


def test_a_timeline_of_some_types_and_some_days_of_the_account(db, ana):
    assert ids(db, ana) == ["mail", "order", "boot", "phone", "shoe", "who"]
    assert ids(db, ana, types=("product_visited", "email_sent")) == ["mail", "boot", "shoe"]
    assert ids(db, ana, first=date(2026, 3, 3), last=date(2026, 3, 3)) == ["order", "boot", "phone"]
    assert ids(db, ana, first=date(2026, 3, 4)) == ["mail"]
    assert ids(db, ana, last=date(2026, 3, 2), types=("product_visited",)) == ["shoe"]
    assert ids(db, ana, first=date(2026, 3, 5), last=date(2026, 3, 1)) == []
    assert ids(db, ana, last=date.max) == ids(db, ana)


SEARCHED = [
    ("trail SHOE", ["order", "shoe"]),
    ("a-77", ["order"]),
    ("ts-9", ["order"]),
    ("running", ["shoe"]),
    ("botin clasico", ["boot"]),
    ("Botín", ["boot"]),
    ("20% off & more", ["mail"]),
    ("?a=.*&b=[x", ["shoe"]),
    (".*", ["shoe"]),
    ("(a+)+$", []),
    ("order completed", ["order"]),
    ("leon", ["who"]),
    ("122.50", ["order"]),
    ("shop.example/shoes", ["shoe"]),
    ("\\", []),
    ("   ", ["mail", "order", "boot", "phone", "shoe", "who"]),
]


def test_a_search_finds_what_is_shown_and_takes_every_sign_as_it_is(db, ana):
    assert [(text, ids(db, ana, text=text)) for text, _ in SEARCHED] == SEARCHED


def test_a_search_goes_on_where_it_stopped_and_says_how_far_it_came(db, ana):
    searching = TimelineFilter(text="trail", types=("product_visited", "order_completed", "email_sent"))

    first = timelines.timeline(db, ana, where=searching, scan=1)
    assert ([row.id for row in first.rows], first.scanned) == ([], 1)
    assert first.reached == days(2)
    then = timelines.timeline(db, ana, where=searching, before=first.next, scan=2)
    assert ([row.id for row in then.rows], then.scanned) == (["order"], 2)
    last = timelines.timeline(db, ana, where=searching, before=then.next, scan=2)
    assert ([row.id for row in last.rows], last.next) == (["shoe"], None)


def test_pages_by_key_lose_nothing_where_many_things_happened_at_once(db):
    receive_and_drain(db, [an_activity(at=minutes(0), id_=f"n{n:02}", tracker="t") for n in range(20)])
    contact = contact_lookup.find_contact(db, "t")
    every = ids(db, contact)

    page = timelines.timeline(db, contact, limit=3)
    read = [*page.rows]
    while page.next is not None:
        page = timelines.timeline(db, contact, before=page.next, limit=3)
        read += page.rows

    assert [row.id for row in read if not row.derived] == every
    assert len(every) == 20


def test_a_place_that_is_none_begins_at_the_newest(db, ana):
    newest = timelines.timeline(db, ana).rows

    for before in ("nonsense", "2026-03-02~x", "~", "9999~x", "2026-03-02T00:00:00+00:00"):
        assert timelines.timeline(db, ana, before=before).rows == newest


def test_counts_by_type_and_by_day_of_the_account(db, ana):
    past_midnight = an_activity("product_visited", days(0.48), tracker="laptop")
    receive_and_drain(db, [past_midnight])
    db.activities.insert_one(
        {"_id": "broken", "type": "page_visited", "stream": "e:ana@x.com", "lane": 0, "state": "failed",
         "happened_at": days(0), "received_at": days(0), "failure": {"at": days(0)}}
    )  # fmt: skip

    found = activity_counts.counts(db, ana)

    assert found.whole
    by_type = {type_.type: type_.count for type_ in found.types}
    assert by_type["product_visited"] == 3
    assert "page_visited" not in by_type, "it failed"
    assert found.types == sorted(found.types, key=lambda type_: -type_.count)
    assert found.days[date(2026, 3, 3)]["product_visited"] == 2
    assert found.total == len(timelines.timeline(db, ana, limit=100).rows)
    _, bars = activity_counts.periods(found, ["product_visited"])
    assert [(bar.first.day, bar.count) for bar in bars[:3]] == [(2, 1), (3, 2), (4, 0)]


def test_of_very_many_only_the_newest_are_counted(db, ana, monkeypatch):
    monkeypatch.setattr(activity_counts, "COUNTED", 2)

    found = activity_counts.counts(db, ana)

    newest = timelines.timeline(db, ana, limit=2).rows
    assert (found.whole, found.total) == (False, 2)
    assert {type_.type for type_ in found.types} == {row.type for row in newest}


# Taking back


def edited(db, contact, **change):
    id_ = ActivityId(f"edit-{db.activities.count_documents({'type': 'contact_edited'})}")
    edit_service.edit(acting(db, colleague()), contact, Edit(**change), id_=id_)
    drain_all(db)
    return id_


def row_of(db, contact, id_):
    [row] = [row for row in timelines.timeline(db, contact, limit=100).rows if row.id == id_]
    return row


def test_the_timeline_says_what_was_taken_back_and_by_whom(db, ana):
    bounce = an_activity("email_bounced", days(3), id_="bounce", email="ana@x.com", trusted=True,
                         bounce="permanent", code="5.1.1", message_id="m1")  # fmt: skip
    policy = an_activity("email_bounced", days(4), id_="policy", email="ana@x.com", trusted=True,
                         bounce="permanent", code="5.7.1", message_id="m2")  # fmt: skip
    receive_and_drain(db, [bounce, policy])
    assert row_of(db, ana, "bounce").undoable
    assert not row_of(db, ana, "bounce").discounted
    assert row_of(db, ana, "policy").discounted
    assert not row_of(db, ana, "order").undoable

    taking = edited(db, ana, undoes=ActivityId("bounce"), reason="an auto-reply")

    undone = row_of(db, ana, "bounce").undone
    assert (undone.id, undone.by, undone.reason) == (taking, "Mia", "an auto-reply")
    assert row_of(db, ana, taking).undoes.label == "Email bounced"

    again = edited(db, ana, undoes=taking)
    assert row_of(db, ana, "bounce").undone is None
    assert row_of(db, ana, taking).undone.id == again

    edited(db, ana, undoes=again)
    assert row_of(db, ana, "bounce").undone.id == taking, "the last word counts"
    assert db.contacts.find_one({"_id": ana})["mail"].get("failing", []) == []


def test_what_cannot_be_taken_back_is_refused_with_words(db, ana):
    refused = {
        "order": "only bounces, imports and manual changes",
        "other": "no such activity",
        "x": "no such",
    }
    for undone, words in refused.items():
        with pytest.raises(InvalidEdit, match=words):
            edited(db, ana, undoes=ActivityId(undone), reason="no reason")
    derived = next(row for row in timelines.timeline(db, ana, limit=100).rows if row.derived)
    with pytest.raises(InvalidEdit, match="it is the result of another activity"):
        edited(db, ana, undoes=derived.id)

    wrong = edited(db, ana, fields={"first_name": "Anna"})
    edited(db, ana, undoes=wrong)
    with pytest.raises(InvalidEdit, match="already undone by Mia"):
        edited(db, ana, undoes=wrong)


# Indexes


@pytest.fixture
def busy(db):
    """Somebody with as many activities as a machine, on several devices, and others beside."""
    start = datetime(2025, 1, 1, tzinfo=UTC)
    receive_and_drain(
        db,
        [
            identified(start, tracker="t1", email="busy@x.com"),
            identified(start + timedelta(hours=1), tracker="t2", email="busy@x.com"),
            an_activity(at=start, tracker="other"),
        ],
    )
    db.activities.insert_many(
        {"_id": f"b{n:05}", "type": ("page_visited", "product_visited", "searched")[n % 3], "state": "applied",
         "stream": ("t:t1", "t:t2", "e:busy@x.com", "t:other")[n % 4], "lane": 0,
         "happened_at": start + timedelta(hours=n), "received_at": start, "properties": {"name": f"Thing {n}"}}
        for n in range(4_000)
    )  # fmt: skip
    return contact_lookup.find_contact(db, "busy@x.com")


def profiled(db, ask):
    """What MongoDB did when it was asked: its profiler's notes of reading activities and ledger."""
    db.command("profile", 2)
    try:
        ask()
    finally:
        db.command("profile", 0)
    asked = list(db.system.profile.find({"ns": {"$in": [f"{db.name}.activities", f"{db.name}.ledger"]}}))
    db.system.profile.drop()
    assert asked
    return asked


ASKED = {
    "all": TimelineFilter(),
    "types": TimelineFilter(types=("searched", "page_visited")),
    "rare type": TimelineFilter(types=("order_completed",)),
    "days": TimelineFilter(first=date(2025, 3, 1), last=date(2025, 3, 9)),
    "days and types": TimelineFilter(types=("searched",), first=date(2025, 3, 1)),
    "search": TimelineFilter(text="thing 39"),
}


def test_each_question_of_a_timeline_reads_an_index_in_its_order(db, busy):
    for name, wanted in ASKED.items():
        page = timelines.timeline(db, busy, where=wanted)
        for before in (None, page.next):
            asked = profiled(db, lambda w=wanted, at=before: timelines.timeline(db, busy, where=w, before=at))
            assert not [row["command"] for row in asked if "COLLSCAN" in row.get("planSummary", "")], name
            assert not [row["command"] for row in asked if row.get("hasSortStage")], (
                f"{name}: sorted in memory"
            )
            if not wanted.text:
                read = sum(row.get("docsExamined", 0) for row in asked)
                assert read <= 3 * (len(page.rows) + 5), f"{name}: no more than is shown, and its points"

    asked = profiled(db, lambda: activity_counts.counts(db, busy))

    assert not [row["command"] for row in asked if "COLLSCAN" in row.get("planSummary", "")]
    assert sum(row.get("docsExamined", 0) for row in asked) <= 5, "counting reads the index alone"
    assert not [row["command"] for row in asked if row.get("hasSortStage")], "counting sorts in memory"


def test_an_older_database_gets_the_index_with_the_type(db):
    db.activities.drop_indexes()
    db.activities.create_index([("stream", ASCENDING), ("happened_at", ASCENDING), ("_id", ASCENDING)])

    prepare(db, config_dir=CONFIG_DIR, now=utc_now())

    names = db.activities.index_information()
    assert "stream_1_happened_at_1__id_1_type_1" in names
    assert "stream_1_happened_at_1__id_1" not in names
