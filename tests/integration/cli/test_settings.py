"""`sheets settings`, and what every command says of its environment at the start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from engine.db import Db
from engine.db.connection import utc_now
from engine.operations import pulses
from engine.pipeline import outbox
from engine.publishing import publishing
from engine.settings import Instance, declared
from workers.cli.doctor import examine
from workers.cli.main import app
from workers.embedded.mongod import Mongod

COOKIE_SECRET = "0123456789" * 4
WEBHOOKS = "webhooks:\n  crm: {url: 'https://crm.example.com', secret: $SHEETS_CRM_SECRET}\n"


def run(*words: str, **environment: str) -> Result:
    return CliRunner().invoke(app, list(words), env=environment)


def command(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own, whose environment names no other instance."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("SHEETS_", "OPENID_"))
    }
    return subprocess.run(
        [sys.executable, "-m", "workers.cli.main", *words],
        env={**inherited, "SHEETS_DATA_DIR": str(folder), **environment},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def publish(db: Db, settings: str) -> None:
    texts = publishing.completed(db, {"settings.yaml": settings})
    publishing.publish(db, texts, by="ana", message="tell the CRM", now=utc_now())


def webhooks_finding(db: Db, environment: dict[str, str]) -> tuple[str, str]:
    instance = Instance("", "", db.name)
    return next((f.verdict, f.found) for f in examine(db, instance, environment) if f.check == "webhooks")


def test_every_setting_is_shown_with_its_source_and_secrets_masked() -> None:
    shown = run(
        "settings", "--json",
        MONGODB_URI="mongodb://ana:geheim@db1/?replicaSet=rs0",
        SHEETS_OPENID_COOKIE_SECRET=COOKIE_SECRET,
        OPENID_NAME="Example Ltd",
    )  # fmt: skip

    assert shown.exit_code == 0
    rows = {row["name"]: row for row in json.loads(shown.stdout)["settings"]}
    assert list(rows) == [setting.name for setting in declared()]
    uri, name = rows["SHEETS_MONGODB_URI"], rows["SHEETS_OPENID_NAME"]
    assert (uri["value"], uri["source"], uri["variable"]) == (
        "mongodb://ana:***@db1/?replicaSet=rs0",
        "environment",
        "MONGODB_URI",
    )
    assert (name["value"], name["default"], name["source"]) == (
        "Example Ltd",
        "your company's account",
        "old name",
    )
    assert rows["SHEETS_OPENID_COOKIE_SECRET"]["value"] == "***"
    assert rows["SHEETS_DATABASE"]["source"] == "default"
    assert COOKIE_SECRET not in shown.output
    assert "geheim" not in shown.output


def test_the_table_names_problems_old_names_and_unknown_variables() -> None:
    shown = run(
        "settings",
        SHEETS_COLLECTOR_EVENTS_BURST="-1",
        OPENID_NAME="Example Ltd",
        SHEETS_DATA_DRI="/var/lib/sheets",
        SHEETS_BROKER_URL="redis://:geheim@broker",
    )

    assert shown.exit_code == 1
    assert "SHEETS_COLLECTOR_EVENTS_BURST is '-1', but must be a number above 0" in shown.stderr
    assert "OPENID_NAME is now SHEETS_OPENID_NAME" in shown.stderr
    assert "SHEETS_DATA_DRI is no setting, did you mean SHEETS_DATA_DIR?" in shown.stderr
    assert "geheim" not in shown.output


@pytest.mark.parametrize("words", [("status",), ("up",), ("worker",), ("collector",), ("dashboard",)])
def test_a_command_with_an_invalid_setting_ends_with_one_and_says_what_is_allowed(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    ended = command(tmp_path / "none", *words, SHEETS_COLLECTOR_EVENTS_BURST="many")

    assert ended.returncode == 1
    assert "SHEETS_COLLECTOR_EVENTS_BURST is 'many', but must be a number above 0" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("words", [("worker",), ("scheduler",), ("collector", "--port", "0")])
def test_a_process_that_needs_the_broker_says_that_it_is_not_set(
    tmp_path: Path, mongod: Mongod, words: tuple[str, ...]
) -> None:
    ended = command(tmp_path / "none", *words, MONGODB_URI=mongod.uri)

    assert ended.returncode == 1
    assert "SHEETS_BROKER_URL is not set" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_up_does_not_start_with_a_provider_that_cannot_work(tmp_path: Path) -> None:
    ended = command(
        tmp_path / "data", "up", SHEETS_OPENID_METADATA_ULR="https://x/", SHEETS_OPENID_CLIENT_ID="x"
    )

    assert ended.returncode == 1
    assert "SHEETS_OPENID_CLIENT_ID is set, but not SHEETS_OPENID_METADATA_URL" in ended.stderr
    assert "did you mean SHEETS_OPENID_METADATA_URL?" in ended.stderr
    assert not (tmp_path / "data" / "instance.json").exists()


def test_a_slip_in_a_name_is_reported_where_no_instance_is_found(tmp_path: Path) -> None:
    ended = command(tmp_path / "none", "status", SHEETS_DATA_DRI=str(tmp_path))

    assert "SHEETS_DATA_DRI is no setting, did you mean SHEETS_DATA_DIR?" in ended.stderr
    assert "no instance runs in" in ended.stderr


def test_an_old_name_is_reported_beside_what_the_command_prints(named: Db) -> None:
    shown = run("webhooks", "status", "--json", OPENID_NAME="Example Ltd")

    assert json.loads(shown.stdout)["waiting"] == 0
    assert "OPENID_NAME is now SHEETS_OPENID_NAME" in shown.stderr


def test_a_variable_that_the_rules_name_as_a_secret_is_not_unknown(named: Db) -> None:
    publish(named, WEBHOOKS)

    given = {"SHEETS_CRM_SECRET": "x", "SHEETS_DATABSE": "y"}
    shown, settings = run("webhooks", "status", **given), run("settings", "--json", **given)

    assert "SHEETS_CRM_SECRET" not in shown.stderr
    assert json.loads(settings.stdout)["unknown"] == ["SHEETS_DATABSE"]
    assert "SHEETS_DATABSE is no setting, did you mean SHEETS_DATABASE?" in shown.stderr


def test_rules_check_warns_at_the_place_of_a_secret_that_is_not_set(named: Db, tmp_path: Path) -> None:
    (tmp_path / "settings.yaml").write_text(WEBHOOKS)

    unset, as_json = run("rules", "check", str(tmp_path)), run("rules", "check", str(tmp_path), "--json")
    fine = run("rules", "check", str(tmp_path), "--json", SHEETS_CRM_SECRET="x")

    place = "settings.yaml:2:41: warning: the secret $SHEETS_CRM_SECRET is not set in this environment"
    assert (unset.exit_code, place in unset.stdout) == (0, True)
    found = json.loads(as_json.stdout)
    assert (as_json.exit_code, found["ok"], found["problems"]) == (0, True, [])
    assert [(w["line"], w["column"]) for w in found["warnings"]] == [(2, 41)]
    assert json.loads(fine.stdout) == {"ok": True, "problems": []}


def test_webhooks_status_tells_what_is_held_and_why(named: Db) -> None:
    named.outbox.insert_one({"_id": "c1", "webhook": "crm", "state": "waiting", "due_at": utc_now()})
    outbox.hold(named, {"crm": "the secret $CRM is not set"}, now=utc_now())

    assert "crm: 1 held: the secret $CRM is not set" in run("webhooks", "status").stdout
    assert json.loads(run("webhooks", "status", "--json").stdout) == {
        "waiting": 1, "sent": 0, "failed": 0,
        "held": [{"webhook": "crm", "reason": "the secret $CRM is not set", "calls": 1}],
    }  # fmt: skip


def test_doctor_finds_a_secret_that_is_not_set_where_it_runs_broken(db: Db) -> None:
    publish(db, WEBHOOKS)

    verdict, found = webhooks_finding(db, {"SHEETS_CRM_SECRET": ""})
    assert verdict == "broken"
    assert "crm: the secret $SHEETS_CRM_SECRET is not set" in found
    assert webhooks_finding(db, {"SHEETS_CRM_SECRET": "x"})[0] == "ok"


def test_doctor_takes_the_workers_word_before_its_own_environment(db: Db) -> None:
    publish(db, WEBHOOKS)

    pulses.beat(db, "worker", now=utc_now(), unset=[])
    assert webhooks_finding(db, {})[0] == "ok"
    pulses.beat(db, "worker", now=utc_now(), unset=["SHEETS_CRM_SECRET"])
    verdict, found = webhooks_finding(db, {"SHEETS_CRM_SECRET": "x"})
    assert verdict == "broken"
    assert "lacks $SHEETS_CRM_SECRET" in found


def test_doctor_finds_held_calls_broken(db: Db) -> None:
    db.outbox.insert_one({"_id": "c1", "webhook": "crm", "state": "waiting", "due_at": utc_now()})
    outbox.hold(db, {"crm": "the secret $CRM is not set"}, now=utc_now())

    assert webhooks_finding(db, {}) == ("broken", "crm: 1 held: the secret $CRM is not set")
