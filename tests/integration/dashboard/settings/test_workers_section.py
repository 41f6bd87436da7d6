"""System status, for each role: live figures, and what waits for a person."""

from datetime import timedelta
from functools import partial

import pytest

from dashboard.settings import needs_attention
from engine.accounts.current_user import CurrentUser
from engine.db.connection import utc_now
from engine.errors import NotAllowed
from engine.operations import operating, pulses
from engine.pipeline import inbox
from tests.builders import acting, an_activity
from tests.integration.dashboard.test_pages import shown
from tests.integration.drained import drain_all

HOSTILE = '<img src=x onerror="hacked()">**[x](javascript:alert(1))**'


@pytest.fixture
def open_as(open_as):
    return partial(open_as, page="settings", section="workers")


def failed(db, *ids, reason="it broke"):
    inbox.receive(db, [an_activity("page_visited", id_=id_, tracker="t") for id_ in ids])
    set_aside = {"state": "failed", "failure": {"reason": reason, "at": utc_now()}}
    db.activities.update_many({"_id": {"$in": list(ids)}}, {"$set": set_aside})


def a_call(db, state, id_):
    db.outbox.insert_one(
        {"_id": id_, "webhook": HOSTILE, "rule": "r", "contact": "0" * 24, "happened_at": utc_now(), "activity": {},
         "state": state, "due_at": utc_now(), "attempts": 9, "error": HOSTILE}
    )  # fmt: skip


def test_where_nothing_is_wrong_each_list_says_so(open_as):
    text = shown(open_as("admin"))

    for words in (
        "no worker running",
        "No failed activities",
        "No pending or failed webhook calls",
    ):
        assert words in text


def test_who_is_alive_and_who_fell_silent_a_short_while_ago(db, open_as):
    pulses.beat(db, "worker", now=utc_now())
    pulses.beat(db, "scheduler", now=utc_now() - timedelta(minutes=1))

    text = shown(open_as("admin"))

    assert "no worker running" not in text
    assert "no scheduler running" in text
    assert "not responding" in text
    assert "rules 1" in text


def test_what_failed_for_one_reason_is_run_again_together(db, open_as):
    failed(db, "a1", "a2")
    failed(db, "a3", reason="something else")
    app = open_as("admin")

    [button] = [b for b in app.button if b.key == f"workers.reason.{needs_attention._key('it broke')}"]
    button.click().run()

    assert "2 activities retried" in app.success[0].value
    drain_all(db)
    states = {row["_id"]: row["state"] for row in db.activities.find({"_id": {"$in": ["a1", "a2", "a3"]}})}
    assert states == {"a1": "applied", "a2": "applied", "a3": "failed"}
    assert db.audit.find_one()["changes"][0]["before"] == "it broke"


def test_one_is_run_again_by_itself(db, open_as):
    failed(db, "a1", "a2")

    [button] = [
        b for b in open_as("admin").button if b.key == f"workers.activity.{needs_attention._key('a2')}"
    ]
    button.click().run()

    assert db.activities.count_documents({"state": "received"}) == 1


def test_a_call_that_failed_is_sent_again_and_one_that_waits_is_left(db, open_as):
    a_call(db, "failed", "c1")
    a_call(db, "failed", "c2")
    a_call(db, "waiting", "c3")
    app = open_as("admin")

    [button] = [b for b in app.button if b.key == f"workers.call.{needs_attention._key('c1')}"]
    button.click().run()
    assert db.outbox.find_one("c1")["state"] == "waiting"
    assert db.outbox.find_one("c2")["state"] == "failed"
    assert not [b for b in app.button if b.key == f"workers.call.{needs_attention._key('c3')}"]
    app.button(key="workers.calls").click().run()
    assert db.outbox.count_documents({"state": "failed"}) == 0


def test_what_a_visitor_sent_is_text_and_nothing_else(db, open_as):
    failed(db, HOSTILE, reason=HOSTILE)
    a_call(db, "failed", HOSTILE)

    app = open_as("admin")
    text = shown(app)

    assert "<img" not in text
    assert text.count("&lt;img") >= 2
    assert not any("img" in label.label for label in (*app.button, *app.tabs, *app.expander))


@pytest.mark.parametrize("role", ["viewer", "marketer"])
def test_others_are_told_that_it_is_not_for_them(open_as, role):
    assert "cannot retry failed activities" in shown(open_as(role))


@pytest.mark.parametrize("role", ["viewer", "marketer"])
def test_a_forged_request_does_nothing(db, role):
    user = CurrentUser("u1", "eva@x.com", "Eva", role)
    failed(db, "a1")
    for act in (
        lambda: operating.run_again(acting(db, user), ["a1"]),
        lambda: operating.run_reason_again(acting(db, user), "it broke"),
        lambda: operating.call_again(acting(db, user)),
        lambda: operating.needs_attention(acting(db, user)),
        lambda: operating.processes(acting(db, user)),
    ):
        with pytest.raises(NotAllowed):
            act()

    assert db.activities.find_one("a1")["state"] == "failed"


def test_no_look_at_the_processes_scans(db):
    failed(db, "a1")
    queries = [
        ("activities", {"state": "failed", "failure.at": {"$exists": True}}),
        ("activities", {"lane": 3, "state": "received"}),
        ("outbox", {"state": "failed"}),
        ("contacts", {"lane": 3, "upkeep": {"$lt": 1}}),
    ]

    for name, query in queries:
        assert "COLLSCAN" not in str(db[name].find(query).explain()["queryPlanner"]["winningPlan"]), query
