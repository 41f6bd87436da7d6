"""Notices in no standard form: what mail servers write in plain words.

A message counts as one only by several signs together: who sends it, its subject, its words.
"""

from __future__ import annotations

import re

from engine.domain.bounce_messages.addresses import ADDRESS, addresses_in
from engine.domain.bounce_messages.notice import DEAD, Notice, Recipient, notice_of
from engine.domain.bounce_messages.parts import Mail, enclosed, header, own_text, parsed, without_the_copy
from engine.domain.bounce_messages.reasons import kind_for, reason_of, reply_in, status_in
from engine.domain.bounce_messages.reports import message_id_of, status_of
from engine.domain.bounce_messages.words import DAEMON, DELAY, FAILED, GIVEN_UP, REPLY_TO, SUBJECT

_LABELLED = re.compile(
    r"(?:rcpt to:|recipient(?:\(?s\)?)?:|failed recipient|addressed to|user:|e-?mail:|\bto:|address:|for user"
    r"|error-for:|mailbox is full:)[^\w\n]{0,8}(?:smtp:)?\s*$",
    re.I,
)
_NOT_THEIRS = re.compile(
    r"^(?:mailer-daemon|postmaster|abuse|support|helpdesk|help|hostmaster|webmaster|admin|no-?reply|contact)@",
    re.I,
)


def names_a_server(mail: Mail) -> bool:
    """Whether the sender's name or address is that of a mail server."""
    return DAEMON.search(header(mail, "From")) is not None


def is_from_a_server(mail: Mail) -> bool:
    """Whether a mail server and no person sends the message, by its sender."""
    return bool(DAEMON.search(header(mail, "From"))) or _has_no_sender(mail)


def in_words(mail: Mail) -> Notice | None:
    """The notice that the words of a message are; unset if they are none, or name no address."""
    if not _may_be_a_notice(mail):
        return None
    whole = own_text(mail)
    text, copy = without_the_copy(whole)
    original = enclosed(mail) or (parsed(copy.encode("utf-8", "replace")) if copy else None)
    if re.search(r"(?im)^(?:final|original)-recipient\s*:", text) and (found := status_of(text, mail)):
        return found
    subject = header(mail, "Subject")
    flat = " ".join(f"{subject} {text}".split())
    if not (DELAY.search(flat) or _tells_a_failure(text)):
        return None
    blocks = _blocks(mail, text, original)
    if DELAY.search(flat) and not GIVEN_UP.search(flat):
        late = (
            Recipient(a, "delay", status_in(t), reply_in(t), reason_of(status_in(t), t), t[:500])
            for a, t in blocks
        )
        return notice_of(late, message_id_of(original)) if blocks else Notice("delay")
    return notice_of((failed(a, t, text) for a, t in blocks), message_id_of(original)) if blocks else None


def _may_be_a_notice(mail: Mail) -> bool:
    """Two signs of a server at least, and none of a person or a mailing."""
    if mail.get("X-Failed-Recipients"):
        return True
    subject, server = header(mail, "Subject"), DAEMON.search(header(mail, "From")) is not None
    if not server and (REPLY_TO.match(subject) or any(mail.get(name) for name in _OF_PEOPLE)):
        return False
    if REPLY_TO.match(subject) and any(mail.get(name) for name in ("In-Reply-To", "References")):
        return False
    if _DIGEST.search(subject):
        return False
    telling = SUBJECT.search(subject) is not None
    return 2 * server + 2 * _has_no_sender(mail) + telling >= 3 or (
        server and _tells_a_failure(own_text(mail)[:1_500])
    )


_DIGEST = re.compile(r"quarantine|digest|summary|statistic|\b(?:daily|weekly|monthly)\b", re.I)

_OF_PEOPLE = ("List-Id", "List-Unsubscribe", "List-Post", "In-Reply-To", "References")
"""Headers of mailings and of answers."""


def _has_no_sender(mail: Mail) -> bool:
    return re.match(r"(?i)<(?:mailer-daemon.*)?>", header(mail, "Return-Path")) is not None


def _tells_a_failure(text: str) -> bool:
    text = " ".join(text.split())
    return FAILED.search(text) is not None or reason_of(status_in(text), text) in (DEAD | {"mailbox_full"})


def _blocks(mail: Mail, text: str, original: Mail | None) -> list[tuple[str, str]]:
    """Each address that failed, with what is written of it."""
    named = addresses_in(header(mail, "X-Failed-Recipients"))
    if named:
        return [(address, _about(address, text, named)) for address in named]
    ours = {a.lower() for name in ("From", "To", "Cc", "Reply-To") for a in addresses_in(header(mail, name))}
    body = _HEADER_LINES.sub("", text)
    written = [
        a
        for a in addresses_in(body) or addresses_in(text)
        if a.lower() not in ours and not _NOT_THEIRS.match(a)
    ]
    at_start = [a for a in written if _begins_a_line(a, text)]
    labelled = [a for a in written if _is_labelled(a, text)]
    chosen = at_start or labelled or written
    if not chosen and original is not None:
        sent_to = addresses_in(header(original, "To"))
        chosen = sent_to if len(sent_to) == 1 else []
    return [(address, _about(address, text, chosen)) for address in chosen[:1_000]]


_HEADER_LINES = re.compile(r"^[ \t]*(?:from|to|cc|subject|sent|date|reply-to)[ \t]*:[^\n]*$", re.I | re.M)
"""How servers describe the mail that they return."""


def _begins_a_line(address: str, text: str) -> bool:
    return (
        re.search(rf"(?m)^[\s*<\[('\"-]*(?:smtp:)?{re.escape(address)}(?=[\s>:;,\])'\"]|$)", text) is not None
    )


def _is_labelled(address: str, text: str) -> bool:
    at = text.find(address)
    return at >= 0 and _LABELLED.search(text[max(0, at - 60) : at]) is not None


def _about(address: str, text: str, others: list[str]) -> str:
    """The words after an address up to the next one; without any, the whole text."""
    at = text.find(address)
    if at < 0:
        return " ".join(text.split())
    after = text[at + len(address) :]
    ends = [found.start() for found in ADDRESS.finditer(after) if found[0] in others and found[0] != address]
    return " ".join(after[: min(ends, default=1_500)].split()).lstrip(">:;,])'\" ")


def failed(address: str, about: str, text: str) -> Recipient:
    """A failed recipient, by the words about it, else by those of the whole notice."""
    words = about
    if reason_of(status_in(about), about) == "other" and not status_in(about) and not reply_in(about):
        words = " ".join(text.split())
    status, reply = status_in(words), reply_in(words)
    reason = reason_of(status, words)
    return Recipient(address, kind_for(reason, status, words), status, reply, reason, words[:500])
