"""Whatever anybody writes stays text: markup, scripts, Markdown, signs that turn the line round, no end of letters."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from engine.accounts import key_service, users
from engine.accounts.current_user import CurrentUser
from engine.db.connection import connect
from engine.domain.folding.field_values import MAX_TEXT
from engine.domain.rulebook import CustomField
from engine.publishing import custom_fields, publish_service, publishing
from engine.rules.language import editing
from engine.settings import Settings, locate
from tests.browser.conftest import DESK, PHONE, settled, track
from tests.browser.places import PLACES, Place, see, tab, travel, unfold
from tests.builders import acting
from tests.running import Running, running

EVIL = "⟦<img src=x onerror=hacked=1>**b**$x$:material/home: [l](javascript:hacked=1)⟧"
"""In 80 letters, as long as a user's name can be."""

SHOWN_AT_LEAST = 39
"""Letters that are left of a name where there is no room for all of it."""

WORSE = (
    EVIL
    + '<script>window.hacked=1</script>"><svg onload=window.hacked=1>![p](http://127.0.0.1:9/spy.png)'
    + "\n# heading\n`code` :red[red] :smile: {{7*7}} ${7*7} %s <iframe src='javascript:parent.hacked=1'></iframe>"
    + "\u202egnikool drawkcab\u202c\u200f \x00 \ud83d".encode("utf-16", "replace").decode("utf-16")
)
ENDLESS, LONGEST = "w" * 10_000, "w" * MAX_TEXT
ADMIN = CurrentUser("cli", "admin@localhost", "Admin", "admin")


def hostile_events() -> list[dict[str, Any]]:
    """Somebody who writes all that wherever a browser can."""
    traits = {
        "email": "evil@example.com",
        "firstName": WORSE,
        "lastName": EVIL,
        "city": WORSE,
        "plan": [WORSE],
    }
    context = {"userAgent": WORSE, "page": {"url": WORSE, "title": WORSE}, "campaign": {"name": WORSE}}
    things = {"product_id": WORSE, "name": WORSE, "category": WORSE, "price": 3, "quantity": 1, WORSE: WORSE}
    return [
        {"type": "identify", "userId": EVIL, "anonymousId": EVIL, "traits": traits, "context": context},
        {**track(EVIL, WORSE, **things), "context": context},
        track(EVIL, "evil", name=WORSE),
        track(EVIL, "Product Viewed", **things),
        track(EVIL, "Product Added", **things),
        track(EVIL, "Order Completed", order_id=WORSE, total=5, currency="EUR", products=[things]),
        track(EVIL, "email_bounced", email="evil@example.com", message_id=EVIL, bounce="permanent", reason=WORSE),
        track(EVIL, "newsletter_unsubscribed", source=WORSE),
        {"type": "page", "userId": EVIL, "name": WORSE, "properties": {"url": WORSE, "title": WORSE}},
        {"type": "identify", "userId": "undefined", "traits": {"email": WORSE}},  # is refused
        {"type": "identify", "userId": "endless", "traits": {"firstName": LONGEST, "city": LONGEST, "plan": ENDLESS}},
        track("endless", ENDLESS, name=ENDLESS),
        *(  # one event names both, so that they are suggested to merge
            {"type": "identify", "userId": f"twin-{n}", "traits": {"email": "twin@example.com", "firstName": WORSE}}
            for n in (1, 2)
        ),
        track("endless", "Product Added", product_id=ENDLESS, name=ENDLESS, price=1),
    ]  # fmt: skip


def hostile_rules(db: Any) -> dict[str, str]:
    """The published files, and in each something with a hostile name."""
    texts = publishing.completed(db, {})
    segment = {"id": "evil", "name": EVIL, "description": WORSE, "when": {"contact.points": {"gte": 0}}}
    rule = {"id": "evil", "name": EVIL, "on": "evil", "points": 3}
    activity = {"label": EVIL, "icon": "⟦<b>**x", "properties": {"name": "text"}}
    return {
        **texts,
        "segments.yaml": editing.with_entry(texts["segments.yaml"], "segments", "evil", segment),
        "scoring.yaml": editing.with_entry(texts["scoring.yaml"], "rules", "evil", rule),
        "activities.yaml": editing.with_values(texts["activities.yaml"], "activities", {"evil": activity}),
    }


def make_hostile(instance: Running) -> None:
    """Give a hostile name to all that can have one."""
    located = locate(Settings(), instance.data_dir)
    db = connect(located.mongodb_uri, located.database, app="tests")
    publish_service.publish(acting(db, ADMIN), hostile_rules(db), message=WORSE)
    base = custom_fields.all_fields(acting(db, ADMIN)).version
    custom_fields.create(acting(db, ADMIN), CustomField("plan", EVIL, "text", (EVIL, "other")), base=base)
    users.invite(acting(db, ADMIN), "evil@shop.example", role="viewer", name=EVIL)
    key_service.create(acting(db, ADMIN), "write", label=EVIL)
    post(instance, hostile_events())
    instance.sheets("wait", "--timeout", "60")
    db.client.close()


