"""Reading a shop on the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner, Result

from engine.accounts.actor import Actor
from engine.accounts.current_user import CurrentUser
from engine.db import Db
from engine.errors import NotAllowed
from engine.shops.fetching import fetch_job, fetch_service
from tests.integration.drained import run_jobs
from tests.integration.shops.fetching import ACCESS, contacts_of
from tests.shop_servers import served
from tests.shop_servers.prestashop import KEY, PrestaShop
from workers.cli.main import app


def run(*words: str, given: str = "") -> Result:
    return CliRunner().invoke(app, ["shops", *words], input=given)


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHEETS_SECRETS_KEY", "a key for tests, of thirty-two characters and more")
    monkeypatch.setenv("SHEETS_ALLOW_PRIVATE_ADDRESSES", "true")


@pytest.fixture
def prestashop() -> Iterator[PrestaShop]:
    with served(PrestaShop()) as server:
        server.customer(1, "ana@x.example", date_upd="2099-01-01 00:00:00")
        server.order(11, 1)
        yield server


@pytest.fixture
def shop(named: Db, prestashop: PrestaShop) -> str:
    options = ("--set", f"url={prestashop.url}", "--set", "api_key=-", "--json")
    return str(
        json.loads(run("add", "prestashop", "--name", "Mugs", *options, given=f"{KEY}\n").stdout)["id"]
    )


def test_the_credentials_are_tried(shop: str, prestashop: PrestaShop) -> None:
    assert json.loads(run("check", shop, "--json").stdout)["readable"] == ["customers", "orders", "refunds"]

    prestashop.allowed.remove("order_slip")
    refused = run("check", shop)
    assert refused.exit_code != 0
    assert "may not read order_slip" in str(refused.exception)


def test_a_wrong_key_is_replaced(shop: str) -> None:
    assert run("enter", shop, "--set", "api_key=wrong").exit_code == 0
    assert "does not accept the key" in str(run("check", shop).exception)

    assert run("enter", shop, "--set", "api_key=-", given=f"{KEY}\n").exit_code == 0
    assert run("check", shop).exit_code == 0
    assert "not 'color'" in str(run("enter", shop, "--set", "color=red").exception)


def test_the_past_is_fetched_as_a_job(named: Db, shop: str) -> None:
    begun = json.loads(run("fetch", shop, "--json").stdout)
    again = json.loads(run("fetch", shop, "--json").stdout)
    assert (begun["state"], again["id"]) == ("waiting", begun["id"])

    fetch_job.equip(fetch_service.ShopAccess(_sealer, ACCESS.client))
    run_jobs(named)

    assert named.jobs.find_one({"_id": begun["id"]})["state"] == "done"
    assert contacts_of(named)["ana@x.example"]["commerce"]["orders"] == 1


def _sealer() -> object:
    from engine.shops.sealing import Sealer

    return Sealer("a key for tests, of thirty-two characters and more")


def test_a_poll_says_what_it_read_and_what_is_wrong(named: Db, shop: str, prestashop: PrestaShop) -> None:
    done = json.loads(run("poll", shop, "--json").stdout)
    assert (done["records"], done["problem"], done["failures"]) == (1, "", 0)

    prestashop.allowed.clear()
    failed = run("poll", shop, "--json")
    assert failed.exit_code == 1
    assert json.loads(failed.stdout)["failures"] == 1
    [listed] = json.loads(run("list", "--json").stdout)
    assert "may not read" in listed["poll"]["problem"]


def test_a_shop_with_webhooks_is_not_polled(named: Db) -> None:
    shop = json.loads(run("add", "shopify", "--name", "Zapatos", "--json").stdout)["id"]
    assert "sends webhooks and is not polled" in str(run("poll", shop).exception)
    assert "enter under Settings, Shops" in str(run("fetch", shop).exception)


@pytest.mark.parametrize("role", ["viewer", "marketer"])
def test_only_who_manages_keys_reads_shops(named: Db, shop: str, role: str) -> None:
    actor = Actor(named, CurrentUser("u", "u@x.example", "U", role))  # type: ignore[arg-type]
    for act in (
        lambda: fetch_service.check(actor, shop, ACCESS),
        lambda: fetch_service.start_fetch(actor, shop, ACCESS),
        lambda: fetch_service.enter(actor, shop, {"url": "x"}, ACCESS),
        lambda: fetch_service.last_fetch(actor, shop),
        lambda: fetch_service.poll(actor, shop, ACCESS, lambda _lanes: None),
    ):
        with pytest.raises(NotAllowed):
            act()
