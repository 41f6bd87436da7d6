"""Somebody who is in every place that the code can put one is erased, and is nowhere any more."""

import io
import json
import multiprocessing
import os
import random
import signal
import threading
import time
import zipfile
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from engine.accounts.current_user import CurrentUser
from engine.contacts import contact_lookup
from engine.contacts.editing import edit_activities
from engine.contacts.editing.edit import InvalidEdit
from engine.contacts.merging import merge_service
from engine.db.connection import connect, utc_now
from engine.domain.activities import ActivityId
from engine.errors import NotAllowed
from engine.imports import refused_rows
from engine.insights import daily
from engine.jobs import job_lease, job_service, jobs
from engine.jobs.errors import CannotStop, CannotUndo
from engine.jobs.jobs import JobState
from engine.pipeline import activity_steps
from engine.privacy import erasure_job, privacy_service
from engine.rules import versions
from engine.segments import agreement
from tests.builders import acting, an_activity, identified, minutes
from tests.integration.drained import drain_all, receive_and_drain
from tests.integration.job_runs import run_next_job
from tests.integration.privacy.planted import ANA, EMAIL, MARK, OURS, PHONE, TRACKERS, WORDS, ago, plant
from tests.integration.privacy.traces import traces


@pytest.fixture
def crm():
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hook"
    server.shutdown()
    server.server_close()


@pytest.fixture
def shop(db, crm, monkeypatch):
    monkeypatch.setattr(activity_steps, "APPLY_TIMEOUT", 0)  # nobody drains beside the job
    monkeypatch.setattr(erasure_job, "PATIENCE", 0)
    monkeypatch.setattr(erasure_job, "SETTLED_AFTER", erasure_job.timedelta(0))
    monkeypatch.setattr(erasure_job, "PAUSE", 0.01)
    return plant(db, webhook=crm)


def erase(shop, id_="erasure-1"):
    return privacy_service.erase(acting(shop.db, ANA), shop.contact, id_=id_)


def settled(row):
    left_out = ("v", "folded_at", "component", "linked", "trackers", "spans")
    return {name: value for name, value in row.items() if name not in left_out}


def test_nothing_of_who_was_erased_is_found_anywhere_and_nobody_else_is_touched(shop):
    db, id_ = shop.db, shop.contact
    db.activities.find_one({"state": "failed", "stream": f"x:{OURS}"})["failure"]
    bob, rules = shop.bob, versions.current(db).version
    planted = traces(db, [*WORDS, id_])
    assert planted >= {
        "contacts", "activities", "ledger", "merges", "suggestions", "conflicts", "refusals", "outbox", "audit",
        "raw_notices", "jobs", "job_items", "import_refusals", "views", "rulesets", "files of imports", "files of exports",
    }  # fmt: skip

    _is_handed_out(shop, planted)

    erase(shop)
    shop.work()
    daily.refresh(db, clock=utc_now)

    assert traces(db, [*WORDS, id_]) == set()
    job = jobs.job(db, "erasure-1")
    assert (job.state, job.done, job.title) == (JobState.DONE, job.total, "Erase a contact")
    report = privacy_service.report(acting(db, ANA), "erasure-1")
    assert report.removed["contacts"] == 1
    assert report.removed["activities"] >= 14
    assert {"files of imports", "files of exports", "refusals", "import_refusals"} <= set(report.removed)
    assert {"audit", "views", "rulesets", "activities"} <= set(report.cleaned)
    assert report.removed["files of exports"] == 3
    assert report.webhook_calls == {"crm": 1}

    after = shop.bob
    assert settled(after) == settled(bob)
    assert agreement.differences(db, now=utc_now()) == {}
    assert len({view["name"] for view in db.views.find()}) == 2
    assert contact_lookup.find_contact(db, "friend@x.com") is not None
    assert versions.current(db).version == rules
    [line] = db.audit.find({"act": "erased a contact"})
    assert (line["by_name"], line["subject"], line["ending"]) == (
        "Ana",
        {"kind": "job", "id": "erasure-1"},
        "done",
    )
    today = utc_now().date()
    kept = daily.stored_days(db, today - timedelta(days=1), today).days
    assert sum(sale.orders for day in kept for sale in day.sales) == 1  # Bob's

    _comes_late(shop)
    assert traces(db, [*WORDS, id_]) <= {"files of imports", "imports.chunks"}
    _comes_back(shop)


