"""Somebody asks for their data, and then to be forgotten; in a real browser."""

from __future__ import annotations

import json
import uuid
import zipfile

from playwright.sync_api import Page, expect

from tests.browser.conftest import picture, send, settled, track
from tests.running import Running


def menu(page: Page, item: str) -> None:
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name=item).click()
    settled(page)


def test_all_that_is_known_is_handed_out_and_then_erased_for_good(page: Page, instance: Running):
    who = f"nerea-{uuid.uuid4().hex[:8]}"  # who was erased cannot come back, not for a second try either
    traits = {"email": f"{who}@example.com", "firstName": "Nerea", "lastName": who}
    send(
        instance, [{"type": "identify", "userId": who, "traits": traits}, track(who, "newsletter_subscribed")]
    )
    instance.sheets("wait", "--timeout", "60")
    address = f"{instance.dashboard}/?contact={instance.json('contact', 'show', who)['id']}"
    page.goto(address)
    settled(page)

    menu(page, "Export personal data…")
    with page.expect_download() as download:
        page.get_by_role("dialog").get_by_role("button", name="Download").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert sorted(archive.namelist()) == ["README.txt", "data.json", "index.html"]
        assert "newsletter_subscribed" in archive.read("data.json").decode()
        assert json.loads(archive.read("data.json"))
        assert f"{who}@example.com" in archive.read("index.html").decode()
    settled(page)
    page.locator(".st-key-erasing-data-close button").click()
    expect(page.get_by_role("dialog")).to_have_count(0)

    menu(page, "Erase permanently…")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("This cannot be undone.")
    picture(page, "sheet-erase")
    dialog.get_by_role("textbox").fill("somebody else")
    dialog.get_by_role("button", name="Erase permanently").click()
    expect(dialog).to_contain_text("Nothing was erased")
    dialog.get_by_role("textbox").fill(f"nerea {who}")
    dialog.get_by_role("button", name="Erase permanently").click()

    expect(page.locator('[class*="st-key-job-strip-"]').filter(has_text="Erase a contact")).to_be_visible()
    settled(page)
    page.get_by_role("button", name="History", exact=True).click()
    page.get_by_role("button", name="Details").first.click(timeout=60_000)
    settled(page)
    expect(page.get_by_role("dialog")).to_contain_text("Mentions removed")
    picture(page, "history-erased")
    page.goto(address)
    expect(page.get_by_text("Contact not found")).to_be_visible()
    assert instance.sheets("contact", "show", who, check=False).returncode == 1
