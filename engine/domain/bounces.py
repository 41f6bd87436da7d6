"""The kind of a bounce: permanent, temporary, or a failure that says nothing about the address.

A wrong permanent bounce costs a living address, a missed one little; in doubt a failure says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

BounceKind = Literal["permanent", "temporary", "inconclusive"]

EVIDENCE = ("code", "reason", "diagnostic")
"""Where senders write what the receiving server answered, the most precise first."""


def kind_of(properties: Mapping[str, Any]) -> BounceKind:
    """The kind of a bounce by its `bounce`, else by its codes; without either it is temporary.

    Policy, content and spam say nothing about the address, wherever they are written.
    """
    texts = [str(properties[name]) for name in EVIDENCE if properties.get(name) not in (None, "")]
    declared = _declared(str(properties.get("bounce") or ""))
    if declared == "inconclusive" or _blames_something_else(texts):
        return "inconclusive"
    return declared or _by_codes(texts) or "temporary"


def codes_of(properties: Mapping[str, Any]) -> tuple[str, str]:
    """The enhanced code of a bounce, empty without one, and all the words about it."""
    texts = [str(properties[name]) for name in EVIDENCE if properties.get(name) not in (None, "")]
    enhanced = next((found[0] for text in texts for found in _ENHANCED.finditer(text)), "")
    return enhanced, " ".join(texts)


def attempt_of(properties: Mapping[str, Any], otherwise: str) -> str:
    """The send attempt that a notice is about: `message_id`, else the specification's `email_id`."""
    return str(properties.get("message_id") or properties.get("email_id") or otherwise)


_WORDS_FOR: Mapping[BounceKind, str] = {
    "permanent": r"hard|permanent",
    "temporary": r"soft|temporary|transient",
    "inconclusive": r"policy|content|spam|block|virus|reputation|auto|challenge|delay|deferr",
}


def _declared(bounce: str) -> BounceKind | None:
    """The kind that a sender's word means; unset for a word that none of them uses."""
    return next((kind for kind, words in _WORDS_FOR.items() if re.match(words, bounce.strip(), re.I)), None)


_ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.\d{1,3}(?![\d.]*\d)")
"""An enhanced status code (RFC 3463): its class and subject; no IP address, and no number of four parts."""

_THE_ADDRESS = frozenset({"1", "2"})
_THE_SYSTEMS = frozenset({"3", "5"})
_THE_MESSAGE = frozenset({"6", "7"})
"""Subjects of enhanced codes: address and mailbox, mail system and protocol, content and policy."""

_REPLY = re.compile(r"(?:^|[\s;:,\[(])([45][0-57]\d)(?=$|[\s;:,\])\-])")
"""A reply of SMTP (RFC 5321)."""

_REPLIES_ABOUT_SOMETHING_ELSE = frozenset(
    {"500", "502", "503", "504", "530", "534", "535", "538", "541", "571"}
)
"""Replies that blame the protocol, the sender's authentication or the message."""

_SOMETHING_ELSE = re.compile(
    r"spam|junk|(?:black|block|deny|gr[ae]y)[ -]?list|dnsbl|\brbl\b|barracuda|proofpoint|banned"
    r"|content|virus|malware|phish|polic(?:y|ies)|dmarc|\bspf\b|dkim|reputation|unsolicited"
    r"|bulk mail|rate.?limit|throttl|too many|filtered|too (?:large|big)|message size"
    r"|relay|authori[sz]|authenticat|sender (?:address )?(?:rejected|denied|blocked)"
    r"|\b(?:ip|host|server|domain|client)\b.{0,40}\b(?:block|ban|listed)",
    re.I,
)
"""What receiving servers write of policy, content, spam, the sender and the size of a message."""

_NOBODY_THERE = re.compile(
    r"unknown (?:user|recipient|address|mailbox)|(?:user|recipient|address|mailbox) (?:is )?unknown"
    r"|no such (?:user|mailbox|recipient|address|person)|invalid (?:recipient|mailbox|user)"
    r"|mailbox (?:is )?(?:unavailable|full|disabled|not found)|(?:does not|doesn't|not) exist"
    r"|(?:recipient|user|account|mailbox) (?:was |is )?(?:not found|disabled|inactive|closed)"
    r"|(?:over|exceeded|exceeds) .{0,20}quota",
    re.I,
)
"""What they write of an address that takes no mail."""


_NAMES = re.compile(
    r"https?://\S{1,500}|[^\s@]{1,64}@[^\s@]{1,255}|\b[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}\.[a-z]{2,24}\b", re.I
)


def words_of(text: str) -> str:
    """A text without addresses, links and host names, which say nothing: `host mx.spam.example said`."""
    return _NAMES.sub(" ", text)


def _blames_something_else(texts: list[str]) -> bool:
    """Whether codes or words blame the message, the sender or the servers, and not the address."""
    whole = words_of(" ".join(texts))
    subjects = {found[2] for text in texts for found in _ENHANCED.finditer(text)}
    if subjects & _THE_MESSAGE:
        return True
    elsewhere, nobody = _SOMETHING_ELSE.search(whole), _NOBODY_THERE.search(whole)
    if nobody and (not subjects or subjects & _THE_ADDRESS):
        return False
    if subjects & _THE_SYSTEMS and not nobody:
        return True
    return elsewhere is not None or _reply(texts) in _REPLIES_ABOUT_SOMETHING_ELSE


def _by_codes(texts: list[str]) -> BounceKind | None:
    """The kind by the class of the first enhanced code, else of the first reply."""
    classes = [found[1] for text in texts for found in _ENHANCED.finditer(text) if found[1] != "2"]
    first = next(iter(classes), None) or (_reply(texts) or "")[:1]
    if not first:
        return None
    return "permanent" if first == "5" else "temporary"


def _reply(texts: list[str]) -> str | None:
    return next((found[1] for text in texts if (found := _REPLY.search(text))), None)
