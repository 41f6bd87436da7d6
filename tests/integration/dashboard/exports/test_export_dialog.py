"""Exporting from the pages: asked for in a dialog, followed, fetched, and run again."""

import io
import json

import pyarrow.parquet
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from dashboard.cookies import SESSION as COOKIE
from dashboard.exports.downloads import download_routes
from dashboard.exports.export_dialog import EXPORT, question
from dashboard.ui.dialog_state import OpenDialog
from engine.accounts import accounts, file_links, sessions
from engine.contacts.bulk.selection import Selection
from engine.contacts.listing.listing import Listing
from engine.db.connection import utc_now
from engine.exports import export_files, export_service, exporting
from engine.exports.exporting import Export
from engine.jobs import jobs
from engine.publishing import publishing
from tests.builders import acting, an_activity, identified, minutes
from tests.integration.dashboard.test_pages import keys, shown
from tests.integration.drained import drain_all, receive_and_drain, run_jobs

SEGMENTS = "segments:\n  - {id: vip, name: Very important, when: {contact.newsletter: subscribed}}\n"
SUBSCRIBED = json.dumps({"newsletter": "subscribed"})


@pytest.fixture
def shop(db):
    """Two people, one of whom is subscribed, and a segment of those who are."""
    publishing.publish(
        db, publishing.completed(db, {"segments.yaml": SEGMENTS}), by="ana", message="vip", now=utc_now()
    )
    receive_and_drain(
        db,
        [
            identified(minutes(0), email="ana@x.com", traits={"first_name": "Ana"}),
            an_activity("newsletter_subscribed", minutes(1), email="ana@x.com"),
            identified(minutes(0), email="eva@x.com"),
        ],
    )
    drain_all(db)
    return db


def radio(app, name):
    [found] = [one for one in app.radio if one.key.endswith(f".{name}")]
    return found


def the_job(db):
    [job] = jobs.recent(db, [exporting.KIND])
    return job


def test_what_the_list_finds_is_exported_with_its_columns(shop, open_as):
    app = open_as("marketer", where=SUBSCRIBED, columns="email,points")
    app.button(key="contacts.export").click().run()
    assert "1 contact</b>" in shown(app)
    assert "Newsletter: Subscribed" in shown(app)

    app.button(key="export.sure").click().run()
    job = the_job(shop)
    wanted = exporting.export_of(job)
    assert wanted.columns == ("first_name", "last_name", "email", "points")
    assert (wanted.format, wanted.selection.listing.where) == ("csv", {"newsletter": "subscribed"})
    assert wanted.name.startswith("contacts-20")
    assert "waiting" in shown(app)

    run_jobs(shop)
    text = shown(app.run())
    assert "1 contact · " in text
    assert f'href="/exports/{job.id}"' in text

    app.button(key="contacts.history").click().run()
    assert "Newsletter: Subscribed · 4 columns · available until" in shown(app)
    app.button(key=f"history.again.{job.id}").click().run()
    assert [one.wanted for one in jobs.recent(shop, [exporting.KIND])] == [job.wanted, job.wanted]


def test_columns_activities_and_formats_are_chosen(shop, open_as):
    app = open_as("marketer")
    app.button(key="contacts.export").click().run()
    radio(app, "contacts.columns").set_value("chosen").run()
    [columns] = [one for one in app.multiselect if one.key.endswith(".chosen")]
    columns.set_value(["points"]).run()
    assert "the file cannot be imported again" in shown(app)
    columns.set_value([]).run()
    assert app.button(key="export.sure").disabled

    radio(app, "what").set_value("activities").run()
    [types] = [one for one in app.multiselect if one.key.endswith(".types")]
    types.set_value(["newsletter_subscribed"])
    radio(app, "format").set_value("parquet").run()
    app.button(key="export.sure").click().run()
    run_jobs(shop)

    made, stream = exporting.opened(shop, the_job(shop), now=utc_now())
    rows = pyarrow.parquet.read_table(io.BytesIO(stream.read())).to_pylist()
    assert [(row["Activity type"], row["Email"]) for row in rows] == [("newsletter_subscribed", "ana@x.com")]
    assert made.name.startswith("contacts-activities-")
    assert "1 activity of 2 contacts" in shown(app.run())


