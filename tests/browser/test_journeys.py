"""What a marketer does, in a real browser."""

import re
import uuid

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import HOSTILE, PHONE, hostile_person, picture, rows, send, settled, track


def contact_id(instance, key):
    return instance.json("contact", "show", key)["id"]


def open_sheet(page, instance, key):
    page.goto(f"{instance.dashboard}/?contact={contact_id(instance, key)}")
    settled(page)


def test_who_is_not_signed_in_sees_nothing_but_how_to(browser, instance):
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{instance.dashboard}/?contact={contact_id(instance, 'ana')}")

    expect(page.get_by_text("Sign in to your account")).to_be_visible()
    expect(page.get_by_text("sheets link")).to_be_visible()
    assert "ana.prueba" not in page.content()
    picture(page, "sign-in")
    context.close()


def test_a_link_signs_in_once_by_its_button_and_not_by_a_preview(browser, instance):
    link = instance.sheets("link").stdout.strip()
    previewer, person, thief = (browser.new_context().new_page() for _ in range(3))
    previewer.goto(link)

    person.goto(link)
    picture(person, "link")
    person.get_by_role("button", name="Sign in").click()
    expect(person.get_by_text("Sign out")).to_be_visible()

    thief.goto(link)
    expect(thief.get_by_text("This link no longer works")).to_be_visible()
    picture(thief, "link-used")


