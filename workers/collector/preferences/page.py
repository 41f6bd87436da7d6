"""The page as HTML: plain forms that work without JavaScript, in the shop's colour."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel.dates import format_date
from markupsafe import Markup
from starlette.responses import Response

from engine.contacts.contact_preferences import ContactPreferences, Held, Pause
from engine.domain.masking import masked_email, masked_phone
from engine.domain.preferences import COLOUR, Preferences, text_colour
from engine.domain.rulebook import Account
from engine.domain.subscriptions import UNSUBSCRIBED, Channel, Subscription
from workers.collector.preferences.texts import Texts

STYLE = Path(__file__).with_name("style.css").read_text(encoding="utf-8")

ALL, SAVE, PAUSE, RESUME = "all", "save", "pause", "resume"
PAUSE_DAYS = 30
ACTION = "action"
RECEIVE = "receive"
FORM = "form"
"""The names in the form: of its buttons, of the boxes, and of its token."""


@dataclass(frozen=True)
class Look:
    """How the page looks and in which words: the same for all its pages.

    Parameters:
      account(Account): Its name, time zone and locale.
      preferences(Preferences): Its colour, logo and addresses; unset if the account has none (any more).
      texts(Texts): The words in the reader's language.
    """

    account: Account
    preferences: Preferences | None
    texts: Texts

    def day(self, at: datetime) -> str:
        """A day in the reader's language, in the account's time zone."""
        zone: ZoneInfo = self.account.time_zone
        same = self.account.locale.partition("_")[0] == self.texts.language
        return format_date(at.astimezone(zone), "long", self.account.locale if same else self.texts.language)

    def label(self, subscription: Subscription) -> str:
        """What a subscription is called: our words for the built-in ones, else the account's."""
        own = {"newsletter": self.texts.newsletter, "sms": self.texts.sms}
        return own.get(subscription.machine, subscription.label)

    def about(self, subscription: Subscription) -> str:
        """One sentence on a subscription."""
        own = {"newsletter": self.texts.newsletter_about, "sms": self.texts.sms_about}
        return own.get(subscription.machine, subscription.about)

    def read(self, subscription: Subscription) -> str:
        """All that a contact reads of a subscription before it chooses: evidence of what it agreed to."""
        return ": ".join(part for part in (self.label(subscription), self.about(subscription)) if part)

    def listed(self, subscriptions: Iterable[Subscription]) -> str:
        """Names of subscriptions in a sentence."""
        names = [self.label(subscription) for subscription in subscriptions]
        return f" {self.texts.list_and} ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def preference_page(
    look: Look,
    chosen: ContactPreferences,
    *,
    form: str,
    news: str,
    only_off: bool,
    status: int,
) -> Response:
    """The page with what holds now, and the news of the last request; `only_off`: nothing can be begun."""
    texts, shop = look.texts, look.account.name
    shown = [h for h in chosen.held.values() if h.subscribed or chosen.has_address_for(h.subscription)]
    address = masked_address(chosen, "email") or masked_address(chosen, "sms")
    intro = (texts.intro if address else texts.intro_without_address).format(shop=shop, address=address)
    warned = Markup('<p class="notice">{}</p>').format(texts.old_link) if only_off else ""
    rows = Markup("").join(_row(look, held, only_off=only_off) for held in shown)
    body = Markup(
        "<h1>{title}</h1>{notice}<p>{intro}</p>{warned}"
        '<form method="post"><input type="hidden" name="{form_name}" value="{form}">'
        "<fieldset><legend>{choose}</legend>{rows}</fieldset>"
        '<button class="main" name="{action}" value="{save}">{save_text}</button>{pause}{leave}</form>'
    ).format(
        title=texts.title, notice=_notice(look, chosen, news), intro=intro, warned=warned,
        form_name=FORM, form=form,
        choose=texts.choose, rows=rows, action=ACTION, save=SAVE, save_text=texts.save,
        pause=_break(look, chosen.pause, only_off=only_off),
        leave=_leave(look) if any(held.state != UNSUBSCRIBED for held in shown) else "",
    )  # fmt: skip
    return page(look, texts.title, body, status=status)


def _leave(look: Look) -> Markup:
    """The button that ends everything."""
    texts = look.texts
    about = texts.all_about.format(shop=look.account.name)
    return _apart(texts.all_heading, about, ALL, texts.all_button)


def _break(look: Look, pause: Pause, *, only_off: bool) -> Markup:
    """The button that pauses all email, or ends the pause; nothing where neither can be done."""
    texts = look.texts
    if pause.until is not None:
        about, button = texts.paused_until.format(day=look.day(pause.until)), texts.resume_button
        return _apart(texts.paused_heading, about, RESUME, "" if only_off else button)
    if not pause.offered:
        return Markup("")
    about, button = (text.format(days=PAUSE_DAYS) for text in (texts.pause_about, texts.pause_button))
    return _apart(texts.pause_heading, about, PAUSE, button)


def _apart(heading: str, about: str, action: str, button: str) -> Markup:
    """A part of the page with a button of its own."""
    pressed = Markup('<button class="other" name="{}" value="{}">{}</button>').format(ACTION, action, button)
    return Markup('<div class="all"><h2>{}</h2><p>{}</p>{}</div>').format(
        heading, about, pressed if button else ""
    )


