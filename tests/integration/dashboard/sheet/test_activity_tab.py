"""The Activity tab and the card of the points, for each role."""

import re
from datetime import timedelta

import pytest

from dashboard.sheet.activity.timeline_lines import TIMES
from engine.contacts import contact_lookup
from engine.contacts.editing import edit_service
from engine.contacts.editing.edit import Edit
from engine.db.connection import utc_now
from engine.domain.activities import ActivityId
from engine.publishing import publishing
from engine.rules import versions
from tests.browser.conftest import HOSTILE
from tests.builders import acting, an_activity, bought, colleague, identified
from tests.integration.dashboard.test_pages import shown
from tests.integration.drained import drain_all, receive_and_drain


@pytest.fixture
def ana(db):
    """Ana, who looked, bought, and whose mail bounced."""
    now = utc_now()

    def ago(days):
        return now - timedelta(days=days)

    receive_and_drain(
        db,
        [
            identified(ago(40), email="ana@x.com", traits={"name": "Ana Ruiz"}),
            an_activity("product_visited", ago(30), email="ana@x.com", name="Trail shoe", price=59.9, currency="EUR"),
            bought(122, ago(20), email="ana@x.com", order_id="A-77", currency="EUR",
                   products=[{"name": "Trail shoe", "quantity": 2, "price": 61}]),
            an_activity("email_bounced", ago(2), id_="bounce", email="ana@x.com", trusted=True, bounce="permanent",
                        code="5.1.1", reason="mailbox unknown", message_id="m1"),
            an_activity(HOSTILE, ago(1), email="ana@x.com", why=HOSTILE),
        ],
    )  # fmt: skip
    return contact_lookup.find_contact(db, "ana@x.com")


def acts(app):
    """What the buttons within the timeline and the ledger do, and of what."""
    return re.findall(r'data-act="([^"]*)" data-about="([^"]*)"', shown(app))


def test_the_timeline_says_what_matters_of_each_activity(open_as, ana):
    text = shown(open_as("marketer", contact=ana, tab="activity"))

    for words in ("Trail shoe · €59.90", "€122.00 · order A-77", f"2 {TIMES} Trail shoe · €61.00",
                  "permanent · 5.1.1 · mailbox unknown", "+50 points"):  # fmt: skip
        assert words in text
    assert "<script>" not in text
    assert "<img" not in text
    assert "<pre" not in text, "raw data is not in the page before a user asks for it"


def test_an_address_says_what_is_shown(open_as, ana):
    app = open_as("viewer", contact=ana, tab="activity", type="order_completed,product_visited", find="trail")
    assert "A-77" in shown(app)
    assert "Email bounced" not in shown(app)

    app.multiselect(key="sheet.types").set_value(["product_visited"]).run()
    assert "A-77" not in shown(app)
    assert app.query_params["type"] == "product_visited"

    app.text_input(key="sheet.find").set_value("nothing like it").run()
    assert "No matching activities" in shown(app)
    app.button(key="sheet.clear").click().run()
    assert "Email bounced" in shown(app)
    assert set(app.query_params) == {"contact", "tab"}


def test_days_are_those_of_the_account(db, open_as, ana):
    zone = versions.current(db).account.time_zone
    day = (utc_now() - timedelta(days=20)).astimezone(zone).date()
    app = open_as("viewer", contact=ana, tab="activity")

    app.date_input(key="sheet.days").set_value((day, day)).run()

    assert app.query_params["from"] == app.query_params["to"] == day.isoformat()
    assert "A-77" in shown(app)
    assert "Email bounced" not in shown(app)


def test_only_who_may_change_contacts_can_take_something_back_or_give_points(db, open_as, ana):
    viewer = open_as("viewer", contact=ana, tab="activity")
    assert {act for act, _ in acts(viewer)} == {"raw"}
    assert not [button for button in open_as("viewer", contact=ana).button if button.key == "points.give"]

    marketer = open_as("marketer", contact=ana, tab="activity")
    assert ("take back", "bounce") in acts(marketer)
    assert "Not a bounce" in shown(marketer)

    edit_service.edit(
        acting(db, colleague()),
        ana,
        Edit(undoes=ActivityId("bounce"), reason="an auto-reply"),
        id_=ActivityId("back"),
    )
    drain_all(db)
    marketer.run()
    assert ("put back", "back") in acts(marketer)
    assert "Undone by Mia" in shown(marketer)
    assert "Undid: Email bounced" in shown(marketer)


def test_nothing_yet_is_said_of_who_did_nothing(db, open_as):
    edit_service.create(acting(db, colleague()), {"email": "new@x.com"}, id_=ActivityId("c"))
    drain_all(db)
    contact = contact_lookup.find_contact(db, "new@x.com")

    assert "Contact created" in shown(open_as("viewer", contact=contact, tab="activity"))
    db.activities.update_many({}, {"$set": {"state": "received"}})
    assert "Nothing yet" in shown(open_as("viewer", contact=contact, tab="activity"))


def test_points_are_given_with_a_reason_and_taken_back(db, open_as, ana):
    app = open_as("marketer", contact=ana)
    app.button(key="points.give").click().run()
    app.button(key="points.sure").click().run()
    assert "need a reason" in shown(app)

    app.number_input(key="points.number").set_value(12).run()
    app.text_input(key="points.reason").set_value("helped at the fair").run()
    app.button(key="points.sure").click().run()
    assert "Adjusted by +12 points." in shown(app)
    [entry] = db.ledger.find({"rule": "by-hand"})
    assert entry["points"] == 12
    assert db.audit.find_one({"reason": "helped at the fair"})["by"] == "u1"

    app.button(key="points.undo").click().run()
    assert db.ledger.count_documents({"rule": "by-hand"}) == 0
    assert "Adjusted by" not in shown(app)


def test_under_the_mask_a_viewer_searches_only_what_is_shown(db, open_as, ana):
    text = publishing.completed(db, {})["settings.yaml"].replace(
        "mask_for_viewers: false", "mask_for_viewers: true"
    )
    publishing.publish(
        db, publishing.completed(db, {"settings.yaml": text}), by="E", message="m", now=utc_now()
    )

    assert "No matching activities" in shown(open_as("viewer", contact=ana, tab="activity", find="ana@x.com"))
    assert "Email bounced" in shown(open_as("marketer", contact=ana, tab="activity", find="ana@x.com"))
