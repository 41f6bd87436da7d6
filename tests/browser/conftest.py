"""A shop's instance with the real pages, and a real browser."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.running import Running, running

PICTURES = Path("artefacts/pictures")
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}

HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>**[x](javascript:alert(1))**'

expect.set_options(timeout=45_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In CI a journey that failed is tried twice more, and counted as run again: machines there are busy."""
    for item in items:
        if os.environ.get("CI") and item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.flaky(reruns=2))


@pytest.fixture(scope="session")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """`sheets up` with a made-up shop's history and a few people that the tests know."""
    folder = tmp_path_factory.mktemp("browser") / "data"
    made = _made(_of_all_processes(tmp_path_factory) / "shop")
    shutil.copytree(made, folder, ignore=shutil.ignore_patterns("ports.json"))  # each copy has its own
    with running(folder) as instance:
        yield instance


def _of_all_processes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a whole test run: each of its processes has one of its own within."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


def _made(shop: Path) -> Path:
    """The data of the shop; the process that asks first makes it, and others copy it."""
    with shop.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not shop.exists():
            making = shop.with_suffix(".making")
            shutil.rmtree(making, ignore_errors=True)  # of a process that failed
            with running(making) as instance:
                instance.sheets("demo", "--contacts", "150", "--no-live", "--seed", "3")
                send(instance, known_people())
                instance.sheets("wait", "--timeout", "60")
            making.rename(shop)
    return shop


def send(instance: Running, events: list[dict[str, Any]]) -> None:
    token = instance.key()
    body = json.dumps({"writeKey": token, "batch": events}).encode()
    with urllib.request.urlopen(f"{instance.collector}/v1/batch", body) as answer:
        assert json.load(answer) == {"success": True}


def track(user: str, event: str, **properties: Any) -> dict[str, Any]:
    return {"type": "track", "userId": user, "event": event, "properties": properties}


def known_people() -> list[dict[str, Any]]:
    ana = {
        "email": "ana.prueba@example.com",
        "firstName": "Ana",
        "lastName": "de la Prueba y Fernández-Villaverde",
    }
    return [
        *(
            {
                "type": "identify",
                "userId": f"twin-{n}",
                "traits": {"email": "twin.prueba@example.com", "firstName": f"Twin {n}"},
            }
            for n in (1, 2)
        ),
        {"type": "identify", "userId": "ana", "anonymousId": "ana-laptop", "traits": ana},
        track("ana", "newsletter_subscribed", source="checkout"),
        *(
            track("ana", "Product Viewed", product_id=f"p{n}", name=f"Shoe {n}", price=60 + n)
            for n in range(70)
        ),
        track("ana", "Product Added", product_id="p1", name="Shoe 1", price=61, quantity=2),
        track(
            "ana",
            "Order Completed",
            order_id="A-1",
            total=122,
            currency="EUR",
            products=[{"product_id": "p1", "name": "Shoe 1"}],
            gift_note="With love. " * 400 + "x" * 4_000,  # higher and wider than any box
        ),
    ]


def hostile_person() -> list[dict[str, Any]]:
    """Somebody who writes markup and scripts wherever there is room."""
    evil = {"email": "evil@example.com", "firstName": HOSTILE, "city": HOSTILE, "plan": HOSTILE}
    return [
        {"type": "identify", "userId": HOSTILE, "traits": evil},
        track(HOSTILE, HOSTILE, **{"name": HOSTILE, HOSTILE: HOSTILE}),
        track(HOSTILE, "Product Viewed", name=HOSTILE, category=HOSTILE),
        track(HOSTILE, "Order Completed", order_id=HOSTILE, total=5, currency="EUR"),
        track(HOSTILE, "Product Added", product_id=HOSTILE, name=HOSTILE, price=1),
    ]


@pytest.fixture(scope="module")
def signed_in(instance: Running, browser: Browser) -> dict[str, Any]:
    """The cookies of a browser that used a one-time link."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(instance.sheets("link").stdout.strip())
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{instance.dashboard}/")
    state: dict[str, Any] = dict(context.storage_state())
    context.close()
    return state


@pytest.fixture
def context(browser: Browser, signed_in: dict[str, Any]) -> Iterator[BrowserContext]:
    context = browser.new_context(storage_state=signed_in, viewport=DESK)  # type: ignore[arg-type]
    yield context
    context.close()


COUNT_RUNS = """
window.runs = 0;
new MutationObserver(changes => {
  window.runs += changes.filter(change => change.oldValue === "running").length;
}).observe(document, {
  subtree: true, attributeFilter: ["data-test-script-state"], attributeOldValue: true,
});
"""
"""Counts the runs of a page that have ended."""


@pytest.fixture
def page(context: BrowserContext) -> Page:
    page = context.new_page()
    page.add_init_script(COUNT_RUNS)
    return page


def settled(page: Page) -> None:
    """Wait until the page has finished its run; one that is about to begin is missed (see `run_of`)."""
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    page.wait_for_timeout(300)


@contextmanager
def run_of(page: Page) -> Iterator[None]:
    """Wait for the end of the run that the block starts, however late it begins."""
    before = page.evaluate("window.runs")
    yield
    page.wait_for_function("before => window.runs > before", arg=before)
    settled(page)


def rows(page: Page) -> Locator:
    """The contacts of the list: links to their sheets."""
    return page.locator(".row .name a:not(.sort)")


def picture(page: Page, name: str) -> None:
    """Keep a picture of the page at both widths."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for suffix, size in (("", DESK), ("-phone", PHONE)):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.wait_for_timeout(400)
        page.screenshot(path=PICTURES / f"{name}{suffix}.png")
    page.set_viewport_size(DESK)  # type: ignore[arg-type]