def test_signing_out_ends_the_session(browser, instance):
    page = browser.new_context().new_page()
    page.goto(instance.sheets("link").stdout.strip())
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Sign out").click()

    expect(page.get_by_text("Sign in to your account")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Sign in to your account")).to_be_visible()


def test_search_as_one_types_then_open_the_contact(page, instance):
    page.goto(instance.dashboard)
    settled(page)
    expect(page.get_by_text(re.compile(r"^\d+ contacts$"))).to_be_visible()
    picture(page, "contacts")

    page.get_by_placeholder("Search by email").type("ana.prue")
    expect(page.get_by_text("1 found")).to_be_visible()
    expect(page).to_have_url(re.compile("q=ana.prue"))
    rows(page).first.click()

    expect(page.get_by_role("heading", name="Ana de la Prueba")).to_be_visible()  # the list may still stand
    expect(page).to_have_url(re.compile("contact=[0-9a-f]{24}"))


def test_a_search_without_a_find_says_so(page, instance):
    page.goto(f"{instance.dashboard}/?q=nobody-at-all")

    expect(page.get_by_text("No contacts found")).to_be_visible()
    picture(page, "nobody-found")


def test_pages_go_on_and_back(page, instance):
    page.goto(instance.dashboard)
    settled(page)
    first = re.match(r"\?contact=[0-9a-f]{24}", rows(page).first.get_attribute("href")).group()
    the_first = re.compile("^" + re.escape(first))  # its address also says from which page one came

    page.get_by_role("link", name="Next").click()
    expect(rows(page).first).not_to_have_attribute("href", the_first)
    expect(rows(page)).to_have_count(50)
    page.get_by_role("link", name="Previous").click()

    expect(rows(page).first).to_have_attribute("href", the_first)


def test_the_sheet_says_where_each_point_comes_from(page, instance):
    open_sheet(page, instance, "ana")
    sheet = instance.json("contact", "show", "ana")

    expect(page.get_by_text(f"{sheet['points']['total']}", exact=True)).to_be_visible()
    expect(page.get_by_text(re.compile("last change on"))).to_be_visible()
    page.get_by_text("Points history").click()
    expect(page.locator(".cs-ledger li").first).to_be_visible()
    settled(page)
    while (more := page.get_by_role("button", name="Load more")).is_visible():
        more.click()
        settled(page)
    expect(page.locator(".cs-ledger li", has_text="First order").first).to_be_visible()
    expect(page.locator(".cs-order-what", has_text="A-1").first).to_be_visible()
    expect(page.get_by_text("yes", exact=True)).to_have_count(2)  # email as such, and the newsletter
    picture(page, "sheet")


def test_activities_by_type_refreshed_and_more_of_them(page, instance):
    open_sheet(page, instance, "ana")
    page.get_by_role("tab", name="Activity").click()
    expect(page.get_by_text("Today").first).to_be_visible()
    expect(page.locator(".cs-event")).to_have_count(50)
    picture(page, "activity")

    page.get_by_role("button", name="Load more").click()
    expect(page.locator(".cs-event").nth(74)).to_be_visible()

    page.get_by_role("combobox", name="Types of activity").click()
    page.keyboard.type("Order completed")
    page.get_by_role("option", name=re.compile("Order completed")).click()
    expect(page.locator(".cs-event").nth(49)).to_have_count(0)
    orders = page.locator(".cs-event").count()
    page.keyboard.press("Escape")

    order_id = f"A-{uuid.uuid4().hex[:6]}"  # a second try finds the order of the first
    send(instance, [track("ana", "Order Completed", order_id=order_id, total=5, currency="EUR")])
    instance.sheets("wait", "--timeout", "30")
    page.get_by_role("button", name="Refresh").click()
    expect(page.locator(".cs-event")).to_have_count(orders + 1)

    page.get_by_role("button", name=re.compile("^Raw data: Order completed")).first.click()
    expect(page.locator(".cs-event pre").first).to_contain_text(f'"order_id": "{order_id}"')


def test_an_address_can_be_shared_and_an_old_id_leads_on(page, context, instance):
    send(instance, [{"type": "page", "anonymousId": "old-phone", "properties": {}}])
    instance.sheets("wait", "--timeout", "30")
    old = contact_id(instance, "old-phone")
    send(instance, [{"type": "identify", "userId": "ana", "anonymousId": "old-phone"}])
    instance.sheets("wait", "--timeout", "30")

    other_tab = context.new_page()
    other_tab.goto(f"{instance.dashboard}/?contact={old}")

    expect(other_tab.get_by_role("heading", name="Ana de la Prueba")).to_be_visible()
    expect(other_tab).to_have_url(re.compile(contact_id(instance, "ana")))


def test_an_address_of_nobody_says_so(page, instance):
    page.goto(f"{instance.dashboard}/?contact={'0' * 24}")

    expect(page.get_by_text("Contact not found")).to_be_visible()
    page.get_by_role("link", name="← Contacts").click()
    expect(page.get_by_text(re.compile(r"contacts$")).first).to_be_visible()


@pytest.mark.parametrize("tab", ["Profile", "Activity"])
def test_what_visitors_write_stays_text(page, instance, tab):
    send(instance, hostile_person())
    instance.sheets("wait", "--timeout", "30")
    page.goto(f"{instance.dashboard}/?q=evil")
    settled(page)
    expect(rows(page).first).to_have_text(HOSTILE)
    open_sheet(page, instance, "evil@example.com")
    page.get_by_role("tab", name=tab).click()
    settled(page)

    expect(page.get_by_text("<img src=x").first).to_be_visible()
    assert page.evaluate("window.hacked") is None
    assert page.locator("img[src='x']").count() == 0
    assert page.locator("a[href^='javascript']").count() == 0
    picture(page, f"hostile-{tab.lower()}")


def test_a_phone_shows_the_whole_list(page, instance):
    page.set_viewport_size(PHONE)
    page.goto(instance.dashboard)
    settled(page)

    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    expect(page.locator(".row:not(.head) .points").first).to_be_visible()


def test_an_event_is_on_the_sheet_without_a_wait(page, instance):
    open_sheet(page, instance, "ana")
    page.get_by_role("tab", name="Activity").click()
    settled(page)
    send(instance, [track("ana", "A thing nobody declared", why="custom")])
    page.wait_for_timeout(1_000)

    page.get_by_role("button", name="Refresh").click()
    expect(page.locator(".cs-what", has_text="A thing nobody declared")).to_be_visible()
