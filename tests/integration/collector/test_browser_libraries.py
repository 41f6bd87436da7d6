"""The browser libraries of Segment and RudderStack, unchanged but for their host."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from starlette.testclient import TestClient

from engine.accounts import keys
from engine.accounts.key_limits import KeyLimits
from engine.db import Db
from engine.db.connection import connect, utc_now
from tests.integration.failing_front import EVERY, failing
from tests.integration.served import served
from tests.running import Running, running

LIBRARIES = Path(__file__).parents[1] / "real_input" / "browser"
SHOP, EVIL = "https://shop.example", "https://evil.example"


@pytest.fixture
def limited_key(db: Db) -> str:
    limits = KeyLimits(origins=(SHOP,))
    return keys.create_key(db, "write", label="limited", now=utc_now(), limits=limits).token


def basic(token: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{token}:".encode()).decode()}


# What they ask for at their start


def test_analytics_next_is_told_to_send_here(serving: Any, write_key: str) -> None:
    answer = serving().get(f"/v1/projects/{write_key}/settings", headers={"Host": "collect.example:8443"})

    assert answer.status_code == 200
    settings = answer.json()
    assert list(settings["integrations"]) == ["Segment.io"], "one more, and it fetches another part of itself"
    segment = settings["integrations"]["Segment.io"]
    assert (segment["apiKey"], segment["apiHost"]) == (write_key, "collect.example:8443/v1")
    assert settings["metrics"]["sampleRate"] == 0
    assert settings["plan"] == {}
    assert answer.headers["cache-control"].startswith("private")


@pytest.mark.parametrize(
    ("headers", "protocol"),
    [
        ({}, "http"),
        ({"Origin": "http://localhost:8000"}, "http"),
        ({"Origin": SHOP}, "https"),
        ({"X-Forwarded-Proto": "https"}, "https"),
    ],
)
def test_a_page_by_https_sends_by_https(
    serving: Any, write_key: str, headers: dict[str, str], protocol: str
) -> None:
    settings = serving().get(f"/v1/projects/{write_key}/settings", headers=headers).json()

    assert settings["integrations"]["Segment.io"]["protocol"] == protocol


@pytest.mark.parametrize("path", ["/sourceConfig/", "/sourceConfig"])
def test_rudderstack_gets_an_enabled_source_without_destinations(
    serving: Any, write_key: str, path: str
) -> None:
    query = {"p": "npm", "v": "3.34.1", "build": "modern", "writeKey": write_key}
    client = serving()

    by_header, by_query = client.get(path, headers=basic(write_key)), client.get(path, params=query)

    assert by_header.json() == by_query.json()
    source = by_header.json()["source"]
    assert source["id"]
    assert (source["enabled"], source["destinations"]) == (True, [])
    stats = source["config"]["statsCollection"]
    assert stats == {"errors": {"enabled": False}, "metrics": {"enabled": False}}


@pytest.mark.parametrize("key", ["wk_unknown", "x" * 500, "%00"])
def test_an_unknown_key_is_named_as_such(serving: Any, key: str) -> None:
    client = serving()

    for path in (f"/v1/projects/{key}/settings", f"/sourceConfig/?writeKey={key}"):
        answer = client.get(path)
        assert answer.status_code == 401
        assert answer.json()["code"] == "unauthorized"
        assert "API keys" in answer.json()["message"]
    assert client.get("/sourceConfig/").status_code == 401


def test_a_secret_key_in_a_page_is_refused_with_what_to_do(serving: Any, secret_key: str) -> None:
    client = serving()
    event = {"type": "page", "anonymousId": "t"}

    answers = [
        client.get(f"/v1/projects/{secret_key}/settings"),
        client.get("/sourceConfig/", headers=basic(secret_key)),
        client.post(f"/beacon/v1/batch?writeKey={secret_key}", json={"batch": [event]}),
    ]

    assert [answer.status_code for answer in answers] == [403] * 3
    assert all("revoke it" in answer.json()["message"] for answer in answers)


def test_a_key_of_other_origins_is_refused_and_the_page_can_read_why(serving: Any, limited_key: str) -> None:
    client = serving()

    for path in (f"/v1/projects/{limited_key}/settings", f"/sourceConfig/?writeKey={limited_key}"):
        assert client.get(path, headers={"Origin": SHOP}).status_code == 200
        refused = client.get(path, headers={"Origin": EVIL})
        assert refused.status_code == 403
        assert refused.headers["access-control-allow-origin"] == EVIL


@pytest.mark.parametrize("path", ["/v1/projects/x/settings", "/sourceConfig/", "/beacon/v1/batch", "/v1/m"])
def test_each_is_open_to_pages_of_other_hosts(serving: Any, path: str) -> None:
    asked = {
        "Origin": SHOP,
        "Access-Control-Request-Method": "POST" if path in ("/beacon/v1/batch", "/v1/m") else "GET",
        "Access-Control-Request-Headers": "authorization,content-type",
    }

    headers = serving().options(path, headers=asked).headers

    assert headers["access-control-allow-origin"] == SHOP
    assert headers["access-control-allow-credentials"] == "true"
    assert "authorization" in headers["access-control-allow-headers"].lower()


def test_what_analytics_next_reports_of_itself_is_answered_and_not_kept(db: Db, serving: Any) -> None:
    series = {"series": [{"type": "Counter", "metric": "analytics_js.invoke", "value": 1, "tags": {}}]}

    answer = serving().post("/v1/m", content=json.dumps(series), headers={"Content-Type": "text/plain"})

    assert answer.status_code == 200
    assert db.activities.count_documents({}) + db.refusals.count_documents({}) == 0


# Beacons


def test_a_beacon_names_its_key_in_the_address(db: Db, serving: Any, write_key: str) -> None:
    body = {"batch": [{"type": "page", "userId": "", "anonymousId": "t", "messageId": "m-1"}]}
    client: TestClient = serving()

    for key in (write_key, "wk_unknown"):
        answer = client.post(
            f"/beacon/v1/batch?writeKey={key}",
            content=json.dumps(body),
            headers={"Content-Type": "text/plain;charset=UTF-8", "Origin": SHOP},
        )
        assert answer.status_code == (200 if key == write_key else 401)

    assert [row["type"] for row in db.activities.find()] == ["page_visited"]


def test_the_key_of_the_header_goes_before_that_of_the_address(
    db: Db, serving: Any, write_key: str, secret_key: str
) -> None:
    body = {"batch": [{"type": "page", "anonymousId": "t"}]}

    answer = serving().post(f"/v1/batch?writeKey={write_key}", json=body, headers=basic(secret_key))

    assert answer.status_code == 200
    assert db.activities.find_one()["trusted"]  # type: ignore[index]


# Consent


def stamped(preferences: Any, **event: Any) -> dict[str, Any]:
    consent = {"consent": {"categoryPreferences": preferences}}
    return {"type": "track", "event": "Cart Viewed", "anonymousId": "t", "context": consent, **event}


def denied(*, allowed: list[str]) -> dict[str, Any]:
    """An event as RudderStack stamps it."""
    consent = {"provider": "oneTrust", "allowedConsentIds": allowed, "deniedConsentIds": ["C2"]}
    return {
        "type": "track",
        "event": "Cart Viewed",
        "anonymousId": "t",
        "context": {"consentManagement": consent},
    }


@pytest.mark.parametrize(
    ("event", "kept"),
    [
        (stamped({"analytics": False, "marketing": False}), 0),
        (stamped({"analytics": True, "marketing": False}), 1),
        (stamped({}), 1),
        (stamped("none"), 1),
        (stamped({"analytics": None}), 1),
        (stamped({"analytics": False}, event="newsletter_unsubscribed", userId="7"), 1),
        (denied(allowed=[]), 0),
        (denied(allowed=["C1"]), 1),
    ],
)
def test_an_event_of_who_allows_no_category_is_quietly_left_out(
    db: Db, client: TestClient, event: dict[str, Any], kept: int
) -> None:
    answer = client.post("/v1/batch", json={"batch": [event]})

    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert db.activities.count_documents({}) == kept
    assert db.refusals.count_documents({}) == 0
    assert f"events_without_consent_total {1 - kept}.0" in client.get("/metrics").text


def test_the_shops_server_decides_for_itself(db: Db, serving: Any, secret_key: str) -> None:
    event = stamped({"analytics": False}, event="Order Completed", userId="7")

    serving().post("/v1/batch", json={"batch": [event]}, headers=basic(secret_key))

    assert db.activities.count_documents({"type": "order_completed"}) == 1


# The libraries themselves, in a browser


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both libraries, installed from their lock file into a folder of their own."""
    if shutil.which("npm") is None:
        if os.environ.get("CI"):
            pytest.fail("npm is missing: .ci/run needs Node 20")
        pytest.skip("npm is not installed")
    folder = tmp_path_factory.mktemp("libraries")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(LIBRARIES / name, folder)
    command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def shop(libraries: Path, browser: Browser) -> Iterator[Callable[[str, str], Page]]:
    """Open a page of the shop that loads a library and then runs a script."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(libraries)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    context = browser.new_context()
    page = context.new_page()

    def open_page(library: str, script: str) -> Page:
        html = (
            f'<!doctype html><title>Shoes</title><script src="/{library}"></script><script>{script}</script>'
        )
        (libraries / "shop.html").write_text(html)
        page.goto(f"http://localhost:{server.server_port}/shop.html")
        return page

    yield open_page
    context.close()
    server.shutdown()
    server.server_close()


def eventually(count: Callable[[], int], wanted: int, *, within: float = 20) -> None:
    deadline = time.monotonic() + within
    while count() < wanted and time.monotonic() < deadline:
        time.sleep(0.05)
    assert count() == wanted


SEGMENT = "node_modules/@segment/analytics-next/dist/umd/index.js"
RUDDERSTACK = "node_modules/@rudderstack/analytics-js/dist/npm/modern/bundled/umd/index.js"

SENT = """
    analytics.page();
    analytics.identify("7", {firstName: "Ana"});
    analytics.track("Product Added", {product_id: "s", price: 40, quantity: 2});
    analytics.track("begin_checkout", {items: [{item_id: "s", price: 40}]});
