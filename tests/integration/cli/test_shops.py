"""Shops on the command line: the address to paste, secrets that are not shown again, and their end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from engine.db import Db
from engine.db.connection import utc_now
from engine.settings import Settings, locate
from engine.shops import shops
from engine.shops.sealing import sealer_of
from workers.cli import doctor
from workers.cli.main import app

KEY = "a key for tests, of thirty-two characters and more"
SECRET = "whsec-very-secret"


def run(*words: str, given: str = "") -> Result:
    return CliRunner().invoke(app, list(words), input=given)


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHEETS_SECRETS_KEY", KEY)
    monkeypatch.setenv("SHEETS_COLLECTOR_PUBLIC_URL", "https://collect.example/")


def test_a_shop_is_connected_and_the_address_and_topics_are_printed(named: Db) -> None:
    added = run("shops", "add", "shopify", "--name", "Zapatos", "--set", f"webhook_secret={SECRET}", "--json")
    assert added.exit_code == 0, added.output

    found = json.loads(added.stdout)
    assert found["address"] == f"https://collect.example/shops/shopify/{found['id']}"
    assert "orders/create" in found["topics"] and found["format"] == "JSON"
    assert (
        SECRET
        not in added.output + run("shops", "list", "--json").output + run("shops", "show", found["id"]).output
    )
    assert SECRET not in str(list(named.shops.find())) + str(list(named.audit.find()))
    sealer = sealer_of(Settings(secrets_key=KEY), locate(Settings(mongodb_uri="mongodb://x")))
    assert shops.secrets_of(named, found["id"], "webhook_secret", sealer) == [SECRET]


def test_a_secret_may_come_later_and_from_standard_input(named: Db) -> None:
    shop = json.loads(run("shops", "add", "woocommerce", "--name", "Zapatos", "--json").stdout)["id"]

    first = run("shops", "rotate", shop, "--set", "webhook_secret=-", given="one\n")
    second = run("shops", "rotate", shop, "--set", "webhook_secret=two")
    third = run("shops", "rotate", shop, "--set", "webhook_secret=three")

    assert {first.exit_code, second.exit_code, third.exit_code} == {0}
    [listed] = json.loads(run("shops", "list", "--json").stdout)
    assert listed["secrets"] == {"webhook_secret": 2}
    assert run("shops", "rotate", shop, "--set", "webhook_secret=four", "--drop-old").exit_code == 0
    assert json.loads(run("shops", "list", "--json").stdout)[0]["secrets"] == {"webhook_secret": 1}


def test_a_second_shop_gets_a_prefix_and_a_removed_one_is_gone(named: Db) -> None:
    first = json.loads(run("shops", "add", "shopify", "--name", "Zapatos", "--json").stdout)
    second = json.loads(run("shops", "add", "shopify", "--name", "Zapatos Outlet", "--json").stdout)
    assert (first["prefix"], second["prefix"]) == ("", "zapatos-outlet-")

    assert run("shops", "remove", first["id"]).exit_code == 0
    assert [shop["id"] for shop in json.loads(run("shops", "list", "--json").stdout)] == [second["id"]]
    acts = [entry["act"] for entry in named.audit.find({"subject.kind": "shop"})]
    assert sorted(acts) == ["connected a shop", "connected a shop", "disconnected a shop"]


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("add", "shopfy", "--name", "x"), "there are shopify"),
        (("add", "shopify", "--name", " "), "enter a name"),
        (("add", "shopify", "--name", "x", "--set", "secret=1"), "no field 'secret'; it has webhook_secret"),
        (("add", "shopify", "--name", "x", "--set", "webhook_secret"), "FIELD=VALUE"),
        (("add", "shopify", "--name", "x", "--set", "webhook_secret=a\tb"), "one line"),
        (("add", "shopify", "--name", "x", "--prefix", "a b"), "letters"),
        (("show", "nothing"), "sheets shops list"),
        (("remove", "nothing"), "sheets shops list"),
        (("rotate", "nothing", "--set", "webhook_secret=x"), "sheets shops list"),
    ],
)
def test_an_error_says_what_to_do(named: Db, words: tuple[str, ...], hint: str) -> None:
    result = run("shops", *words)

    assert result.exit_code != 0
    assert hint in result.output + str(result.exception)


def test_a_second_shop_of_the_same_name_is_refused(named: Db) -> None:
    run("shops", "add", "shopify", "--name", "Zapatos")

    assert "another name" in str(run("shops", "add", "shopify", "--name", "zapatos").exception)


def test_platforms_name_their_fields(named: Db) -> None:
    found = json.loads(run("shops", "platforms", "--json").stdout)

    assert {"shopify", "woocommerce"} <= {platform["platform"] for platform in found}


def test_the_key_file_of_embedded_servers_is_its_owner_s_alone(tmp_path: Path) -> None:
    from dataclasses import replace

    embedded = replace(
        locate(Settings(mongodb_uri="mongodb://x")), mongodb_uri="mongodb://embedded", data_dir=tmp_path
    )
    sealed = sealer_of(Settings(), embedded).seal("x")

    assert (tmp_path / "secrets.key").stat().st_mode & 0o777 == 0o600
    assert sealer_of(Settings(), embedded).open(sealed) == "x"


def test_the_doctor_names_a_shop_whose_deliveries_are_refused(named: Db) -> None:
    shop = json.loads(run("shops", "add", "shopify", "--name", "Zapatos", "--json").stdout)["id"]
    assert doctor._shops(named).verdict == "ok"

    shops.record_refused(named, shop, reason="the signature is wrong", at=utc_now())

    found = doctor._shops(named)
    assert (found.verdict, found.found) == ("warning", "Zapatos: the signature is wrong")
