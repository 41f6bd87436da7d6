"""The list of contacts, filtered: the journey of somebody who is after a group of people."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import DESK, PHONE, picture, rows, settled


def filter_by(page, name):
    """Open the form of a filter from the menu."""
    page.get_by_role("button", name="Filter", exact=True).click()
    page.get_by_label("Search filters").fill(name)
    page.keyboard.press("Enter")


def chip(page, words):
    return page.get_by_role("button", name=words)


def found(page):
    """How many contacts the list says it has."""
    return page.get_by_text(re.compile(r"^\d+ found$"))


def test_a_list_is_filtered_shared_and_made_a_segment(page, browser, signed_in, instance):
    page.goto(instance.dashboard)
    settled(page)

    filter_by(page, "newsletter")
    page.get_by_label("Subscribed", exact=True).check()
    page.get_by_role("button", name="Apply").click()
    expect(chip(page, "Newsletter: Subscribed")).to_be_visible()
    filter_by(page, "points")
    page.get_by_label("At least").fill("5")
    page.keyboard.press("Enter")
    expect(chip(page, "Points: 5 or more")).to_be_visible()
    filter_by(page, "identified")
    page.get_by_role("button", name="Identified", exact=True).click()
    expect(chip(page, "Identified")).to_be_visible()
    picture(page, "filters")

    chip(page, "Points: 5 or more").click()
    page.get_by_label("Points: how").select_option("between")
    page.get_by_label("At least").fill("10")
    page.get_by_label("At most").fill("100000")
    page.get_by_role("button", name="Apply").click()
    expect(chip(page, "Points: 10 to 100,000")).to_be_visible()
    page.go_back()
    expect(chip(page, "Points: 5 or more")).to_be_visible()
    settled(page)

    colleague = browser.new_context(storage_state=signed_in, viewport=PHONE)
    other = colleague.new_page()
    other.goto(page.url)
    expect(found(other)).to_have_text(found(page).inner_text())
    expect(chip(other, "Points: 5 or more")).to_be_visible()
    wide = other.evaluate("document.scrollingElement.scrollWidth")
    assert wide <= PHONE["width"], "nothing is wider than a phone"
    colleague.close()

    count = found(page).inner_text().removesuffix(" found")
    first = rows(page).first.inner_text()
    page.get_by_role("button", name="Save as segment").click()
    page.get_by_label("Name").fill("Readers with points")
    page.get_by_role("button", name="Save segment").click()
    expect(page).to_have_url(re.compile("segment=readers-with-points"))
    instance.sheets("wait", "--timeout", "60")
    page.reload()
    expect(page.locator(".cs-figure").first).to_have_text(count)
    page.go_back()
    expect(rows(page).first).to_have_text(first)

    page.get_by_role("link", name="Remove filter Identified").click()
    expect(chip(page, "Identified")).to_have_count(0)
    page.get_by_role("link", name="Clear all").click()
    expect(page.get_by_text(re.compile(r"^\d+ contacts$"))).to_be_visible()


def test_the_menu_of_filters_is_worked_by_keyboard_alone(page, instance):
    page.set_viewport_size(DESK)
    page.goto(instance.dashboard)
    settled(page)

    page.get_by_role("button", name="Filter", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Search filters")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("button", name="Identified", exact=True)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.type("rfm")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Champions")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.get_by_text("Champions")).to_be_hidden()
    expect(page.get_by_role("button", name="Filter", exact=True)).to_be_focused()
