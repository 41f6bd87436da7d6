"""One change of many contacts: whole, once, whoever is killed; and taken back."""

import multiprocessing
import os
import signal
import socket
import subprocess
import sys

import pytest
from pymongo.errors import AutoReconnect

from engine.accounts.current_user import CurrentUser
from engine.contacts import contact_lookup
from engine.contacts.bulk import bulk_change, bulk_job, bulk_service
from engine.contacts.bulk.bulk_change import Deletion, EmptyChange, EmptySelection, NotBulkEditable
from engine.contacts.bulk.selection import Selection
from engine.contacts.editing import edit_service
from engine.contacts.editing.edit import Edit, InvalidEdit
from engine.contacts.listing import listing
from engine.contacts.listing.listing import Listing
from engine.contacts.sheet import sheets
from engine.db import leases
from engine.db.connection import connect, utc_now
from engine.db.processes import is_gone, worker_name
from engine.errors import NotAllowed, Unavailable
from engine.jobs import job_lease, job_service, jobs, runner
from engine.jobs.jobs import JobState
from engine.pipeline import activity_steps, inbox
from engine.publishing import publishing
from tests.builders import acting, an_activity, colleague, identified, minutes
from tests.integration.drained import drain_all, receive_and_drain, run_jobs
from tests.integration.dying import dying, run_to_the_end
from tests.integration.job_runs import run_next_job

MIA = CurrentUser("u1", "mia@x.com", "Mia", "marketer")
SEGMENTS = """segments:
  - {id: staff, name: Staff, static: true}
  - {id: rich, name: Rich, when: {contact.points: {gte: 1000}}}
"""
PEOPLE = 25


@pytest.fixture
def shop(db, monkeypatch):
    """Twenty-five people, in steps of ten."""
    monkeypatch.setattr(bulk_job, "STEP", 10)
    monkeypatch.setattr(activity_steps, "APPLY_TIMEOUT", 0)  # nobody drains beside the job
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
    return bulk_service.start(acting(db, user), selection, change, id_=id_)


def members(db):
    return db.contacts.count_documents({"segments.staff": {"$exists": True}})


def edits_of(db):
    return db.activities.count_documents({"type": {"$in": ["contact_edited", "contact_deleted"]}})


def test_all_of_a_list_are_changed_each_once(shop):
    started(shop, Edit(add_to=["staff"]))
    run_jobs(shop)

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
    chosen = tuple(contact_lookup.find_contact(shop, f"p0{n}@x.com") for n in range(3))
    started(shop, Edit(fields={"custom.city": "Roma"}), Selection(ids=chosen))
    run_jobs(shop)

    assert shop.contacts.count_documents({"custom.city": "Roma"}) == 3


def test_a_list_that_shrinks_by_the_change_is_changed_whole(shop):
    started(shop, Edit(add_to=["staff"]), Selection(listing=Listing({"not": {"segments": "staff"}})))
    run_jobs(shop)

    assert members(shop) == PEOPLE


def test_who_is_as_wanted_already_is_left_alone_and_who_may_not_is_told(shop):
    receive_and_drain(shop, [an_activity("email_blocked", minutes(90), email="p01@x.com", trusted=True)])
    started(shop, Edit(statuses={"email_status": "paused"}))
    run_jobs(shop)

    job = jobs.job(shop, "job-1")
    assert (job.done, job.refused) == (PEOPLE, 1)
    [refused] = bulk_change.refusals(shop, "job-1")
    assert "cannot go from blocked to paused by hand" in refused.reason

    for number in (2, 3):
        started(shop, Edit(statuses={"newsletter": "unsubscribed"}), id_=f"job-{number}",
                selection=Selection(ids=(contact_lookup.find_contact(shop, "p03@x.com"),)))  # fmt: skip
        run_jobs(shop)
    assert [jobs.job(shop, f"job-{number}").unchanged for number in (2, 3)] == [0, 1]


