"""What the API reads: contacts by each of their keys, lists page by page, and nothing that is there already."""

import json

import pytest

from engine.contacts.contact_lookup import find_contact
from engine.contacts.listing.list_service import page
from engine.contacts.listing.listing import Listing
from engine.contacts.sheet import sheets
from engine.db.connection import utc_now
from tests.builders import acting, an_activity, bought, colleague, identified, minutes
from tests.integration.drained import receive_and_drain
from workers.collector.api import threads


def test_a_contact_is_read_by_each_of_its_keys(shop, api):
    ana = api.get("/v1/contacts/ana@example.com").json()

    assert api.get("/v1/contacts/customer-7").json() == ana
    assert api.get(f"/v1/contacts/{ana['id']}").json() == ana
    assert (ana["email"], ana["external_id"]) == ("ana@example.com", "customer-7")
    assert ana["commerce"]["spent"] == "59.90" and ana["commerce"]["orders"] == 1
    assert ana["statuses"]["newsletter"]["state"] == "subscribed"
    assert [segment["id"] for segment in ana["segments"]] == ["buyers"]
    assert {one["id"]: one["reachable"] for one in ana["reach"]}["newsletter"]


def test_it_is_what_the_sheet_shows(shop, api):
    sheet = sheets.sheet(shop, find_contact(shop, "ana@example.com"), now=utc_now())

    ana = api.get("/v1/contacts/ana@example.com").json()

    assert ana["points"]["total"] == sheet.points.total
    assert ana["statuses"].keys() == sheet.statuses.keys()


def test_an_external_id_with_a_slash_is_one_part_of_the_path(shop, api):
    receive_and_drain(shop, [identified(minutes(9), external_id="a/activities", trusted=True)])

    assert api.get("/v1/contacts/a%2Factivities").json()["external_id"] == "a/activities"
    assert api.get("/v1/contacts/a%2Factivities/activities").status_code == 200


def test_the_id_of_a_merged_contact_leads_to_the_one_that_it_became(shop, api):
    receive_and_drain(shop, [an_activity("page_visited", minutes(5), tracker="t")])
    before = api.get("/v1/contacts/t").json()["id"]
    receive_and_drain(shop, [identified(minutes(6), tracker="t", email="ana@example.com", trusted=True)])

    after = api.get(f"/v1/contacts/{before}").json()

    assert after["email"] == "ana@example.com" and after["merged"] == [before]


@pytest.fixture
def crowd(shop):
    receive_and_drain(
        shop,
        [identified(minutes(10 + n), external_id=f"c-{n:03}", trusted=True) for n in range(37)]
        + [bought(f"{n}.00", minutes(60 + n), external_id=f"c-{n:03}", order_id=f"o{n}", trusted=True)
           for n in range(0, 37, 3)],
    )  # fmt: skip
    return shop


def walked(api, path, of="contacts", **parameters):
    found, pages = [], 0
    while True:
        answer = api.get(path, params=parameters)
        assert answer.status_code == 200, answer.text
        found += answer.json()[of]
        pages += 1
        if answer.json()["next"] is None:
            return found, pages
        parameters["cursor"] = answer.json()["next"]


@pytest.mark.parametrize("sort", ["-active_at", "name", "-orders", "last_order", "-last_order"])
def test_a_list_is_walked_page_by_page_in_its_order(crowd, api, sort):
    found, pages = walked(api, "/v1/contacts", sort=sort, limit=7)

    actor = acting(crowd, colleague())
    whole = page(actor, Listing(sort=sort.removeprefix("-"), descending=sort[0] == "-"), limit=200)
    assert [one["id"] for one in found] == [row.id for row in whole.rows]
    assert pages == 6


def test_the_language_of_the_lists_filters_selects(crowd, api):
    where = json.dumps({"orders": {"gte": 1}, "not": {"external_id": "customer-7"}})

    found, _ = walked(api, "/v1/contacts", where=where, limit=5)

    assert len(found) == 13
    assert api.get("/v1/contacts", params={"q": "c-00"}).json()["total"] == {"count": 10, "exact": True}


def test_members_of_a_segment_are_a_list_too(crowd, api):
    members, _ = walked(api, "/v1/segments/buyers/members", limit=4)

    assert len(members) == 14 == api.get("/v1/segments/buyers").json()["size"]
    assert {one["id"] for one in api.get("/v1/segments").json()["segments"]} == {"buyers", "met-at-the-fair"}


