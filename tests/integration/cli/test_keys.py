"""Keys and their limits on the command line, and where a reached limit shows."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from engine.accounts import keys
from engine.accounts.key_limits import NEW_KEY, NO_LIMITS, KeyLimits
from engine.accounts.scopes import Scope
from engine.db import Db
from engine.db.connection import utc_now
from engine.pipeline import new_contacts
from engine.settings import Instance
from workers.cli import doctor
from workers.cli.main import app


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def limits_of(db: Db) -> KeyLimits:
    return keys.all_keys(db)[0].limits


def test_a_new_write_key_has_the_usual_limits_and_a_secret_key_none(named: Db) -> None:
    assert run("keys", "create", "--kind", "write").exit_code == 0
    assert limits_of(named) == NEW_KEY

    assert run("keys", "create", "--kind", "secret").exit_code == 0
    assert limits_of(named) == NO_LIMITS


def test_a_key_is_created_and_changed_with_limits_and_both_are_audited(named: Db) -> None:
    origins = ("--origin", "https://Shop.example/", "--origin", "https://*.shop.example")
    rates = ("--rate-per-address", "2.5", "--new-contacts-per-day", "500")
    created = run("keys", "create", "--kind", "write", "--label", "shop", *origins, *rates, "--json")
    assert created.exit_code == 0, created.output
    assert limits_of(named) == KeyLimits(("https://shop.example", "https://*.shop.example"), 2.5, 500)

    changed = run("keys", "change", json.loads(created.stdout)["id"], "--new-contacts-per-day", "none")

    assert changed.exit_code == 0, changed.output
    assert limits_of(named) == KeyLimits(("https://shop.example", "https://*.shop.example"), 2.5, None)
    [listed] = json.loads(run("keys", "list", "--json").stdout)
    assert listed["limits"]["address_rate"] == 2.5
    entry = named.audit.find_one({"act": "changed the limits of an API key"})
    assert entry is not None
    assert [(c["what"], c["before"], c["after"]) for c in entry["changes"]] == [
        ("new contacts a day", "500", None)
    ]


def test_all_limits_are_lifted_by_words(named: Db) -> None:
    key = keys.create_key(named, "write", label="shop", now=utc_now(), limits=NEW_KEY)
    keys.set_limits(named, key.id, KeyLimits(("https://shop.example",), 1, 1))

    lifted = ("--origin", "any", "--rate-per-address", "none", "--new-contacts-per-day", "none")
    changed = run("keys", "change", key.id, *lifted)

    assert changed.output.count("no limit") == 2
    assert limits_of(named) == NO_LIMITS


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--origin", "shop.example"), "https://shop.example"),
        (("--rate-per-address", "0"), "above 0"),
        (("--rate-per-address", "nan"), "above 0"),
        (("--rate-per-address", "fast"), "neither a number"),
        (("--new-contacts-per-day", "1.5"), "whole number"),
        (("--new-contacts-per-day", "nan"), "whole number"),
        (("--kind", "secret", "--rate-per-address", "5"), "only a write key has limits"),
    ],
    ids=str,
)
def test_limits_that_make_no_sense_are_refused(named: Db, options: Any, reason: str) -> None:
    refused = run("keys", "create", "--kind", "write", *options)

    assert refused.exit_code != 0
    assert reason in refused.output + str(refused.exception)
    assert keys.all_keys(named) == []


def test_a_secret_key_is_created_and_changed_with_scopes(named: Db) -> None:
    created = run(
        "keys", "create", "--kind", "secret", "--scope", "contacts:read", "--scope", "events", "--json"
    )
    assert created.exit_code == 0, created.output
    [listed] = json.loads(run("keys", "list", "--json").stdout)
    assert listed["scopes"] == ["events", "contacts:read"]

    changed = run("keys", "change", listed["id"], "--scope", "privacy")

    assert changed.exit_code == 0 and "privacy" in changed.output
    assert keys.all_keys(named)[0].scopes == (Scope.PRIVACY,)
    assert "privacy" in run("keys", "list").output
    entry = named.audit.find_one({"act": "changed the scopes of an API key"})
    assert entry is not None
    assert entry["changes"] == [{"what": "scopes", "before": "events, contacts:read", "after": "privacy"}]


def test_scopes_are_those_that_there_are_and_of_secret_keys_alone(named: Db) -> None:
    unknown = run("keys", "create", "--kind", "secret", "--scope", "everything")
    public = run("keys", "create", "--kind", "write", "--scope", "contacts:read")

    assert unknown.exit_code != 0 and "contacts:read" in unknown.output
    assert "only a secret key has scopes" in str(public.exception)
    assert keys.all_keys(named) == []


def test_an_unknown_and_a_revoked_key_are_refused(named: Db) -> None:
    key = keys.create_key(named, "write", label="shop", now=utc_now())
    keys.revoke(named, key.id, now=utc_now())

    for id_, reason in (("nobody", "no such key"), (key.id, "is revoked")):
        assert reason in str(run("keys", "change", id_, "--rate-per-address", "5").exception)


def test_a_reached_ceiling_shows_in_status_and_doctor(named: Db) -> None:
    key = keys.create_key(named, "write", label="shop", now=utc_now(), limits=KeyLimits(new_contacts=2))
    until = utc_now() + timedelta(hours=1)
    new_contacts.admit(named, key.id, wanted=3, ceiling=2, until=until)

    [counted] = json.loads(run("status", "--json").stdout)["new_contacts"]
    findings = {found.check: found for found in doctor.examine(named, Instance("", "", named.name), {})}

    assert {**counted, "until": ""} == {
        "key": key.id, "label": "shop", "admitted": 2, "refused": 1, "ceiling": 2, "until": "", "reached": True,
    }  # fmt: skip
    assert "'shop' has reached its 2 new contacts of today" in run("status").output
    assert findings["new contacts"].verdict == "warning"
    keys.revoke(named, key.id, now=utc_now())
    assert new_contacts.today(named, now=utc_now()) == []


def test_room_that_is_left_is_never_given_twice(named: Db) -> None:
    until = utc_now() + timedelta(hours=1)

    fitting = [new_contacts.admit(named, "k", wanted=wanted, ceiling=5, until=until) for wanted in (3, 3, 1)]
    lowered = new_contacts.admit(named, "k", wanted=1, ceiling=2, until=until)

    assert (fitting, lowered) == ([3, 2, 0], 0)
    row = named.new_contacts.find_one()
    assert row is not None
    assert (row["admitted"], row["refused"]) == (5, 3)
