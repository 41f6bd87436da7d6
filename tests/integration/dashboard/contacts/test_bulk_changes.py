"""Changing many contacts from their list, following that, and its history: for each role."""

import io
from datetime import timedelta

import pytest

from dashboard.contacts.bulk_dialog import BULK, Question
from dashboard.ui.dialog_state import OpenDialog
from engine.accounts.current_user import CurrentUser
from engine.contacts import contact_lookup
from engine.contacts.bulk import bulk_change
from engine.contacts.bulk.selection import Selection
from engine.contacts.editing.edit import Edit
from engine.contacts.listing.listing import Listing
from engine.db.connection import utc_now
from engine.db.contact_codec import LIVING
from engine.imports import import_service
from engine.imports.mapping.import_settings import ImportSettings
from engine.jobs import jobs
from engine.pipeline import activity_steps
from engine.publishing import publishing
from engine.rules import versions
from tests.builders import acting, an_activity, identified, minutes
from tests.integration.dashboard.contacts.test_contacts_page import the_list
from tests.integration.dashboard.test_pages import shown
from tests.integration.drained import drain_all, receive_and_drain, run_jobs

SEGMENTS = "segments:\n  - {id: staff, name: Staff, static: true}\n  - {id: vip, name: VIP, static: true}\n"
EVERYBODY = Selection(listing=Listing())


@pytest.fixture
def shop(db, monkeypatch):
    """Twelve people, one of whom is subscribed."""
    monkeypatch.setattr(activity_steps, "APPLY_TIMEOUT", 0)
    texts = publishing.completed(db, {"segments.yaml": SEGMENTS})
    publishing.publish(db, texts, by="ana", message="for the tests", now=utc_now())
    drain_all(db)
    people = [
        identified(minutes(n), email=f"p{n:02}@x.com", traits={"first_name": f"P{n}"}) for n in range(12)
    ]
    receive_and_drain(db, [*people, an_activity("newsletter_subscribed", minutes(60), email="p03@x.com")])
    return db


def asked(app, action, selection=EVERYBODY, job="job-1"):
    """Open the dialog that the list opens when an action is chosen for ticked rows."""
    app.session_state["dialog.open"] = OpenDialog(BULK, Question(action, selection, job))
    return app.run()


def sure(app):
    return app.button(key="bulk.sure")


def begun(db, change, by="u1", id_="job-1"):
    return bulk_change.start(db, EVERYBODY, change, id_=id_, by=by, by_name="Mia", now=utc_now())


def ids(db, *emails):
    return tuple(contact_lookup.find_contact(db, email) for email in emails)


def test_a_viewer_has_no_ticks_and_hears_of_no_changes(shop, open_as):
    begun(shop, Edit(add_to=["staff"]))
    app = open_as("viewer")

    data = the_list(app)
    assert (data["selectable"], data["actions"]) == (False, [])
    assert "Add to Staff" not in shown(app)
    forged = asked(app, "delete")
    assert forged.exception or "cannot edit contacts" in shown(forged)
    assert shop.jobs.count_documents({}) == 1


def test_a_marketer_adds_to_a_segment_follows_that_and_takes_it_back(shop, open_as):
    app = open_as("marketer")
    assert [action["id"] for action in the_list(app)["actions"]] == [
        "add",
        "remove",
        "status",
        "field",
        "merge",
        "export",
        "delete",
    ]

    asked(app, "add", Selection(ids=ids(shop, "p00@x.com", "p01@x.com")))
    assert "P0" in shown(app)
    assert sure(app).disabled
    app.selectbox(key="bulk.job-1.segment").set_value("staff").run()
    assert sure(app).label == "Add 2 contacts"
    sure(app).click().run()
    assert "waiting" in shown(app)
    assert the_list(app)["scope"].endswith(" 1")  # nothing is ticked any more

    run_jobs(shop)
    app.run()
    assert "2 contacts changed" in shown(app)
    app.button(key="job.undo.job-1").click().run()
    run_jobs(shop)
    app.run()
    assert "2 contacts restored" in shown(app)
    assert shop.contacts.count_documents({"segments.staff": {"$exists": True}}) == 0
    app.button(key="job.close.job-1:undo").click().run()
    assert "restored" not in shown(app)


def test_what_a_status_comes_to_is_said_before_and_who_was_refused_after(shop, open_as):
    receive_and_drain(shop, [an_activity("email_blocked", minutes(70), email="p05@x.com", trusted=True)])
    app = asked(open_as("marketer"), "status")
    app.selectbox(key="bulk.job-1.machine").set_value("email_status").run()
    app.selectbox(key="bulk.job-1.state.email_status").set_value("paused").run()

    assert "1 contact will be refused" in shown(app)
    assert sure(app).label == "Change 11 contacts"
    sure(app).click().run()
    run_jobs(shop)
    app.run()

    app.button(key="job.why.job-1").click().run()
    text = shown(app)
    assert "cannot go from blocked to paused by hand" in text
    assert f"?contact={ids(shop, 'p05@x.com')[0]}" in text


