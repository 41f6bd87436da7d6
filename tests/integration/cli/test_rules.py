"""`sheets rules …` as scripts use it: what it prints with `--json`, and what it exits with."""

import getpass
import json
import re

import pytest

from engine.accounts import audit
from engine.contacts import contact_lookup
from engine.db.connection import utc_now
from engine.publishing import publishing
from engine.rules import versions
from tests.builders import an_activity, bought
from tests.integration.cli import commands
from tests.integration.drained import drain_all, receive_and_drain
from workers.cli.session import cli_actor

SCORING = "rules:\n  - {id: look, name: Look around, on: product_visited, points: 3}\n"
RULE = "rules:\n  - id: look\n    name: Look around\n    on: product_visited\n    points: 3\n"
WRONG = SCORING.replace("product_visited", "product_visted").replace("points: 3", "points: some")


@pytest.fixture
def shop(named):
    """A shop with somebody who looked at two products and bought one, and a folder for rules."""
    now = utc_now()
    receive_and_drain(
        named,
        [
            an_activity("product_visited", now, tracker="t1", product_id="a"),
            an_activity("product_visited", now, tracker="t1", product_id="b"),
            bought(30, now, tracker="t1", order_id="1"),
        ],
    )
    return named


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "rules"
    path.mkdir()
    return path


def run(*words):
    return commands.run("rules", *words)


def told(*words, exits=0):
    result = run(*words, "--json")
    assert result.exit_code == exits, result.output
    return json.loads(result.stdout)


@pytest.mark.parametrize("command", [("check",), ("test",), ("plan",), ("publish", "-m", "more")])
def test_problems_are_told_all_at_once_by_every_command_and_nothing_is_published(shop, folder, command):
    (folder / "scoring.yaml").write_text(WRONG)

    found = told(*command, folder, exits=1)

    assert found["ok"] is False
    assert [(p["file"], p["line"]) for p in found["problems"]] == [("scoring.yaml", 2)] * 2
    assert all(p["column"] > 1 for p in found["problems"])
    assert "did you mean 'product_visited'" in found["problems"][0]["message"]
    assert "did you mean 'product_visited'" in run(*command, folder).stdout
    assert versions.current_number(shop) == 1


def test_a_warning_is_told_at_its_line_and_is_no_error(shop, folder):
    condition = "    when:\n      not: {contact.last_order_at: {within: 30d}}\n"
    (folder / "scoring.yaml").write_text(RULE + condition)

    found = told("check", folder)

    assert (found["ok"], found["problems"]) == (True, [])
    assert [(w["file"], w["line"], w["column"]) for w in found["warnings"]] == [("scoring.yaml", 7, 7)]
    assert "scoring.yaml:7:7: warning: this `not` is met, too," in run("check", folder).stdout


def test_the_plan_equals_what_publishing_brings_about_and_rolling_back_takes_away(shop, folder):
    contact = contact_lookup.find_contact(shop, "t1")
    before = told("show", contact)["points"]["total"]
    (folder / "scoring.yaml").write_text(SCORING)
    assert told("check", folder) == {"ok": True, "problems": []}
    assert told("test", folder)["ok"]

    plan = told("plan", folder)
    version = told("publish", folder, "-m", "Looks alone", "--by", "ana", "--recompute")
    drain_all(shop)

    after = told("show", contact)["points"]["total"]
    assert (before, after) == (54, 6)
    assert {"contacts", "points", "segments", "statuses", "examples"} <= plan.keys()
    assert (plan["contacts"], plan["points"]["gain"], plan["points"]["lose"]) == (1, 0, 1)
    by_rule = {rule: counts["points"] for rule, counts in plan["points"]["by_rule"].items()}
    assert sum(by_rule.values()) == after - before
    assert by_rule == {"first-order": -50, "look": 6, "product": -4}
    assert plan["examples"][0]["contact"] == contact
    assert (version["version"], version["published_by"], version["recomputed"]) == (2, "ana", True)

    told("rollback", 1, "--recompute")
    drain_all(shop)

    assert told("show", contact)["points"]["total"] == before
    assert [(v["version"], v["message"]) for v in told("log")][:2] == [
        (3, "Back to version 1"),
        (2, "Looks alone"),
    ]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", told("log")[0]["published_at"])
    assert told("progress")["finished"] is True


def test_who_publishes_and_goes_back_by_command_is_in_the_audit_log(shop, folder):
    (folder / "scoring.yaml").write_text(SCORING)
    told("publish", folder, "-m", "Looks alone", "--by", "ana", "--recompute")
    told("rollback", 1)

    [back, made] = audit.page(cli_actor(shop), audit.Filters(kind="rules")).entries
    assert (made.by_name, made.act, made.reason) == (
        "ana",
        "published rules and recalculated history",
        "Looks alone",
    )
    assert [(c.what, c.before, c.after) for c in made.changes] == [("scoring.yaml", "version 1", "version 2")]
    assert (back.by_name, back.act, back.ending) == (getpass.getuser(), "rolled back rules", "done")


def test_times_are_told_on_the_accounts_clock_and_names_as_they_are_written(shop, folder):
    at = versions.current(shop).account.time_zone
    (folder / "scoring.yaml").write_text(SCORING)
    told("publish", folder, "-m", "Looks [/bold] alone")

    published = versions.history(shop)[0].published_at.astimezone(at)

    words = " ".join(run("log").stdout.split())
    assert f"{published:%Y-%m-%d}" in words
    assert f"{published:%H:%M:%S %Z}" in words
    assert "Looks [/bold] alone" in words


def test_a_folder_that_was_pulled_before_somebody_else_published_is_told(shop, folder):
    assert run("pull", folder).exit_code == 0
    (folder / "scoring.yaml").write_text(SCORING)
    others = publishing.completed(shop, {"scoring.yaml": SCORING.replace("3", "4")})
    publishing.publish(shop, others, by="eva", message="four", now=utc_now())

    result = run("publish", folder, "-m", "three")

    assert result.exit_code != 0
    assert "eva published version 2 meanwhile" in str(result.exception)
    assert versions.current_number(shop) == 2


def test_going_back_to_a_version_that_there_is_not_says_where_they_are_listed(shop):
    result = run("rollback", 99)

    assert result.exit_code != 0
    assert str(result.exception) == "there is no version 99 of the rules: `sheets rules log` lists them"
    assert versions.current_number(shop) == 1


def test_show_says_of_each_condition_what_was_found(shop):
    found = told("show", "t1")

    customers = next(segment for segment in found["segments"] if segment["id"] == "customers")
    hot = next(segment for segment in found["segments"] if segment["id"] == "hot-leads")
    assert (customers["member"], customers["condition"]["met"]) == (True, True)
    assert (hot["member"], hot["condition"]["met"]) == (False, False)
    assert "first-order" in {entry["rule"] for entry in found["points"]["entries"]}
    words = run("show", "t1").stdout
    assert "in Customers since" in words
    assert "not in Hot leads" in words
