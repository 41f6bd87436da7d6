"""The preference page in a real browser without JavaScript, as a contact uses it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import DESK, PHONE, PICTURES
from tests.browser.test_accessible import STANDARD
from tests.preference_shop import ANA, declare, preference_shop
from tests.running import Running

LONG = "Zapatería y complementos de la familia Fernández-Villaverde e hijos desde 1923 S.L."


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with preference_shop(tmp_path_factory.mktemp("preferences")) as instance:
        yield instance


@pytest.fixture(params=["en", "es"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def plain(language: str, browser: Browser) -> Iterator[BrowserContext]:
    """A browser without JavaScript, in a language."""
    context = browser.new_context(java_script_enabled=False, locale=language, viewport=PHONE)  # type: ignore[arg-type]
    yield context
    context.close()


def link(shop: Running) -> str:
    return str(shop.json("preferences", "link", ANA)["link"])


def picture(page: Page, name: str) -> None:
    """Keep the page as it looks on a phone and on a desk; it is nowhere wider than either."""
    for size in (DESK, PHONE):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        PICTURES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=PICTURES / f"preferences_{name}_{size['width']}.png", full_page=True)
        box = page.locator("main").bounding_box()
        assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= size["width"]


WORDS = {
    "en": (
        "Your preferences",
        "Save preferences",
        "Saved.",
        "Unsubscribe from everything",
        "You do not receive",
    ),
    "es": ("Tus preferencias", "Guardar preferencias", "Guardado.", "Darme de baja de todo", "No recibes"),
}


def test_a_contact_chooses_leaves_and_comes_back_without_javascript(
    plain: BrowserContext, language: str, shop: Running
) -> None:
    page = plain.new_page()
    address = link(shop)
    page.goto(address)
    title, save, saved, leave, nothing = WORDS[language]
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    picture(page, f"open_{language}")

    page.get_by_label("Offers and sales").check()
    page.get_by_role("button", name=save).click()
    expect(page.get_by_role("status")).to_contain_text(saved)
    expect(page.get_by_role("status")).to_contain_text("Offers and sales")
    picture(page, f"saved_{language}")

    page.get_by_role("button", name=leave).click()
    expect(page.get_by_role("status")).to_contain_text(nothing)
    expect(page.get_by_label("Newsletter")).not_to_be_checked()
    picture(page, f"nothing_{language}")

    page.get_by_label("Newsletter").check()
    page.get_by_role("button", name=save).click()
    page.goto(address)
    expect(page.get_by_label("Newsletter")).to_be_checked()
    expect(page.get_by_label("Offers and sales")).not_to_be_checked()
    shop.sheets("wait", "--timeout", "60")
    shown = shop.json("contact", "show", ANA)["statuses"]
    assert shown["newsletter"]["state"] == "subscribed"
    assert shown["topic_offers"]["state"] == "unsubscribed"


def test_an_invalid_link_is_explained_in_the_same_look(
    plain: BrowserContext, language: str, shop: Running
) -> None:
    page = plain.new_page()

    answer = page.goto(link(shop)[:-5])

    assert answer is not None and answer.status == 404
    expect(page.get_by_role("heading")).to_be_visible()
    expect(page.locator("form")).to_have_count(0)
    picture(page, f"invalid_{language}")


@pytest.fixture(scope="module")
def renamed(shop: Running, tmp_path_factory: pytest.TempPathFactory) -> Running:
    """The shop under a name that is long."""
    declare(shop, tmp_path_factory.mktemp("long"), name=LONG, colour="#ffd500")
    time.sleep(1.5)  # the collector believes the rules for a second
    return shop


def test_a_long_name_of_the_shop_fits(plain: BrowserContext, language: str, renamed: Running) -> None:
    page = plain.new_page()

    page.goto(link(renamed))

    expect(page.locator(".shop")).to_have_text(LONG)
    picture(page, f"long_{language}")


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_the_page_is_accessible(browser: Browser, shop: Running, size: dict[str, int]) -> None:
    page = browser.new_page(viewport=size, bypass_csp=True)  # type: ignore[arg-type]  # axe is a script

    for address in (link(shop), link(shop)[:-5]):
        page.goto(address)
        found = Axe().run(page, options={"runOnly": STANDARD}).response["violations"]
        assert [(violation["id"], violation["help"]) for violation in found] == []
    page.close()
