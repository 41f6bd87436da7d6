"""Rules and segments as each role sees them, by Streamlit's own test."""

from datetime import date

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import current_user, formats
from dashboard.rules import rule_plan
from engine.accounts import accounts
from engine.contacts import contact_lookup
from engine.db.connection import utc_now
from engine.publishing import publishing
from engine.rules import versions
from engine.rules.language import editing
from engine.segments import agreement
from tests.builders import an_activity, bought, identified, minutes
from tests.integration.dashboard.test_pages import SCRIPT, shown
from tests.integration.drained import drain_all, receive_and_drain


@pytest.fixture
def open_page(db, over_db, monkeypatch):
    """Open an address as somebody with a role."""
    token = accounts.redeem(db, accounts.first_link(db, now=utc_now()), now=utc_now())
    monkeypatch.setattr(current_user, "session_token", lambda: token)

    def open_as(role, **params):
        db.users.update_many({}, {"$set": {"role": role}})
        app = AppTest.from_file(str(SCRIPT), default_timeout=30)
        for name, value in params.items():
            app.query_params[name] = value
        return app.run()

    return open_as


@pytest.fixture
def bought_shoes(db):
    receive_and_drain(
        db,
        [
            an_activity("product_visited", minutes(0), tracker="t1", category="shoes"),
            identified(minutes(1), email="ana@x.com", tracker="t1", traits={"name": "Ana Ruiz"}),
            bought("90", minutes(2), email="ana@x.com", order_id="A-1", currency="EUR"),
        ],
    )
    return contact_lookup.find_contact(db, "ana@x.com")


def test_a_segment_that_was_just_made_says_that_it_is_being_filled(db, open_page, bought_shoes):
    segment = "segments:\n  - {id: buyers, name: Buyers, when: {contact.orders: {gte: 1}}}\n"
    texts = publishing.completed(db, {"segments.yaml": segment})
    publishing.publish(db, texts, by="ana", message="buyers", now=utc_now())

    text = shown(open_page("marketer", page="segments", segment="buyers"))
    assert "The segment is being built" in text
    assert "No members right now" not in text

    drain_all(db)
    assert "The segment is being built" not in shown(open_page("marketer", page="segments", segment="buyers"))


def test_the_rules_say_what_they_give_in_words(open_page):
    text = shown(open_page("viewer", page="rules"))

    assert "Version 1 is live" in text
    assert "On “" in text


def test_a_rule_that_there_is_not_is_said_to_be_none(open_page):
    assert "Rule not found" in shown(open_page("admin", page="rules", rule="<b>x</b>"))


@pytest.mark.parametrize("role", ["viewer", "marketer"])
def test_only_admins_are_offered_to_go_back_to_older_rules(db, open_page, role):
    texts = publishing.completed(db, {"scoring.yaml": "rules: []\n"})
    publishing.publish(db, texts, by="ana", message="none", now=utc_now())
    offered = {}
    for who in (role, "admin"):
        app = open_page(who, page="rules")
        app.session_state["rules.tab"] = "History"
        shown(app.run())
        offered[who] = [button.key for button in app.button if button.key.startswith("rules.back.")]

    assert offered == {role: [], "admin": ["rules.back.1"]}


def test_of_many_contacts_a_part_can_stand_for_all_and_the_page_says_how_exact_that_is(
    db, open_page, bought_shoes, monkeypatch
):
    monkeypatch.setattr(rule_plan, "MANY", 0)
    draft = publishing.completed(db, {"scoring.yaml": "rules: []\n"})
    app = open_page("admin", page="rules")
    app.session_state["rules.tab"] = "Edit"
    app.session_state["rules.draft"] = draft
    app.session_state["rules.base"] = 1
    app.run()
    app.selectbox(key="rules.plan.share").select(0.1).run()

    app.button(key="rules.plan.go").click().run()

    assert not app.exception
    assert "Estimated from" in shown(app)


