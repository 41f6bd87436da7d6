"""Keys, links and what failed, by command: the same rules and the same log as on the pages."""

import getpass
import json
import re

import pytest

from engine.accounts import audit, keys
from engine.db.connection import utc_now
from engine.pipeline import inbox
from tests.builders import an_activity
from tests.integration.cli.commands import run
from workers.cli.session import cli_actor


def made(*words):
    return json.loads(run("keys", "create", *words, "--json").stdout)


def log(db):
    """What the log says, the oldest first."""
    return list(audit.page(cli_actor(db), audit.Filters()).entries)[::-1]


def told(db):
    return [(line.act, line.subject.id, line.ending) for line in log(db)]


def failed(db, *ids):
    inbox.receive(db, [an_activity("page_visited", id_=id_, tracker="t") for id_ in ids])
    set_aside = {"state": "failed", "failure": {"reason": "it broke", "at": utc_now()}}
    db.activities.update_many({"_id": {"$in": list(ids)}}, {"$set": set_aside})


def states(db):
    return {row["_id"]: row["state"] for row in db.activities.find({}, {"state": 1})}


def test_who_makes_and_revokes_a_key_by_command_is_in_the_audit_log(named):
    key = made("--kind", "secret", "--label", "our server")
    assert keys.authenticate(named, key["token"]).label == "our server"
    assert run("keys", "revoke", key["id"]).exit_code == 0
    assert keys.authenticate(named, key["token"]) is None

    first, second = log(named)
    assert [(line.act, line.subject.id, line.ending) for line in (first, second)] == [
        ("created an API key", "our server", "done"),
        ("revoked an API key", "our server", "done"),
    ]
    assert first.by_name == second.by_name == getpass.getuser()
    assert key["token"] not in str(list(named.audit.find()))


def test_a_key_that_cannot_be_revoked_is_told_and_logged_as_refused(named):
    key = made("--kind", "write", "--label", "shop")
    run("keys", "revoke", key["id"])

    again, unknown = run("keys", "revoke", key["id"]), run("keys", "revoke", "nothing")

    assert "shop was revoked before; see `sheets keys list`" in str(again.exception)
    assert "there is no such key" in str(unknown.exception)
    assert told(named)[2:] == [("revoked an API key", "shop", "refused")]


def test_keys_without_a_name_are_numbered_and_a_name_that_is_taken_is_refused(named):
    labels = [made("--kind", "write")["label"] for _ in range(3)]
    assert labels == ["from the command line", "from the command line 2", "from the command line 3"]
    made("--kind", "write", "--label", "shop")

    taken = run("keys", "create", "--kind", "secret", "--label", "shop")

    assert "another key in force is called shop" in str(taken.exception)
    assert len(keys.all_keys(named)) == 4


@pytest.mark.parametrize(
    ("chosen", "subject", "again"),
    [
        ((), "all that failed", {"a", "b", "c"}),
        (("a",), "a", {"a"}),
        (("a", "b"), "2 that failed", {"a", "b"}),
    ],
    ids=["all", "one", "some"],
)
def test_who_runs_failed_activities_again_by_command_is_in_the_audit_log(named, chosen, subject, again):
    failed(named, "a", "b", "c")

    answer = run("failed", "retry", *chosen)

    assert re.fullmatch(rf"{len(again)} activit(y|ies) will be run again\n", answer.stdout)
    assert {id_ for id_, state in states(named).items() if state == "received"} == again
    assert told(named) == [("retried failed activities", subject, "done")]


def test_who_sends_calls_again_by_command_is_in_the_audit_log(named):
    named.outbox.insert_one({"_id": "c1", "state": "failed", "due_at": utc_now(), "attempts": 9})

    assert "1 call will be sent again" in run("webhooks", "retry").stdout

    assert named.outbox.find_one()["state"] == "waiting"
    assert told(named) == [("retried webhook calls", "all that failed", "done")]


def test_who_makes_a_link_to_sign_in_by_command_is_in_the_audit_log(named):
    link = run("link").stdout.strip()

    assert "/signin?link=" in link
    assert told(named) == [("created a sign-in link for", "admin@localhost", "done")]
    assert link.rpartition("=")[2] not in str(list(named.audit.find()))
