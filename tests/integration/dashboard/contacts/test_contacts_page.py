"""The page of all contacts, for each role."""

import json
from urllib.parse import parse_qsl

import pytest

from engine.contacts import contact_lookup
from tests.browser.conftest import HOSTILE
from tests.builders import identified, minutes
from tests.integration.dashboard.test_pages import shown
from tests.integration.drained import receive_and_drain

CHANGING = {"contacts.new", "contacts.import", "contacts.export", "contacts.history"}


def the_list(app):
    """What the list was given to show."""
    return given(app, "contact_list")


def given(app, component):
    """What a component of ours was given to show; nothing if it is not there."""
    assert not app.exception
    for element in app.get("bidi_component"):
        if element.proto.component_name == component:
            return json.loads(element.proto.json)
    return None


def names(app):
    return [row["name"] for row in the_list(app)["rows"]]


def where(**conditions):
    return json.dumps(conditions)


def test_the_newest_activity_comes_first(shop, open_as):
    listed = names(open_as("viewer"))

    assert listed[1:] == ["Bo Li", "Ana Ruiz"]
    assert listed[0].startswith("Anonymous visitor")


def test_an_address_filters_sorts_and_searches(shop, open_as):
    assert names(open_as("viewer", where=where(newsletter="subscribed"))) == ["Bo Li"]
    assert names(open_as("viewer", where=where(identified=True), sort="name")) == ["Ana Ruiz", "Bo Li"]
    assert names(open_as("viewer", q="ana@")) == ["Ana Ruiz"]


def test_a_filter_that_there_is_not_is_left_out_and_said(shop, open_as):
    app = open_as("viewer", where=where(nonsense=1, identified=True))

    assert len(names(app)) == 2
    assert "no field &#39;nonsense&#39;" in shown(app)


@pytest.mark.parametrize("role", ["viewer", "marketer", "admin"])
def test_everybody_sees_what_the_list_is_filtered_by_and_can_take_it_away(shop, open_as, role):
    asked = {"newsletter": "subscribed", "not": {"last_seen": {"within": "30d"}}, "points": {"gte": 1_000}}
    bar = given(open_as(role, where=where(**asked), sort="-points"), "filter_bar")

    words = ["Newsletter: Subscribed", "Not seen in the last 30 days", "Points: 1,000 or more"]
    assert [chip["words"] for chip in bar["chips"]] == words
    assert bar["chips"][2]["form"] == {"way": "least", "values": {"least": 1_000}}
    assert bar["clear"] == "?sort=-points"
    without_points = open_as(role, **dict(parse_qsl(bar["chips"][2]["gone"].lstrip("?"))))
    assert [chip["words"] for chip in given(without_points, "filter_bar")["chips"]] == words[:2]


def test_the_menu_has_a_group_for_each_part_of_a_contact_and_the_categories_of_rfm(shop, open_as):
    groups = {group["label"]: group["filters"] for group in given(open_as("viewer"), "filter_bar")["groups"]}

    assert list(groups) == ["Contact", "Email", "Mobile", "Web push", "Shopping", "Custom fields"]
    [rfm] = [filter_ for filter_ in groups["Shopping"] if filter_["id"] == "rfm"]
    assert not rfm["unavailable"] and "Champions" in str(rfm)
    assert given(open_as("viewer"), "filter_bar")["chips"] == []


def test_a_row_leads_to_the_sheet_and_takes_the_list_along(shop, open_as):
    [row] = the_list(open_as("viewer", where=where(newsletter="subscribed")))["rows"]

    assert row["href"].startswith(f"?contact={contact_lookup.find_contact(shop, 'bo@x.com')}&where=")


def test_a_viewer_looks_and_changes_nothing(shop, open_as):
    app = open_as("viewer", where=where(identified=True))
    data = the_list(app)

    assert not CHANGING & {button.key for button in app.button}
    assert not data["selectable"]
    assert not data["deletable"]
    assert "contacts.segment" not in {button.key for button in app.button}


def test_a_filtered_list_is_saved_as_a_segment_and_leads_to_its_page(shop, open_as):
    assert "contacts.segment" not in {button.key for button in open_as("marketer").button}
    app = open_as("marketer", where=where(newsletter="subscribed"))
    app.button(key="contacts.segment").click().run()
    assert "Newsletter: Subscribed" in shown(app)
    app.text_input(key="contacts.segment.name").set_value("Readers")

    app.button(key="contacts.segment.sure").click().run()

    assert app.query_params["segment"] == "readers"
    assert "Readers" in shown(app)


def test_a_search_cannot_be_a_segment_and_the_way_on_is_shown(shop, open_as):
    app = open_as("marketer", where=where(newsletter="subscribed"), q="bo")
    app.button(key="contacts.segment").click().run()

    text = shown(app)
    assert "cannot be part of a segment" in text
    assert "Clear the search" in text
    assert "contacts.segment.name" not in {widget.key for widget in app.text_input}


def test_nobody_who_matches_is_told_apart_from_nobody_at_all(db, shop, open_as):
    assert "No contacts match these filters" in shown(open_as("viewer", where=where(points={"gte": 9_999})))
    assert "No contacts found" in shown(open_as("viewer", q="zz"))

    db.contacts.delete_many({})

    assert "No contacts yet" in shown(open_as("viewer"))


def test_a_contact_is_made_and_its_sheet_opened(db, open_as):
    app = open_as("marketer")
    app.button(key="contacts.new").click().run()
    app.text_input(key="contacts.new.email").set_value("new@x.com")
    app.text_input(key="contacts.new.first_name").set_value("Nia")

    app.button(key="contacts.new.create").click().run()

    made = contact_lookup.find_contact(db, "new@x.com")
    assert app.query_params["contact"] == made
    assert "Nia" in shown(app)


def test_who_makes_a_contact_that_there_is_is_led_to_it(shop, open_as):
    app = open_as("marketer")
    app.button(key="contacts.new").click().run()
    app.text_input(key="contacts.new.email").set_value("ANA@x.com")

    app.button(key="contacts.new.create").click().run()

    text = shown(app)
    assert "Ana Ruiz has email ana@x.com already" in text
    assert f"?contact={contact_lookup.find_contact(shop, 'ana@x.com')}" in text


def test_a_value_that_cannot_be_is_explained_at_its_field(open_as):
    app = open_as("marketer")
    app.button(key="contacts.new").click().run()
    app.text_input(key="contacts.new.email").set_value("no address")
    app.text_input(key="contacts.new.mobile_phone").set_value("none of mine")

    app.button(key="contacts.new.create").click().run()

    text = shown(app)
    assert text.count('class="cs-problem"') == 2


def test_import_leads_to_a_page_of_its_own(open_as):
    app = open_as("marketer")
    app.button(key="contacts.import").click().run()
    assert "Import contacts" in shown(app)


def test_what_visitors_write_is_given_to_the_list_as_text_alone(db, open_as):
    receive_and_drain(
        db, [identified(minutes(0), email="evil@x.com", traits={"first_name": HOSTILE, "city": HOSTILE})]
    )
    app = open_as("admin", where=where(**{"custom.city": HOSTILE}), q="evil")

    assert names(app) == [HOSTILE]
    text = shown(app)
    assert "<script>" not in text
    assert "<img" not in text
