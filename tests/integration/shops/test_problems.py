"""What keeps a shop from being read, each in words, and what is done about it."""

import pytest

from engine.db.connection import utc_now
from engine.http_client import HttpClient
from engine.shops import shops
from engine.shops.fetching import fetch_job, json_api, polling
from engine.shops.fetching.apis import ShopAccess
from engine.shops.fetching.poll_state import poll_state
from engine.shops.fetching.problems import ProblemKind, ShopRefuses, ShopUnavailable
from tests.integration.shops.fetching import ACCESS, SEALER, connect, contacts_of, fetch, poll
from tests.shop_servers import DROP, GARBAGE, HTML, fault, served
from tests.shop_servers.prestashop import KEY, PrestaShop


@pytest.fixture
def shop():
    with served(PrestaShop()) as server:
        server.customer(1, "ana@x.example")
        yield server


@pytest.fixture
def connected(db, shop):
    return connect(db, "prestashop", url=shop.url, secrets={"api_key": KEY})


FAULTS = {
    "a wrong key": (fault(401, {"errors": [{"code": 18, "message": "No such key"}]}), ShopRefuses, ProblemKind.KEY, "No such key"),
    "no permission": (fault(403, ""), ShopRefuses, ProblemKind.PERMISSION, "may not read"),
    "a missing route": (fault(404, "<html>Not found</html>"), ShopRefuses, ProblemKind.ROUTE, "answered configurations with 404"),
    "a web page": (HTML, ShopRefuses, ProblemKind.ROUTE, "is a web page"),
    "a redirect": (fault(301, "", Location="https://www.x.example/"), ShopRefuses, ProblemKind.ROUTE, "redirects to https://www.x.example/"),
    "a limit": (fault(429, "", Retry_After="7"), ShopUnavailable, ProblemKind.LIMIT, "limits requests"),
    "an error": (fault(500, ""), ShopUnavailable, ProblemKind.SERVER, "500"),
    "an error of a proxy": (fault(502, "<html>Bad gateway</html>"), ShopUnavailable, ProblemKind.SERVER, "502"),
    "a dropped connection": (DROP, ShopUnavailable, ProblemKind.CONNECTION, "broke"),
    "broken JSON": (GARBAGE, ShopUnavailable, ProblemKind.CONTENT, "not valid JSON"),
    "JSON of another form": (fault(200, '{"error": "?"}'), ShopRefuses, ProblemKind.CONTENT, "documented form"),
    "a scalar": (fault(200, "null"), ShopRefuses, ProblemKind.CONTENT, "documented form"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_a_state_with_words(db, shop, connected, name):
    answer, error, kind, words = FAULTS[name]
    shop.faults = [answer]

    with pytest.raises(error, match=words) as raised:
        ACCESS.open(db, shops.find(db, connected.id)).page("customers", "", since=utc_now())

    assert raised.value.kind is kind


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("-3", 0.0),
        ("99999", json_api.MAX_WAIT),
        ("nan", None),
        ("soon", None),
        ("", None),
    ],
)
def test_the_wait_that_a_shop_asks_for_is_bounded(value, seconds):
    assert json_api.wait_of({"retry-after": value}) == seconds


def test_a_shop_that_is_not_there_and_one_inside_are_named(db):
    gone = connect(db, "prestashop", url="http://127.0.0.1:9", secrets={"api_key": KEY})
    assert "cannot be reached" in poll(db, gone).problem

    guarded = ShopAccess(lambda: SEALER, HttpClient())
    assert "SHEETS_ALLOW_PRIVATE_ADDRESSES" in poll(db, gone, access=guarded).problem


def test_what_was_not_entered_is_asked_for(db):
    bare = connect(db, "shopify", secrets={"webhook_secret": "s"})
    with pytest.raises(ShopRefuses, match=r"Address of the shop \(example.*Admin API access token"):
        ACCESS.open(db, bare)


def test_a_cache_that_ignores_the_query_is_found_out(db, shop, connected, monkeypatch):
    from engine.shops.fetching import prestashop_api

    monkeypatch.setattr(prestashop_api, "PAGE", 2)
    for number in range(1, 6):
        shop.customer(number, f"c{number}@x.example")
    first = {}

    def cached(answer):
        path, query = shop.requests[-1]
        return first.setdefault(path, answer) if "limit" in query and query["display"] == "full" else answer

    shop.changed = cached

    job = fetch(db, connected)

    assert job["state"] == "failed"
    assert "the same page of customers again and again" in job["failure"]
    assert len(contacts_of(db)) == 2, "what was read stays"


def test_a_fetch_outlasts_what_passes(db, shop, connected, monkeypatch):
    monkeypatch.setattr(fetch_job, "PAUSES", (0.01, 0.01, 0.01, 0.01))
    shop.order(11, 1)
    shop.faults = [fault(500), DROP, GARBAGE, fault(429, "", Retry_After="0")]

    job = fetch(db, connected)

    assert (job["state"], job["done"]) == ("done", 2)


def test_a_fetch_that_failed_is_resumed_where_it_was(db, shop, connected, monkeypatch):
    monkeypatch.setattr(fetch_job, "PAUSES", (0.01,))
    shop.order(11, 1)

    def break_at_orders(path, _query):
        if path == "/api/orders" and "sort" in _query:
            shop.faults = [fault(503, {"errors": [{"message": "The webservice is disabled"}]})]

    shop.before = break_at_orders
    job = fetch(db, connected)
    assert job["state"] == "failed"
    assert "The webservice is disabled" in job["failure"]
    assert "resume" in job["failure"]

    from engine.jobs import jobs
    from tests.integration.drained import run_jobs

    shop.before = None
    jobs.resume(db, job["_id"])
    run_jobs(db)
    job = db.jobs.find_one({"_id": job["_id"]})
    assert (job["state"], job["done"]) == ("done", 2)


def test_a_shop_in_trouble_keeps_no_other_waiting(db, shop, connected):
    broken = connect(db, "prestashop", url="http://127.0.0.1:9", prefix="b-", secrets={"api_key": KEY})
    read = polling.poll_due(db, ACCESS, lambda _lanes: None, clock=utc_now)

    assert read == 1
    assert poll_state(shops.find(db, broken.id)).failures == 1
    assert polling.poll_due(db, ACCESS, lambda _lanes: None, clock=utc_now) == 0, "neither is due again"


def test_pauses_grow_up_to_an_hour():
    minutes = [
        polling.next_pause(polling.EVERY, failures).total_seconds() / 60 for failures in (1, 2, 3, 4, 5, 50)
    ]
    assert minutes == [5, 10, 20, 40, 60, 60]


def test_a_shop_that_limits_is_left_alone_as_long_as_it_asks(db, shop, connected):
    shop.faults = [fault(429, "", Retry_After="600")]
    poll(db, connected)

    state = poll_state(shops.find(db, connected.id))
    assert (state.next_at - utc_now()).total_seconds() > 590


def test_two_schedulers_do_not_poll_one_shop_at_once(db, shop, connected):
    def poll_beside(_path, _query):
        shop.before = None
        assert polling.poll_now(db, connected, ACCESS, lambda _lanes: None, clock=utc_now) is None

    shop.before = poll_beside
    assert poll(db, connected).records == 1