def receives(look: Look, chosen: ContactPreferences) -> str:
    """A sentence on what a contact receives now."""
    held = [held.subscription for held in chosen.held.values() if held.subscribed]
    return look.texts.receives.format(list=look.listed(held)) if held else look.texts.receives_nothing


def confirmation_page(look: Look, chosen: ContactPreferences, subscription: Subscription) -> Response:
    """The question whether the contact subscribes, with the button that does."""
    texts = look.texts
    address, list_ = masked_address(chosen, subscription.channel), look.label(subscription)
    about = texts.confirm_about.format(address=address, shop=look.account.name, list=list_)
    body = Markup(
        '<h1>{}</h1><p>{}</p><form method="post"><button class="main" name="{}" value="{}">{}</button></form>'
    ).format(texts.confirm_title, about, ACTION, SAVE, texts.confirm_button)
    return page(look, texts.confirm_title, body)


def message_page(look: Look, title: str, about: str, *, status: int = 200, link: str = "") -> Response:
    """A page that says one thing, with a way to the preferences where there is one."""
    button = Markup('<a class="button other" href="{}">{}</a>').format(link, look.texts.to_preferences)
    body = Markup("<h1>{}</h1><p>{}</p>{}").format(
        title, about.replace("{shop}", look.account.name), button if link else ""
    )
    return page(look, title, body, status=status)


def masked_address(chosen: ContactPreferences, channel: Channel) -> str:
    """The address of a channel, as far as a stranger with the link may know it; empty for none."""
    if channel == "email":
        return masked_email(chosen.email) if chosen.email else ""
    return masked_phone(chosen.phone) if chosen.phone else ""


def _row(look: Look, held: Held, *, only_off: bool) -> Markup:
    """One box: what it is about, and since when the present state holds."""
    about = look.about(held.subscription)
    lines = [about] if about else []
    if held.since is not None and held.subscribed:
        lines.append(look.texts.subscribed_since.format(day=look.day(held.since)))
    elif held.since is not None and held.state == UNSUBSCRIBED:
        lines.append(look.texts.unsubscribed_since.format(day=look.day(held.since)))
    elif held.asked_at is not None:
        lines.append(look.texts.waiting_since.format(day=look.day(held.asked_at)))
    attributes = Markup(" checked") if held.subscribed else Markup(" disabled" if only_off else "")
    return Markup(
        '<label><input type="checkbox" name="{}" value="{}"{}><span><b>{}</b>{}</span></label>'
    ).format(
        RECEIVE,
        held.subscription.machine,
        attributes,
        look.label(held.subscription),
        Markup("").join(Markup("<span>{}</span>").format(line) for line in lines),
    )


def _notice(look: Look, chosen: ContactPreferences, news: str) -> Markup:
    """What became of the last request, and the present state in a sentence."""
    if not news:
        return Markup("")
    return Markup('<div class="notice" role="status"><strong>{}</strong>{}</div>').format(
        news, receives(look, chosen)
    )


def page(look: Look, title: str, body: Markup, *, status: int = 200) -> Response:
    """A whole page, in the shop's look, that no search engine, cache or other page may have."""
    colour = COLOUR if look.preferences is None else look.preferences.colour
    style = f":root{{--colour:{colour};--on-colour:{text_colour(colour)}}}\n{STYLE}"
    html = Markup(
        '<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="robots" content="noindex,nofollow"><title>{title} · {shop}</title>'
        "<style>{style}</style></head><body>"
        '<div class="page"><header>{brand}</header><main>{body}</main><footer>{links}</footer></div>'
        "</body></html>"
    ).format(
        language=look.texts.language, title=title, shop=look.account.name, style=Markup(style),
        brand=_brand(look), body=body, links=Markup(" ").join(_links(look)),
    )  # fmt: skip
    return Response(html, status, headers=_headers(look, style), media_type="text/html")


def _brand(look: Look) -> Markup:
    name = look.account.name
    if look.preferences is not None and look.preferences.logo:
        return Markup('<img src="{}" alt="{}">').format(look.preferences.logo, name)
    return Markup('<div class="shop">{}</div>').format(name)


def _links(look: Look) -> Sequence[Markup]:
    if look.preferences is None:
        return []
    contact, privacy = look.preferences.contact, look.preferences.privacy
    href = contact if contact.startswith(("http://", "https://")) else f"mailto:{contact}"
    found = [(href, look.texts.contact)] if contact else []
    found += [(privacy, look.texts.privacy)] if privacy else []
    return [Markup('<a href="{}" rel="noopener noreferrer">{}</a>').format(*link) for link in found]


def _headers(look: Look, style: str) -> dict[str, str]:
    hashed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    logo = urlsplit("" if look.preferences is None else look.preferences.logo)
    images = f"{logo.scheme}://{logo.netloc}" if logo.netloc else "'none'"
    return {
        "Cache-Control": "no-store",
        "Content-Language": look.texts.language,
        "Content-Security-Policy": (
            f"default-src 'none'; style-src 'sha256-{hashed}'; img-src {images}; form-action 'self'; "
            "base-uri 'none'; frame-ancestors 'none'"
        ),
        "Referrer-Policy": "no-referrer",
        "Vary": "Accept-Language",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "X-Robots-Tag": "noindex, nofollow",
    }