"""


@pytest.mark.parametrize(
    ("library", "load"),
    [
        (SEGMENT, 'AnalyticsNext.AnalyticsBrowser.load({{writeKey: "{key}", cdnURL: "{host}"}})'),
        (
            RUDDERSTACK,
            "new rudderanalytics.RudderAnalytics(); "
            'analytics.load("{key}", "{host}", {{configUrl: "{host}"}})',
        ),
        (
            RUDDERSTACK,
            "new rudderanalytics.RudderAnalytics(); "
            'analytics.load("{key}", "{host}", {{configUrl: "{host}", useBeacon: true, '
            "beaconQueueOptions: {{flushQueueInterval: 500}}}})",
        ),
    ],
    ids=["analytics-next", "RudderStack", "RudderStack by beacons"],
)
def test_a_library_works_by_changing_its_host(
    db: Db, shop: Callable[[str, str], Page], write_key: str, library: str, load: str
) -> None:
    wanted = ["added_to_cart", "checkout_started", "identified", "page_visited"]
    with served(db) as host:
        shop(library, f"const analytics = {load.format(key=write_key, host=host)};{SENT}")
        eventually(lambda: db.activities.count_documents({}), len(wanted))

    assert sorted(row["type"] for row in db.activities.find()) == wanted
    assert len(db.activities.distinct("tracker")) == 1
    assert db.activities.distinct("identities.external_id") == ["7"]
    assert db.refusals.count_documents({}) == 0


SNIPPET = """
    !function(){{var i="analytics",analytics=window[i]=window[i]||[];if(!analytics.initialize){{
    analytics.invoked=!0;analytics.methods=["trackSubmit","trackClick","trackLink","trackForm","pageview","identify",
    "reset","group","track","ready","alias","debug","page","screen","once","off","on","addSourceMiddleware",
    "addIntegrationMiddleware","setAnonymousId","addDestinationMiddleware","register"];
    analytics.factory=function(e){{return function(){{
      if(window[i].initialized)return window[i][e].apply(window[i],arguments);
      var n=Array.prototype.slice.call(arguments);n.unshift(e);analytics.push(n);return analytics}}}};
    for(var n=0;n<analytics.methods.length;n++){{var key=analytics.methods[n];analytics[key]=analytics.factory(key)}}
    analytics.load=function(key,n){{var t=document.createElement("script");t.type="text/javascript";t.async=!0;
      t.setAttribute("data-global-segment-analytics-key",i);
      t.src="{host}/analytics.js/v1/"+key+"/analytics.min.js";
      var r=document.getElementsByTagName("script")[0];r.parentNode.insertBefore(t,r);analytics._loadOptions=n}};
    analytics._writeKey="{key}";analytics.SNIPPET_VERSION="5.2.1";analytics.load("{key}");analytics.page();}}}}();
