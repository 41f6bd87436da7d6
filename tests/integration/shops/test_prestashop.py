"""A PrestaShop: polled and fetched, through everything that keeps it from being read."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from engine.notices import raw_notices
from engine.shops import shops
from engine.shops.fetching.poll_state import poll_state
from tests.builders import an_activity
from tests.integration.drained import receive_and_drain
from tests.integration.shops.fetching import connect, contacts_of, fetch, poll
from tests.shop_servers import served
from tests.shop_servers.prestashop import KEY, PrestaShop


@pytest.fixture
def shop():
    with served(PrestaShop()) as server:
        yield server


@pytest.fixture
def connected(db, shop):
    return connect(db, "prestashop", url=shop.url, secrets={"api_key": KEY})


def commerce(db, email):
    return contacts_of(db)[email]["commerce"]


def types(db, **query):
    return sorted(row["type"] for row in db.activities.find(query))


def test_the_past_is_fetched_with_names_orders_and_consent(db, shop, connected):
    shop.customer(1, "ana@x.example", newsletter="1", newsletter_date_add="2026-01-15 09:00:00")
    shop.customer(2, "ben@x.example", firstname="Ben")
    shop.order(11, 1, total="30.50")
    shop.order(12, 1, total="19.50", date_add="2026-03-01 12:00:00", date_upd="2026-03-01 12:00:00")

    job = fetch(db, connected)

    assert (job["state"], job["done"], job["total"]) == ("done", 4, 2 + 12), "the total by the highest ids"
    ana = contacts_of(db)["ana@x.example"]
    assert (ana["external_id"], ana["first_name"], ana["last_name"]) == ("1", "Ana", "García")
    assert (ana["commerce"]["orders"], ana["commerce"]["spent"]) == (2, Decimal("50.00"))
    [order] = db.activities.find({"properties.order_id": "REF000011"})
    assert order["happened_at"] == datetime(2026, 2, 1, 11, tzinfo=UTC), "Madrid is an hour ahead"
    assert order["properties"]["products"][0]["sku"] == "MUG-1"
    assert order["identities"] == {"email": "ana@x.example", "phone": "+34600123456", "external_id": "1"}
    [consent] = db.activities.find({"type": "newsletter_subscribed"})
    assert consent["happened_at"] == datetime(2026, 1, 15, 8, tzinfo=UTC)
    evidence = raw_notices.raw_notice(db, consent["_id"])
    assert '"newsletter_date_add":"2026-01-15 09:00:00"' in evidence.text
    assert ana["statuses"]["newsletter"]["state"] == "subscribed"
    assert not commerce(db, "ben@x.example").get("orders")
    assert db.refusals.count_documents({}) == 0


def test_history_and_polls_are_one_order(db, shop, connected):
    shop.customer(1, "ana@x.example")
    shop.order(11, 1)

    poll(db, connected)
    fetch(db, connected)
    poll(db, connected)

    assert commerce(db, "ana@x.example")["orders"] == 1
    assert db.conflicts.count_documents({}) == 0


def test_what_the_browser_reported_and_what_the_shop_says_are_one_order(db, shop, connected):
    seen = an_activity(
        "order_completed", tracker="t1", email="ana@x.example", order_id="REF000011", total=29, currency="EUR"
    )
    receive_and_drain(db, [seen])
    shop.customer(1, "ana@x.example")
    shop.order(11, 1, total="30.00")
    poll(db, connected)

    found = commerce(db, "ana@x.example")
    assert (found["orders"], found["spent"]) == (1, Decimal("30.00")), "the shop's word counts"


def test_an_order_goes_through_its_states(db, shop, connected):
    shop.customer(1, "ana@x.example")
    shop.order(11, 1, total="30.00", state=1)
    shop.order(12, 1, total="20.00")
    poll(db, connected)
    assert commerce(db, "ana@x.example")["orders"] == 2, "one that waits for a cheque was placed"

    shop.moved(11, 6, "2026-02-03 10:00:00")
    shop.moved(12, 4, "2026-02-03 10:00:00")
    poll(db, connected)

    found = commerce(db, "ana@x.example")
    assert (found["orders"], found["spent"]) == (1, Decimal("20.00"))
    [cancelled] = db.activities.find({"type": "order_cancelled"})
    assert cancelled["happened_at"] == datetime(2026, 2, 3, 9, tzinfo=UTC)
    assert "Shipped" in {row.get("properties", {}).get("status") for row in db.activities.find({})}


def test_a_refund_in_part_counts_once_by_whatever_road(db, shop, connected):
    shop.customer(1, "ana@x.example")
    shop.order(11, 1, total="30.00")
    poll(db, connected)

    shop.slip(5, 11, "12.00", "2026-02-04 10:00:00")
    poll(db, connected)
    shop.moved(11, 4, "2026-02-05 10:00:00")
    poll(db, connected)
    fetch(db, connected)

    found = commerce(db, "ana@x.example")
    assert found["refunded"] == Decimal("12.00")
    assert types(db, type="order_refunded") == ["order_refunded"]


def test_a_slip_of_an_older_version_has_the_amount_alone(db, shop, connected):
    shop.customer(1, "ana@x.example")
    shop.order(11, 1, total="30.00")
    shop.slip(5, 11, "0.00", "2026-02-04 10:00:00", amount="9.00", shipping_cost_amount="1.00")
    fetch(db, connected)

    assert commerce(db, "ana@x.example")["refunded"] == Decimal("10.00")


def test_an_order_refunded_as_a_whole_needs_no_slip(db, shop, connected):
    shop.customer(1, "ana@x.example")
    shop.order(11, 1, total="30.00", state=7)
    fetch(db, connected)

    assert commerce(db, "ana@x.example")["refunded"] == Decimal("30.00")


def test_a_payment_that_failed_is_no_order(db, shop, connected):
    shop.customer(1, "ana@x.example")
    shop.order(11, 1, state=8)
    fetch(db, connected)

    assert not commerce(db, "ana@x.example").get("orders")


def test_a_guest_is_known_by_the_email_alone(db, shop, connected):
    shop.customer(1, "gus@x.example", is_guest="1")
    shop.customer(2, "gus@x.example", is_guest="1")
    shop.order(11, 1)
    shop.order(12, 2)
    fetch(db, connected)

    gus = contacts_of(db)["gus@x.example"]
    assert (gus["commerce"]["orders"], gus.get("external_id")) == (2, None)


def test_orders_that_were_split_from_one_cart_are_two(db, shop, connected):
    shop.customer(1, "ana@x.example")
    shop.order(11, 1, reference="SPLITTED")
    shop.order(12, 1, reference="SPLITTED")
    fetch(db, connected)

    numbers = {row["properties"]["order_id"] for row in db.activities.find({"type": "order_completed"})}
    assert numbers == {"SPLITTED", "SPLITTED#2"}
    assert commerce(db, "ana@x.example")["orders"] == 2


def test_an_order_in_another_currency_is_kept_in_it(db, shop, connected):
    shop.customer(1, "ana@x.example")
    shop.order(11, 1, id_currency="2")
    fetch(db, connected)

    [order] = db.activities.find({"type": "order_completed"})
    assert order["properties"]["currency"] == "GBP"


def test_a_profile_that_is_edited_subscribes_nobody_again(db, shop, connected):
    shop.customer(1, "ana@x.example", newsletter="1", newsletter_date_add="2026-01-15 09:00:00")
    poll(db, connected)
    shop.customer(1, "ana@x.example", newsletter="1", newsletter_date_add="2026-01-15 09:00:00",
                  lastname="Gil", date_upd="2026-05-01 10:00:00")  # fmt: skip
    poll(db, connected)

    assert types(db, type="newsletter_subscribed") == ["newsletter_subscribed"]
    assert contacts_of(db)["ana@x.example"]["last_name"] == "Gil"

    shop.customer(1, "ana@x.example", newsletter="0", date_upd="2026-06-01 10:00:00")
    poll(db, connected)
    [left] = db.activities.find({"type": "newsletter_unsubscribed"})
    assert left["happened_at"] == datetime(2026, 6, 1, 8, tzinfo=UTC)


def test_who_never_subscribed_has_refused_nothing(db, shop, connected):
    shop.customer(1, "ana@x.example")
    poll(db, connected)

    assert types(db, type="newsletter_unsubscribed") == []


def test_many_pages_are_read_by_their_ids(db, shop, connected, monkeypatch):
    from engine.shops.fetching import prestashop_api

    monkeypatch.setattr(prestashop_api, "PAGE", 3)
    for number in range(1, 9):
        shop.customer(number, f"c{number}@x.example")
        shop.order(100 + number, number)

    job = fetch(db, connected)

    assert (job["done"], len(contacts_of(db))) == (16, 8)
    filters = [
        query.get("filter[id]")
        for path, query in shop.requests
        if path == "/api/customers" and query.get("sort") == "[id_ASC]"
    ]
    assert filters == [None, ">[3]", ">[6]"]


def test_a_poll_asks_for_what_changed_since_with_an_overlap(db, shop, connected):
    shop.customer(1, "ana@x.example", date_upd="2026-11-29 12:00:00")
    poll(db, connected)
    shop.requests.clear()
    poll(db, connected)

    asked = [query["filter[date_upd]"] for path, query in shop.requests if path == "/api/customers"]
    assert asked == [">[2026-11-29 10:50:00]"], (
        "in the shop's own time, seventy minutes before the latest change"
    )


def test_the_numbers_of_a_second_shop_have_its_prefix(db, shop):
    second = connect(db, "prestashop", prefix="uk-", url=shop.url, secrets={"api_key": KEY})
    shop.customer(1, "ana@x.example")
    shop.order(11, 1)
    shop.slip(5, 11, "12.00", "2026-02-04 10:00:00")
    poll(db, second)

    ana = contacts_of(db)["ana@x.example"]
    assert ana["external_id"] == "uk-1"
    [refund] = db.activities.find({"type": "order_refunded"})
    assert refund["properties"]["order_id"] == "uk-REF000011"


def test_an_order_that_cannot_be_read_is_kept_and_the_others_go_on(db, shop, connected):
    shop.customer(1, "ana@x.example")
    shop.order(11, 1, total="thirty")
    shop.order(12, 1)

    job = fetch(db, connected)

    assert (job["state"], job["refused"]) == ("done", 1)
    [kept] = db.refusals.find({})
    assert "'thirty' is no amount" in kept["reason"]
    assert commerce(db, "ana@x.example")["orders"] == 1


def test_what_went_wrong_is_shown_and_the_next_poll_put_off(db, shop, connected):
    shop.allowed.remove("orders")
    done = poll(db, connected)
    again = poll(db, connected)

    state = poll_state(shops.find(db, connected.id))
    assert done.problem == again.problem == state.problem
    assert "the key may not read orders" in state.problem
    assert "Method GET is not allowed for the resource orders" in state.problem
    assert (state.failures, state.succeeded_at) == (2, None)

    shop.allowed.add("orders")
    poll(db, connected)
    state = poll_state(shops.find(db, connected.id))
    assert (state.failures, state.problem) == (0, "")
    assert state.next_at > state.succeeded_at


def test_a_hash_of_a_password_is_never_stored(db, shop, connected):
    shop.customer(1, "ana@x.example", date_add="never")
    fetch(db, connected)

    [kept] = db.refusals.find({})
    assert "ana@x.example" in kept["event"]
    assert "$2y$" not in kept["event"]


def test_a_date_to_come_does_not_end_the_polls(db, shop, connected):
    shop.customer(1, "ana@x.example", date_upd="2099-01-01 12:00:00")
    poll(db, connected)
    shop.customer(2, "ben@x.example", date_upd=str(datetime.now().replace(microsecond=0)))  # noqa: DTZ005
    poll(db, connected)

    assert "ben@x.example" in contacts_of(db)
