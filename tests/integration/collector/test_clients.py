"""Clients that nobody here wrote, and our snippet in a real browser, against a real port."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import segment.analytics as segment
from playwright.sync_api import Browser, Page

from engine.accounts import keys
from engine.accounts.key_limits import KeyLimits
from engine.contacts import contact_lookup
from engine.contacts.sheet import sheets
from engine.db import Db
from engine.db.connection import utc_now
from tests.integration.drained import drain_all
from tests.integration.served import served
from workers.collector import auth


@pytest.fixture
def collector(db: Db) -> Iterator[str]:
    """The collector's address."""
    with ExitStack() as stack:
        yield stack.enter_context(served(db))


@pytest.mark.parametrize("zipped", [True, False])
def test_segments_python_client_works_by_changing_its_host(
    db: Db, collector: str, secret_key: str, zipped: bool
) -> None:
    failures: list[Exception] = []
    client = segment.Client(
        secret_key, host=collector, gzip=zipped, on_error=lambda error, _: failures.append(error)
    )

    client.identify("7", {"email": "ana@example.com", "firstName": "Ana"})
    client.track("7", "Order Completed", {"order_id": "o-1", "total": 12.1, "currency": "EUR"})
    client.page(anonymous_id="t-1", name="Home")
    client.screen("7", name="Cart")
    client.alias("t-1", "7")
    client.group("7", "g-1", {"name": "Acme"})
    client.flush()
    client.join()
    drain_all(db)

    assert failures == []
    found = sheets.sheet(db, contact_lookup.find_contact(db, "7"), now=utc_now())  # type: ignore[arg-type]
    assert found is not None
    assert (found.email, found.first_name, found.commerce.orders) == ("ana@example.com", "Ana", 1)
    assert sorted(db.activities.distinct("type", {"derived": {"$exists": False}})) == [
        "group",
        "identified",
        "order_completed",
        "page_visited",
    ]


def test_many_clients_at_once_lose_nothing(db: Db, collector: str, write_key: str) -> None:
    def send(name: int) -> None:
        client = segment.Client(write_key, host=collector, upload_size=7)
        for number in range(50):
            client.track(anonymous_id=f"t-{name}", event="Product Viewed", message_id=f"m-{name}-{number}")
        client.flush()
        client.join()

    threads = [threading.Thread(target=send, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert db.activities.count_documents({"state": "received"}) == 8 * 50


# The snippet


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture
def shop(page: Page, collector: str, write_key: str) -> Iterator[Callable[..., None]]:
    """Open a page of the shop, with the snippet and `before`, a script that runs ahead of it."""
    html = ""
    policy = ""

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Referrer-Policy", policy)
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def open_page(before: str = "", *, referrer: str = "") -> None:
        nonlocal html, policy
        policy = referrer
        html = (
            "<!doctype html><title>Shoes</title><script>window.sheets = window.sheets || [];"
            f'{before}</script><script async src="{collector}/t.js" data-key="{write_key}"></script>'
        )
        page.goto(f"http://localhost:{server.server_port}/shoes?colour=red")

    yield open_page
    server.shutdown()
    server.server_close()


def eventually(count: Callable[[], int], wanted: int) -> None:
    """Wait until a beacon has arrived: nobody tells the page."""
    deadline = time.monotonic() + 10
    while count() < wanted and time.monotonic() < deadline:
        time.sleep(0.05)
    assert count() == wanted


def test_the_snippet_follows_a_visitor_from_page_to_page(
    page: Page, db: Db, shop: Callable[..., None]
) -> None:
    def count() -> int:
        return db.activities.count_documents({})

    shop("sheets.push(['track', 'Product Viewed', {price: 60}]);")
    eventually(count, 2)
    page.evaluate("sheets.identify('customer-7', {email: 'ana@example.com'})")
    page.reload()
    eventually(count, 5)

    rows = list(db.activities.find().sort("received_at"))
    [cookie] = [c for c in page.context.cookies() if c["name"] == "sheets_tracker"]
    assert {row["tracker"] for row in rows} == {cookie["value"]}
    assert cookie["sameSite"] == "Lax"
    assert cookie["expires"] > time.time() + 364 * 86_400
    visit = next(row for row in rows if row["type"] == "page_visited")
    assert visit["properties"]["path"] == "/shoes"
    assert visit["properties"]["search"] == "?colour=red"
    assert next(row for row in rows if row["type"] == "product_visited")["properties"] == {"price": 60}
    assert db.activities.count_documents({"identities.external_id": "customer-7"}) == 3


@pytest.mark.parametrize(
    "before",
    ["delete Request.prototype.keepalive;", "navigator.sendBeacon = undefined;"],
    ids=["beacons alone", "no beacons"],
)
def test_the_snippet_sends_with_what_the_browser_has(db: Db, shop: Callable[..., None], before: str) -> None:
    shop(before)

    eventually(lambda: db.activities.count_documents({"type": "page_visited"}), 1)


@pytest.mark.parametrize("policy", ["", "no-referrer", "same-origin"])
def test_the_collector_knows_the_page_whatever_it_keeps_from_others(
    db: Db, shop: Callable[..., None], page: Page, policy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "CACHED_FOR", 0)
    shop(referrer=policy)
    eventually(lambda: db.activities.count_documents({}), 1)
    [key] = keys.all_keys(db)
    keys.set_limits(db, key.id, KeyLimits((page.evaluate("location.origin"),)))

    with page.expect_request("**/v1/batch") as sent:
        page.evaluate("sheets.track('Cart Viewed')")

    eventually(lambda: db.activities.count_documents({}), 2)
    assert db.refusals.count_documents({}) == 0
    assert sent.value.resource_type == "fetch"


def test_signing_out_begins_another_tracker(page: Page, db: Db, shop: Callable[..., None]) -> None:
    shop()
    eventually(lambda: db.activities.count_documents({}), 1)
    page.evaluate("sheets.identify('customer-7'); sheets.reset(); sheets.track('Cart Viewed')")
    eventually(lambda: db.activities.count_documents({}), 3)

    row = db.activities.find_one({"type": "cart_viewed"})
    assert row is not None
    assert "identities" not in row or row["identities"] == {}
    assert len(db.activities.distinct("tracker")) == 2
    assert json.dumps(page.context.cookies()).count("customer-7") == 0