def test_more_than_excel_holds_is_said_before(shop, open_as, monkeypatch):
    few = export_files.FormatInfo("Excel", "", export_files.FORMATS["xlsx"].make, most_rows=1)
    monkeypatch.setitem(export_files.FORMATS, "xlsx", few)
    app = open_as("marketer")
    app.button(key="contacts.export").click().run()
    radio(app, "format").set_value("xlsx").run()

    assert "An Excel sheet holds 1 rows besides its headings, and these are 2 contacts" in shown(app)
    assert app.button(key="export.sure").disabled


def test_ticked_contacts_and_a_segment_are_exported_by_who_may(shop, open_as):
    ana = shop.contacts.find_one({"email": "ana@x.com"})["_id"]
    app = open_as("marketer")
    app.session_state["dialog.open"] = OpenDialog(EXPORT, question(Selection(ids=(ana,)), ("email",)))
    assert '"cs-confirm"><b>Ana</b>' in shown(app.run())

    app = open_as("marketer", page="segments", segment="vip")
    app.button(key="segments.export").click().run()
    app.button(key="export.sure").click().run()
    run_jobs(shop)
    wanted = exporting.export_of(the_job(shop))
    assert wanted.selection.listing.where == {"segments": {"has_any": ["vip"]}}
    assert wanted.name.startswith("vip-")
    assert "Download</a>" in shown(app.run())

    for page in ({}, {"page": "segments", "segment": "vip"}):
        assert not {"contacts.export", "segments.export"} & keys(open_as("viewer", **page))


def test_what_is_looked_at_on_a_sheet_is_exported_from_there(shop, open_as):
    ana = shop.contacts.find_one({"email": "ana@x.com"})["_id"]
    app = open_as("marketer", contact=ana, tab="activity", type="newsletter_subscribed")
    app.button(key="sheet.export").click().run()
    app.button(key="export.sure").click().run()
    run_jobs(shop)

    wanted = exporting.export_of(the_job(shop))
    assert (wanted.what, wanted.types, wanted.selection.ids) == (
        "activities",
        ("newsletter_subscribed",),
        (ana,),
    )
    assert "1 activity of 1 contact" in shown(app.run())
    assert "sheet.export" not in keys(open_as("viewer", contact=ana, tab="activity"))


def test_a_file_is_given_out_to_who_may_read_it_and_to_nobody_else(db):
    now = utc_now()
    tokens = {}
    for role in ("viewer", "marketer"):
        db.users.insert_one({"_id": role, "email": f"{role}@x.com", "name": role, "role": role})
        tokens[role] = sessions.start(db, role, now=now)
    mia = accounts.whoami(db, tokens["marketer"], now=now)
    receive_and_drain(db, [identified(minutes(0), email="ana@x.com")])
    wanted = Export(columns=("email",), selection=Selection(listing=Listing()), name='caña"; x')
    for id_ in ("job-1", "job-2"):
        export_service.start(acting(db, mia, at=now), wanted, id_=id_)
    jobs.stop(db, "job-2", now=now)
    run_jobs(db)
    client = TestClient(Starlette(routes=download_routes(db)))

    def fetched(job, token=None, **said):
        client.cookies.clear()
        if token is not None:
            client.cookies.set(COOKIE, token)
        return client.get(f"/exports/{job}", params=said)

    answer = fetched("job-1", tokens["marketer"])
    assert (answer.status_code, answer.content.decode("utf-8-sig")) == (200, 'Email\n"ana@x.com"\n')
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''ca%C3%B1a%22%3B%20x.csv"
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["content-length"] == str(len(answer.content))
    signed = file_links.signed(acting(db, mia, at=now), "/exports/job-1")
    assert fetched("job-1", **signed).status_code == 200

    refused = {
        "nobody": fetched("job-1"),
        "forged cookie": fetched("job-1", "forged"),
        "forged link": fetched("job-1", **{**signed, "key": "0" * 64}),
        "link to another": fetched("job-2", **signed),
        "viewer": fetched("job-1", tokens["viewer"]),
        "none such": fetched("other", tokens["marketer"]),
        "stopped": fetched("job-2", tokens["marketer"]),
    }
    assert {name: answer.status_code for name, answer in refused.items()} == {
        "nobody": 403, "forged cookie": 403, "forged link": 403, "link to another": 403, "viewer": 403,
        "none such": 404, "stopped": 404,
    }  # fmt: skip
    assert "ana@x.com" not in "".join(answer.text for answer in refused.values())
    sessions.end(db, mia.session, now=utc_now())
    assert fetched("job-1", tokens["marketer"]).status_code == 403
    assert fetched("job-1", **signed).status_code == 403