def test_taking_it_back_leaves_what_was_done_since(shop):
    started(shop, Edit(add_to=["staff"], fields={"custom.city": "Roma"}))
    run_jobs(shop)
    p01 = contact_lookup.find_contact(shop, "p01@x.com")
    edit_service.edit(acting(shop, colleague("Leo")), p01, Edit(fields={"custom.country": "IT"}), id_="later")
    drain_all(shop)

    job_service.undo(acting(shop, MIA), "job-1")
    run_jobs(shop)

    assert members(shop) == 0
    assert sheets.sheet(shop, p01, now=utc_now()).custom == {"country": "IT"}
    assert jobs.job(shop, "job-1").undone_by == "job-1:undo"


def test_deleting_many_and_restoring_them(shop):
    before = {row["_id"]: row["first_name"] for row in shop.contacts.find()}
    started(shop, Deletion("old"))
    run_jobs(shop)
    assert listing.page(shop, Listing()).rows == []

    job_service.undo(acting(shop, MIA), "job-1")
    run_jobs(shop)
    assert {row["_id"]: row["first_name"] for row in shop.contacts.find({"deleted": None})} == before


def test_the_same_job_again_is_no_second_one(shop):
    for _ in range(2):
        started(shop, Edit(points=5, reason="gift"))
    run_jobs(shop)
    for _ in range(2):
        job_service.undo(acting(shop, MIA), "job-1")

    assert shop.jobs.count_documents({}) == 2
    assert {row["points"]["total"] for row in shop.contacts.find({"email": "p01@x.com"})} == {5}


@pytest.mark.parametrize("deadly", ["_record", "receive", "advance"])
def test_whoever_dies_at_whatever_point_each_contact_is_changed_once(shop, monkeypatch, deadly):
    started(shop, Edit(points=5, reason="gift"))
    module = {"_record": bulk_job, "receive": inbox, "advance": job_lease}[deadly]
    real = getattr(module, deadly)
    some = {"_record": lambda *args: real(*args[:2], args[2][:3])}.get(deadly)
    monkeypatch.setattr(module, deadly, dying(real, some))
    run_to_the_end(shop, "job-1")

    job = jobs.job(shop, "job-1")
    assert (job.state, job.done, job.refused) == (JobState.DONE, PEOPLE, 0)
    assert edits_of(shop) == PEOPLE
    assert shop.ledger.count_documents({"rule": "by-hand", "points": 5}) == PEOPLE


def test_a_list_that_is_no_longer_understood_fails_with_the_reason(shop):
    started(shop, Edit(add_to=["staff"]), Selection(listing=Listing({"no_such_field": 1})))
    run_jobs(shop)

    job = jobs.job(shop, "job-1")
    assert job.state == JobState.FAILED
    assert "no field 'no_such_field'" in job.failure


def _work_for_ever(uri, name):
    db = connect(uri, name, app="victim")
    while True:
        run_next_job(db, clock=utc_now, stopped=lambda: False, holder=worker_name())


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
        leases.release_dead(shop.jobs, job_lease.HELD, is_gone)
    run_jobs(shop)

    drain_all(shop)
    assert jobs.job(shop, "job-1").done == PEOPLE + 300
    assert shop.ledger.count_documents({"rule": "by-hand", "points": 5}) == PEOPLE + 300


def test_a_fault_in_a_step_ends_the_job_with_its_name_and_a_database_that_is_away_does_not(shop, monkeypatch):
    def away(*_args, **_more):
        raise Unavailable("MongoDB is away")

    def wrong(*_args, **_more):
        raise ZeroDivisionError("oops")

    started(shop, Edit(add_to=["staff"]))
    monkeypatch.setattr(inbox, "receive", away)
    with pytest.raises(Unavailable):
        run_next_job(shop, clock=utc_now, stopped=lambda: False)
    assert jobs.job(shop, "job-1").state == JobState.RUNNING

    job_lease.let_go(shop, "job-1")
    monkeypatch.setattr(inbox, "receive", wrong)
    with pytest.raises(ZeroDivisionError):
        run_next_job(shop, clock=utc_now, stopped=lambda: False)
    job = jobs.job(shop, "job-1")
    assert (job.state, job.failure) == (
        JobState.FAILED,
        "a fault of ours, see the log: ZeroDivisionError: oops",
    )


