"""A contact's sheet, for each role."""

import json
from datetime import timedelta

from dashboard import wait_for_workers
from engine.accounts.current_user import CurrentUser
from engine.contacts.editing import edit_service
from engine.contacts.editing.edit import Edit
from engine.db.connection import utc_now
from engine.domain.activities import ActivityId
from engine.operations import pulses
from engine.publishing import publishing
from engine.rules import versions
from tests.browser.conftest import HOSTILE
from tests.builders import acting, an_activity, bought, identified, minutes
from tests.integration.dashboard.test_pages import keys, shown
from tests.integration.drained import drain_all, receive_and_drain, the_id
from tests.integration.job_runs import run_next_job

LEO = CurrentUser("leo", "", "Leo", "admin")
MIA = CurrentUser("mia", "", "Mia <b>", "admin")


def field(app, contact, name):
    """The input of a field in the form."""
    [found] = [
        w
        for w in (*app.text_input, *app.selectbox)
        if w.key and w.key.endswith(f".{name}") and contact in w.key
    ]
    return found


def the_menu(app):
    """What the menu of the sheet offers."""
    [found] = [e for e in app.get("bidi_component") if e.proto.component_name == "sheet_menu"]
    return [item["id"] for item in json.loads(found.proto.json)["items"]]


def test_the_header_says_who_it_is_and_leads_along_the_list(shop, open_as):
    text = shown(open_as("viewer", contact=the_id(shop, "bo@x.com"), where='{"identified":true}'))

    for words in ("Bo Li", "identified", "✓ Newsletter", "✗ SMS", "← Filtered contacts"):
        assert words in text
    assert f"?contact={the_id(shop, 'ana@x.com')}&amp;where=" in text
    assert f"?contact={the_id(shop, 'somebody')}" not in text


def test_only_who_may_change_contacts_is_offered_to_delete(shop, open_as):
    ana = the_id(shop, "ana@x.com")

    assert the_menu(open_as("viewer", contact=ana)) == ["copy", "print"]
    assert the_menu(open_as("marketer", contact=ana)) == ["copy", "print", "delete"]
    assert the_menu(open_as("admin", contact=ana)) == ["copy", "print", "data", "delete", "erase"]


def test_a_viewer_reads_and_changes_nothing(shop, open_as):
    app = open_as("viewer", contact=the_id(shop, "ana@x.com"))

    shown(app)
    assert not {
        key
        for key in keys(app)
        if key.startswith(("sheet.edit", "sheet.stop", "sheet.leave", "sheet.segments"))
    }


def test_only_what_was_changed_is_written_and_it_can_be_taken_back(shop, open_as):
    ana = the_id(shop, "ana@x.com")
    app = open_as("marketer", contact=ana)
    app.button(key="sheet.edit").click().run()
    field(app, ana, "first_name").set_value("Anna").run()
    assert "1 change" in shown(app)

    app.button(key="sheet.apply").click().run()

    assert "Saved 1 change." in shown(app)
    assert "sheet.apply" not in keys(app)
    edit = shop.activities.find_one({"type": "contact_edited"})
    assert edit["traits"] == {"first_name": "Anna"}
    app.button(key="sheet.done.undo").click().run()
    assert "Ana Ruiz" in shown(app)
    assert "Undone." in shown(app)


def test_editing_begins_where_the_fields_are(shop, open_as):
    ana = the_id(shop, "ana@x.com")
    app = open_as("marketer", contact=ana, tab="activity")
    app.button(key="sheet.edit").click().run()

    assert field(app, ana, "first_name").value == "Ana"
    assert "tab" not in app.query_params


def test_what_cannot_be_is_said_at_its_field_and_leads_to_who_has_it(shop, open_as):
    ana = the_id(shop, "ana@x.com")
    app = open_as("marketer", contact=ana)
    app.button(key="sheet.edit").click().run()
    field(app, ana, "email").set_value("BO@x.com").run()
    field(app, ana, "mobile_phone").set_value("123").run()
    app.button(key="sheet.apply").click().run()

    text = shown(app)
    assert "Bo Li has email bo@x.com already" in text
    assert "is no possible number" in text
    assert f"?contact={the_id(shop, 'bo@x.com')}" in text
    assert shop.activities.count_documents({"type": "contact_edited"}) == 0

    app.button(key="sheet.discard").click().run()
    assert "Ana Ruiz" in shown(app)
    assert "sheet.apply" not in keys(app)


