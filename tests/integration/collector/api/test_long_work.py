"""Imports and exports of the API: the jobs of the pages, from the file to the undo."""

from engine.accounts.scopes import Scope
from tests.integration.drained import run_jobs

ROWS = b"Email,First name,Unsubscribed\ncleo@example.com,Cleo,no\nnot an address,Dora,no\n"


def uploaded(api, content=ROWS, name="fair.csv"):
    answer = api.post("/v1/imports", params={"name": name}, content=content)
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_file_is_uploaded_previewed_imported_and_undone(shop, api):
    draft = uploaded(api)
    at = f"/v1/imports/{draft['id']}"
    changed = api.patch(at, json={"columns": {"Unsubscribed": ""}, "segment": "met-at-the-fair"})
    waiting = api.post(f"{at}/preview")
    run_jobs(shop)
    preview = api.post(f"{at}/preview")
    started = api.post(f"{at}/start")
    twice = api.post(f"{at}/start")
    run_jobs(shop)

    targets = {one["heading"]: one["target"] for one in draft["draft"]["columns"]}
    assert targets["Email"] == "email" and targets["First name"] == "first_name"
    assert changed.json()["draft"]["undecided"] == [], changed.text
    assert (waiting.status_code, preview.status_code) == (202, 200)
    assert (preview.json()["result"]["rows"], preview.json()["result"]["refused"]) == (2, 1)
    assert started.json() == twice.json() == {"job": draft["id"]}
    assert api.get(at).json()["job"]["state"] == "done"
    cleo = api.get("/v1/contacts/cleo@example.com").json()
    assert [one["id"] for one in cleo["segments"]] == ["met-at-the-fair"]
    refused = api.get(f"{at}/refused")
    assert "not an address" in refused.text and "fair-refused.csv" in refused.headers["content-disposition"]

    undone, again = api.post(f"{at}/undo"), api.post(f"{at}/undo")
    run_jobs(shop)

    assert undone.json() == again.json()
    assert api.get("/v1/contacts/cleo@example.com").status_code == 404


def test_a_file_with_something_undecided_does_not_start(api):
    draft = uploaded(api, b"Email,First name,Unsubscribed\nzoe@example.com,Zoe,yes\n")
    at = f"/v1/imports/{draft['id']}"
    left_out = api.patch(at, json={"columns": {"Email": "colour"}})

    refused = api.post(f"{at}/start")

    assert left_out.json()["draft"]["undecided"]
    assert refused.status_code == 400 and refused.json()["errors"][0]["field"] == "settings"


def test_a_column_that_is_not_there_and_a_file_that_cannot_be_read_are_refused(shop, api):
    draft = uploaded(api)

    unknown = api.patch(f"/v1/imports/{draft['id']}", json={"columns": {"Mail": "email"}})
    picture = api.post("/v1/imports", params={"name": "a.png"}, content=b"\x89PNG" + b"x" * 50)
    empty = api.post("/v1/imports", params={"name": "a.csv"}, content=b"")
    nameless = api.post("/v1/imports", content=ROWS)

    assert unknown.json()["errors"][0]["field"] == "columns.Mail"
    assert (picture.status_code, empty.status_code, nameless.status_code) == (400, 400, 400)
    assert shop.import_drafts.count_documents({"state": "sent"}) == 1


def test_a_file_that_is_not_wanted_is_discarded(api):
    draft = uploaded(api)

    gone = api.delete(f"/v1/imports/{draft['id']}")

    assert gone.status_code == 204
    assert api.get(f"/v1/imports/{draft['id']}").status_code == 404


def test_another_key_does_not_see_a_file_before_it_is_imported(asking):
    one, other = asking(Scope.IMPORTS), asking(Scope.IMPORTS)
    draft = uploaded(one)

    assert other.get(f"/v1/imports/{draft['id']}").status_code == 404
    assert other.post(f"/v1/imports/{draft['id']}/start").status_code == 404


def test_an_export_has_what_the_filter_selects(shop, api):
    started = api.post(
        "/v1/exports",
        json={"columns": ["email"], "where": {"segments": {"has_any": ["buyers"]}}, "name": "buyers"},
    )
    at = f"/v1/exports/{started.json()['job']}"
    before = api.get(f"{at}/file")
    run_jobs(shop)

    export = api.get(at).json()
    file = api.get(f"{at}/file")

    assert started.status_code == 202 and before.status_code == 404
    assert (export["job"]["state"], export["file"]["rows"]) == ("done", 1)
    assert file.text.lstrip("\ufeff").splitlines() == ["Email", '"ana@example.com"']
    assert "buyers.csv" in file.headers["content-disposition"]
    assert int(file.headers["content-length"]) == len(file.content)


def test_an_export_of_some_contacts_and_their_activities(shop, api):
    contacts = api.post("/v1/exports", json={"columns": ["email"], "contacts": ["customer-8"]}).json()
    orders = api.post(
        "/v1/exports",
        json={"what": "activities", "types": ["order_completed"], "from": "2026-03-01", "format": "parquet"},
    ).json()
    run_jobs(shop)

    assert "bo@example.com" in api.get(f"/v1/exports/{contacts['job']}/file").text
    assert api.get(f"/v1/exports/{orders['job']}/file").content.startswith(b"PAR1")


def test_an_export_that_makes_no_sense_is_refused(api):
    for body, field in (
        ({"where": {"colour": 1}}, "where"),
        ({"sort": "age"}, "sort"),
        ({"contacts": []}, "contacts"),
        ({"contacts": ["nobody"]}, "key"),
        ({"format": "doc"}, "format"),
        ({"columns": ["colour"]}, ""),
    ):
        refused = api.post("/v1/exports", json=body)
        assert refused.status_code in (400, 404), refused.text
        assert refused.json()["errors"][0]["field"] == field


def test_jobs_are_listed_page_by_page_and_cancelled(shop, api):
    ids = [api.post("/v1/exports", json={"columns": ["email"]}).json()["job"] for _ in range(5)]

    first = api.get("/v1/jobs", params={"limit": 3}).json()
    second = api.get("/v1/jobs", params={"limit": 3, "cursor": first["next"]}).json()
    cancelled = api.post(f"/v1/jobs/{ids[0]}/cancel").json()
    again = api.post(f"/v1/jobs/{ids[0]}/cancel").json()
    run_jobs(shop)
    over = api.post(f"/v1/jobs/{ids[1]}/cancel")

    listed = [job["id"] for job in [*first["jobs"], *second["jobs"]]]
    assert listed == sorted(ids, key=listed.index) and sorted(listed) == sorted(ids)
    assert second["next"] is None
    assert cancelled["state"] == again["state"] == "stopped"
    assert over.status_code == 409


def test_a_key_sees_the_jobs_of_its_scopes(shop, api, asking):
    job = api.post("/v1/exports", json={"columns": ["email"]}).json()["job"]
    imports = asking(Scope.IMPORTS)

    assert imports.get("/v1/jobs").json()["jobs"] == []
    assert imports.get(f"/v1/jobs/{job}").status_code == 403