def test_while_contacts_are_brought_up_to_date_a_page_says_how_many_are_left(db, open_page, bought_shoes):
    texts = publishing.completed(db, {"scoring.yaml": "rules: []\n"})
    publishing.publish(db, texts, by="ana", message="none", now=utc_now(), recompute=True)

    app = open_page("admin", page="rules")
    shown(app)
    assert "Recalculating history with version 2: 0%, 1 contact left" in str(app.get("progress")[0].proto)

    drain_all(db)
    assert not open_page("admin", page="rules").get("progress")


def test_segments_are_listed_with_their_size(open_page, bought_shoes):
    text = shown(open_page("viewer", page="segments"))

    assert "Customers" in text or "customers" in text
    assert "dynamic" in text


def test_the_list_says_what_the_nightly_look_found(db, open_page, bought_shoes):
    agreement.check_nightly(db, now=utc_now())
    assert "all memberships match their conditions" in shown(open_page("viewer", page="segments"))

    db.installation.update_one(
        {"_id": "segments_checked"}, {"$set": {"differences.customers": [bought_shoes]}}
    )
    text = shown(open_page("viewer", page="segments"))
    assert "members did not match the conditions of: Customers" in text


def test_a_viewer_is_not_let_edit_a_segment(open_page):
    text = shown(open_page("viewer", page="segments", segment="new"))

    assert "Only marketers and admins can edit segments" in text
    assert not [b for b in open_page("viewer", page="segments").button if b.key == "segments.new"]


def test_the_form_asks_for_a_name_first(open_page):
    assert "Enter a name to continue" in shown(open_page("marketer", page="segments", segment="new"))


def test_a_segment_of_what_people_did_is_made_in_the_form_and_read_there_again(db, open_page, bought_shoes):
    app = open_page("marketer", page="segments", segment="new")
    app.text_input(key="segments.name.None").set_value("Bought once").run()
    form = "segments.condition.None.form"
    app.button(key=f"{form}.more.Add activity condition").click().run()
    app.button(key=f"{form}.0.away").click().run()
    app.number_input(key=f"{form}.1.days").set_value(None).run()
    assert "contacts match now" in shown(app)
    app.button(key="segments.publish").click().run()
    drain_all(db)
    assert "bought-once" in db.contacts.find_one({"_id": bought_shoes})["segments"]

    app = open_page("marketer", page="segments", segment="bought-once", edit="1")
    form = "segments.condition.bought-once.form"
    assert app.selectbox(key=f"{form}.0.kind").value == "did"
    assert app.selectbox(key=f"{form}.0.activity").value == "order_completed"
    assert app.number_input(key=f"{form}.0.days").value is None
    app.selectbox(key=f"{form}.0.order_completed.where").select("activity.coupon").run()
    assert not [b for b in app.button if b.key == "segments.publish"], "nothing is said of the coupon yet"
    app.text_input(key=f"{form}.0.order_completed.activity.coupon.eq").set_value("SPRING").run()
    app.button(key="segments.publish").click().run()
    drain_all(db)

    assert not app.exception
    file = publishing.completed(db, {})["segments.yaml"]
    assert dict(editing.read(editing.entry_text(file, "segments", "bought-once", "when"))) == {
        "did": {"activity": "order_completed", "where": {"activity.coupon": {"eq": "SPRING"}}}
    }
    assert [version.message for version in versions.history(db)][:2] == [
        "Changed the segment Bought once",
        "New segment Bought once",
    ]
    assert "bought-once" not in db.contacts.find_one({"_id": bought_shoes})["segments"]


def test_a_day_of_the_form_may_be_long_ago_and_is_typed_as_the_account_writes_it(db, open_page):
    app = open_page("marketer", page="segments", segment="new")
    app.text_input(key="segments.name.None").set_value("Grown up").run()
    row = "segments.condition.None.form.0"
    app.selectbox(key=f"{row}.kind").select("contact.birth_date").run()
    day = app.date_input(key=f"{row}.contact.birth_date.before")
    assert day.proto.format == formats.date_entry() == "DD/MM/YYYY"

    day.set_value(date(1961, 3, 4)).run()
    assert "contacts match now" in shown(app)
    app.date_input(key=f"{row}.contact.birth_date.before").set_value(None).run()
    assert not [b for b in app.button if b.key == "segments.publish"], "no day is said"
    app.date_input(key=f"{row}.contact.birth_date.before").set_value(date(1961, 3, 4)).run()
    app.button(key="segments.publish").click().run()

    assert versions.current(db).segments["grown-up"].dynamic
    app = open_page("marketer", page="segments", segment="grown-up", edit="1")
    day = app.date_input(key="segments.condition.grown-up.form.0.contact.birth_date.before")
    assert day.value == date(1961, 3, 4)


