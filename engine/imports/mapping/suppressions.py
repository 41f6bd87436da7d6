"""Addresses that must not be written to, as other senders list them: bounced, blocked, marked as spam."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from engine.domain.rulebook import Ruleset
from engine.imports.mapping.cell_format import InvalidValue
from engine.imports.mapping.consents import SUBSCRIBED, UNSUBSCRIBED, Consent
from engine.imports.mapping.values import read_boolean

TARGET = "email_status"
"""The target of a column that says so, and the machine that it moves."""

LABEL = "Email status: bounced, blocked, …"

HEADINGS = (
    "email status", "email deliverability", "email deliverability status", "suppression reason",
    "email suppressions", "email suppression", "email suppressed", "suppressed", "suppression",
    "suppression type", "reason", "bounce type", "bounce status", "bounced", "email bounced", "hard bounced",
    "bounce",
    "blocklisted", "blacklisted", "email blocked", "spam report", "marked as spam", "estado del email",
    "rebotado", "bloqueado",
)  # fmt: skip

Suppression = Literal["bounced", "blocked", "complained", "unsubscribed"]

SUPPRESSIONS: Mapping[Suppression, str] = {
    "bounced": "bounced: the addresses take no mail",
    "complained": "marked a mail as spam",
    "blocked": "blocked: get no mail",
    "unsubscribed": "unsubscribed",
}
"""What can hold for all addresses of a file."""

_WORDS: Mapping[Suppression, str] = {
    "complained": r"spam|complain|abuse|feedback|queja",
    "bounced": r"hard|bounc|clean|invalid|undeliver|not deliver|no such|does not exist|rebot|perma|dead",
    "blocked": r"block|suppress|black|bloque|global|manual|user suppress|do not|banned|rejected|disabled",
    "unsubscribed": r"unsub|opt(?:ed)? ?out|baja|recipient unsub",
}
"""How words of other tools begin."""

_ALIVE = re.compile(
    r"(?:active|activo|ok|valid|deliver\w*|enabled|sent|none|null|never|n/?a|paused|en pausa|unknown|pending"
    r"|(?:soft|temporary|transient|not (?!deliver)|no (?!such|mx)).*)"
)
"""Words that speak against nothing: a soft bounce is one attempt of three."""

_MARKS = re.compile(r"[_\-|,;\[\]\"'{}]+")


def read_suppression(cell: str, heading: str) -> Suppression | None:
    """Read what became of an address; unset if nothing speaks against it.  Raises InvalidValue.

    A yes means what the heading of its column says.
    """
    word = " ".join(_MARKS.sub(" ", cell.lower()).split())
    if not word or _ALIVE.fullmatch(word) or word in SUBSCRIBED:
        return None
    if word in UNSUBSCRIBED:
        return "unsubscribed"
    found = _by_words(word)
    if found is not None:
        return found
    try:
        said_yes = read_boolean(cell)
    except InvalidValue:
        known = "active, bounced, blocked, complained, unsubscribed, yes, no"
        raise InvalidValue(f"{heading}: {cell.strip()[:40]!r} is none of {known}") from None
    return (_by_words(heading.lower()) or "blocked") if said_yes else None


def _by_words(text: str) -> Suppression | None:
    return next((of for of, pattern in _WORDS.items() if re.search(rf"\b(?:{pattern})", text)), None)


def consents_of(suppression: Suppression, ruleset: Ruleset) -> tuple[Consent, ...]:
    """What a suppression does to a contact: its email status, and for a no its subscriptions by email."""
    if suppression == "bounced":
        return (Consent(TARGET, "bounced"),)
    if suppression == "unsubscribed":
        return (Consent("newsletter", "unsubscribed"),)
    blocked = (Consent(TARGET, "blocked"),)
    if suppression == "blocked":
        return blocked
    topics = (topic.machine for topic in ruleset.topics.values() if topic.channel == "email")
    return (*blocked, *(Consent(list_, "unsubscribed") for list_ in ("newsletter", *topics)))
