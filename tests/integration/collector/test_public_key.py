"""A stranger with the public key, who knows the ids of a known contact, by every call of the API."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from starlette.testclient import TestClient

from engine.db import Db
from engine.domain.document import Document
from tests.integration.drained import drain_all

NAMES: list[Document] = [
    {"userId": "7"},
    {"traits": {"email": "ana@example.com"}, "context": {"traits": {"email": "ana@example.com"}}},
    {"traits": {"phone": "+34600123456"}, "context": {"traits": {"phone": "+34600123456"}}},
    {"userId": "7", "traits": {"email": "evil@example.com"}},
    {"userId": "evil", "traits": {"email": "ana@example.com"}},
    {"userId": "evil", "traits": {"phone": "+34600123456"}},
]
EVIL = {
    "firstName": "Evil", "lastName": "Evil", "birthday": "1900-01-01", "city": "Evil", "tags": [], "vip": None,
    "name": "Evil Evil", "phone": "+34699999999",
}  # fmt: skip
PROPERTIES = {
    "order_id": "A", "total": 999_999_999, "currency": "USD", "email": "ana@example.com", "message_id": "m-1",
    "bounce": "permanent", "products": [], "reason": "evil",
}  # fmt: skip
EVENTS = (
    "Order Completed", "Order Refunded", "Order Cancelled", "Email Delivered", "Email Opened", "Email Link Clicked",
    "Email Bounced", "Email Marked as Spam", "newsletter_subscribed", "sms_subscribed", "contact_edited",
    "contact_deleted", "contacts_joined", "merge_undone", "tracker_split", "activities_split", "contact_imported",
    "points_changed", "status_changed", "segment_entered", "contacts_merged", "Signed Up", "Signed In",
)  # fmt: skip
LASTING = ("first_name", "last_name", "birth_date", "email", "mobile_phone", "external_id", "email_typed")


@pytest.fixture
def known(db: Db, serving: Any, secret_key: str) -> str:
    server = serving()
    server.auth = (secret_key, "")
    traits = {
        "email": "Ana@example.com", "phone": "+34600123456", "firstName": "Ana", "lastName": "Ruiz",
        "birthday": "1990-05-31", "city": "Rome", "tags": ["a"], "vip": True,
    }  # fmt: skip
    order = {"order_id": "A", "total": 20, "currency": "EUR"}
    for call, body in (
        ("identify", {"traits": traits}),
        ("track", {"event": "Order Completed", "properties": order, "messageId": "order-A"}),
        ("track", {"event": "newsletter_subscribed"}),
        ("track", {"event": "newsletter_unsubscribed"}),
        *(
            (
                "track",
                {"event": "Email Bounced", "properties": {"bounce": "permanent", "message_id": f"m-{n}"}},
            )
            for n in range(3)
        ),
    ):
        assert server.post(f"/v1/{call}", json={"userId": "7", **body}).status_code == 200
        drain_all(db)
    return str(lasting(db)["_id"])


def lasting(db: Db) -> Document:
    [row] = db.contacts.find({"external_id": "7"})
    return row


def calls() -> list[tuple[str, Document]]:
    simple: list[tuple[str, Document]] = [
        ("identify", {"traits": EVIL}), ("page", {}), ("screen", {}), ("group", {"groupId": "g", "traits": EVIL}),
        ("alias", {"previousId": "att"}), ("alias", {"previousId": "7"}), ("alias", {"previousId": "ana@example.com"}),
        ("alias", {"previousId": "7", "userId": "evil"}),
    ]  # fmt: skip
    return simple + [
        ("track", {"event": event, "properties": PROPERTIES, "traits": EVIL}) for event in EVENTS
    ]


def test_a_stranger_changes_nothing_of_a_known_contact(db: Db, client: TestClient, known: str) -> None:
    before = lasting(db)

    for number, (name, (call, body)) in enumerate(itertools.product(NAMES, calls())):
        event = {"anonymousId": f"att-{number % 7}", "messageId": f"e-{number}", **name, **body}
        for part in ("traits", "context"):
            event[part] = {**body.get(part, {}), **name.get(part, {})}
        client.post(f"/v1/{call}", json=event)
    client.post(
        "/v1/track", json={"event": "x", "userId": "evil", "anonymousId": "att-1", "messageId": "order-A"}
    )
    drain_all(db)

    after = lasting(db)
    assert {name: after.get(name) for name in LASTING} == {name: before.get(name) for name in LASTING}
    assert after["_id"] == known
    assert {name: after["custom"].get(name) for name in before["custom"]} == before["custom"]
    assert after["statuses"]["newsletter"]["state"] == "unsubscribed"
    assert after["statuses"]["email_status"]["state"] == "bounced"
    assert after["commerce"]["spent"] == before["commerce"]["spent"]
    assert after["commerce"]["orders"] == before["commerce"]["orders"]
    assert db.contacts.count_documents({"merged": known}) == 0
    assert db.settings.count_documents({"currency": "USD"}) == 0


def test_the_servers_event_is_kept_though_a_browser_took_its_id(
    db: Db, client: TestClient, serving: Any, secret_key: str
) -> None:
    client.post("/v1/track", json={"event": "x", "anonymousId": "att", "messageId": "refund-1"})
    server = serving()
    server.auth = (secret_key, "")
    answer = server.post(
        "/v1/track", json={"event": "Order Refunded", "userId": "7", "messageId": "refund-1"}
    )
    drain_all(db)

    assert answer.status_code == 200
    assert {row["_id"] for row in db.activities.find({"derived": None})} == {"browser:refund-1", "refund-1"}
