"""What an admin does with rules and segments, in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import picture, settled
from tests.browser.test_accessible import wrong_at

RULES = """
rules:
  - id: sample-visit
    name: Look at a shoe
    on: {}
    points: 9
"""


@pytest.fixture
def rules_page(page, instance):
    page.goto(f"{instance.dashboard}/?page=rules")
    settled(page)
    return page


def write(page, text):
    """Replace what stands in the editor, as somebody who pastes does."""
    editor = page.locator(".cm-content")
    editor.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)
    page.wait_for_timeout(700)
    settled(page)


def test_a_typo_is_explained_at_its_line_then_planned_published_and_taken_back(rules_page, instance):
    page, first = rules_page, instance.json("rules", "log")[0]["version"]
    if first > 1:  # an earlier try of this came as far as publishing
        instance.sheets("rules", "rollback", "1")
        page.reload()
        settled(page)
        first += 1
    picture(page, "rules")
    page.get_by_role("tab", name="Edit").click()
    expect(page.locator(".cm-content")).to_contain_text("What activities bring about")
    picture(page, "rules-edit")

    write(page, RULES.format("product_visted"))
    expect(page.get_by_text("did you mean 'product_visited'?").first).to_be_visible()
    expect(page.locator(".cm-lint-marker-error")).to_have_count(1)
    expect(page.get_by_role("button", name="Plan", exact=True)).to_be_disabled()
    picture(page, "rules-typo")

    write(page, RULES.format("product_visited"))
    expect(page.get_by_text("Valid", exact=True)).to_be_visible()
    page.get_by_role("button", name="Plan", exact=True).click()
    expect(page.get_by_text("Impact if these rules")).to_be_visible()
    expect(page.get_by_text("gain points")).to_be_visible()
    expect(page.get_by_text("Look at a shoe").first).to_be_visible()
    picture(page, "rules-plan")

    page.get_by_label("Describe the change").fill("Nine points for shoes")
    page.get_by_label("Describe the change").press("Enter")
    settled(page)
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_text(f"Version {first + 1} is live")).to_be_visible()
    settled(page)

    page.get_by_role("tab", name="History").click()
    expect(page.get_by_text(f"Version {first + 1} · Nine points for shoes")).to_be_visible()
    expect(page.get_by_text("sample-visit").first).to_be_visible()
    picture(page, "rules-history")
    settled(page)
    assert not list(wrong_at(page))
    page.get_by_text("Version 1 · Default rules").click()
    page.get_by_role("button", name="Restore version 1").click()
    page.get_by_role("button", name="Restore", exact=True).click()
    expect(page.get_by_text(f"Version {first + 2} is live")).to_be_visible()
    newest = [version["version"] for version in instance.json("rules", "log")][:3]
    assert newest == [first + 2, first + 1, first]


def test_a_rules_page_says_what_it_gave_and_to_whom(rules_page):
    page = rules_page
    page.get_by_role("link", name="Viewed a product", exact=True).click()
    expect(page.get_by_text("points in 30 days")).to_be_visible()
    expect(page.get_by_text("Top contacts")).to_be_visible()
    settled(page)
    picture(page, "rule")

    page.locator(".cs-rows a").first.click()
    expect(page.get_by_role("tab", name="Profile")).to_be_visible()


def test_segments_are_listed_made_with_a_preview_and_have_members(page, instance):
    page.goto(f"{instance.dashboard}/?page=segments")
    expect(page.get_by_text("Window shoppers")).to_be_visible()
    settled(page)
    picture(page, "segments")

    page.get_by_role("button", name="New segment").click()
    page.get_by_label("Name").fill("Some points, really")
    page.get_by_label("Name").press("Enter")
    expect(page.get_by_text("contacts match now")).to_be_visible()
    settled(page)
    picture(page, "segment-new")
    page.get_by_role("button", name="Publish", exact=True).click()

    expect(page.get_by_text("entered in 30 days")).to_be_visible()
    instance.sheets("wait", "--timeout", "60")
    page.reload()
    settled(page)
    expect(page.get_by_text("Up to date")).to_be_visible()
    listed = instance.sheets(
        "contacts", "list", "--json", "--limit", "0", "--where", '{"points": {"gte": 10}}'
    )
    count = len(listed.stdout.splitlines())
    expect(page.locator(".cs-figure").first).to_have_text(f"{count:,}")
    picture(page, "segment")
    settled(page)
    page.get_by_role("button", name="Export", exact=True).click()
    page.get_by_role("button", name=f"Export {count:,} contacts").click()
    strip = page.locator("[class*=st-key-job-strip]").first
    expect(strip).to_contain_text(f"{count:,} contacts ·")
    with page.expect_download() as download:
        strip.get_by_role("link", name="Download").click()
    assert len(download.value.path().read_text().splitlines()) == count + 1


def test_a_sheet_says_in_which_segments_and_why(page, instance):
    contact = instance.json("contact", "show", "ana")["id"]
    page.goto(f"{instance.dashboard}/?contact={contact}")
    settled(page)
    page.get_by_text("Membership reasons").click()
    expect(page.get_by_text(re.compile("“Product viewed” at least 3 times"))).to_be_visible()
    settled(page)
    picture(page, "sheet-why")