def test_leaving_blocked_needs_a_reason(shop, open_as):
    receive_and_drain(shop, [an_activity("email_blocked", minutes(70), email="p03@x.com", trusted=True)])
    app = asked(open_as("marketer"), "status")
    app.selectbox(key="bulk.job-1.machine").set_value("email_status").run()
    app.selectbox(key="bulk.job-1.state.email_status").set_value("active").run()
    assert sure(app).disabled

    app.text_input(key="bulk.job-1.reason").set_value("a mistake of ours").run()

    assert sure(app).label == "Change 1 contact"


def test_deleting_asks_for_the_number_and_is_restored_from_the_history(shop, open_as):
    app = asked(open_as("admin"), "delete", Selection(listing=Listing(), but=ids(shop, "p00@x.com")))
    assert "11 contacts" in shown(app)
    app.text_input(key="bulk.job-1.sure").set_value("12").run()
    assert sure(app).disabled
    app.text_input(key="bulk.job-1.sure").set_value("11").run()
    sure(app).click().run()
    run_jobs(shop)
    assert len(the_list(app.run())["rows"]) == 1

    app.button(key="contacts.history").click().run()
    assert "11 contacts deleted" in shown(app)
    app.button(key="history.undo.job-1").click().run()
    run_jobs(shop)
    assert len(the_list(app.run())["rows"]) == 12
    assert "undone" in shown(app)


def test_a_field_is_set_or_emptied(shop, open_as):
    for job, value in (("job-1", "Roma"), ("job-2", None)):
        app = asked(open_as("marketer"), "field", job=job)
        app.selectbox(key=f"bulk.{job}.field").set_value("custom.city").run()
        if value is None:
            app.checkbox(key=f"bulk.{job}.empty.custom.city").check().run()
        else:
            app.text_input(key=f"bulk.{job}.value.custom.city").set_value(value).run()
        sure(app).click().run()
        run_jobs(shop)
        assert shop.contacts.count_documents({"custom.city": value}) == 12


def test_a_pause_of_many_ends_on_a_later_day_at_the_earliest(shop, open_as):
    app = asked(open_as("marketer"), "status")
    app.selectbox(key="bulk.job-1.machine").set_value("email_status").run()
    app.selectbox(key="bulk.job-1.state.email_status").set_value("paused").run()
    until = app.date_input(key="bulk.job-1.until")
    tomorrow = utc_now().astimezone(versions.current(shop).account.time_zone).date() + timedelta(days=1)

    assert until.min == tomorrow
    until.set_value(tomorrow).run()
    sure(app).click().run()
    run_jobs(shop)

    paused = shop.contacts.find_one({"email": "p03@x.com"})["statuses"]["email_status"]
    assert paused["state"] == "paused"


def test_what_others_do_is_told_while_it_runs(shop, open_as):
    begun(shop, Edit(add_to=["vip"]), by="somebody-else")
    app = open_as("marketer")

    assert "by Mia" in shown(app)
    app.button(key="job.stop.job-1").click().run()
    assert jobs.job(shop, "job-1").state == "stopped"
    assert "Add to VIP" not in shown(app)
    app.button(key="contacts.history").click().run()
    assert "stopped" in shown(app)


def test_an_empty_history_says_what_will_be_in_it(shop, open_as):
    app = open_as("marketer")
    app.button(key="contacts.history").click().run()

    assert "Nothing yet" in shown(app)


def test_an_import_stands_in_the_history_with_its_refused_lines_and_is_taken_back(shop, open_as):
    user = CurrentUser("u1", "eva@x.com", "Eva", "marketer")
    file = io.BytesIO(b"email\nzoe@x.com\nbad\n")
    columns = ImportSettings(columns={"email": "email"})
    import_service.start(acting(shop, user), file, columns, name="p.csv", id_="job-1")
    run_jobs(shop)
    app = open_as("marketer")
    app.button(key="contacts.history").click().run()
    assert "Import of p.csv" in shown(app)
    assert "1 created · 1 refused" in shown(app)

    app.button(key="history.why.job-1").click().run()
    assert "line 3" in shown(app)
    app.button(key="history.all").click().run()
    app.button(key="history.undo.job-1").click().run()
    run_jobs(shop)

    assert shop.contacts.count_documents({"email": "zoe@x.com", **LIVING}) == 0