def test_who_was_merged_or_erased_since_is_no_reason_to_stop_taking_back(shop):
    started(shop, Edit(add_to=["staff"]))
    run_jobs(shop)
    erased = contact_lookup.find_contact(shop, "p05@x.com")
    shop.contacts.delete_one({"_id": erased})

    job_service.undo(acting(shop, MIA), "job-1")
    run_jobs(shop)

    job = jobs.job(shop, "job-1:undo")
    assert (job.state, job.total, job.changed, job.refused) == (JobState.DONE, PEOPLE, PEOPLE - 1, 1)
    assert [refused.contact for refused in job_service.refusals(acting(shop, MIA), job.id)] == [erased]


def test_before_anything_is_done_it_is_said_how_many_and_in_which_states(shop):
    subscribed = Selection(listing=Listing({"newsletter": "subscribed"}))
    one = Selection(ids=(contact_lookup.find_contact(shop, "p04@x.com"),))

    assert [bulk_service.count(acting(shop, MIA), whom) for whom in (EVERYBODY, subscribed, one)] == [
        PEOPLE,
        1,
        1,
    ]
    assert bulk_service.count_by_state(acting(shop, MIA), EVERYBODY, "newsletter") == {
        "subscribed": 1,
        "not_subscribed": PEOPLE - 1,
    }
    assert bulk_service.count_in_segment(acting(shop, MIA), EVERYBODY, "staff") == 0
    started(shop, Edit(add_to=["staff"]), one)
    run_jobs(shop)
    assert bulk_service.count_in_segment(acting(shop, MIA), EVERYBODY, "staff") == 1


def test_what_is_at_hand_is_all_that_runs_and_what_of_ones_own_has_ended_until_it_is_dismissed(shop):
    leo = CurrentUser("u9", "leo@x.com", "Leo", "admin")

    def at_hand(user):
        return [job.id for job in job_service.at_hand(acting(shop, user))]

    started(shop, Edit(add_to=["staff"]))
    assert at_hand(MIA) == at_hand(leo) == ["job-1"]

    run_jobs(shop)
    assert (at_hand(MIA), at_hand(leo)) == (["job-1"], [])
    job = jobs.job(shop, "job-1")
    assert job.created_at <= job.started_at <= job.finished_at

    job_service.undo(acting(shop, MIA), "job-1")
    assert at_hand(MIA) == ["job-1:undo"]  # which has taken the place of what it takes back
    run_jobs(shop)
    job_service.dismiss(acting(shop, leo), "job-1:undo")
    assert at_hand(MIA) == ["job-1:undo"]
    job_service.dismiss(acting(shop, MIA), "job-1:undo")
    assert at_hand(MIA) == []


def test_the_history_goes_on_from_a_place(shop):
    for number in range(5):
        started(shop, Edit(add_to=["staff"]), id_=f"job-{number}")
    first = job_service.recent(acting(shop, MIA), limit=2)
    rest = job_service.recent(acting(shop, MIA), before=(first[-1].created_at, first[-1].id))

    assert [job.id for job in (*first, *rest)] == [f"job-{number}" for number in (4, 3, 2, 1, 0)]
    viewer = CurrentUser("u2", "v@x.com", "Vi", "viewer")
    assert job_service.recent(acting(shop, viewer)) == job_service.at_hand(acting(shop, viewer)) == []
    for forged in (job_service.undo, job_service.stop):
        with pytest.raises(NotAllowed):
            forged(acting(shop, viewer), "job-1")


def test_the_workers_are_woken_for_what_a_step_keeps(shop):
    woken = set()
    started(shop, Edit(add_to=["staff"]))
    run_next_job(shop, clock=utc_now, stopped=lambda: False, wake=woken.update)

    assert woken == set(shop.activities.distinct("lane", {"state": "received"}))


def test_the_job_of_a_dead_worker_is_free_at_once(shop):
    with subprocess.Popen([sys.executable, "-c", ""]) as died:
        died.wait()
    dead = f"{socket.gethostname()}:{died.pid}:abc"
    for number, holder in enumerate((dead, f"another-host:{died.pid}:abc", worker_name())):
        started(shop, Edit(add_to=["staff"]), id_=f"job-{number}")
        assert job_lease.claim(shop, [bulk_change.KIND], now=utc_now(), holder=holder).id == f"job-{number}"

    assert leases.release_dead(shop.jobs, job_lease.HELD, is_gone) == ["job-0"]

    assert job_lease.claim(shop, [bulk_change.KIND], now=utc_now()).id == "job-0"
    assert job_lease.claim(shop, [bulk_change.KIND], now=utc_now()) is None