def test_what_somebody_else_changed_is_chosen_and_not_overwritten(shop, open_as):
    ana = the_id(shop, "ana@x.com")
    app = open_as("marketer", contact=ana)
    app.button(key="sheet.edit").click().run()
    field(app, ana, "custom.city").set_value("Milano").run()
    edit_service.edit(acting(shop, LEO), ana, Edit(fields={"custom.city": "Paris"}), id_=ActivityId("theirs"))
    drain_all(shop)

    app.button(key="sheet.apply").click().run()
    assert "Leo changed this to" in shown(app)
    assert shop.contacts.find_one({"_id": ana})["custom"]["city"] == "Paris"

    app.button(key="sheet.mine.custom.city").click().run()
    app.button(key="sheet.apply").click().run()
    assert shop.contacts.find_one({"_id": ana})["custom"]["city"] == "Milano"


def test_sending_is_stopped_and_taken_back(shop, open_as):
    bo = the_id(shop, "bo@x.com")
    app = open_as("marketer", contact=bo)
    app.button(key="sheet.stop").click().run()
    assert "paused" in shown(app)
    app.radio(key="sheet.stop.how").set_value("unsubscribed").run()
    app.button(key="sheet.stop.sure").click().run()

    assert "Sending stopped." in shown(app)
    assert shop.contacts.find_one({"_id": bo})["statuses"]["newsletter"]["state"] == "unsubscribed"
    app.button(key="sheet.done.undo").click().run()
    assert shop.contacts.find_one({"_id": bo})["statuses"]["newsletter"]["state"] == "subscribed"


def test_a_pause_with_an_end_is_given_in_the_form_and_the_reason_kept(shop, open_as):
    bo = the_id(shop, "bo@x.com")
    app = open_as("marketer", contact=bo)
    app.button(key="sheet.edit").click().run()
    field(app, bo, "email_status").set_value("paused").run()
    [until] = [w for w in app.date_input if w.key.endswith(".until")]
    day = (utc_now() + timedelta(days=9)).date()
    until.set_value(day).run()
    field(app, bo, "reason").set_value("on holiday").run()
    app.button(key="sheet.apply").click().run()

    status = shop.contacts.find_one({"_id": bo})["statuses"]["email_status"]
    assert (status["state"], status["reason"]) == ("paused", "on holiday")
    assert status["until"].astimezone(versions.current(shop).account.time_zone).date() == day
    logged = {
        change["what"]: change["after"]
        for change in shop.audit.find_one({"act": "edited a contact"})["changes"]
    }
    assert logged == {"email_status": "paused", "email_status.until": day.isoformat()}
    assert "(on holiday)" in shown(app)


def test_static_segments_are_joined_and_left_on_the_sheet(shop, open_as):
    ana = the_id(shop, "ana@x.com")
    app = open_as("marketer", contact=ana)
    [chosen] = [w for w in app.selectbox if w.key.startswith("sheet.segments.add")]
    static = chosen.options[0]
    chosen.select_index(0).run()
    assert f"Added to {static}." in shown(app)

    [leave] = [key for key in keys(app) if key.startswith("sheet.leave.")]
    app.button(key=leave).click().run()
    assert f"Removed from {static}." in shown(app)
    assert not [key for key in keys(app) if key.startswith("sheet.leave.")]


def test_a_field_for_admins_is_shown_to_others_and_not_asked(shop, open_as):
    texts = publishing.completed(
        shop, {"fields.yaml": "fields:\n  - {id: city, label: City, type: text, edit: [admin]}\n"}
    )
    publishing.publish(shop, texts, by="ana", message="for the tests", now=utc_now())
    drain_all(shop)
    ana = the_id(shop, "ana@x.com")

    app = open_as("marketer", contact=ana)
    app.button(key="sheet.edit").click().run()

    assert "City can only be changed by an admin" in shown(app)
    assert not [w for w in app.text_input if w.key.endswith(".custom.city")]


