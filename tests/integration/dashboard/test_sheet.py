"""A contact's sheet, for each role."""

import json

import pytest

from engine.store import contacts
from tests.browser.conftest import HOSTILE
from tests.builders import an_activity, bought, identified, minutes
from tests.integration.dashboard.test_pages import shown
from tests.integration.drained import receive_and_drain


@pytest.fixture
def shop(db):
    """Ana, who bought; Bo, who subscribed; and somebody unknown, in this order of the list from below."""
    receive_and_drain(
        db,
        [
            identified(minutes(0), email="ana@x.com", traits={"name": "Ana Ruiz", "city": "Roma"}),
            bought("12.10", minutes(1), email="ana@x.com", order_id="A-1", currency="EUR"),
            identified(minutes(2), email="bo@x.com", traits={"name": "Bo Li"}),
            an_activity("newsletter_subscribed", minutes(3), email="bo@x.com"),
            an_activity("page_visited", minutes(4), tracker="somebody"),
        ],
    )
    return db


def the_id(db, key):
    return contacts.find_contact(db, key)


def the_menu(app):
    """What the menu of the sheet offers."""
    [found] = [e for e in app.get("bidi_component") if e.proto.component_name == "sheet_menu"]
    return [item["id"] for item in json.loads(found.proto.json)["items"]]


def test_the_header_says_who_it_is_and_leads_along_the_list(shop, open_as):
    text = shown(open_as("viewer", contact=the_id(shop, "bo@x.com"), where='{"identified":true}'))

    for words in ("Bo Li", "identified", "✓ Newsletter", "✗ SMS", "← Contacts found"):
        assert words in text
    assert f"?contact={the_id(shop, 'ana@x.com')}&amp;where=" in text
    assert f"?contact={the_id(shop, 'somebody')}" not in text


def test_only_who_may_change_contacts_is_offered_to_delete(shop, open_as):
    ana = the_id(shop, "ana@x.com")

    assert the_menu(open_as("viewer", contact=ana)) == ["copy", "print"]
    assert the_menu(open_as("marketer", contact=ana)) == ["copy", "print", "delete"]


def test_an_address_of_nobody_leads_back_to_the_list(shop, open_as):
    text = shown(open_as("viewer", contact="0" * 24, q="ana"))

    assert "No such contact" in text
    assert 'href="?q=ana"' in text


def test_a_name_of_markup_stays_text(db, open_as):
    receive_and_drain(db, [identified(minutes(0), email="evil@x.com", traits={"first_name": HOSTILE})])

    text = shown(open_as("admin", contact=the_id(db, "evil@x.com")))

    assert "&lt;img src=x" in text
    assert "<img src=x" not in text