def test_a_cursor_is_of_its_list_alone(crowd, api):
    first = api.get("/v1/contacts", params={"limit": 5, "sort": "-points"}).json()["next"]

    for other in (
        {"cursor": first},
        {"cursor": first, "sort": "points"},
        {"cursor": first, "sort": "-points", "q": "c"},
        {"cursor": first[:-1], "sort": "-points"},
    ):
        refused = api.get("/v1/contacts", params=other)
        assert refused.status_code == 400 and refused.json()["errors"][0]["field"] == "cursor"
    assert api.get("/v1/segments/buyers/members", params={"cursor": first}).status_code == 400
    assert api.get("/v1/contacts", params={"cursor": first, "sort": "-points", "limit": 2}).status_code == 200


@pytest.mark.parametrize(
    ("where", "words"),
    [('{"colour": "red"}', "colour"), ('{"points": {"above": 5}}', "above"), ('{"points": "many"}', "points")],
)  # fmt: skip
def test_a_filter_that_makes_no_sense_is_refused_by_its_field(api, where, words):
    refused = api.get("/v1/contacts", params={"where": where})

    assert refused.status_code == 400, refused.text
    assert refused.json()["errors"][0]["field"] == "where" and words in refused.json()["message"]


def test_activities_are_walked_by_type_and_day(shop, api):
    receive_and_drain(
        shop,
        [
            an_activity("page_visited", minutes(100 + n), email="ana@example.com", trusted=True, path=f"/{n}")
            for n in range(9)
        ],
    )

    path = "/v1/contacts/ana@example.com/activities"
    visits, pages = walked(api, path, "activities", types="page_visited", limit=4)
    whole, _ = walked(api, path, "activities", limit=200)

    assert [visit["properties"]["path"] for visit in visits] == [f"/{n}" for n in range(8, -1, -1)]
    assert pages == 3 and len(whole) > 9
    assert api.get(path, params={"from": "2026-03-03", "types": "page_visited"}).json()["activities"] == []
    assert api.get(path, params={"from": "soon"}).status_code == 400


def test_points_statuses_consent_and_segments_have_places_of_their_own(api):
    at = "/v1/contacts/ana@example.com"

    ledger = api.get(f"{at}/points").json()
    consent = api.get(f"{at}/consent").json()
    before = api.get(f"{at}/consent", params={"as_of": "2026-03-01"}).json()

    assert ledger["total"] == sum(entry["worth"] for entry in ledger["entries"])
    assert api.get(f"{at}/statuses").json()["statuses"]["newsletter"]["state"] == "subscribed"
    assert [segment["id"] for segment in api.get(f"{at}/segments").json()["segments"]] == ["buyers"]
    assert {one["subscription"]: one["state"] for one in consent["states"]}["newsletter"] == "subscribed"
    assert {one["subscription"]: one["state"] for one in before["states"]}["newsletter"] == "not_subscribed"


def test_what_a_reader_has_already_is_not_sent_again(shop, api):
    first = api.get("/v1/contacts/ana@example.com")

    again = api.get("/v1/contacts/ana@example.com", headers={"If-None-Match": first.headers["etag"]})
    receive_and_drain(shop, [an_activity("newsletter_unsubscribed", minutes(9), email="ana@example.com")])
    changed = api.get("/v1/contacts/ana@example.com", headers={"If-None-Match": first.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert changed.status_code == 200 and changed.headers["etag"] != first.headers["etag"]
    assert api.head("/v1/contacts/ana@example.com").headers["etag"] == changed.headers["etag"]


def test_a_question_that_takes_too_long_ends_and_says_what_to_do(api, monkeypatch):
    api.get("/v1/contacts")
    monkeypatch.setattr(threads, "WITHIN", 1e-6)

    ended = api.get("/v1/contacts")

    assert ended.status_code == 503 and ended.headers["Retry-After"]
    assert "narrow the filter" in ended.json()["message"]


def test_a_fault_of_ours_is_an_answer_too(api, monkeypatch):
    api.get("/v1/contacts")
    monkeypatch.setattr("workers.collector.api.contacts.list_service.page", lambda *_a, **_k: 1 / 0)

    answer = api.get("/v1/contacts")

    assert answer.status_code == 500 and answer.json()["code"] == "internal_server_error"
    assert "division" not in answer.text
