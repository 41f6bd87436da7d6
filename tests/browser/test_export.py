"""A list becomes a file, in a real browser: asked for, followed, downloaded, and not given to strangers."""

import csv
import json
from urllib.parse import quote

from playwright.sync_api import expect

from tests.browser.conftest import picture, settled

SUBSCRIBED = {"newsletter": "subscribed"}


def exports(instance):
    return {job["job"] for job in instance.json("jobs") if job["kind"] == "export"}


def downloaded(page):
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").first.click()
    return download.value


def test_what_the_list_finds_is_exported_downloaded_and_found_again(page, instance, browser):
    listed = instance.sheets("contacts", "list", "--json", "--limit", "0", "--where", json.dumps(SUBSCRIBED))
    emails = {json.loads(line)["email"] for line in listed.stdout.splitlines()}
    page.goto(f"{instance.dashboard}/?where={quote(json.dumps(SUBSCRIBED))}")
    settled(page)
    page.get_by_role("button", name="Export", exact=True).click()
    expect(page.get_by_text("Opens in any tool")).to_be_visible()
    picture(page, "export")
    before = exports(instance)
    page.get_by_role("button", name=f"Export {len(emails)} contacts").dblclick()

    file = downloaded(page)
    picture(page, "export-done")
    with file.path().open(encoding="utf-8-sig", newline="") as text:
        rows = list(csv.DictReader(text))
    assert {row["Email"] for row in rows} == emails
    assert file.suggested_filename.startswith("contacts-")
    [made] = exports(instance) - before

    strip = page.locator(f".st-key-job-strip-{made}")
    strip.get_by_role("button", name="Close", exact=True).click()
    expect(strip).to_have_count(0)
    page.get_by_role("button", name="History").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Newsletter: Subscribed")).to_be_visible()
    picture(page, "export-history")
    address = dialog.get_by_role("link", name="Download").get_attribute("href")
    dialog.get_by_role("button", name="Run again").click()
    expect(dialog.get_by_role("link", name="Download")).to_have_count(len(before) + 2)

    stranger = browser.new_context()
    answer = stranger.request.get(f"{instance.dashboard}{address}")
    assert (answer.status, "Sign in" in answer.text()) == (403, True)
    assert page.request.get(f"{instance.dashboard}/exports/none-such").status == 404
    stranger.close()


def test_those_who_are_ticked_are_exported(page, instance):
    page.goto(instance.dashboard)
    settled(page)
    for number in range(2):
        page.locator(".row:not(.head) .tick input").nth(number).click()
    page.get_by_role("region", name="Selected contacts").get_by_role("button", name="Export").click()
    expect(page.get_by_role("dialog").locator(".cs-confirm b")).to_have_count(2)
    page.get_by_role("dialog").get_by_text("Activities", exact=True).click()
    page.get_by_role("button", name="Export activities").click()

    expect(page.get_by_text("activities of 2 contacts")).to_be_visible()
    assert downloaded(page).suggested_filename.startswith("contacts-activities-")
