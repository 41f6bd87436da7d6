"""Every page for everybody: axe-core finds nothing serious, all of it fits a phone, a keyboard is enough."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import DESK, PHONE, rows, settled
from tests.browser.places import FULL, OUTSIDE, PLACES, arrive, travel

STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@dataclass(frozen=True)
class Exempt:
    """What Streamlit does itself and cannot be told otherwise: a rule of axe, where, and why it may stand."""

    rule: str
    selector: str
    reason: str


EXEMPT: tuple[Exempt, ...] = ()

# Text that is cut off without a sign of it, or stands where no scrolling leads to.
CUT_OFF = """() => {
  const found = [];
  const up = (el) => el.parentElement ?? el.getRootNode().host;
  const look = (el) => {
    if (el.shadowRoot) el.shadowRoot.querySelectorAll('*').forEach(look);
    const says = [...el.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!says || ['STYLE', 'SCRIPT', 'OPTION', 'TITLE'].includes(el.tagName) || !el.checkVisibility()) return;
    const style = getComputedStyle(el), box = el.getBoundingClientRect();
    if (box.width < 3 || box.height < 3 || box.bottom < 0) return;
    const words = `${el.tagName} ${el.textContent.trim().slice(0, 60)}`;
    const hides = ['hidden', 'clip'].includes(style.overflowX) && style.textOverflow !== 'ellipsis';
    if (hides && el.scrollWidth > el.clientWidth + 1) found.push(`cut off: ${words}`);
    for (let over = up(el); over; over = up(over)) {
      const { overflowX, textOverflow } = getComputedStyle(over);
      if (['auto', 'scroll'].includes(overflowX) && over.scrollWidth > over.clientWidth) return;
      const ends = over.getBoundingClientRect().right;
      if (!['hidden', 'clip'].includes(overflowX) || box.right <= ends + 2) continue;
      if (textOverflow === 'ellipsis') return; // what is beyond, one sees that it is there
      return found.push(`cut off by ${over.className}: ${words}`);
    }
    if (box.right > innerWidth + 1) found.push(`beyond the edge: ${words}`);
  };
  document.querySelectorAll('body *').forEach(look);
  return found;
}"""

SIDEWAYS = """() => [document.scrollingElement, ...document.querySelectorAll('[data-testid="stMain"], [role="dialog"]')]
  .some((el) => el.scrollWidth > Math.max(el.clientWidth, innerWidth * (el === document.scrollingElement)))"""


def wrong_at(page: Any) -> Iterable[str]:
    """What is wrong with what the page shows now, each in a line or two."""
    found = Axe().run(page, options={"resultTypes": ["violations"], "runOnly": STANDARD}).response
    for rule in found["violations"]:
        if rule["impact"] in ("serious", "critical"):
            yield from (told for node in rule["nodes"] if (told := _finding(rule, node)))
    if page.evaluate(SIDEWAYS):
        yield "scrolls sideways"
    yield from page.evaluate(CUT_OFF)


def _finding(rule: dict[str, Any], node: dict[str, Any]) -> str | None:
    where = " ".join(" ".join(part) if isinstance(part, list) else part for part in node["target"])
    if any(exempt.rule == rule["id"] and exempt.selector in where for exempt in EXEMPT):
        return None
    return (
        f"{rule['impact']} {rule['id']}: {node['failureSummary']}\n    at {where}\n    {node['html'][:300]}"
    )


@pytest.fixture(scope="module")
def contact(instance):
    return instance.json("contact", "show", "ana")["id"]


@pytest.fixture(scope="module")
def walker(browser, instance, signed_in):
    """One window that goes from page to page, as a user does all day."""
    context = browser.new_context(storage_state=signed_in)
    page = context.new_page()
    page.on("console", lambda message: BLOCKED.append(message.text) if POLICY in message.text else None)
    page.goto(instance.dashboard)
    settled(page)
    yield page
    context.close()


POLICY = "Content Security Policy"
BLOCKED: list[str] = []
"""What the browser did not load or run because the policy of the pages forbids it."""


@pytest.mark.parametrize("place", (*PLACES, *FULL), ids=lambda place: place.name)
def test_a_page_is_for_everybody_and_fits(walker, contact, place):
    page = walker
    page.set_viewport_size(DESK)
    travel(page, place, contact=contact)
    assert page.locator("h1").count() == 1
    assert page.title().endswith("Contact Sheets")

    for size in (DESK, PHONE):
        page.set_viewport_size(size)
        page.wait_for_timeout(300)
        wrong = list(wrong_at(page))
        assert not wrong, f"at {size['width']} pixels:\n" + "\n".join(wrong)
    assert not BLOCKED


@pytest.mark.parametrize("place", OUTSIDE, ids=lambda place: place.name)
def test_so_is_what_stands_before_signing_in(browser, instance, place):
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    arrive(page, instance, place)

    wrong = list(wrong_at(page))

    context.close()
    assert not wrong, "\n".join(wrong)


# By keyboard


def focused(page):
    """What the focus is on, as it is read aloud."""
    return page.evaluate("""() => {
      let el = document.activeElement;
      while (el.shadowRoot?.activeElement) el = el.shadowRoot.activeElement;
      return el.getAttribute('aria-label') || el.labels?.[0]?.textContent || el.textContent;
    }""").strip()


def tab_to(page, words, *, most=40):
    """Press Tab until the focus is on something with these words; it must be seen to be there."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if re.search(words, focused(page)):
            assert seen(page), f"one cannot see that {words!r} has the focus"
            return
    raise AssertionError(f"{most} times Tab, and never at {words!r}")