def _is_handed_out(shop, planted):
    """All of it, in one archive, by an admin; and what anybody wrote is escaped."""
    shop.send("track", userId=OURS, event="searched", properties={"query": "<script>alert(1)</script>"})
    shop.work()
    out = io.BytesIO()
    leo = CurrentUser("u2", "leo@shop.com", "Leo", "marketer")
    with pytest.raises(NotAllowed):
        privacy_service.hand_out(acting(shop.db, leo), shop.contact, out)
    privacy_service.hand_out(acting(shop.db, ANA), shop.contact, out)

    with zipfile.ZipFile(out) as archive:
        data, page = json.loads(archive.read("data.json")), archive.read("index.html").decode()
    said = {name: json.dumps(rows).lower() for name, rows in data["collections"].items()}
    found = {name for name, words in said.items() if MARK in words or shop.contact in words}
    assert found >= {
        name for name in planted if "files of" not in name and not name.endswith(("files", "chunks"))
    }
    assert [row["line"] for row in data["collections"]["rows of imported files"]] == [2, 2, 2]
    assert "bob@x.com" not in json.dumps(data["collections"]["contacts"])
    for words in ("Zqxmarker Zqxmarkerson", EMAIL, f"{MARK}-o1", "90.00 EUR", "+5", "Met at the fair"):
        assert words in page, words
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def _comes_late(shop):
    """Programs and colleagues who have not heard of it speak of them still."""
    db = shop.db
    shop.send("track", anonymousId=TRACKERS[1], event="page_visited", timestamp=ago(20))
    shop.send("track", anonymousId=TRACKERS[1], event="page_visited")
    shop.send("identify", userId=OURS, traits={"email": EMAIL, "phone": PHONE}, trusted=True)
    late = {"order_id": "late", "total": 5, "note": MARK}
    shop.send("track", userId=OURS, event="order_completed", timestamp=ago(15), properties=late, trusted=True)
    shop.send(
        "track",
        userId="new",
        traits={"email": EMAIL},
        context={"traits": {"email": EMAIL}},
        event="email_opened",
    )
    refused = {"batch": [{"type": "track", "userId": OURS, "event": "", "properties": {"q": MARK}}]}
    assert shop.client.post("/v1/batch", json=refused, headers=shop.write).status_code == 400
    shop.import_("import-9", f"email,phone\n{EMAIL},\nnot-an-email,{PHONE}\n".encode(), name="again.csv")
    with pytest.raises(InvalidEdit, match="was erased"):
        edit_activities.creation(
            db,
            {"email": EMAIL},
            ruleset=versions.current(db),
            id_=ActivityId("made-9"),
            author="Ana",
            now=utc_now(),
        )
    shop.work()

    assert contact_lookup.find_contact(db, EMAIL) is None
    assert contact_lookup.find_contact(db, OURS) is None
    refusals = list(refused_rows.rows_of(db, "import-9"))
    assert [(line, cells) for line, _, cells in refusals] == [(2, []), (3, [])]
    assert db.refusals.find_one({"event": ""})["reason"] == "it names a person who was erased"


def _comes_back(shop):
    """They order anew: somebody of whom nothing is known from before."""
    db = shop.db
    order = {"order_id": "new", "total": 5, "currency": "EUR"}
    shop.send("track", userId=OURS, event="order_completed", properties=order, trusted=True)
    shop.send("track", userId=OURS, event="page_visited", trusted=True)
    shop.work()

    row = db.contacts.find_one({"_id": contact_lookup.find_contact(db, OURS)})
    assert (row["activities"], row["commerce"]["orders"], row.get("email")) == (2, 1, None)