def post(instance: Running, events: list[dict[str, Any]]) -> None:
    """Send events of which some may be refused."""
    token = instance.key()
    answer = httpx.post(f"{instance.collector}/v1/batch", json={"writeKey": token, "batch": events})
    assert answer.status_code < 500, answer.text


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """An instance in which every name that somebody can give is hostile."""
    with running(tmp_path_factory.mktemp("hostile") / "data") as instance:
        make_hostile(instance)
        yield instance


@pytest.fixture(scope="module")
def evil(hostile):
    return hostile.json("contact", "show", "evil@example.com")["id"]


@pytest.fixture(scope="module")
def walker(browser, hostile):
    """A window whose user agent is hostile, too, and that notes what the pages ask for and open."""
    context = browser.new_context(user_agent=f"Firefox {EVIL.encode('ascii', 'ignore').decode()}")
    page = context.new_page()
    page.asked_for = []
    page.on("request", lambda request: page.asked_for.append(request.url))
    page.on("dialog", lambda dialog: page.asked_for.append(f"dialog {dialog.message}"))
    page.goto(hostile.sheets("link").stdout.strip())
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{hostile.dashboard}/")
    settled(page)
    yield page
    context.close()


EVERYTHING = """() => {
  const parts = [];
  const look = (el) => {
    if (['STYLE', 'SCRIPT'].includes(el.tagName)) return;
    parts.push(el.getAttribute?.('title') ?? '', el.getAttribute?.('aria-label') ?? '');
    (el.shadowRoot ? [...el.childNodes, ...el.shadowRoot.childNodes] : [...el.childNodes]).forEach((node) =>
      node.nodeType === 3 ? parts.push(node.data) : node.nodeType === 1 && look(node));
    if (!['SPAN', 'B', 'A', 'STRONG', 'EM', 'CODE'].includes(el.tagName)) parts.push('\\n');
  };
  look(document.body);
  return parts.join('');
}"""


def is_harmless(page: Any, instance: Any) -> None:
    """Nothing ran, nothing was fetched, and what was written is there letter by letter."""
    assert page.evaluate("window.hacked") is None
    elsewhere = [url for url in page.asked_for if not url.startswith((instance.dashboard, "data:", "blob:"))]
    assert not elsewhere
    for made_of_text in (
        "img[src='x']",
        "img[src*='spy']",
        "a[href^='javascript']",
        "svg[onload]",
        "iframe",
        ".katex",
    ):
        assert page.locator(made_of_text).count() == 0, made_of_text
    said = page.evaluate(EVERYTHING).replace("\u2060", "")
    for begin in (place for place, letter in enumerate(said) if letter == "⟦"):
        words = said[begin : begin + len(EVIL)]
        cut = "⟦" + words[1:].split("⟦")[0]  # a title has room for so much
        whole = words == EVIL or words.startswith("⟦<b>**x")
        assert whole or (len(cut) >= SHOWN_AT_LEAST and EVIL.startswith(cut.rstrip("…\n "))), f"{words!r}"


MORE = (
    Place("found", "/?q=evil", r"1 found"),
    Place("segment", "/?page=segments&segment=evil", r"entered in 30 days"),
    Place("segment-edit", "/?page=segments&segment=evil&edit=1", r"Edit "),
    Place("rule", "/?page=rules&rule=evil", r"points in 30 days"),
    Place("refused", "/?page=settings&section=incoming", r"Latest events", (unfold("^Raw data$"),)),
    Place("details", "/?contact={contact}", r"last seen", (tab("Activity"), see("Today"), unfold("^Raw data$"))),
)  # fmt: skip
"""Where more of it is shown than on the pages as such."""

SHOWN = [place for place in (*PLACES, *MORE) if "ana" not in place.address]


@pytest.mark.parametrize("place", SHOWN, ids=lambda place: place.name)
def test_what_anybody_writes_stays_text(walker, hostile, evil, place):
    travel(walker, place, contact=evil)

    is_harmless(walker, hostile)


def test_no_end_of_letters_still_fits_a_phone(walker, hostile):
    contact = hostile.json("contact", "show", "endless")["id"]
    walker.set_viewport_size(PHONE)
    for address in ("/", f"/?contact={contact}"):
        travel(walker, Place("endless", address, "wwww"), contact=contact)
        assert not walker.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth > innerWidth")
    walker.set_viewport_size(DESK)


@pytest.mark.parametrize(
    "address",
    ["/?q={}", "/?page={}", "/?contact={}", "/?page=segments&segment={}", "/?page=rules&rule={}",
     "/?page=settings&section={}", "/?where={}", "/?sort={}&after={}", "/signin?next={}", "/signin?link={}"],
)  # fmt: skip
def test_an_address_that_somebody_made_up_runs_nothing(walker, hostile, address):
    from urllib.parse import quote

    walker.goto(hostile.dashboard + address.replace("{}", quote(EVIL)))
    walker.wait_for_load_state("networkidle")
    if walker.get_by_test_id("stApp").count():
        settled(walker)

    is_harmless(walker, hostile)
