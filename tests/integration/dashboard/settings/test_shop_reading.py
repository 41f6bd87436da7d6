"""A polled shop is connected, tested and fetched by its page alone."""

from functools import partial

import pytest

from dashboard.settings import shop_reading
from engine.http_client import HttpClient
from engine.jobs import jobs
from engine.shops import shops
from engine.shops.fetching import fetch_job, polling
from engine.shops.fetching.apis import ShopAccess
from tests.integration.dashboard.test_pages import shown
from tests.integration.drained import run_jobs
from tests.integration.shops.conftest import SEALER
from tests.integration.shops.fetching import contacts_of
from tests.shop_servers import served
from tests.shop_servers.prestashop import KEY, PrestaShop

ACCESS = ShopAccess(lambda: SEALER, HttpClient(allow_private=True, deadline=5.0))


@pytest.fixture
def open_as(open_as, monkeypatch):
    for module in ("shops_section", "shop_setup", "shop_reading"):
        monkeypatch.setattr(f"dashboard.settings.{module}.sealer_of", lambda *_: SEALER)
    monkeypatch.setattr(shop_reading, "shop_access", lambda: ACCESS)
    return partial(open_as, page="settings", section="shops")


@pytest.fixture
def prestashop():
    with served(PrestaShop()) as server:
        server.customer(1, "ana@x.example")
        server.order(11, 1)
        yield server


def test_a_prestashop_is_connected_tested_and_fetched_by_the_page_alone(db, open_as, prestashop):
    app = open_as("admin")
    app.radio(key="shops.platform").set_value("prestashop").run()
    app.text_input(key="shops.name").set_value("Mugs")
    app.text_input(key="shops.field.url").set_value(prestashop.url)
    app.text_input(key="shops.field.api_key").set_value(KEY)
    app.button(key="shops.add").click().run()
    [shop] = shops.all_shops(db)
    assert any("Advanced Parameters" in block.value for block in app.markdown)
    assert "Waiting for the first order" in shown(app)

    app.button(key="shop-reading.test").click().run()
    assert "The shop answers; customers, orders, refunds can be read." in shown(app)

    app.button(key="shop-reading.fetch").click().run()
    assert "Fetching the past" in shown(app)
    fetch_job.equip(ACCESS)
    run_jobs(db)
    app.run()
    assert "Fetch of the past done" in shown(app) and "2 records fetched" in shown(app)
    assert contacts_of(db)["ana@x.example"]["commerce"]["orders"] == 1
    assert KEY not in shown(app)
    assert [job.kind for job in jobs.recent(db, [fetch_job.KIND])] == [fetch_job.KIND]
    assert shop.secrets == {"api_key": 1}


def test_a_wrong_key_is_explained_and_replaced(db, open_as, prestashop):
    from engine.db.connection import utc_now

    shop = shops.add(
        db, "prestashop", name="Mugs", prefix="", fields={"url": prestashop.url}, secrets={"api_key": "x"},
        sealer=SEALER, now=utc_now(),
    )  # fmt: skip
    app = open_as("admin", shop=shop.id)
    app.button(key="shop-reading.test").click().run()
    assert "does not accept the key" in shown(app) and "Authentication key does not exist" in shown(app)
    polling.poll_now(db, shop, ACCESS, lambda _lanes: None, clock=utc_now)
    app = open_as("admin", shop=shop.id)
    assert "not reachable" in shown(app)

    app.text_input(key=f"shop-reading.{shop.id}.api_key").set_value(KEY)
    app.button(key="shop-reading.save").click().run()
    app.button(key="shop-reading.test").click().run()
    assert "The shop answers" in shown(app)


def test_the_api_of_a_shop_with_webhooks_is_entered_later(db, open_as):
    app = open_as("admin")
    app.text_input(key="shops.name").set_value("Zapatos")
    app.button(key="shops.add").click().run()

    [shop] = shops.all_shops(db)
    assert "Past orders and customers" in shown(app)
    assert [b.key for b in app.button if b.key and b.key.startswith("shop-reading")] == ["shop-reading.save"]
    app.text_input(key=f"shop-reading.{shop.id}.url").set_value("mine.myshopify.com")
    app.text_input(key=f"shop-reading.{shop.id}.access_token").set_value("shpat_1")
    app.button(key="shop-reading.save").click().run()

    assert shops.find(db, shop.id).fields == {"url": "mine.myshopify.com"}
    assert shops.secrets_of(db, shop.id, "access_token", SEALER) == ["shpat_1"]
    assert "Fetch past orders" in [button.label for button in app.button]
