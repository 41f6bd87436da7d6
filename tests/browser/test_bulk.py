"""Many contacts changed at once, in a real browser: ticked, followed, and taken back."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import picture, rows, settled

SEGMENTS = "segments:\n  - {id: fair, name: Trade fair, static: true}\n"


@pytest.fixture(scope="module")
def fair(instance, tmp_path_factory):
    """The shop has a static segment."""
    rules = tmp_path_factory.mktemp("rules")
    (rules / "segments.yaml").write_text(SEGMENTS)
    instance.sheets("rules", "publish", str(rules), "--message", "a segment for the fair")
    instance.sheets("wait", "--timeout", "60")


def members(instance):
    where = '{"segments": "fair"}'
    return len(instance.sheets("contacts", "list", "--where", where, "--json").stdout.splitlines())


def ticks(page):
    return page.locator(".row:not(.head) .tick input")


def selected(page):
    return page.get_by_role("region", name="Selected contacts").locator("strong")


def test_rows_are_ticked_by_keyboard_and_by_range_and_all_but_some(page, instance, fair):
    page.goto(instance.dashboard)
    settled(page)
    ticks(page).nth(1).click()
    ticks(page).nth(3).click(modifiers=["Shift"])
    expect(selected(page)).to_have_text("3 selected")

    ticks(page).nth(6).focus()
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+Space")  # from the last that was ticked to here
    expect(selected(page)).to_have_text("7 selected")

    page.get_by_role("link", name="Next").click()
    expect(page.get_by_role("link", name="Previous")).to_be_visible()
    settled(page)
    page.get_by_role("checkbox", name="Select this page").click()
    expect(selected(page)).to_have_text("57 selected")
    total = int(re.search(r"\d+", page.get_by_text(re.compile(r"^\d+ contacts$")).text_content()).group())
    page.get_by_role("button", name=f"Select all {total} that match").click()
    ticks(page).nth(0).click()
    expect(selected(page)).to_have_text(f"{total - 1} selected")


def test_some_are_added_to_a_segment_followed_and_put_back(page, instance, fair):
    page.goto(instance.dashboard)
    settled(page)
    for number in range(3):
        ticks(page).nth(number).click()
    picture(page, "bulk-ticked")
    page.get_by_role("button", name="Add to segment").click()
    picture(page, "bulk-add")
    page.get_by_role("button", name="Add 3 contacts").dblclick()

    expect(page.get_by_text("3 contacts changed")).to_be_visible()
    assert members(instance) == 3
    page.reload()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("3 contacts restored")).to_be_visible()
    assert members(instance) == 0
    strip = page.locator('[class*="st-key-job-strip-"]', has_text="3 contacts restored")
    strip.get_by_role("button", name="Close", exact=True).click()
    expect(page.get_by_text("3 contacts restored")).to_have_count(0)


def test_all_who_match_are_deleted_and_restored_from_the_history(page, instance, fair):
    page.goto(f'{instance.dashboard}/?where={{"newsletter":"subscribed"}}&size=25')
    settled(page)
    found = int(re.match(r"\d+", page.get_by_text(re.compile(r"^\d+ found$")).text_content()).group())
    page.get_by_role("checkbox", name="Select this page").click()
    page.get_by_role("button", name=f"Select all {found} that match").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_label(f"Type {found} to confirm").fill(str(found))
    page.get_by_label(f"Type {found} to confirm").press("Enter")
    page.get_by_role("button", name=f"Delete {found} contacts").click()

    expect(page.get_by_text("No contacts match these filters")).to_be_visible()
    page.get_by_role("button", name="History").click()
    expect(page.get_by_text(f"{found} contacts deleted").last).to_be_visible()
    picture(page, "history")
    page.get_by_role("dialog").get_by_role("button", name="Restore").click()
    expect(page.get_by_role("dialog").get_by_text(f"{found} contacts restored")).to_be_visible()
    page.keyboard.press("Escape")
    expect(rows(page)).to_have_count(25)
