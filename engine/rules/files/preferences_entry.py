"""`preferences` and `double_opt_in` of settings.yaml: the public page, and who mails confirmations."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import timedelta

from engine.domain.preferences import COLOUR, DoubleOptIn, Preferences
from engine.rules.files.addresses import address, optional_address, secret_variables
from engine.rules.language.entries import TEXT, Entry, Key, duration, optional, text, whole
from engine.rules.language.nodes import Node
from engine.rules.language.suggestions import did_you_mean

_COLOUR = re.compile("#[0-9a-fA-F]{6}")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_OPT_IN = DoubleOptIn("")
MAX_REMINDERS = 3
LONGEST = timedelta(days=60)


def _colour(node: Node, key: str) -> str:
    value = node.text(key, default="" if key in node else COLOUR)  # without quotes it is a comment
    if _COLOUR.fullmatch(value):
        return value.lower()
    node.fail(f"`{key}` must be # and six digits, in quotes: '{COLOUR}'", key)
    return COLOUR


def _image(node: Node, key: str) -> str:
    url = node.text(key, default="")
    if url and not re.fullmatch(r"https://[^\s/;,'\"]+/\S+", url):
        node.fail(f"`{key}` must be the address of an image that begins with https://", key)
        return ""
    return url


def _reachable_at(node: Node, key: str) -> str:
    value = node.text(key, default="")
    if value and not (_EMAIL.fullmatch(value) or re.match(r"https?://\S+$", value)):
        node.fail(f"`{key}` must be an email address, or a page that begins with https://", key)
        return ""
    return value


class PreferencesEntry(Entry):
    url = address("The public address of the collector, where the page is.")
    secret = secret_variables(
        "The environment variable with what signs the links, as $NAME; of a list of two the first signs."
    )
    colour = Key(
        "The colour of buttons and headings, as '#rrggbb'.",
        _colour,
        {"type": "string", "pattern": f"^{_COLOUR.pattern}$"},
    )
    logo = Key("The address of the shop's logo.", _image, {"type": "string", "pattern": "^https://"})
    contact = Key("Where contacts reach the shop: an email address or a page.", _reachable_at, TEXT)
    privacy = optional_address("The address of the privacy policy.")


class DoubleOptInEntry(Entry):
    webhook = text("The webhook that mails the link, one of `webhooks`.")
    expires = duration("After how long an unconfirmed request ends; without it, 7d.")
    remind_after = duration("After how long a reminder goes out; without it, 2d.")
    reminders = optional(whole("How many reminders go out; without it, 1.", least=0))


def read_preferences(entry: PreferencesEntry | None) -> Preferences | None:
    """The preference page; unset if the account has none."""
    if entry is None:
        return None
    return Preferences(
        url=entry.url.rstrip("/"),
        secrets=entry.secret,
        colour=entry.colour,
        logo=entry.logo,
        contact=entry.contact,
        privacy=entry.privacy,
    )


def read_opt_in(entry: DoubleOptInEntry, webhooks: Collection[str]) -> DoubleOptIn:
    """Who mails confirmations; report what does not fit together."""
    found = DoubleOptIn(
        webhook=entry.webhook,
        expires=entry.expires or _OPT_IN.expires,
        remind_after=entry.remind_after or _OPT_IN.remind_after,
        reminders=_OPT_IN.reminders if entry.reminders is None else entry.reminders,
    )
    if found.webhook not in webhooks:
        entry.node.fail(f"no webhook {found.webhook!r}{did_you_mean(found.webhook, webhooks)}", "webhook")
    if found.expires > LONGEST:
        entry.node.fail(f"`expires` is at most {LONGEST.days}d: an old request is no consent", "expires")
    if found.reminders > MAX_REMINDERS:
        entry.node.fail(f"`reminders` is at most {MAX_REMINDERS}", "reminders")
    elif found.reminders * found.remind_after >= found.expires:
        where = next(key for key in ("reminders", "remind_after", "expires") if key in entry.node)
        entry.node.fail("the last reminder would come after the request has expired", where)
    return found
