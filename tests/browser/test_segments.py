"""A marketer says in the form who belongs to a segment, in a real browser."""

from __future__ import annotations

import re
import uuid

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PHONE, picture, run_of, send, settled, track
from tests.running import Running

ROWS = '[class*="st-key-segments-condition-"][class$="-row"], [class*="st-key-segments-condition-"][class*="-row "]'


def row(page: Page, number: int) -> Locator:
    return page.locator(ROWS).nth(number)


def choose(within: Locator, label: str, option: str) -> None:
    box = within.get_by_role("combobox", name=label, exact=True)
    box.click()
    box.fill(option)
    with run_of(within.page):
        within.page.get_by_role("option", name=option, exact=True).click()


def enter(within: Locator, label: str, number: int) -> None:
    box = within.get_by_label(label, exact=True)
    box.fill(str(number))
    with run_of(within.page):
        box.press("Enter")


def says(within: Locator, label: str, shown: str) -> None:
    expect(within.get_by_role("combobox", name=label, exact=True)).to_have_value(shown)


def shows_what_was_said(page: Page) -> None:
    """The form has the two rows, with all that was chosen in them."""
    expect(page.locator(ROWS)).to_have_count(2)
    visited, ordered = row(page, 0), row(page, 1)
    says(visited, "What", "Has done")
    says(visited, "Activity", "Product viewed")
    expect(visited.get_by_label("At least … times", exact=True)).to_have_value("3")
    expect(visited.get_by_label("In the last … days", exact=True)).to_have_value("30")
    says(ordered, "What", "Has not done")
    says(ordered, "Activity", "Order completed")
    expect(ordered.get_by_label("In the last … days", exact=True)).to_have_value("")


def people(instance: Running, mark: str) -> tuple[str, str]:
    """Somebody who looked at three products, and somebody who ordered one of them besides."""
    looks, buys = f"looks-{mark}", f"buys-{mark}"
    seen = [
        track(who, "Product Viewed", product_id=f"p{number}", name=f"Shoe {number}")
        for who in (looks, buys)
        for number in range(3)
    ]
    named = [
        {"type": "identify", "userId": who, "traits": {"email": f"{who}@example.com"}}
        for who in (looks, buys)
    ]
    send(instance, [*named, *seen, track(buys, "Order Completed", order_id=mark, total=9, currency="EUR")])
    instance.sheets("wait", "--timeout", "60")
    return looks, buys


def test_a_segment_of_what_people_did_and_did_not_do_is_made_in_the_form_and_opened_again(
    page: Page, instance: Running
):
    mark = uuid.uuid4().hex[:8]
    looks, buys = people(instance, mark)

    page.goto(f"{instance.dashboard}/?page=segments")
    page.get_by_role("button", name="New segment").click()
    page.get_by_label("Name", exact=True).fill(f"Lookers {mark}")
    with run_of(page):
        page.get_by_label("Name", exact=True).press("Enter")
    choose(row(page, 0), "What", "Has done")
    choose(row(page, 0), "Activity", "Product viewed")
    enter(row(page, 0), "At least … times", 3)
    with run_of(page):
        page.get_by_role("button", name="Add activity condition").click()
    choose(row(page, 1), "What", "Has not done")
    row(page, 1).get_by_label("In the last … days", exact=True).fill("")
    with run_of(page):
        page.keyboard.press("Enter")
    shows_what_was_said(page)
    expect(page.get_by_text("contacts match now")).to_be_visible()
    foretold = page.locator(".cs-figure").first.inner_text()
    picture(page, "segment-form")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.get_by_role("button", name="Publish", exact=True).click()

    expect(page.get_by_text("entered in 30 days")).to_be_visible()
    instance.sheets("wait", "--timeout", "60")
    page.reload()
    expect(page.get_by_text("Up to date")).to_be_visible()
    expect(page.locator(".cs-figure").first).to_have_text(foretold)
    expect(page.get_by_text(re.compile("“Product viewed” at least 3 times"))).to_be_visible()
    assert f"lookers-{mark}" in instance.json("contact", "show", looks)["segments"]
    assert f"lookers-{mark}" not in instance.json("contact", "show", buys)["segments"]

    page.get_by_role("button", name="Edit", exact=True).click()
    settled(page)
    shows_what_was_said(page)
    page.get_by_role("tab", name="YAML").click()
    expect(page.locator(".cm-content")).to_contain_text("product_visited")
    page.get_by_role("tab", name="Form").click()
    settled(page)
    shows_what_was_said(page)