def test_who_was_deleted_is_restored_from_the_address_of_the_sheet(shop, open_as):
    ana = the_id(shop, "ana@x.com")
    edit_service.delete(acting(shop, MIA), ana, id_=ActivityId("d"), reason="asked *twice*")
    drain_all(shop)
    told = open_as("viewer", contact=ana)
    assert "by Mia &lt;b&gt;" in shown(told)
    assert "asked *twice*" in shown(told)
    assert keys(told).isdisjoint({"sheet.restore", "sheet.erase"})

    app = open_as("marketer", contact=ana)
    assert "sheet.erase" not in keys(app)
    app.button(key="sheet.restore").click().run()

    assert "Ana Ruiz" in shown(app)
    assert "was deleted" not in shown(app)


def test_an_admin_erases_by_typing_the_name_and_nothing_else_will_do(shop, open_as):
    ana = the_id(shop, "ana@x.com")
    edit_service.delete(acting(shop, LEO), ana, id_=ActivityId("d"))
    drain_all(shop)
    app = open_as("admin", contact=ana)
    app.button(key="sheet.erase").click().run()
    assert "This cannot be undone" in shown(app)
    assert "&lt;b&gt;" not in shown(app)

    app.text_input(key=f"erasing.name.{ana}").set_value("somebody").run()
    app.button(key="erasing.sure").click().run()
    assert "Nothing was erased" in shown(app)
    app.text_input(key=f"erasing.name.{ana}").set_value(" ANA@x.com").run()
    app.button(key="erasing.sure").click().run()

    [job] = shop.jobs.find()
    assert (job["kind"], job["title"], job["by_name"]) == ("erasure", "Erase a contact", "Eva")
    while run_next_job(shop, clock=utc_now, stopped=lambda: False):
        drain_all(shop)
    assert the_id(shop, "ana@x.com") is None
    app = open_as("admin", page="contacts")
    app.button(key="contacts.history").click().run()
    assert "erased everywhere" in shown(app)
    app.button(key=f"history.what.{job['_id']}").click().run()
    assert "Erased data" in shown(app)


def test_an_address_of_nobody_leads_back_to_the_list(shop, open_as):
    text = shown(open_as("viewer", contact="0" * 24, q="ana"))

    assert "Contact not found" in text
    assert 'href="?q=ana"' in text


def test_a_name_of_markup_stays_text(db, open_as):
    receive_and_drain(db, [identified(minutes(0), email="evil@x.com", traits={"first_name": HOSTILE})])

    text = shown(open_as("admin", contact=the_id(db, "evil@x.com")))

    assert "&lt;img src=x" in text
    assert "<img src=x" not in text


def test_where_no_worker_runs_it_is_said_and_what_was_done_is_kept(shop, open_as, monkeypatch):
    ana = the_id(shop, "ana@x.com")
    app = open_as("marketer", contact=ana)
    monkeypatch.setattr(wait_for_workers, "_wakers", [])
    monkeypatch.setattr(wait_for_workers, "TIMEOUT", 0.0)

    app.button(key="sheet.edit").click().run()
    field(app, ana, "first_name").set_value("Anna").run()
    app.button(key="sheet.apply").click().run()
    assert "Saved 1 change. No worker is running. This takes effect" in shown(app)

    pulses.beat(shop, "worker", now=utc_now())
    app.button(key="sheet.edit").click().run()
    field(app, ana, "last_name").set_value("Arias").run()
    app.button(key="sheet.apply").click().run()
    assert "Saved 1 change. The workers are busy. This will show in a moment." in shown(app)

    drain_all(shop)
    text = shown(open_as("marketer", contact=ana))
    assert "Anna Arias" in text


def test_the_products_of_orders_views_and_the_cart_are_there(db, open_as):
    shoes = {"product_id": "s", "name": HOSTILE, "price": 10, "quantity": 2, "url": "https://x.test/s"}
    receive_and_drain(
        db,
        [
            bought("20", minutes(1), email="ana@x.com", order_id="A-1", products=[shoes], trusted=True),
            an_activity("product_visited", minutes(2), email="ana@x.com", product_id="h", name="Hat"),
            an_activity("added_to_cart", minutes(3), email="ana@x.com", **shoes),
        ],
    )

    text = shown(open_as("viewer", contact=the_id(db, "ana@x.com")))

    for words in ("2 bought, on 2 Mar 2026", "seen 1 time", "completed", "https://x.test/s", "abandoned"):
        assert words in text
    assert "<script>window" not in text
