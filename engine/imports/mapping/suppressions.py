"""Addresses that must not be written to, as other senders list them: bounced, blocked, marked as spam."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache

from engine.domain.rulebook import Ruleset
from engine.imports.mapping.cell_format import InvalidValue
from engine.imports.mapping.consents import MIN_DATE, Consent
from engine.imports.mapping.dates import read_date
from engine.imports.mapping.headings import plain
from engine.imports.mapping.state_words import (
    ADDRESS_STATES,
    NOT_SUBSCRIBED,
    SUBSCRIBED,
    UNKNOWN,
    UNSUBSCRIBED,
    Suppression,
    state_word,
)
from engine.imports.mapping.values import read_boolean

TARGET = "email_status"
"""The target of a column that says so, and the machine that it moves."""

LABEL = "Email status: bounced, blocked, …"

HEADINGS = (
    "email status", "status of email", "estado del email", "email deliverability",
    "email deliverability status", "suppression reason", "email suppressions", "email suppression",
    "email suppressed", "suppressed", "suppression", "suppression type", "reason", "bounce type",
    "bounce status", "bounced", "email bounced", "hard bounced", "bounce", "blocklisted", "blacklisted",
    "email blocked", "spam report", "marked as spam", "marked email as spam", "has hard bounced",
    "clean time", "blacklist", "email blocklisted", "rebotado", "bloqueado",
)  # fmt: skip

SUPPRESSIONS: Mapping[Suppression, str] = {
    "bounced": "bounced: the addresses take no mail",
    "complained": "marked a mail as spam",
    "blocked": "blocked: get no mail",
    "unsubscribed": "unsubscribed",
}
"""What can hold for all addresses of a file."""

_WORDS: Mapping[Suppression, str] = {
    "complained": r"spam|complain|abuse|feedback|queja",
    "bounced": r"hard|\w*bounc|clean|invalid|undeliver|not deliver|no such|does not exist|rebot|perma|dead",
    "blocked": r"block|suppress|black|bloque|global|manual|user suppress|do not|banned|rejected|disabled",
    "unsubscribed": r"unsub|opt(?:ed)? ?out|baja|recipient unsub",
}
"""How words of other tools begin."""

_ALIVE = re.compile(
    r"(?:active|activo|ok|valid|deliver\w*|enabled|sent|none|null|never|n/?a|paused|en pausa|unknown|pending"
    r"|(?:soft|temporary|transient|not (?!deliver)|no (?!such|mx)).*)"
)
"""Words that speak against nothing: a soft bounce is one attempt of three."""

_MARKS_AROUND = re.compile(r"^[\s\[\]'\"]+|[\s\[\]'\"]+$")
_AMERICAN = re.compile(r"\d{1,2}[-/.](?:1[3-9]|2\d|3[01])[-/.]")

_SEPARATORS = re.compile(r"[,;|]")
_MARKS = re.compile(r"[_\-|,;\[\]\"'{}]+")


@lru_cache(maxsize=4_096)
def read_suppressions(cell: str, heading: str) -> tuple[Suppression, ...]:
    """Read all that became of an address: `['UNSUBSCRIBED', 'HARD_BOUNCE']`.  Raises InvalidValue."""
    parts = [part for part in _SEPARATORS.split(cell) if part.strip(" []'\"")]
    try:
        found = [read_suppression(part, heading) for part in parts]
    except InvalidValue:
        found = [read_suppression(cell, heading)]
    return tuple(dict.fromkeys(one for one in found if one is not None))


def stated_in(cell: str) -> Suppression | None:
    """Return what a state of a subscription says of the address instead: `bounced`; None for any other."""
    return ADDRESS_STATES.get(state_word(cell))


def read_suppression(cell: str, heading: str) -> Suppression | None:
    """Read what became of an address; unset if nothing speaks against it.  Raises InvalidValue.

    A yes means what the heading of its column says.
    """
    word = " ".join(_MARKS.sub(" ", cell.lower()).split())
    state = state_word(cell)
    if state in ADDRESS_STATES:
        return ADDRESS_STATES[state]
    if not word or _ALIVE.fullmatch(word) or state in SUBSCRIBED | NOT_SUBSCRIBED | UNKNOWN:
        return None
    if state in UNSUBSCRIBED:
        return "unsubscribed"
    found = _by_words(word)
    if found is not None:
        return found
    try:
        is_so = is_day(cell) or read_boolean(cell)
    except InvalidValue:
        known = "active, bounced, blocked, complained, unsubscribed, yes, no"
        raise InvalidValue(f"{heading}: {cell.strip()[:40]!r} is none of {known}") from None
    return (_by_words(plain(heading)) or "blocked") if is_so else None


@lru_cache(maxsize=4_096)
def is_day(cell: str) -> bool:
    """Whether a cell is the day since when a suppression holds, instead of a yes."""
    text = _MARKS_AROUND.sub("", cell)
    if len(text) < MIN_DATE:
        return False
    try:
        read_date(text, "mdy" if _AMERICAN.match(text) else "dmy", today=date.max)
    except InvalidValue:
        return False
    return True


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


def all_consents(found: Sequence[Suppression], ruleset: Ruleset) -> tuple[Consent, ...]:
    """What several suppressions do; of the states of an email the one that holds longer: blocked."""
    consents = dict.fromkeys(consent for one in found for consent in consents_of(one, ruleset))
    blocked = any(one.channel == TARGET and one.state == "blocked" for one in consents)
    return tuple(one for one in consents if not (blocked and one.state == "bounced"))
