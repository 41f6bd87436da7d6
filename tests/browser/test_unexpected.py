"""A page that fails says so in our words, whatever failed, and goes on once it can."""

import re

from playwright.sync_api import expect

from engine.db.connection import connect
from engine.settings import Settings, locate
from tests.browser.conftest import picture, rows, settled


def test_a_page_that_fails_names_a_number_that_the_log_has(page, instance):
    located = locate(Settings(), instance.data_dir)
    db = connect(located.mongodb_uri, located.database, app="tests")
    db.views.insert_one({"_id": "broken", "owner": "nobody", "key": "broken", "shared": True})
    page.goto(instance.dashboard)
    expect(page.get_by_text("Something went wrong")).to_be_visible()
    settled(page)

    expect(page.get_by_test_id("stException")).to_have_count(0)
    number = page.locator(".cs-empty code").inner_text()
    assert re.fullmatch("[0-9a-f]{8}", number)
    log = (instance.data_dir / "logs" / "dashboard.log").read_text()
    [line] = [line for line in log.splitlines() if number in line]
    assert "Traceback" in line
    assert log.count("Traceback") == 1
    picture(page, "unexpected")

    db.views.delete_one({"_id": "broken"})
    db.client.close()
    page.get_by_role("button", name="Try again").click()
    expect(rows(page).first).to_be_visible()
    expect(page.get_by_text("Something went wrong")).to_have_count(0)
