"""One change of many contacts: whole, once, whoever is killed; and taken back."""

import itertools
import multiprocessing
import os
import signal

import pytest

from engine.access import bulk as access
from engine.access.accounts import CurrentUser
from engine.access.permissions import NotAllowed
from engine.store import bulk, contacts, edits, inbox, jobs, listing, publishing, sheets
from engine.store.bulk import Deletion, NothingSelected, NotInBulk, Selection
from engine.store.connection import connect, utc_now
from engine.store.edits import Edit, InvalidEdit
from engine.store.jobs import JobState
from engine.store.listing import Listing
from tests.builders import an_activity, identified, minutes
from tests.integration.drained import drain_all, receive_and_drain

MIA = CurrentUser("u1", "mia@x.com", "Mia", "marketer")
SEGMENTS = "segments:\n  - {id: staff, name: Staff, static: true}\n"
PEOPLE = 25


@pytest.fixture
def shop(db, monkeypatch):
    """Twenty-five people, in steps of ten."""
    monkeypatch.setattr(bulk, "STEP", 10)
    texts = publishing.completed(db, {"segments.yaml": SEGMENTS})
    publishing.publish(db, texts, by="ana", message="for the tests", now=utc_now())
    drain_all(db)
    receive_and_drain(
        db,
        [
            identified(minutes(n), email=f"p{n:02}@x.com", traits={"first_name": f"P{n}"})
            for n in range(PEOPLE)
        ],
    )
    receive_and_drain(db, [an_activity("newsletter_subscribed", minutes(60), email="p03@x.com")])
    return db


EVERYBODY = Selection(listing=Listing())


def started(db, change, selection=EVERYBODY, id_="job-1", user=MIA):
    return access.start(db, user, selection, change, id_=id_, now=utc_now())


def run(db):
    while bulk.run_next(db, clock=utc_now, stopped=lambda: False):
        drain_all(db)


def members(db):
    return db.contacts.count_documents({"segments.staff": {"$exists": True}})


def edits_of(db):
    return db.activities.count_documents({"type": {"$in": ["contact_edited", "contact_deleted"]}})


def test_all_of_a_list_are_changed_each_once(shop):
    started(shop, Edit(add_to=["staff"]))
    run(shop)

    job = jobs.job(shop, "job-1")
    assert (job.state, job.total, job.done, job.unchanged, job.refused) == (
        JobState.DONE,
        PEOPLE,
        PEOPLE,
        0,
        0,
    )
    assert members(shop) == PEOPLE
    assert edits_of(shop) == PEOPLE


def test_only_those_who_are_chosen_are_changed(shop):
    chosen = tuple(contacts.find_contact(shop, f"p0{n}@x.com") for n in range(3))
    started(shop, Edit(fields={"custom.city": "Roma"}), Selection(ids=chosen))
    run(shop)

    assert shop.contacts.count_documents({"custom.city": "Roma"}) == 3


def test_a_list_that_shrinks_by_the_change_is_changed_whole(shop):
    started(shop, Edit(add_to=["staff"]), Selection(listing=Listing({"not": {"segments": "staff"}})))
    run(shop)

    assert members(shop) == PEOPLE


def test_who_is_as_wanted_already_is_left_alone_and_who_may_not_is_told(shop):
    started(shop, Edit(statuses={"newsletter": "unsubscribed"}))
    run(shop)

    job = jobs.job(shop, "job-1")
    assert (job.done, job.refused) == (PEOPLE, PEOPLE - 1)
    [*_, refused] = bulk.refusals(shop, "job-1")
    assert "cannot go from not subscribed to unsubscribed by hand" in refused.reason

    started(shop, Edit(statuses={"newsletter": "unsubscribed"}), id_="job-2",
            selection=Selection(ids=(contacts.find_contact(shop, "p03@x.com"),)))  # fmt: skip
    run(shop)
    assert jobs.job(shop, "job-2").unchanged == 1


def test_taking_it_back_leaves_what_was_done_since(shop):
    started(shop, Edit(add_to=["staff"], fields={"custom.city": "Roma"}))
    run(shop)
    p01 = contacts.find_contact(shop, "p01@x.com")
    edits.edit(shop, p01, Edit(fields={"custom.country": "IT"}), id_="later", author="Leo", now=utc_now())
    drain_all(shop)

    access.undo(shop, MIA, "job-1", now=utc_now())
    run(shop)

    assert members(shop) == 0
    assert sheets.sheet(shop, p01, now=utc_now()).custom == {"country": "IT"}
    assert jobs.job(shop, "job-1").undone_by == "job-1:undo"


def test_deleting_many_and_restoring_them(shop):
    before = {row["_id"]: row["first_name"] for row in shop.contacts.find()}
    started(shop, Deletion("old"))
    run(shop)
    assert listing.page(shop, Listing()).rows == []

    access.undo(shop, MIA, "job-1", now=utc_now())
    run(shop)
    assert {row["_id"]: row["first_name"] for row in shop.contacts.find({"deleted": None})} == before


def test_the_same_job_again_is_no_second_one(shop):
    for _ in range(2):
        started(shop, Edit(points=5, reason="gift"))
    run(shop)
    for _ in range(2):
        access.undo(shop, MIA, "job-1", now=utc_now())

    assert shop.jobs.count_documents({}) == 2
    assert {row["points"]["total"] for row in shop.contacts.find({"email": "p01@x.com"})} == {5}


class _Killed(Exception):
    pass


