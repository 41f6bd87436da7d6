"""Why a delivery failed, by the codes and the words of the receiving server."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from engine.domain.bounce_messages.notice import DEAD, REASON_WORDS, Kind, Reason
from engine.domain.bounce_messages.words import LATER, PERMANENT, REASONS
from engine.domain.bounces import codes_of, kind_of, words_of
from engine.domain.contact import Bounce

MAX_WORDS = 4_000
"""Characters of an explanation that are searched."""

ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
REPLY = re.compile(r"(?:^|[\s;:,\[(<#'\"])([45][0-57]\d)(?=$|[\s;:,\])\-#'\".>])")

_OF_CODE: Mapping[str, Reason] = {
    "1.0": "no_such_address",
    "1.1": "no_such_address",
    "1.2": "domain_not_found",
    "1.3": "no_such_address",
    "1.4": "no_such_address",
    "1.6": "no_such_address",
    "1.7": "policy",
    "1.8": "policy",
    "1.10": "domain_not_found",
    "2.1": "mailbox_disabled",
    "2.2": "mailbox_full",
    "2.3": "size",
    "3.4": "size",
    "4.4": "domain_not_found",
    "4.310": "domain_not_found",
}

_OF_SUBJECT: Mapping[str, Reason] = {
    "3": "connection",
    "4": "connection",
    "5": "protocol",
    "6": "content",
    "7": "policy",
}
"""By the subject of the code (RFC 3463); that of the address and of the mailbox is in the table before."""

_VAGUE = frozenset(
    {"0.0", "1.0", "3.0", "4.0", "5.0", "4.1", "2.0", "4.7", "4.4", "5.1", "5.2", "5.3", "5.4", "1.6"}
)
"""Codes that servers give for anything: the words say more."""

_ABOUT_THE_MESSAGE: frozenset[Reason] = frozenset({"policy", "spam", "content", "size"})


def reason_of(status: str, text: str) -> Reason:
    """The reason by the enhanced code, refined by the words.

    A code about the message wins over words about the address, and about the address over words of policy.
    """
    text = text[:MAX_WORDS]
    words = _by_words(text)
    _, _, detail = status.partition(".")
    subject = detail.partition(".")[0]
    if subject in ("6", "7"):
        return words if words in _ABOUT_THE_MESSAGE else _OF_SUBJECT[subject]
    if detail == "4.1" and re.search(r"(?i)recipient address rejected: access denied", text):
        return "no_such_address"
    coded = _OF_CODE.get(detail)
    if coded is not None and detail not in _VAGUE:
        return _refined(coded, words, text)
    return words or coded or _OF_SUBJECT.get(subject, "other")


def reason_in(properties: Mapping[str, Any]) -> Reason:
    """Why a delivery failed, by all that an activity holds of it."""
    return reason_of(*codes_of(properties))


def plain_reason(bounce: Bounce) -> str:
    """A failure in words that need no knowledge of mail servers; those of the sender where none fit."""
    cause = bounce.cause or reason_in({"code": bounce.code, "reason": bounce.reason})
    return (bounce.reason or bounce.code or "") if cause == "other" else REASON_WORDS[cause]


def _refined(coded: Reason, words: Reason | None, text: str) -> Reason:
    if coded in DEAD and words in ("mailbox_full", "mailbox_disabled", "domain_not_found", "no_such_address"):
        return words
    if coded in DEAD and kind_of({"diagnostic": f"5.1.1 {text}"}) == "inconclusive":
        return words if words in _ABOUT_THE_MESSAGE else "policy"
    return coded


def kind_for(reason: Reason, status: str, text: str) -> Kind:
    """Whether the address is dead: a reason about the address itself that no code calls temporary."""
    text = text[:MAX_WORDS]
    klass = (status or _reply(text))[:1]
    if klass == "4" or (klass != "5" and LATER.search(text)):
        return "temporary"
    if reason in DEAD:
        return "permanent"
    if reason != "other":
        return "temporary"
    if not klass:
        return "permanent" if PERMANENT.search(text) else "temporary"
    anything = _reply(text) == "554" and not status.startswith("5.1.")
    certain = not anything and kind_of({"code": status, "diagnostic": text}) == "permanent"
    return "permanent" if certain else "temporary"


def status_in(text: str) -> str:
    """The first enhanced code of a failure in a text; empty if there is none."""
    return next((code for code in ENHANCED.findall(text) if not code.startswith("2")), "")


def _reply(text: str) -> str:
    found = REPLY.search(text)
    return found[1] if found else ""


def reply_in(text: str) -> str:
    """The first SMTP reply of a failure in a text; empty if there is none."""
    return _reply(text)


def _by_words(text: str) -> Reason | None:
    words = words_of(text[:MAX_WORDS])
    return next((reason for reason, pattern in REASONS if pattern.search(words)), None)
