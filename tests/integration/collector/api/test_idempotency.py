"""A request with an `Idempotency-Key` is done once: sent again, sent twice at once, or after a death."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from engine.accounts import api_requests
from engine.accounts.scopes import Scope
from engine.db.connection import utc_now
from tests.integration.drained import run_jobs

KEY = {"Idempotency-Key": "order-1"}
MEMBERS = "/v1/segments/met-at-the-fair/members"
ANA = "/v1/contacts/ana@example.com"

WRITES = {
    "upsert": ("POST", "/v1/contacts", {"email": "cleo@example.com", "first_name": "Cleo"}),
    "change": ("PATCH", ANA, {"points": 5, "reason": "won the raffle"}),
    "delete": ("DELETE", ANA, {"reason": "asked"}),
    "members": ("POST", MEMBERS, {"contacts": ["ana@example.com", "bo@example.com"]}),
    "export": ("POST", "/v1/exports", {"columns": ["email"]}),
    "erasure": ("POST", "/v1/contacts/gone@example.com/erasure", None),
}
each_write = pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)


def counted(db):
    return {
        "activities": db.activities.count_documents({"derived": {"$ne": True}}),
        "jobs": db.jobs.count_documents({}),
        "audit": db.audit.count_documents({"ending": "done", "by": {"$regex": "^key:"}}),
    }


def send(client, write, key=KEY):
    method, path, body = write
    return (
        client.request(method, path, json=body, headers=key)
        if body
        else client.request(method, path, headers=key)
    )


@each_write
def test_sent_again_it_changes_nothing_and_is_answered_alike(shop, api, write):
    first = send(api, write)
    before = counted(shop)

    again = send(api, write)

    assert first.status_code in (200, 201, 202), first.text
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["Idempotency-Replayed"] == "true" and "Idempotency-Replayed" not in first.headers
    assert again.headers.get("etag") == first.headers.get("etag")
    assert counted(shop) == before


@each_write
def test_after_a_death_before_the_answer_it_is_done_once(shop, api, write, monkeypatch):
    api.get("/v1/segments")

    def dies(*_args):
        raise RuntimeError("the power went")

    with monkeypatch.context() as patched:
        patched.setattr(api_requests, "answer", dies)
        died = send(api, write)
    run_jobs(shop)
    before = counted(shop)

    again = send(api, write)

    assert died.status_code == 500
    assert again.status_code in (200, 201, 202), again.text
    assert counted(shop) == before


def test_two_at_once_under_one_key_are_one(shop, asking):
    clients = [asking(*Scope) for _ in range(4)]
    for client in clients[1:]:
        client.headers["Authorization"] = clients[0].headers["Authorization"]
    before, gate = counted(shop), threading.Barrier(4)

    def ask(client):
        gate.wait()
        return send(client, WRITES["upsert"])

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(ask, clients))

    assert len({(answer.status_code, answer.content) for answer in answers}) == 1
    assert counted(shop)["activities"] == before["activities"] + 1


def test_another_request_under_one_key_is_refused(api):
    send(api, WRITES["upsert"])

    other_body = api.post("/v1/contacts", json={"email": "dora@example.com"}, headers=KEY)
    other_path = api.post(MEMBERS, json={"contacts": ["bo@example.com"]}, headers=KEY)

    for refused in (other_body, other_path):
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["field"] == "Idempotency-Key"
    assert api.get("/v1/contacts/dora@example.com").status_code == 404


def test_the_same_text_of_another_api_key_is_another_key(asking):
    one, other = asking(*Scope), asking(*Scope)

    assert send(one, WRITES["upsert"]).json()["created"]
    assert "Idempotency-Replayed" not in send(other, WRITES["upsert"]).headers


def test_an_invalid_request_can_be_corrected_under_its_key(api):
    wrong = api.post("/v1/contacts", json={"email": "no address"}, headers=KEY)
    right = api.post("/v1/contacts", json={"email": "cleo@example.com"}, headers=KEY)

    assert (wrong.status_code, right.status_code) == (400, 201)


@pytest.mark.parametrize("key", ["x" * 201])
def test_a_key_is_bounded(api, key):
    assert send(api, WRITES["upsert"], {"Idempotency-Key": key}).status_code == 400


def test_a_reading_takes_no_key(api):
    assert api.get("/v1/contacts", headers=KEY).status_code == 400


def test_a_key_is_forgotten_after_a_day(shop, api):
    [index] = [one for one in shop.api_requests.list_indexes() if one["name"] != "_id_"]
    assert index["expireAfterSeconds"] == 86_400

    first = send(api, WRITES["change"]).json()["activity"]
    shop.api_requests.delete_many({"at": {"$lte": utc_now() + timedelta(days=1)}})

    assert send(api, WRITES["change"]).json()["activity"] != first


def test_neither_the_key_nor_what_was_asked_is_stored(shop, api):
    send(api, ("PATCH", ANA, {"last_name": "Zqx"}), {"Idempotency-Key": "ana@example.com"})

    [row] = shop.api_requests.find()
    assert "ana@" not in str(row) and "Zqx" not in str(row)


def test_what_is_stored_of_a_request_does_not_name_an_erased_person(shop, api):
    contact = send(api, WRITES["upsert"]).json()["contact"]
    send(api, ("POST", f"/v1/contacts/{contact}/erasure", None), {"Idempotency-Key": "erase"})
    run_jobs(shop)

    assert shop.jobs.find_one({"kind": "erasure"})["state"] == "done"
    assert contact not in str(list(shop.api_requests.find()))


def test_a_file_is_stored_once_and_another_is_refused(shop, api):
    def upload(content):
        return api.post("/v1/imports", params={"name": "a.csv"}, content=content, headers=KEY)

    first = upload(b"Email\nzoe@example.com\n")
    again = upload(b"Email\nzoe@example.com\n")
    other = upload(b"Email\nzac@example.com\n")

    assert first.status_code == 201, first.text
    assert again.json() == first.json() and again.headers["Idempotency-Replayed"]
    assert other.status_code == 422
    assert shop.import_drafts.count_documents({"state": "sent"}) == 1