def test_a_worker_goes_on_at_once_with_what_it_left_while_mongodb_was_away(shop, monkeypatch):
    real, away = job_lease.advance, iter([True])

    def once_away(*args, **more):
        if next(away, False):
            raise AutoReconnect("MongoDB is away")
        return real(*args, **more)

    monkeypatch.setattr(job_lease, "advance", once_away)
    started(shop, Edit(add_to=["staff"]))
    with pytest.raises(AutoReconnect):
        run_next_job(shop, clock=utc_now, stopped=lambda: False, holder="a")
    drain_all(shop)

    assert not run_next_job(shop, clock=utc_now, stopped=lambda: False, holder="b")
    assert run_next_job(shop, clock=utc_now, stopped=lambda: False, holder="a")
    drain_all(shop)
    assert (jobs.job(shop, "job-1").state, members(shop), edits_of(shop)) == (JobState.DONE, PEOPLE, PEOPLE)


def test_a_stopped_job_ends_where_it_is(shop):
    started(shop, Edit(add_to=["staff"]))
    job_service.stop(acting(shop, MIA), "job-1")
    run_jobs(shop)

    assert jobs.job(shop, "job-1").state == JobState.STOPPED
    assert members(shop) == 0


def test_a_job_waits_while_the_workers_have_much_to_do(shop, monkeypatch):
    monkeypatch.setattr(activity_steps, "MAX_WAITING", 3)
    monkeypatch.setattr(runner, "PAUSE", 0)
    inbox.receive(shop, [an_activity("page_visited", minutes(n), tracker=f"t{n}") for n in range(5)])
    started(shop, Edit(add_to=["staff"]))
    looks = iter([False, False, True])
    run_next_job(shop, clock=utc_now, stopped=lambda: next(looks))

    assert jobs.job(shop, "job-1").done == 0
    run_after = job_lease.claim(shop, [bulk_change.KIND], now=utc_now())
    assert run_after is not None  # another may go on at once


@pytest.mark.parametrize(
    ("change", "selection", "error", "says"),
    [
        (Edit(fields={"email": "one@x.com"}), EVERYBODY, NotBulkEditable, "on the contact's sheet"),
        (Edit(), EVERYBODY, EmptyChange, "choose what to change"),
        (Edit(points=1, reason="x"), Selection(), EmptySelection, "at least one contact"),
        (Edit(points=1), EVERYBODY, InvalidEdit, "need a reason"),
        (Edit(add_to=["nowhere"]), EVERYBODY, InvalidEdit, "no segment 'nowhere'; those .* are Staff"),
        (Edit(add_to=["rich"]), EVERYBODY, InvalidEdit, "Rich is dynamic.* those .* are Staff"),
        (Edit(statuses={"mood": "good"}), EVERYBODY, InvalidEdit, "no status 'mood'; there are email_status"),
        (Edit(statuses={"sms": "loud"}), EVERYBODY, InvalidEdit, "allowed: subscribed, unsubscribed"),
        (Edit(statuses={"newsletter": "not_subscribed"}), EVERYBODY, InvalidEdit, "allowed: subscribed"),
        (Edit(fields={"custom.mood": "good"}), EVERYBODY, InvalidEdit, "no field 'custom.mood'.*custom.city"),
        (Edit(fields={"moods": "good"}), EVERYBODY, InvalidEdit, "no field 'moods'"),
        (Edit(fields={"custom.shoe_size": "big"}), EVERYBODY, InvalidEdit, "a number is wanted"),
    ],
)
def test_what_cannot_be_done_to_many_is_refused(shop, change, selection, error, says):
    with pytest.raises(error, match=says):
        started(shop, change, selection)

    assert shop.jobs.count_documents({}) == 0


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

    [row] = shop.audit.find({"act": "started a bulk change"})
    assert [change["after"] for change in row["changes"]] == [
        "Add to Staff", 'all of the list where={"newsletter":"subscribed"}',
    ]  # fmt: skip
