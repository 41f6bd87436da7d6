"""Who may use the API: secret keys within their scopes, at their rate, masked as viewers are."""

import json

import pytest

from engine.accounts import keys
from engine.accounts.scopes import GRANTED, Scope
from engine.db.connection import utc_now
from engine.publishing import publishing
from tests.integration.collector.api.conftest import Drained
from workers.collector.api.registry import OPERATIONS
from workers.collector.limits import RateLimit


def place_of(operation):
    path = operation.path
    for name, value in operation.example.path.items():
        path = path.replace(f"{{{name}}}", value.strip("$"))
    return path


def test_every_operation_refuses_a_key_without_its_scope_and_names_that(asking):
    for scope in Scope:
        client = asking(scope)
        for operation in OPERATIONS:
            if scope in operation.scopes:
                continue
            refused = client.request(operation.method, place_of(operation))
            assert refused.status_code == 403, f"{operation.id} with {scope}"
            assert refused.json()["errors"][0]["field"] == "scope"
            assert str(min(operation.scopes)) in refused.json()["message"]


def test_no_operation_is_done_without_a_secret_key(shop, serving, write_key):
    client = serving()
    for operation in OPERATIONS:
        nobody = client.request(operation.method, place_of(operation))
        assert nobody.status_code == 401 and nobody.json()["code"] == "unauthorized"
        public = client.request(operation.method, place_of(operation), auth=(write_key, ""))
        assert public.status_code == 403 and "secret key" in public.json()["message"]
    in_address = client.get("/v1/contacts", params={"writeKey": write_key})
    assert in_address.status_code == 401


def test_a_key_of_before_there_were_scopes_does_what_it_did_and_no_more(shop, serving):
    key = keys.create_key(shop, "secret", label="old", now=utc_now())
    shop.keys.update_one({"_id": key.id}, {"$unset": {"scopes": 1}})
    client = serving()
    client.auth = (key.token, "")

    tracked = client.post("/v1/track", json={"userId": "customer-7", "event": "Signed in"})
    asked = client.get("/v1/contacts/ana@example.com/reachability")
    read = client.get("/v1/contacts/ana@example.com")

    assert (tracked.status_code, asked.status_code, read.status_code) == (200, 200, 403)


def test_a_key_that_only_reads_neither_sends_events_nor_asks_for_reachability(asking):
    client = asking(Scope.READ_CONTACTS)

    tracked = client.post("/v1/track", json={"userId": "customer-7", "event": "Signed in"})
    asked = client.get("/v1/contacts/ana@example.com/reachability")

    assert (tracked.status_code, asked.status_code) == (403, 403)
    assert "events is missing" in tracked.json()["message"]
    assert client.get("/v1/contacts/ana@example.com").status_code == 200


def test_other_scopes_hold_from_the_next_look_on(shop, serving, key_with):
    token = key_with(Scope.READ_SEGMENTS)
    [key] = [key for key in keys.all_keys(shop) if key.scopes == (Scope.READ_SEGMENTS,)]
    client = serving(waker=Drained(shop))
    client.headers["Authorization"] = f"Bearer {token}"
    assert client.get("/v1/contacts").status_code == 403

    keys.set_scopes(shop, key.id, [Scope.READ_CONTACTS])

    another = serving()
    assert another.get("/v1/contacts", headers=client.headers).status_code == 200


def masked(db):
    settings = publishing.completed(db, {})["settings.yaml"]
    text = settings.replace("mask_for_viewers: false", "mask_for_viewers: true")
    if text == settings:
        text = settings + "\nmask_for_viewers: true\n"
    texts = publishing.completed(db, {"settings.yaml": text})
    publishing.publish(db, texts, by="t", message="mask", now=utc_now())


