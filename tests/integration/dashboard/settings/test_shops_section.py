"""The section of shops: connected by the page alone, with what comes of each."""

from functools import partial

import pytest

from engine.db.connection import utc_now
from engine.pipeline import arrivals, inbox
from engine.pipeline.arrivals import Counted
from engine.shops import privacy_requests, shops
from engine.shops.events import Customer, PrivacyRequest
from tests.builders import an_activity
from tests.integration.dashboard.test_pages import shown
from tests.integration.drained import drain_all
from tests.integration.shops.conftest import SEALER, connected

SECRET = "the signing secret"


@pytest.fixture
def open_as(open_as, monkeypatch):
    for module in ("shops_section", "shop_setup"):
        monkeypatch.setattr(f"dashboard.settings.{module}.sealer_of", lambda *_: SEALER)
    return partial(open_as, page="settings", section="shops")


def test_an_admin_connects_a_shop_step_by_step(db, open_as):
    app = open_as("admin")
    assert "No shops connected yet" in shown(app)

    app.text_input(key="shops.name").set_value("Zapatos")
    app.button(key="shops.add").click().run()

    [shop] = shops.all_shops(db)
    text = shown(app)
    assert (shop.platform, shop.prefix) == ("shopify", "")
    assert any(block.value.endswith(f"/shops/shopify/{shop.id}") for block in app.code)
    assert any("Settings → Notifications → Webhooks" in block.value for block in app.markdown)
    assert "secret missing" in text and "Waiting for the first event" in text

    app.text_input(key=f"shop.secret.{shop.id}.webhook_secret").set_value(SECRET)
    app.button(key=f"shop.secret.{shop.id}.webhook_secret.save").click().run()

    assert shops.secrets_of(db, shop.id, "webhook_secret", SEALER) == [SECRET]
    assert SECRET not in shown(app)
    assert "waiting for the first event" in shown(app)


def test_the_first_event_is_shown_as_it_arrives(db, open_as):
    shop = connected(db, "shopify")
    visit = an_activity("order_completed", id_="e1", email="ana@x.example", trusted=True)
    from msgspec import structs

    inbox.receive(db, [structs.replace(visit, source=shop.source)])
    drain_all(db)
    arrivals.add(db, {shop.source: Counted(1, 0, ("e1",))}, now=utc_now())
    shops.record_accepted(db, shop.id, topic="orders/create", at=utc_now())

    text = shown(open_as("admin", shop=shop.id))

    assert "Connected." in text and "orders/create" in text
    assert "order_completed" in text and "?contact=" in text and "Zapatos" in text


def test_refused_deliveries_are_shown_with_the_reason(db, open_as):
    shop = connected(db, "woocommerce")
    shops.record_refused(db, shop.id, reason="x-wc-webhook-signature is wrong", at=utc_now())

    assert "1 delivery refused" in shown(open_as("admin"))
    text = shown(open_as("admin", shop=shop.id))
    assert "deliveries refused" in text and "x-wc-webhook-signature is wrong" in text


def test_a_secret_is_replaced_beside_the_last_one(db, open_as):
    shop = connected(db, "shopify")
    app = open_as("admin", shop=shop.id)

    key = f"shop.secret.{shop.id}.webhook_secret"
    app.text_input(key=key).set_value("another")
    app.button(key=f"{key}.save").click().run()

    assert shops.secrets_of(db, shop.id, "webhook_secret", SEALER)[0] == "another"
    assert "2 secrets in force" in shown(app)


def test_an_empty_secret_is_refused_with_the_place_to_find_it(db, open_as):
    shop = connected(db, "shopify")
    app = open_as("admin", shop=shop.id)

    app.button(key=f"shop.secret.{shop.id}.webhook_secret.save").click().run()

    assert "Signing secret is empty" in shown(app)


def test_a_shop_without_a_name_is_refused(db, open_as):
    app = open_as("admin")

    app.button(key="shops.add").click().run()

    assert "Enter a name for the shop" in shown(app) and shops.all_shops(db) == []


def test_without_a_key_for_secrets_it_says_what_to_set(db, open_as, monkeypatch):
    from engine.shops.sealing import no_key

    monkeypatch.setattr("dashboard.settings.shops_section.sealer_of", lambda *_: no_key())
    app = open_as("admin")
    app.text_input(key="shops.name").set_value("Zapatos")
    app.button(key="shops.add").click().run()

    assert "SHEETS_SECRETS_KEY" in shown(app) and shops.all_shops(db) == []


def test_a_shop_is_disconnected_once_its_name_is_typed(db, open_as):
    shop = connected(db, "shopify")
    app = open_as("admin")

    app.button(key=f"shops.remove.{shop.id}").click().run()
    assert app.button(key="shops.sure").disabled
    app.text_input(key="shops.typed").set_value("Zapatos").run()
    app.button(key="shops.sure").click().run()

    assert shops.all_shops(db) == [] and "No shops connected yet" in shown(app)


def test_a_data_request_waits_with_the_contact_until_it_is_done(db, open_as):
    shop = connected(db, "shopify")
    inbox.receive(db, [an_activity("identified", email="ana@x.example", trusted=True)])
    drain_all(db)
    request = PrivacyRequest("data_request", "9", Customer(email="ana@x.example"))
    id_ = privacy_requests.take(db, shop, request, now=utc_now())

    app = open_as("admin")
    assert "asks for the data of" in shown(app)
    app.button(key=f"shops.done.{id_}").click().run()

    assert "asks for the data of" not in shown(app)


@pytest.mark.parametrize("role", ["viewer", "marketer"])
def test_others_than_admins_see_no_shops(db, open_as, role):
    connected(db, "shopify")

    assert "Zapatos" not in shown(open_as(role))
