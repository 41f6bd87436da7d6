"""Every page of the dashboard, and every state of one that looks different: a new page is one more line."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from tests.browser.conftest import settled
from tests.running import Running

Step = Callable[[Page], None]


@dataclass(frozen=True)
class Place:
    """Somewhere to go.

    Parameters:
      name: What the place is called in tests.
      address: Its address; `{contact}` stands for the id of a contact who has everything.
      shows: Words that are there once one has arrived.
      steps: What one does then, in order.
    """

    name: str
    address: str
    shows: str
    steps: tuple[Step, ...] = ()


def press(name: str) -> Step:
    return lambda page: page.get_by_role("button", name=name, exact=True).first.click()


def tab(name: str) -> Step:
    return lambda page: page.get_by_role("tab", name=name).click()


def unfold(words: str) -> Step:
    return lambda page: page.get_by_text(re.compile(words)).first.click()


def write(label: str, words: str) -> Step:
    def step(page: Page) -> None:
        page.get_by_label(label).first.fill(words)
        page.get_by_label(label).first.press("Enter")

    return step


def see(words: str) -> Step:
    return lambda page: expect(page.get_by_text(re.compile(words)).first).to_be_visible()


def filter_menu(page: Page) -> None:
    page.get_by_role("button", name="Filter", exact=True).click()
    expect(page.get_by_label("Search filters")).to_be_visible()


def filter_by(name: str) -> Step:
    """Open the form of a filter from the menu."""

    def step(page: Page) -> None:
        filter_menu(page)
        page.get_by_label("Search filters").fill(name)
        page.get_by_label("Search filters").press("Enter")
        expect(page.get_by_role("button", name="Apply")).to_be_visible()

    return step


def views(page: Page) -> None:
    save = page.get_by_role("button", name="Save as view")
    if not save.is_visible():  # it stays open over a list that was chosen in it
        page.locator(".st-key-contacts-views button").first.click()
    expect(save).to_be_visible()


def of_view(act: str) -> Step:
    """Choose the view of the mornings, which is made if need be, and do something with it."""

    def step(page: Page) -> None:
        views(page)
        mornings = page.get_by_role("navigation", name="Views").get_by_role("link", name="Mornings")
        if mornings.count():
            mornings.click()
        else:
            press("Save as view")(page)
            dialog = page.get_by_role("dialog")
            dialog.get_by_label("Name").fill("Mornings")
            dialog.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator(".st-key-contacts-views button").first).to_contain_text("Mornings")
        settled(page)
        views(page)
        press(act)(page)
        expect(page.get_by_role("dialog").get_by_role("button").first).to_be_visible()

    return step


def columns(page: Page) -> None:
    page.locator(".st-key-contacts-columns button").first.click()
    expect(page.get_by_text("The contact is always first")).to_be_visible()


def bulk(action: str) -> Step:
    """Tick the page, and ask for a change of all on it."""

    def step(page: Page) -> None:
        page.get_by_label("Select this page").check()
        page.get_by_role("region", name="Selected contacts").get_by_role(
            "button", name=action, exact=True
        ).click()
        expect(page.get_by_role("dialog").get_by_role("button", name="Cancel")).to_be_visible()

    return step


def delete_somebody(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Delete ")).first.click()


def of_contact(choice: str) -> Step:
    """Choose from the menu of a sheet."""

    def step(page: Page) -> None:
        page.get_by_role("button", name="More actions").click()
        page.get_by_role("menuitem", name=choice).click()

    return step


def merge_two(page: Page) -> None:
    """Tick two contacts of the list and ask to merge them."""
    for number in (1, 2):
        page.locator(".row .tick input").nth(number).check()
    press("Merge")(page)
    expect(page.get_by_role("dialog").get_by_role("region", name="Comparison")).to_be_visible()


def split_off(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Split off ")).first.click()
    expect(page.get_by_role("dialog").get_by_role("region", name="Comparison")).to_be_visible()


def raw_data(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Raw data")).first.click()
    expect(page.locator(".cs-event pre").first).to_be_visible()


def long_raw_data(page: Page) -> None:
    """The raw data of an order with a long note, which another place may have opened already."""
    settled(page)
    button = page.get_by_role("button", name=re.compile("raw data: Order completed", re.I)).first
    expect(button).to_be_visible()
    if "Hide" not in (button.text_content() or ""):
        button.click()
    expect(page.locator(".cs-event pre").first).to_contain_text("gift_note")


def stop_editing(page: Page) -> None:
    """Leave the form of a sheet, which stays open while another place is looked at."""
    settled(page)
    discard = page.get_by_role("button", name="Discard")
    if discard.is_visible():
        discard.click()
        expect(discard).to_have_count(0)


def full(box: str) -> Step:
    """Check that a box has more than it shows."""

    def step(page: Page) -> None:
        settled(page)
        assert page.locator(box).first.evaluate("box => box.scrollHeight > box.clientHeight"), box

    return step


BULK = {
    "add": "Add to segment",
    "remove": "Remove from segment",
    "status": "Set status",
    "field": "Set field",
    "delete": "Delete",
}
"""What can be done to those who are ticked, as its buttons say."""


def a_shop(page: Page) -> None:
    """Open the set-up of a shop, which is connected if need be."""
    link = page.get_by_role("link", name="Corner shop")
    if link.count():
        link.first.click()
    else:
        if not page.get_by_label("Name", exact=True).is_visible():
            unfold("^Connect a shop")(page)
        write("Name", "Corner shop")(page)
    expect(page.get_by_text(re.compile("Waiting for the first event")).first).to_be_visible()


PLACES = (
    Place("contacts", "/", r"contacts$"),
    Place("contacts-found", "/?q=ana.prue", r"1 found"),
    Place("contacts-none", "/?q=nobody-at-all", r"No contacts found"),
    Place("contacts-new", "/?q=ana", r"found", (press("New contact"), see("The rest is optional"))),
    Place("contacts-delete", "/?q=ana", r"found", (delete_somebody, see("Reason \\(optional"))),
    Place("import", "/?page=import", r"Drop a file here"),
    Place("contacts-export", "/?q=ana", r"found", (press("Export"), see("Opens in any tool"))),
    Place("contacts-history", "/?q=ana", r"found", (press("History"),)),
    Place("contacts-filtered", "/?where=%7B%22points%22%3A%7B%22gte%22%3A0%7D%7D", r"found$"),
    Place("contacts-filter-menu", "/", r"contacts$", (filter_menu,)),
    Place("contacts-filter-segments", "/", r"contacts$", (filter_by("in segment"),)),
    Place("contacts-filter-points", "/", r"contacts$", (filter_by("points"),)),
    Place("contacts-views", "/", r"contacts$", (views,)),
    Place("contacts-view-save", "/", r"contacts$", (views, press("Save as view"), see("Share|team"))),
    Place("contacts-view-edit", "/?view=all", r"contacts$", (of_view("Edit"), see("Edit view"))),
    Place("contacts-view-delete", "/?view=all", r"contacts$", (of_view("Delete"), see("Delete view"))),
    Place("contacts-columns", "/", r"contacts$", (columns,)),
    *(Place(f"contacts-bulk-{name}", "/", r"contacts$", (bulk(action),)) for name, action in BULK.items()),
    Place("contacts-merge", "/?where=%7B%22identified%22%3Atrue%7D", r"found$", (merge_two,)),
    Place("merges", "/?page=merges", r"may be one person", (see("Not the same person"),)),
    Place("merges-preview", "/?page=merges", r"may be one person", (press("Preview…"), see("Keep the values of"))),
    Place("merges-dismissed", "/?page=merges&state=dismissed", r"Nothing was dismissed"),
    Place("sheet-split", "/?contact={contact}", r"last seen", (split_off,)),
    Place("sheet", "/?contact={contact}", r"last seen", (see("Can be reached by"),)),
    Place("sheet-why", "/?contact={contact}", r"last seen", (unfold("^Status history"), unfold("^Membership reasons"))),
    Place("sheet-activity", "/?contact={contact}", r"last seen", (tab("Activity"), see("Today"))),
    Place("sheet-raw", "/?contact={contact}&tab=activity", r"last seen", (raw_data,)),
    Place("sheet-edit", "/?contact={contact}", r"last seen", (press("Edit"), see("Discard"))),
    Place("sheet-points", "/?contact={contact}", r"last seen", (press("Adjust points"), see("Add 10 points"))),
    Place("sheet-data", "/?contact={contact}", r"last seen", (of_contact("Export personal data"), see("personal data of"))),
    Place("sheet-delete", "/?contact={contact}", r"last seen", (of_contact("Delete contact"), see("Reason \\(optional"))),
    Place("sheet-erase", "/?contact={contact}", r"last seen", (of_contact("Erase permanently"), see("permanently"))),
    Place("sheet-stop", "/?contact={contact}", r"last seen", (press("Stop sending"), see("Reason \\(optional"))),
    Place("sheet-of-nobody", "/?contact=000000000000000000000000", r"Contact not found"),
    Place("overview", "/?page=overview", r"Largest segments"),
    Place("customers", "/?page=customers", r"Recency and frequency|Not calculated yet"),
    Place("customers-lifetime", "/?page=customers&view=clv", r"too few orders|Not calculated yet"),
    Place("segments", "/?page=segments", r"\d+ segments"),
    Place("segment", "/?page=segments&segment=window-shoppers", r"entered in 30 days"),
    Place("segment-new", "/?page=segments&segment=new", r"New segment", (write("Name", "Some points"), see("contacts match now"))),
    Place("segment-yaml", "/?page=segments&segment=hot-leads&edit=1", r"Edit ", (see("contacts match now"),)),
    Place("segment-change", "/?page=segments&segment=customers", r"entered in 30 days", (press("Edit with filters"), see("Editing "))),
    Place("segment-delete", "/?page=segments&segment=window-shoppers", r"entered in 30 days", (press("Delete"), see("Delete segment|in use and cannot be deleted"))),
    Place("rules", "/?page=rules", r"is live"),
    Place("rule", "/?page=rules&rule=product", r"(points|No results) in 30 days"),
    Place("rules-edit", "/?page=rules", r"is live", (tab("Edit"), see("^Valid$"))),
    Place("rules-history", "/?page=rules", r"is live", (tab("History"), see("Version 1"))),
    Place("settings-fields", "/?page=settings&section=fields", r"New field"),
    Place("settings-field", "/?page=settings&section=fields", r"New field", (press("New field"), see("Filled by|Label"))),
    Place("settings-account", "/?page=settings&section=account", r"Time zone"),
    Place("settings-users", "/?page=settings&section=users", r"Invite user", (unfold("^Invite user"),)),
    Place("settings-keys", "/?page=settings&section=keys", r"New API key", (unfold("^New API key"),)),
    Place("settings-shops", "/?page=settings&section=shops", r"Connect a shop", (unfold("^Connect a shop"),)),
    Place("settings-shop", "/?page=settings&section=shops", r"Connect a shop", (a_shop,)),
    Place("settings-incoming", "/?page=settings&section=incoming", r"Latest events"),
    Place("settings-workers", "/?page=settings&section=workers", r"Needs attention"),
    Place("settings-audit", "/?page=settings&section=audit", r"Name or ID"),
    Place("settings-you", "/?page=settings&section=you", r"Active sessions"),
)  # fmt: skip
"""All that somebody sees who is signed in as an admin."""

FULL = (
    Place("sheet-raw-long", "/?contact={contact}&tab=activity&type=order_completed", r"last seen", (long_raw_data, full(".cs-event pre"))),
    Place("sheet-products-many", "/?contact={contact}", r"last seen", (stop_editing, unfold("more products$"), full(".cs-more > div"))),
)  # fmt: skip
"""Where a contact who did much has more than a box shows."""

OUTSIDE = (
    Place("sign-in", "/", r"Sign in to your account"),
    Place("sign-in-wrong", "/", r"Sign in to your account", (write("Email", "a@b.example"), write("Password", "wrong"), see("is wrong"))),
    Place("link-used", "/signin?link=used", r"no longer works"),
)  # fmt: skip
"""What somebody sees who is not."""


_CLICK = """href => {
  const link = document.body.appendChild(Object.assign(document.createElement('a'), { href }));
  link.click();
  link.remove();
}"""


def arrive(page: Page, instance: Running, place: Place, **known: str) -> None:
    """Go to a place as somebody who opens its address, and wait until it is there."""
    page.goto(f"{instance.dashboard}{place.address.format(**known)}")
    _look(page, place)


def travel(page: Page, place: Place, **known: str) -> None:
    """Go to a place from another page, as a click on a link does: without loading all again."""
    address = place.address.format(**known)
    page.keyboard.press("Escape")
    if page.get_by_test_id("stApp").count():
        settled(page)
    page.evaluate(_CLICK, address)
    _look(page, place)


def _look(page: Page, place: Place) -> None:
    see(place.shows)(page)
    for step in place.steps:
        step(page)
    if page.get_by_test_id("stApp").count():
        settled(page)