def test_that_a_change_breaks_a_test_of_the_rules_is_said_and_it_is_not_published(open_page, bought_shoes):
    app = open_page("marketer", page="segments", segment="window-shoppers", edit="1")
    row = "segments.condition.window-shoppers.form"
    assert app.number_input(key=f"{row}.0.times.True").value == 3
    assert app.selectbox(key=f"{row}.1.kind").value == "did_not"

    app.number_input(key=f"{row}.0.times.True").set_value(5).run()

    text = shown(app)
    assert "the test &#39;three products looked at make a window shopper&#39; fails" in text
    assert "Rule tests failed" in text
    assert app.button(key="segments.publish").disabled


def test_what_the_form_cannot_show_is_said_and_stays_as_it_is(db, open_page, bought_shoes):
    app = open_page("marketer", page="segments", segment="hot-leads", edit="1")
    app.session_state["segments.condition.hot-leads.as"] = "Form"

    assert "too complex for the form. Edit it as YAML" in shown(app.run())


def test_a_segment_that_there_is_not_is_said_to_be_none(open_page):
    assert "Segment not found" in shown(open_page("marketer", page="segments", segment="nothing"))


def test_the_sheet_says_how_statuses_came_about(db, open_page, bought_shoes):
    receive_and_drain(db, [an_activity("newsletter_subscribed", minutes(3), email="ana@x.com")])
    app = open_page("viewer", contact=bought_shoes)
    app.session_state["sheet.moves"] = True

    text = shown(app.run())

    assert "<div>Newsletter: not subscribed → subscribed</div>" in text


def test_a_marketer_deletes_a_segment_and_takes_that_back(db, open_page, bought_shoes):
    app = open_page("marketer", page="segments", segment="vip")
    app.button(key="segments.delete").click().run()
    assert "VIP</b> will be removed from rules and filters. 0 contacts leave it" in shown(app)

    app.button(key="segments.delete.sure").click().run()

    assert "vip" not in versions.current(db).segments
    text = shown(app)
    assert "VIP</b> was deleted (version 2 of the rules)" in text
    assert "segment=vip" not in text
    app.button(key="segments.deleted.undo").click().run()
    assert "segment=vip" in shown(app)
    assert versions.current_number(db) == 3


def test_a_marketer_changes_who_is_in_a_segment_by_the_filters_of_the_list(db, open_page, bought_shoes):
    app = open_page("marketer", page="segments", segment="hot-leads")
    app.button(key="segments.change").click().run()
    assert "Editing <b>Hot leads</b>" in shown(app)
    assert app.button(key="segments.change.save").disabled
    assert not [button for button in app.button if button.key == "contacts.segment"]

    app.query_params["where"] = '{"points":{"gte":1}}'
    app.run()
    app.button(key="segments.change.save").click().run()

    assert "Points is at least 1" in shown(app)
    assert app.query_params["segment"] in ("hot-leads", ["hot-leads"])
    assert versions.stored_version(db, 2).message == "Changed the condition of Hot leads"


def test_a_segment_that_is_used_is_not_deleted_and_the_page_says_by_what(db, open_page):
    app = open_page("admin", page="segments", segment="customers")

    app.button(key="segments.delete").click().run()

    assert "Customers is in use and cannot be deleted" in shown(app)
    assert "(segments.yaml:" in shown(app)
    assert not [button for button in app.button if button.key == "segments.delete.sure"]


def test_a_viewer_is_not_offered_to_delete_a_segment(open_page):
    assert not [
        b for b in open_page("viewer", page="segments", segment="vip").button if b.key == "segments.delete"
    ]