def seen(page):
    """Whether what has the focus shows it: by a line or a shadow around it or what it stands in."""
    return page.evaluate("""() => {
      let el = document.activeElement;
      while (el.shadowRoot?.activeElement) el = el.shadowRoot.activeElement;
      const shows = (node, pseudo) => {
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(node, pseudo);
        return (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none';
      };
      return shows(el) || shows(el, '::after') || shows(el.parentElement) || shows(el.parentElement.parentElement);
    }""")


def test_by_keyboard_alone_one_finds_somebody_and_comes_back(page, instance):
    page.goto(instance.dashboard)
    settled(page)

    tab_to(page, "^Skip to the page$", most=2)
    page.keyboard.press("Enter")
    tab_to(page, "^Search contacts$", most=6)
    page.keyboard.type("ana.prueba")
    expect(page.get_by_text("1 found")).to_be_visible()
    tab_to(page, "^Ana de la Prueba")
    page.keyboard.press("Enter")
    expect(page.get_by_role("tab", name="Profile")).to_be_visible()

    page.go_back()
    expect(page.get_by_text("1 found")).to_be_visible()
    expect(rows(page)).to_have_count(1)


def test_a_dialog_opens_and_closes_by_keyboard_and_gives_the_focus_back(page, instance):
    page.goto(f"{instance.dashboard}/?q=ana.prueba")
    expect(page.get_by_text("1 found")).to_be_visible()
    settled(page)

    tab_to(page, "^person_add ?New contact$")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_label("Email")).to_be_visible()
    tab_to(page, "^Email$", most=6)
    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_have_count(0)
    assert "New contact" in focused(page)


def test_what_opens_over_the_page_keeps_the_focus_inside(page, instance):
    page.goto(f"{instance.dashboard}/?q=ana.prueba")
    expect(page.get_by_text("1 found")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Delete Ana")).press("Enter")
    expect(page.get_by_role("dialog").get_by_label("Reason (optional)")).to_be_visible()

    for _ in range(12):
        page.keyboard.press("Tab")
        inside = page.evaluate("document.activeElement.closest('[role=dialog]') !== null")
        assert inside, f"the focus left the dialog, to {focused(page)!r}"
