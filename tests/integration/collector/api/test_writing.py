"""What the API writes: as a trusted source says it, as a user does it, once, and never over another's change."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.accounts.scopes import Scope
from engine.contacts.contact_lookup import find_contact
from engine.contacts.sheet import timelines
from engine.privacy import privacy_service
from tests.builders import acting, an_activity, colleague, minutes
from tests.integration.drained import drain_all, receive_and_drain, run_jobs

ANA = "/v1/contacts/ana@example.com"


def test_an_unknown_contact_is_created_and_a_known_one_updated(shop, api):
    made = api.post("/v1/contacts", json={"email": "Cleo@Example.com", "first_name": "Cleo"})
    again = api.post("/v1/contacts", json={"email": "Cleo@example.com", "last_name": "Papas"})

    assert (made.status_code, made.json()["created"], made.json()["applied"]) == (201, True, True)
    assert (again.status_code, again.json()["created"]) == (200, False)
    cleo = api.get(again.headers["location"])
    assert (cleo.json()["name"], cleo.json()["email"]) == ("Cleo Papas", "Cleo@example.com")
    assert cleo.headers["etag"] == again.headers["etag"]


def test_an_upsert_is_what_a_trusted_server_says(shop, api):
    api.post(
        "/v1/contacts",
        json={"external_id": "customer-7", "mobile_phone": "600 123 456", "custom": {"city": "Roma"}},
    )

    ana = api.get("/v1/contacts/+34600123456").json()
    assert (ana["email"], ana["custom"]["city"]) == ("ana@example.com", "Roma")
    [statement] = [
        row
        for row in timelines.timeline(shop, ana["id"]).rows
        if row.type == "identified" and not row.unproven and row.details.get("traits", {}).get("city")
    ]
    assert statement.source == "server"


def test_two_identities_of_two_contacts_complement_each_other_as_in_an_event(shop, api):
    receive_and_drain(shop, [an_activity("identified", minutes(9), phone="+34600999888", trusted=True)])

    merged = api.post("/v1/contacts", json={"email": "bo@example.com", "mobile_phone": "+34600999888"})

    bo = api.get(merged.headers["location"]).json()
    assert (bo["external_id"], bo["mobile_phone"], len(bo["merged"])) == ("customer-8", "+34600999888", 1)


def test_an_older_value_never_replaces_a_newer_one(shop, api):
    api.post("/v1/contacts", json={"email": "bo@example.com", "first_name": "Bo"})
    api.post(
        "/v1/contacts",
        json={"email": "bo@example.com", "first_name": "Bob", "timestamp": "2026-03-02T12:30:00Z"},
    )

    assert api.get("/v1/contacts/bo@example.com").json()["first_name"] == "Bo"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "external_id"),
        ({"first_name": "Nobody"}, "external_id"),
        ({"email": "no address"}, "email"),
        ({"external_id": "customer-7", "email": "no address"}, "email"),
        ({"external_id": "customer-7", "mobile_phone": "12"}, "mobile_phone"),
        ({"external_id": "undefined"}, "external_id"),
        ({"external_id": "customer-7", "email": None}, "email"),
        ({"external_id": "customer-7", "birth_date": "someday"}, "birth_date"),
        ({"external_id": "customer-7", "custom": {"email": "x@example.com"}}, "custom.email"),
        ({"external_id": "customer-7", "custom": {"a.b": 1}}, "custom.a.b"),
        ({"external_id": "customer-7", "timestamp": "2026-03-02T12:30:00"}, "timestamp"),
        ({"external_id": "customer-7", "colour": "red"}, "colour"),
        ({"external_id": 7}, "external_id"),
    ],
)
def test_an_upsert_that_cannot_be_kept_is_refused_by_its_field(shop, api, body, field):
    before = shop.activities.count_documents({})

    refused = api.post("/v1/contacts", json=body)

    assert refused.status_code == 400, refused.text
    assert [error["field"] for error in refused.json()["errors"]] == [field]
    assert shop.activities.count_documents({}) == before


def test_an_erased_person_does_not_come_back(shop, api):
    gone = find_contact(shop, "gone@example.com")
    privacy_service.erase(acting(shop, colleague(role="admin")), gone, id_="e")
    run_jobs(shop)

    refused = api.post("/v1/contacts", json={"email": "gone@example.com"})

    assert refused.status_code == 409 and "erased" in refused.json()["message"]


def test_a_change_is_one_of_the_sheet_and_can_be_undone_there(shop, api):
    changed = api.patch(
        ANA,
        json={
            "last_name": "García",
            "statuses": {"newsletter": "unsubscribed"},
            "segments": {"add": ["met-at-the-fair"]},
            "points": 5,
            "reason": "asked for it",
        },
    )

    assert changed.status_code == 200, changed.text
    ana = api.get(ANA).json()
    assert ana["last_name"] == "García" and ana["statuses"]["newsletter"]["state"] == "unsubscribed"
    assert ana["statuses"]["newsletter"]["by"].startswith("API key")
    assert "met-at-the-fair" in [segment["id"] for segment in ana["segments"]]
    rows = timelines.timeline(shop, ana["id"]).rows
    assert next(row for row in rows if row.id == changed.json()["activity"]).undoable


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body"),
        ({"email": "bo@example.com"}, "email"),
        ({"email": None}, "email"),
        ({"statuses": {"newsletter": "not_subscribed"}}, "statuses.newsletter"),
        ({"statuses": {"mood": "good"}}, "statuses.mood"),
        ({"segments": {"add": ["buyers"]}}, "segments.add"),
        ({"segments": {"remove": ["none"]}}, "segments.remove"),
        ({"points": 5}, "points"),
        ({"custom": {"email": "x@example.com"}}, "custom.email"),
        ({"custom": {"$where": 1}}, "custom.$where"),
        ({"statuses": {"newsletter": "unsubscribed"}, "until": "2030-01-01"}, "until"),
    ],
)
def test_a_change_that_the_sheet_would_refuse_is_refused_by_its_field(api, body, field):
    refused = api.patch(ANA, json=body)

    assert refused.status_code == 400, refused.text
    assert [error["field"] for error in refused.json()["errors"]] == [field]


def test_a_write_over_another_change_is_refused_and_one_after_it_is_not(shop, api):
    read = api.get(ANA).headers["etag"]
    first = api.patch(ANA, json={"last_name": "García"}, headers={"If-Match": read})

    second = api.patch(ANA, json={"last_name": "Sanz"}, headers={"If-Match": read})
    third = api.patch(ANA, json={"last_name": "Sanz"}, headers={"If-Match": first.headers["etag"]})
    deleted = api.request("DELETE", ANA, headers={"If-Match": read})
    some = api.patch(ANA, json={"last_name": "Ruiz"}, headers={"If-Match": "*"})

    assert (first.status_code, second.status_code, third.status_code) == (200, 412, 200)
    assert second.json()["code"] == "precondition_failed"
    assert (deleted.status_code, some.status_code) == (412, 200)


def test_of_many_writes_after_one_reading_one_is_done(shop, asking, api):
    read = api.get(ANA).headers["etag"]
    clients = [asking(*Scope) for _ in range(6)]
    gate = threading.Barrier(6)

    def change(number):
        gate.wait()
        body = {"first_name": f"Ana {number}"}
        return clients[number].patch(ANA, json=body, headers={"If-Match": read}).status_code

    with ThreadPoolExecutor(6) as threads:
        statuses = sorted(threads.map(change, range(6)))

    assert statuses == [200, 412, 412, 412, 412, 412]
    edits = shop.activities.count_documents({"type": "contact_edited"})
    assert edits == 1


def test_a_write_that_takes_effect_later_is_acknowledged_all_the_same(shop, asking, waker, monkeypatch):
    monkeypatch.setattr("workers.collector.api.request_runner.APPLIED_WITHIN", 0.1)
    client = asking(*Scope, waker=waker)
    read = client.get(ANA).headers["etag"]

    stored = client.patch(ANA, json={"last_name": "García"}, headers={"If-Match": read})
    over_it = client.patch(ANA, json={"last_name": "Sanz"}, headers={"If-Match": read})
    drain_all(shop)

    assert (stored.status_code, stored.json()["applied"]) == (202, False)
    assert over_it.status_code == 412
    assert client.get(ANA).json()["last_name"] == "García"
    assert waker.woken


def test_a_deleted_contact_is_gone_until_it_is_restored(shop, api):
    id_ = api.get(ANA).json()["id"]

    deleted = api.request("DELETE", ANA, json={"reason": "a test order"})
    gone, listed = api.get(f"/v1/contacts/{id_}"), api.get("/v1/contacts", params={"q": "ana"}).json()
    again = api.request("DELETE", f"/v1/contacts/{id_}")
    restored = api.post(f"/v1/contacts/{id_}/restore")

    assert deleted.status_code == 200
    assert gone.status_code == 404 and "restored" in gone.json()["message"]
    assert listed["contacts"] == [] and again.status_code == 404
    assert restored.status_code == 200 and restored.headers["etag"] == api.get(ANA).headers["etag"]
    assert api.post(f"/v1/contacts/{id_}/restore").status_code == 404


def test_members_are_added_and_removed_with_a_result_for_each(shop, api):
    at = "/v1/segments/met-at-the-fair/members"
    contacts = ["ana@example.com", "customer-7", "nobody@example.com", "bo@example.com"]

    added = api.post(at, json={"contacts": contacts}).json()["results"]
    again = api.post(at, json={"contacts": contacts}).json()["results"]
    removed = api.post(f"{at}/remove", json={"contacts": ["ana@example.com"]}).json()["results"]

    assert [one["result"] for one in added] == ["changed", "changed", "not_found", "changed"]
    assert [one["result"] for one in again] == ["unchanged", "unchanged", "not_found", "unchanged"]
    assert [one["result"] for one in removed] == ["changed"]
    members = api.get(at).json()["contacts"]
    assert [one["email"] for one in members] == ["bo@example.com"]


@pytest.mark.parametrize("contacts", [[], ["x"] * 1_001])
def test_members_come_in_bounded_numbers(api, contacts):
    refused = api.post("/v1/segments/met-at-the-fair/members", json={"contacts": contacts})

    assert refused.status_code == 400 and refused.json()["errors"][0]["field"] == "contacts"


def test_a_body_is_bounded(api):
    huge = api.post("/v1/contacts", content=b'{"email": "' + b"x" * 600_000 + b'"}')

    assert huge.status_code == 413 and huge.json()["code"]


def test_an_archive_has_the_data_of_the_person(api):
    archive = api.post(f"{ANA}/archive")

    assert archive.status_code == 200 and archive.content.startswith(b"PK")
    assert "attachment" in archive.headers["content-disposition"]


def test_an_erasure_is_a_job(shop, api):
    asked = api.post(f"{ANA}/erasure")
    run_jobs(shop)

    assert asked.status_code == 202
    job = api.get(asked.headers["location"]).json()
    assert (job["kind"], job["state"]) == ("erasure", "done")
    assert api.get(ANA).status_code == 404
