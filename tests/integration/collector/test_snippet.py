"""The snippet in a real browser: whatever the page, the network and other tabs do, each event arrives once."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from pymongo.errors import AutoReconnect

from engine.db import Db
from engine.pipeline import inbox
from tests.integration.served import served
from workers.collector import answers

DOCS = Path("docs/send-events.md").read_text(encoding="utf-8")
LOADER = DOCS.partition("## From a web page")[2].partition("<script>")[2].partition("</script>")[0]
"""The stub that users paste, with which `sheets.track()` works before the snippet has loaded."""


class Shop:
    """Pages of a shop on any host below localhost, all with the same snippet."""

    def __init__(self, collector: str, key: str) -> None:
        self.collector = collector
        self.key = key
        self.html = ""
        shop = self

        class Pages(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(shop.html.encode())

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path: str = "/shoes", *, host: str = "shop.localhost") -> str:
        return f"http://{host}:{self.server.server_port}{path}"

    def open(
        self,
        page: Page,
        path: str = "/shoes",
        *,
        host: str = "shop.localhost",
        before: str = "",
        referrer: str | None = None,
        **attributes: str,
    ) -> None:
        """Open a page on which the loader and `before` run ahead of the snippet."""
        named = {"key": self.key} | attributes
        written = " ".join(f'data-{name}="{value}"' for name, value in named.items())
        script = f'<script async src="{self.collector}/t.js" {written}></script>'
        self.html = f"<!doctype html><title>Shoes</title><script>{LOADER}{before}</script>{script}"
        page.goto(self.url(path, host=host), referer=referrer)


class Intake:
    """What MongoDB takes, and whether it is available."""

    def __init__(self) -> None:
        self.available = True
        self.received: Counter[str] = Counter()

    def twice(self) -> list[str]:
        return [id_ for id_, times in self.received.items() if times > 1]


@pytest.fixture
def shop(db: Db, write_key: str) -> Iterator[Shop]:
    with ExitStack() as stack:
        shop = Shop(stack.enter_context(served(db)), write_key)
        stack.callback(shop.server.server_close)
        stack.callback(shop.server.shutdown)
        yield shop


@pytest.fixture
def intake(monkeypatch: pytest.MonkeyPatch) -> Intake:
    intake, receive = Intake(), inbox.receive

    def receive_if_available(db: Db, activities: Any) -> Any:
        if not intake.available:
            raise AutoReconnect("MongoDB is down")
        intake.received.update(activity.id for activity in activities)
        return receive(db, activities)

    monkeypatch.setattr(inbox, "receive", receive_if_available)
    monkeypatch.setattr(answers, "RETRY_AFTER", 1)
    return intake


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def warnings(page: Page) -> list[str]:
    """The texts that the snippet writes to the console."""
    texts: list[str] = []
    page.on("console", lambda message: texts.append(message.text) if message.type == "warning" else None)
    return texts


def until(page: Page, reached: Callable[[], bool], *, seconds: int = 40) -> None:
    for _ in range(seconds * 20):
        if reached():
            return
        page.wait_for_timeout(50)
    assert reached()


def arrived(db: Db, page: Page, count: int, *, seconds: int = 40) -> list[dict[str, Any]]:
    """The activities by time, once there are `count`; a moment later there are no more."""
    until(page, lambda: db.activities.count_documents({}) >= count, seconds=seconds)
    page.wait_for_timeout(200)
    rows = list(db.activities.find().sort("happened_at"))
    assert len(rows) == count
    return rows


def cookies(context: BrowserContext, name: str) -> list[str]:
    return [str(cookie["value"]) for cookie in context.cookies() if cookie["name"] == name]


def queued(page: Page) -> int:
    return int(page.evaluate("Object.keys(localStorage).filter(n => n.startsWith('sheets_queue')).length"))


# Delivery


def test_many_large_events_of_one_moment_arrive_in_one_request(db: Db, shop: Shop, page: Page) -> None:
    shop.open(page)
    arrived(db, page, 1)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))

    page.evaluate("for (let n = 0; n < 40; n++) sheets.track('Product Viewed', {n, text: 'x'.repeat(3000)})")

    rows = arrived(db, page, 41)
    assert [row["properties"]["n"] for row in rows[1:]] == list(range(40))
    assert len(requests) == 1
    until(page, lambda: queued(page) == 0)


def test_more_than_a_request_takes_is_split(db: Db, shop: Shop, page: Page) -> None:
    shop.open(page)

    page.evaluate("for (let n = 0; n < 60; n++) sheets.track('Product Viewed', {n, text: 'é'.repeat(8000)})")

    arrived(db, page, 61)
    assert db.refusals.count_documents({}) == 0


def test_an_open_page_sends_again_what_was_answered_503(
    db: Db, shop: Shop, page: Page, intake: Intake, warnings: list[str]
) -> None:
    intake.available = False
    shop.open(page)
    page.evaluate("sheets.track('Cart Viewed')")
    until(page, lambda: any("answers 503" in text for text in warnings))
    assert queued(page) == 2

    intake.available = True

    assert [row["type"] for row in arrived(db, page, 2)] == ["page_visited", "cart_viewed"]
    assert intake.twice() == []
    until(page, lambda: queued(page) == 0)


@pytest.mark.parametrize("before", ["", "delete Request.prototype.keepalive;"], ids=["fetch", "beacon"])
def test_an_event_arrives_though_its_page_is_left_at_once(
    db: Db, shop: Shop, page: Page, before: str
) -> None:
    shop.open(page, before=before)
    arrived(db, page, 1)
    shop.html = "<title>Elsewhere</title>"

    page.evaluate("sheets.track('Checkout Started'); location.href = '/pay'")

    arrived(db, page, 2)
    assert db.conflicts.count_documents({}) == 0


def test_the_next_page_sends_what_an_outage_left(db: Db, shop: Shop, page: Page, intake: Intake) -> None:
    intake.available = False
    shop.open(page)
    page.evaluate("sheets.track('Checkout Started')")
    page.goto("about:blank")
    page.wait_for_timeout(500)
    intake.available = True

    shop.open(page, "/thanks")

    rows = arrived(db, page, 3, seconds=20)
    assert [row["type"] for row in rows] == ["page_visited", "checkout_started", "page_visited"]
    assert db.conflicts.count_documents({}) == 0


def test_tabs_do_not_send_events_of_each_other(
    db: Db, shop: Shop, context: BrowserContext, intake: Intake
) -> None:
    intake.available = False
    tabs = [context.new_page() for _ in range(3)]
    for tab in tabs:
        shop.open(tab)
        tab.evaluate("sheets.track('Cart Viewed')")
    tabs[0].wait_for_timeout(500)

    intake.available = True

    arrived(db, tabs[0], 6)
    assert intake.twice() == []
    until(tabs[0], lambda: queued(tabs[0]) == 0)


def test_events_wait_in_memory_where_storage_is_blocked(
    db: Db, shop: Shop, page: Page, intake: Intake
) -> None:
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new Error('blocked'); }})"
    )
    intake.available = False
    shop.open(page)
    page.wait_for_timeout(300)

    intake.available = True

    arrived(db, page, 1)


def test_a_refused_event_is_dropped_with_a_warning(
    db: Db, shop: Shop, page: Page, warnings: list[str]
) -> None:
    shop.open(page)
    arrived(db, page, 1)

    page.evaluate("sheets.track('Big', {text: 'x'.repeat(40000)}); sheets.track('Cart Viewed')")

    arrived(db, page, 2)
    until(page, lambda: any("refused Big" in text for text in warnings))
    until(page, lambda: queued(page) == 0)


# The page


def test_calls_before_the_snippet_has_loaded_are_made(
    db: Db, shop: Shop, page: Page, warnings: list[str]
) -> None:
    before = "sheets.track('Cart Viewed'); sheets.push(['nope'], 'bad', null, ['toString']); sheets.track('Checkout Started');"

    shop.open(page, before=before)

    assert {row["type"] for row in arrived(db, page, 3)} == {
        "page_visited",
        "cart_viewed",
        "checkout_started",
    }
    until(page, lambda: any("unknown call nope" in text for text in warnings))


def test_malformed_cookies_are_replaced(db: Db, shop: Shop, page: Page, context: BrowserContext) -> None:
    for name in ("sheets_tracker", "sheets_user", "sheets_consent", "sheets_first"):
        context.add_cookies([{"name": name, "value": "%E0%A4%A", "url": shop.url()}])

    shop.open(page)

    [row] = arrived(db, page, 1)
    assert cookies(context, "sheets_tracker") == [row["tracker"]]


def test_a_placeholder_is_no_user_id(db: Db, shop: Shop, page: Page, warnings: list[str]) -> None:
    shop.open(
        page, before="sheets.identify('undefined', {email: 'ana@example.com'}); sheets.track('Cart Viewed');"
    )

    arrived(db, page, 3)
    until(page, lambda: any("identify() got undefined" in text for text in warnings))


def test_a_page_that_changes_without_loading_is_visited(db: Db, shop: Shop, page: Page) -> None:
    shop.open(page)
    arrived(db, page, 1)

    page.evaluate("history.pushState({}, '', '/boots'); document.title = 'Boots'")
    arrived(db, page, 2)
    page.evaluate("history.replaceState({}, '', '/boots?colour=red')")
    page.go_back()

    rows = arrived(db, page, 3)
    seen = [(row["properties"]["path"], row["properties"]["title"]) for row in rows]
    assert seen[:2] == [("/shoes", "Shoes"), ("/boots", "Boots")]
    assert seen[2][0] == "/shoes"
    assert rows[1]["properties"]["referrer"] == shop.url()


def test_a_tag_manager_gives_the_key_in_the_address(db: Db, shop: Shop, page: Page) -> None:
    shop.html = "<!doctype html><title>Shoes</title>"
    page.goto(shop.url())

    page.evaluate(
        """src => {
            const script = document.createElement("script");
            script.src = src;
            script.async = true;
            document.head.append(script);
        }""",
        f"{shop.collector}/t.js?key={shop.key}",
    )

    arrived(db, page, 1)


@pytest.mark.parametrize("key", ["", "sk_123", "{{key}}"])
def test_a_missing_write_key_is_named_in_the_console(
    shop: Shop, page: Page, warnings: list[str], key: str
) -> None:
    shop.open(page, key=key, before="sheets.track('Cart Viewed');")

    until(page, lambda: any("must be a write key" in text for text in warnings))
    until(page, lambda: queued(page) == 0)


# The visitor


def test_campaign_and_referrer_of_the_first_visit_are_kept(db: Db, shop: Shop, page: Page) -> None:
    shop.open(
        page, "/?utm_source=news&utm_campaign=spring&q=1", referrer="http://search.example/find?q=shoes"
    )
    arrived(db, page, 1)
    shop.open(page, "/?utm_source=other")

    for row in arrived(db, page, 2):
        assert row["context"]["campaign"] == {"source": "news", "name": "spring"}
        assert row["context"]["referrer"]["url"].startswith("http://search.example/")


def test_subdomains_share_a_visitor_and_its_first_visit(
    db: Db, shop: Shop, page: Page, context: BrowserContext
) -> None:
    shop.open(page, "/?utm_source=news", host="www.shop.localhost", domain=".shop.localhost")
    arrived(db, page, 1)
    shop.open(page, host="blog.shop.localhost", domain=".shop.localhost")

    rows = arrived(db, page, 2)
    assert len({row["tracker"] for row in rows}) == 1
    assert rows[1]["context"]["campaign"] == {"source": "news"}
    assert len(cookies(context, "sheets_tracker")) == 1


def test_one_cookie_is_left_when_the_domain_changes(
    db: Db, shop: Shop, page: Page, context: BrowserContext
) -> None:
    host = "www.shop.localhost"
    for count, domain in enumerate(("", ".shop.localhost", ".www.shop.localhost", ""), 1):
        shop.open(page, host=host, before="sheets.identify('ana');" if count == 1 else "", domain=domain)
        rows = arrived(db, page, count + 1)
        assert cookies(context, "sheets_tracker") == [rows[0]["tracker"]]
        assert cookies(context, "sheets_user") == ["ana"]


def test_after_reset_the_next_customer_is_another_whatever_the_domain_was(
    db: Db, shop: Shop, page: Page, context: BrowserContext
) -> None:
    host = "www.shop.localhost"
    shop.open(page, host=host, before="sheets.identify('ana');")
    arrived(db, page, 2)
    shop.open(page, host=host, domain=".shop.localhost")
    arrived(db, page, 3)
    page.evaluate("sheets.reset()")

    shop.open(page, host=host, domain=".shop.localhost")

    row = arrived(db, page, 4)[-1]
    assert cookies(context, "sheets_tracker") == [row["tracker"]]
    assert not row.get("identities")
    assert len(db.activities.distinct("tracker")) == 2


def test_a_domain_of_another_site_is_named_in_the_console(
    db: Db, shop: Shop, page: Page, context: BrowserContext, warnings: list[str]
) -> None:
    shop.open(page, domain=".example.com")

    [row] = arrived(db, page, 1)
    assert cookies(context, "sheets_tracker") == [row["tracker"]]
    assert any("is not a domain of shop.localhost" in text for text in warnings)


def test_other_tabs_follow_a_reset(db: Db, shop: Shop, context: BrowserContext) -> None:
    first, second = context.new_page(), context.new_page()
    shop.open(first, before="sheets.identify('ana');")
    shop.open(second)
    arrived(db, first, 3)

    first.evaluate("sheets.reset()")
    second.evaluate("sheets.track('Cart Viewed')")

    row = arrived(db, second, 4)[-1]
    assert cookies(context, "sheets_tracker") == [row["tracker"]]
    assert not row.get("identities")


# Consent


def nothing_is_kept(page: Page, context: BrowserContext) -> bool:
    return not context.cookies() and not queued(page)


def test_nothing_is_stored_or_sent_before_consent(
    db: Db, shop: Shop, page: Page, context: BrowserContext
) -> None:
    shop.open(page, consent="required", before="sheets.identify('ana');")
    page.wait_for_timeout(500)
    assert nothing_is_kept(page, context)
    assert db.activities.count_documents({}) == 0

    page.evaluate("sheets.consent(true)")

    assert {row["type"] for row in arrived(db, page, 2)} == {"page_visited", "identified"}
    shop.open(page, consent="required")
    arrived(db, page, 3)


def test_refused_consent_removes_cookies_and_waiting_events(
    db: Db, shop: Shop, page: Page, context: BrowserContext, intake: Intake, warnings: list[str]
) -> None:
    intake.available = False
    shop.open(page)
    until(page, lambda: any("answers 503" in text for text in warnings))

    page.evaluate("sheets.consent(false); sheets.track('Cart Viewed')")
    intake.available = True
    shop.open(page)
    page.wait_for_timeout(1500)

    assert [cookie["name"] for cookie in context.cookies()] == ["sheets_consent"]
    until(page, lambda: queued(page) == 0)
    assert db.activities.count_documents({}) == 0


def test_global_privacy_control_means_nothing_before_consent(
    db: Db, shop: Shop, page: Page, context: BrowserContext
) -> None:
    page.add_init_script(
        "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})"
    )
    shop.open(page)
    page.wait_for_timeout(500)
    assert nothing_is_kept(page, context)
    assert db.activities.count_documents({}) == 0

    page.evaluate("sheets.consent(true)")

    arrived(db, page, 1)