"""
"""What a page pastes to use Segment, in its form of 2024, with another host."""


def test_segments_own_snippet_works_by_changing_its_host(
    db: Db, shop: Callable[[str, str], Page], write_key: str
) -> None:
    wanted = ["added_to_cart", "identified", "page_visited", "product_visited"]
    with served(db) as host:
        calls = """
            analytics.identify("7", {firstName: "Ana"});
            analytics.track("Product Added", {product_id: "s", price: 40, quantity: 2});
            const link = document.createElement("a");
            link.href = "#shoe";
            analytics.trackLink(link, "Product Viewed", {product_id: "s"});
            document.body.appendChild(link).textContent = "a shoe";
        """
        page = shop("", "")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.evaluate(SNIPPET.format(key=write_key, host=host) + calls)
        eventually(lambda: db.activities.count_documents({}), len(wanted) - 1)
        page.get_by_text("a shoe").click()
        eventually(lambda: db.activities.count_documents({}), len(wanted))

    assert sorted(row["type"] for row in db.activities.find()) == wanted
    assert all(url.startswith(("http://localhost:", host)) for url in asked), asked
    assert db.activities.distinct("identities.external_id") == ["7"]
    assert db.refusals.count_documents({}) == 0


def test_the_library_is_the_one_that_the_tests_run(libraries: Path, serving: Any) -> None:
    built = (libraries / "node_modules/@segment/analytics-next/dist/umd/standalone.js").read_text()
    code = built.rpartition("\n//# sourceMappingURL=")[0]

    answer = serving().get("/analytics.js/v1/wk_any/analytics.min.js")

    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.text.rstrip().endswith(code.rstrip())
    for name in ("auto-track.bundle.f131ce01a05e3a33a8c1.js", "queryString.bundle.34b193ada8fe288d1bd1.js"):
        assert serving().get(f"/analytics-next/bundles/{name}").status_code == 200
    missing = serving().get("/analytics-next/bundles/no.js")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")


# Through failures


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("browsers") / "data", "--no-dashboard") as instance:
        yield instance


VIEWS = 24


@pytest.mark.parametrize(
    ("name", "library", "load"),
    [
        (
            "analytics-next",
            SEGMENT,
            'AnalyticsNext.AnalyticsBrowser.load({{writeKey: "{key}", cdnURL: "{host}"}})',
        ),
        (
            "rudderstack",
            RUDDERSTACK,
            "new rudderanalytics.RudderAnalytics(); "
            'analytics.load("{key}", "{host}", {{configUrl: "{host}"}})',
        ),
    ],
    ids=["analytics-next", "RudderStack"],
)
def test_a_library_brings_each_event_once_through_failures(
    instance: Running, shop: Callable[[str, str], Page], name: str, library: str, load: str
) -> None:
    uri = json.loads((instance.data_dir / "instance.json").read_text())["mongodb_uri"]
    activities = connect(uri, "contact_sheets", app="test").activities
    wanted = {"type": "product_visited", "properties.shop": name}
    script = f"""
        for (let number = 0; number < {VIEWS}; number++) setTimeout(
          () => analytics.track("Product Viewed", {{product_id: String(number), shop: "{name}"}}), 100 * number);
    """

    with failing(instance.collector, EVERY, kill=lambda: instance.child("collector").kill()) as front:
        shop(
            library,
            f"const analytics = {load.format(key=instance.key('write'), host=front.address)};{script}",
        )
        eventually(lambda: len(activities.distinct("properties.product_id", wanted)), VIEWS, within=120)

    rows = list(activities.find(wanted).sort("happened_at"))
    assert front.done[: len(EVERY)] == list(EVERY), "every failure had its turn"
    assert len(rows) == VIEWS
    assert [row["properties"]["product_id"] for row in rows] == [str(number) for number in range(VIEWS)]
    assert rows[-1]["happened_at"] - rows[0]["happened_at"] < timedelta(seconds=20)
