"""A marketer at work on a contact's sheet, in a real browser."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import PHONE, picture, rows, send, settled, track


def buyers():
    """Two who subscribed to SMS, so that a filter finds just them."""
    return [
        event
        for name, phone in (("Vera", "+34600100201"), ("Vito", "+34600100202"))
        for event in (
            {
                "type": "identify",
                "userId": name.lower(),
                "traits": {
                    "email": f"{name.lower()}@example.com",
                    "phone": phone,
                    "firstName": name,
                    "city": "Roma",
                },
            },
            track(name.lower(), "sms_subscribed"),
            track(name.lower(), "newsletter_subscribed"),
        )
    ]


def done(page, words):
    expect(page.locator(".st-key-undo-bar-sheet-done")).to_contain_text(words)


def test_a_day_on_the_sheet(page, context, instance):
    send(instance, buyers())
    instance.sheets("wait", "--timeout", "60")
    page.goto(f"{instance.dashboard}/?q=V&where=%7B%22sms%22%3A%22subscribed%22%7D&sort=name")
    settled(page)
    rows(page).filter(has_text="Vera").click()
    expect(page.get_by_role("heading", name="Vera")).to_be_visible()
    mine = page.url

    # Edited in place, while a colleague does the same: one by the button, one by Enter.
    page.get_by_role("button", name="Edit").click()
    page.get_by_label("City", exact=True).fill("Milano")
    page.get_by_label("City", exact=True).press("Tab")
    expect(page.get_by_text("1 change", exact=True)).to_be_visible()
    picture(page, "sheet-editing")
    colleague = context.new_page()
    colleague.goto(mine)
    colleague.get_by_role("button", name="Edit").click()
    colleague.get_by_label("City", exact=True).fill("Paris")
    colleague.get_by_label("City", exact=True).press("Enter")
    done(colleague, "Saved 1 change.")
    colleague.close()

    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("changed this to")).to_be_visible()
    picture(page, "sheet-changed-meanwhile")
    page.get_by_role("button", name="Keep mine").click()
    expect(page.get_by_text("changed this to")).to_have_count(0)
    page.get_by_role("button", name="Apply").click()
    done(page, "Saved 1 change.")
    expect(page.locator(".st-key-sheet-card-custom")).to_contain_text("Milano")

    # Nothing more is sent to her; and it was not meant so.
    page.get_by_role("button", name="Stop sending").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Vera")
    picture(page, "sheet-stop-sending")
    dialog.get_by_role("button", name="Stop sending").click()
    done(page, "Sending stopped.")
    expect(page.locator(".st-key-sheet-card-reach")).to_contain_text("paused")
    page.get_by_role("button", name="Undo").click()
    done(page, "Undone.")
    expect(page.locator(".st-key-sheet-card-reach")).not_to_contain_text("paused")

    # Into a static segment.
    page.get_by_role("combobox", name="Add to segment").click()
    option = page.get_by_role("option").first
    name = option.inner_text()
    option.click()
    done(page, f"Added to {name}.")
    expect(page.locator(".st-key-sheet-card-segments")).to_contain_text(name)

    # On to the next of the list, and back to it as it was.
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_role("heading", name="Vito")).to_be_visible()
    page.get_by_role("link", name="← Filtered contacts").click()
    expect(rows(page)).to_have_count(2)
    expect(page).to_have_url(re.compile("q=V.*where=.*sort=name"))


def test_a_long_name_and_a_phone_go_together(page, instance):
    long = {"email": "long@example.com", "firstName": "W" * 300, "lastName": "**bold** `code` $x$"}
    send(instance, [{"type": "identify", "userId": "long", "traits": long}])
    instance.sheets("wait", "--timeout", "60")
    page.set_viewport_size(PHONE)
    page.goto(f"{instance.dashboard}/?contact={instance.json('contact', 'show', 'long')['id']}")
    settled(page)

    expect(page.get_by_text("**bold** `code` $x$").first).to_be_visible()
    page.get_by_role("button", name="Edit").click()
    expect(page.get_by_role("button", name="Apply")).to_be_in_viewport()
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= PHONE["width"]
    page.get_by_role("button", name="Discard").click()
    page.get_by_role("button", name="More actions").click()
    expect(page.get_by_role("menuitem", name="Print")).to_be_in_viewport()
