"""A contact's activity and points, in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, picture, send, settled, track


@pytest.fixture(scope="module")
def mar(instance):
    """Mar, who bought and whose mails bounced."""
    who = {"email": "mar@example.com", "firstName": "Mar", "lastName": "Costa"}
    products = [{"name": "Trail shoe", "quantity": 2, "price": 61}, {"name": "Sock", "price": 9.5}]
    send(
        instance,
        [
            {"type": "identify", "userId": "mar", "traits": who},
            track("mar", "Product Viewed", name="Trail shoe", category="Running", price=61, currency="EUR"),
            track("mar", "Order Completed", order_id="M-1", total=131.5, currency="EUR", products=products),
            *(
                track("mar", "email_bounced", email="mar@example.com", bounce="permanent", code="5.1.1",
                      reason="mailbox unknown", message_id=f"m{n}")
                for n in range(3)
            ),
        ],
    )  # fmt: skip
    instance.sheets("wait", "--timeout", "30")
    return instance.json("contact", "show", "mar")["id"]


def test_a_marketer_goes_through_what_somebody_did(page, instance, mar):
    page.goto(f"{instance.dashboard}/?contact={mar}")
    settled(page)
    page.get_by_role("tab", name="Activity").click()
    expect(page.locator(".cs-event", has_text="order M-1")).to_be_visible()
    expect(page).to_have_url(re.compile("tab=activity"))

    # by type, by days and by words; the address shows the same to a colleague
    page.get_by_role("combobox", name="Types of activity").click()
    page.keyboard.type("Order completed")
    page.get_by_role("option", name=re.compile("Order completed")).click()
    page.keyboard.press("Escape")
    expect(page.locator(".cs-event")).to_have_count(1)
    page.get_by_placeholder("Product, order").fill("trail")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("type=order_completed&find=trail"))
    colleague = page.context.new_page()
    colleague.goto(page.url)
    settled(colleague)
    expect(colleague.locator(".cs-event")).to_have_count(1)
    colleague.goto(f"{page.url}&from=2020-01-01&to=2020-01-31")
    settled(colleague)
    expect(colleague.get_by_text("No matching activities")).to_be_visible()
    colleague.get_by_role("button", name="Clear filters").click()
    expect(colleague.locator(".cs-event", has_text="Email bounced").first).to_be_visible()
    colleague.close()

    # the raw data is not there before it is asked for
    assert page.locator(".cs-event pre").count() == 0
    page.get_by_role("button", name=re.compile("^Raw data: Order completed")).click()
    expect(page.locator(".cs-event pre")).to_contain_text('"order_id": "M-1"')
    expect(page.get_by_role("button", name=re.compile("^Hide raw data"))).to_be_focused()

    # what is new comes by itself in live mode, and is marked
    page.get_by_text("Live", exact=True).click()
    settled(page)
    send(instance, [track("mar", "Order Completed", order_id="M-2", total=61, currency="EUR",
                          products=[{"name": "Trail shoe"}])])  # fmt: skip
    expect(page.locator(".cs-event.new", has_text="order M-2")).to_be_visible()
    expect(page.get_by_text("1 new since you opened this tab")).to_be_visible()
    picture(page, "activity-live")


def test_a_bounce_that_was_none_is_taken_back_and_counts_again(page, instance, mar):
    assert instance.json("contact", "show", "mar")["email_status"] == "bounced"
    page.goto(f"{instance.dashboard}/?contact={mar}&tab=activity&type=email_bounced")
    settled(page)
    expect(page.locator(".cs-event")).to_have_count(3)

    page.get_by_role("button", name=re.compile("^Not a bounce")).first.click()
    expect(page.get_by_text(re.compile("Undone by"))).to_be_visible()
    assert instance.json("contact", "show", "mar")["email_status"] == "active"
    picture(page, "not-a-bounce")

    page.get_by_role("button", name=re.compile("^Redo")).click()
    expect(page.get_by_text(re.compile("Undone by"))).to_have_count(0)
    assert instance.json("contact", "show", "mar")["email_status"] == "bounced"


def test_points_are_given_by_hand_and_taken_back(page, instance, mar):
    before = instance.json("contact", "show", "mar")["points"]["total"]
    page.goto(f"{instance.dashboard}/?contact={mar}")
    settled(page)

    page.get_by_role("button", name="Adjust points").click()
    page.get_by_label("Reason").fill("helped at the fair")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Add 10 points").click()
    expect(page.get_by_text("Adjusted by +10 points.")).to_be_visible()
    assert instance.json("contact", "show", "mar")["points"]["total"] == before + 10
    page.get_by_text("Points history").click()
    expect(page.locator(".cs-ledger li").first).to_contain_text("helped at the fair")
    picture(page, "points")

    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.get_by_text("Adjusted by +10 points.")).to_have_count(0)
    assert instance.json("contact", "show", "mar")["points"]["total"] == before
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