@pytest.mark.parametrize("deadly", ["_note", "receive", "advance"])
def test_whoever_dies_at_whatever_point_each_contact_is_changed_once(shop, monkeypatch, deadly):
    started(shop, Edit(points=5, reason="gift"))
    module = {"_note": bulk, "receive": inbox, "advance": jobs}[deadly]
    real = getattr(module, deadly)
    tries = itertools.count()

    def dies(*args, **kwargs):
        """Before, after, in the middle of what it does; then it works."""
        point = next(tries) % 4
        if point == 1 and deadly == "_note":
            real(*args[:2], args[2][:3])
        elif point >= 2:
            result = real(*args, **kwargs)
        if point < 3:
            raise _Killed
        return result

    monkeypatch.setattr(module, deadly, dies)
    for _ in range(40):
        try:
            bulk.run_next(shop, clock=utc_now, stopped=lambda: False)
        except _Killed:
            drain_all(shop)  # what was kept before the death takes effect
            jobs.let_go(shop, "job-1")
    drain_all(shop)

    job = jobs.job(shop, "job-1")
    assert (job.state, job.done, job.refused) == (JobState.DONE, PEOPLE, 0)
    assert edits_of(shop) == PEOPLE
    assert shop.ledger.count_documents({"rule": "by-hand", "points": 5}) == PEOPLE


def test_a_list_that_is_no_longer_understood_fails_with_the_reason(shop):
    started(shop, Edit(add_to=["staff"]), Selection(listing=Listing({"no_such_field": 1})))
    run(shop)

    job = jobs.job(shop, "job-1")
    assert job.state == JobState.FAILED
    assert "no field 'no_such_field'" in job.failure


def _work_for_ever(uri, name):
    db = connect(uri, name, app="victim")
    while True:
        bulk.run_next(db, clock=utc_now, stopped=lambda: False)


def test_a_worker_that_is_killed_for_real_leaves_the_job_for_another(shop, mongod, monkeypatch):
    more = [identified(minutes(n), email=f"more{n}@x.com") for n in range(300)]
    receive_and_drain(shop, more)
    started(shop, Edit(points=5, reason="gift"))
    context = multiprocessing.get_context("fork")
    for _ in range(3):
        victim = context.Process(target=_work_for_ever, args=(mongod.uri, shop.name))
        victim.start()
        before = jobs.job(shop, "job-1").done
        while (
            victim.is_alive() and jobs.job(shop, "job-1").done == before and jobs.job(shop, "job-1").under_way
        ):
            pass
        os.kill(victim.pid, signal.SIGKILL)
        victim.join()
        jobs.let_go(shop, "job-1")
    run(shop)

    drain_all(shop)
    assert jobs.job(shop, "job-1").done == PEOPLE + 300
    assert shop.ledger.count_documents({"rule": "by-hand", "points": 5}) == PEOPLE + 300


def test_a_stopped_job_ends_where_it_is(shop):
    started(shop, Edit(add_to=["staff"]))
    access.stop(shop, MIA, "job-1", now=utc_now())
    run(shop)

    assert jobs.job(shop, "job-1").state == JobState.STOPPED
    assert members(shop) == 0


def test_a_job_waits_while_the_workers_have_much_to_do(shop, monkeypatch):
    monkeypatch.setattr(bulk, "MAX_WAITING", 3)
    monkeypatch.setattr(bulk, "PAUSE", 0)
    inbox.receive(shop, [an_activity("page_visited", minutes(n), tracker=f"t{n}") for n in range(5)])
    started(shop, Edit(add_to=["staff"]))
    looks = iter([False, False, True])
    bulk.run_next(shop, clock=utc_now, stopped=lambda: next(looks))

    assert jobs.job(shop, "job-1").done == 0
    run_after = jobs.claim(shop, [bulk.KIND], now=utc_now())
    assert run_after is not None  # another may go on at once


@pytest.mark.parametrize(
    ("change", "selection", "error", "says"),
    [
        (Edit(fields={"email": "one@x.com"}), EVERYBODY, NotInBulk, "on its sheet"),
        (Edit(), EVERYBODY, NothingSelected, "what is to be changed"),
        (Edit(points=1, reason="x"), Selection(), NothingSelected, "at least one contact"),
    ],
)
def test_what_cannot_be_done_to_many_is_refused(shop, change, selection, error, says):
    with pytest.raises(error, match=says):
        started(shop, change, selection)


def test_a_viewer_changes_nobody(shop):
    with pytest.raises(NotAllowed):
        started(shop, Edit(add_to=["staff"]), user=CurrentUser("u2", "v@x.com", "Vi", "viewer"))

    assert shop.jobs.count_documents({}) == 0


def test_a_field_for_admins_is_not_changed_in_bulk_by_a_marketer(shop):
    fields = "fields:\n  - {id: credit, label: Credit, type: number, edit: [admin]}\n"
    texts = publishing.completed(shop, {"fields.yaml": fields})
    publishing.publish(shop, texts, by="ana", message="credit", now=utc_now())

    with pytest.raises(InvalidEdit, match="can only be changed by an admin"):
        started(shop, Edit(fields={"custom.credit": 5}))


def test_the_log_says_what_was_done_to_whom(shop):
    started(shop, Edit(add_to=["staff"]), Selection(listing=Listing({"newsletter": "subscribed"})))

    [row] = shop.audit.find({"act": "changed many contacts"})
    assert [change["after"] for change in row["changes"]] == [
        "into Staff", 'all of the list where={"newsletter":"subscribed"}',
    ]  # fmt: skip