def _work_for_ever(uri, name):
    db = connect(uri, name, app="victim")
    erasure_job.SETTLED_AFTER, erasure_job.PATIENCE = erasure_job.timedelta(0), 0
    while True:
        run_next_job(db, clock=utc_now, stopped=lambda: False)


@pytest.fixture
def impatient(mongod):
    """Sets after how many seconds the server gives up the transaction of who was killed."""
    admin = connect(mongod.uri, "admin", app="tests")

    def set_(seconds):
        admin.command("setParameter", 1, transactionLifetimeLimitSeconds=seconds)

    yield set_
    set_(10)
    admin.client.close()


def test_whoever_is_killed_over_it_the_erasure_is_done_and_counted_once(shop, mongod, impatient):
    db, id_ = shop.db, shop.contact
    activities = db.activities.count_documents({"stream": {"$regex": f"{MARK}|{id_}"}})
    activities += db.activities.count_documents({"stream": f"t:{TRACKERS[0]}", "properties.url": f"/{MARK}"})
    erase(shop)
    impatient(1)
    context = multiprocessing.get_context("fork")
    chance = random.Random(7)
    while (before := jobs.job(db, "erasure-1")).under_way:
        victim = context.Process(target=_work_for_ever, args=(mongod.uri, db.name))
        victim.start()
        while (now := jobs.job(db, "erasure-1")).done == before.done and now.under_way:
            pass
        time.sleep(chance.uniform(0, 0.03))  # somewhere within the next stage
        os.kill(victim.pid, signal.SIGKILL)
        victim.join()
        job_lease.let_go(db, "erasure-1")
    shop.work()

    assert jobs.job(db, "erasure-1").state == JobState.DONE
    assert traces(db, [*WORDS, id_]) == set()
    report = privacy_service.report(acting(db, ANA), "erasure-1")
    assert (report.removed["contacts"], report.removed["activities"]) == (1, activities)


def test_only_an_admin_erases_once_and_nobody_stops_it_half_way(db):
    receive_and_drain(db, [identified(minutes(0), email=EMAIL)])
    contact, leo = (
        contact_lookup.find_contact(db, EMAIL),
        CurrentUser("u2", "leo@shop.com", "Leo", "marketer"),
    )
    with pytest.raises(NotAllowed):
        privacy_service.erase(acting(db, leo), contact, id_="erasure-0")
    for id_ in ("erasure-1", "erasure-2"):
        assert privacy_service.erase(acting(db, ANA), contact, id_=id_) == "erasure-1"

    with pytest.raises(CannotStop):
        job_service.stop(acting(db, ANA), "erasure-1")
    with pytest.raises(CannotUndo):
        job_service.undo(acting(db, ANA), "erasure-1")


def test_activities_that_were_moved_to_a_contact_go_with_it(db, monkeypatch):
    monkeypatch.setattr(activity_steps, "APPLY_TIMEOUT", 0)
    monkeypatch.setattr(erasure_job, "SETTLED_AFTER", erasure_job.timedelta(0))
    events = [
        identified(minutes(0), tracker="t1", email="owner@x.com", trusted=True),
        an_activity("product_visited", minutes(1), id_="gift", tracker="t1"),
    ]
    receive_and_drain(db, events)
    owner = contact_lookup.find_contact(db, "owner@x.com")
    merge_service.split_activities(acting(db, ANA), owner, [ActivityId("gift")], id_=ActivityId("s1"))
    drain_all(db)
    guest = db.contacts.find_one({"_id": {"$ne": owner}})["_id"]

    privacy_service.erase(acting(db, ANA), guest, id_="erasure-1")
    while run_next_job(db, clock=utc_now, stopped=lambda: False):
        drain_all(db)

    assert db.activities.find_one({"_id": "gift"}) is None
    assert contact_lookup.find_contact(db, "owner@x.com") == owner