def test_where_personal_data_is_masked_a_reading_key_sees_what_a_viewer_sees(shop, asking):
    masked(shop)
    reads, sees = asking(Scope.READ_CONTACTS), asking(Scope.READ_CONTACTS, Scope.SEE_PERSONAL)
    ana = sees.get("/v1/contacts/ana@example.com").json()

    seen = reads.get(f"/v1/contacts/{ana['id']}")

    assert "ana@example.com" not in seen.text and "customer-7" not in seen.text
    assert reads.get("/v1/contacts/ana@example.com").status_code == 404
    assert reads.get("/v1/contacts", params={"q": "ana"}).status_code == 403
    assert reads.get("/v1/contacts", params={"where": '{"email": "ana@example.com"}'}).status_code == 403
    assert reads.get("/v1/contacts", params={"sort": "name"}).status_code == 403
    assert "ana@example.com" not in reads.get("/v1/contacts").text
    for of in ("activities", "points", "statuses", "consent", "segments"):
        found = reads.get(f"/v1/contacts/{ana['id']}/{of}")
        assert found.status_code == 200 and "ana@" not in found.text


def test_a_key_above_its_rate_waits_as_long_as_it_is_asked_to(asking):
    client = asking(*Scope, api_limit=RateLimit(per_second=1, burst=3))

    answers = [client.get("/v1/segments") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[3].headers["Retry-After"] == "1"
    assert answers[3].json()["code"] == "too_many_requests"


def test_many_contacts_at_once_count_as_several_requests(asking):
    client = asking(*Scope, api_limit=RateLimit(per_second=1, burst=10))

    client.post("/v1/segments/met-at-the-fair/members", json={"contacts": ["nobody"] * 400})

    assert client.get("/v1/segments").status_code == 200
    assert client.get("/v1/segments").status_code == 429


def test_what_a_key_does_is_in_the_audit_log_under_its_name(shop, api):
    api.patch("/v1/contacts/ana@example.com", json={"last_name": "García"})
    api.post("/v1/exports", json={"columns": ["email"]})

    entries = list(shop.audit.find({"by_name": {"$regex": "^API key "}}).sort("at", 1))
    assert [entry["act"] for entry in entries] == ["edited a contact", "exported contacts"]
    assert all(entry["by"].startswith("key:") for entry in entries)


def test_the_documents_need_no_key(serving):
    client = serving()

    assert client.get("/v1/openapi.json").json()["openapi"] == "3.1.0"
    page = client.get("/v1/docs")
    assert page.status_code == 200 and "default-src 'none'" in page.headers["content-security-policy"]
    assert client.get("/v1/docs.css").headers["content-type"].startswith("text/css")
    for path in ("/v1/docs", "/v1/openapi.json"):
        assert client.post(path).status_code in (404, 405)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/contacts/a/b/c", 404, "not_found"),
        ("PUT", "/v1/contacts/ana", 405, "method_not_allowed"),
        ("GET", "/v1/contacts?limit=0", 400, "bad_request"),
        ("GET", "/v1/contacts?cursor=x", 400, "bad_request"),
        ("GET", "/v1/contacts/nobody@example.com", 404, "not_found"),
        ("GET", "/v1/segments/none", 404, "not_found"),
        ("GET", "/v1/jobs/none", 404, "not_found"),
        ("GET", "/v1/imports/none", 404, "not_found"),
        ("POST", "/v1/contacts/ana@example.com/archive", 400, "bad_request"),
        ("POST", "/v1/segments/buyers/members", 409, "conflict"),
    ],
)  # fmt: skip
def test_every_refusal_has_the_same_body(api, method, path, status, code):
    content = {} if method == "GET" else {"content": json.dumps({"contacts": ["ana@example.com"]})}

    refused = api.request(method, path, **content)

    assert refused.status_code == status, refused.text
    body = refused.json()
    assert (body["success"], body["code"]) == (False, code)
    assert body["message"] and body["errors"][0].keys() == {"field", "message"}


def test_each_scope_is_granted_something_in_words():
    assert set(GRANTED) == set(Scope) and all(granted.label for granted in GRANTED.values())
