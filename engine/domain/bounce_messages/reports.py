"""Notices in standard form: delivery status (RFC 3464, 6533) and feedback reports (RFC 5965)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from engine.domain.bounce_messages.addresses import address_in, addresses_in
from engine.domain.bounce_messages.notice import Kind, Notice, Recipient, notice_of
from engine.domain.bounce_messages.parts import (
    Mail,
    enclosed,
    header,
    own_parts,
    own_text,
    text_of,
    without_the_copy,
)
from engine.domain.bounce_messages.reasons import kind_for, reason_of, reply_in, status_in

Fields = Mapping[str, str]

MAX_RECIPIENTS = 1_000

_FIELD = re.compile(r"^([A-Za-z][A-Za-z0-9-]{1,40})[ \t]{0,4}:[ \t]*(.*)$")
_ACTIONS: Mapping[str, Kind] = {
    "delayed": "delay",
    "relayed": "none",
    "expanded": "none",
    "delivered": "none",
}
_NO_COMPLAINTS = frozenset({"not-spam", "auth-failure", "dmarc", "unsubscribe-success"})


def report_type(mail: Mail) -> str:
    """The `report-type` of a multipart/report; empty for other messages."""
    found = re.search(r"(?i)report-type\s*=\s*\"?([\w-]+)", str(mail.get("Content-Type") or ""))
    return found[1].lower() if found else ""


def delivery_status(mail: Mail) -> Notice | None:
    """The notice of a delivery status; unset if the message has none, or none that names a recipient."""
    for part in own_parts(mail):
        if part.get_content_type() in ("message/delivery-status", "message/global-delivery-status"):
            return status_of(text_of(part), mail)
    return None


def status_of(text: str, mail: Mail) -> Notice | None:
    """The notice of the fields of a delivery status in a text."""
    original = enclosed(mail)
    found = []
    for fields in _recipients(text):
        address = _whose(fields) or _only_recipient(mail, original)
        if address:
            found.append(_recipient(address, fields, without_the_copy(own_text(mail))[0]))
    return notice_of(found, message_id_of(original)) if found else None


def message_id_of(original: Mail | None) -> str:
    """The id of the mail that comes back, without its brackets; empty if it is not known."""
    return header(original, "Message-ID").strip("<> \t")[:500] if original is not None else ""


def _recipients(text: str) -> Iterator[Fields]:
    """The blocks of fields about one recipient each, also if blank lines or their lack blur them."""
    current: dict[str, str] = {}
    count = 0
    for name, value in _fields(text):
        new = name in current and name in ("final-recipient", "original-recipient", "action")
        if new and "action" in current:
            yield current
            count, current = count + 1, {}
        if count >= MAX_RECIPIENTS:
            return
        current.setdefault(name, value)
    if "action" in current or "status" in current:
        yield current


def _fields(text: str) -> Iterator[tuple[str, str]]:
    """Name and value of each field, unfolded, also where a continuation is not indented.

    Those about the message as a whole, before the first recipient, are left out; a blank line ends a field.
    """
    name, value, pending = "", "", False
    for line in text.split("\n"):
        found = _FIELD.match(line)
        if found and (found[1].lower() in _KNOWN or found[1].lower().startswith("x-")):
            if name:
                yield name, value
            name, value = found[1].lower(), found[2].strip()
        elif name and line.strip():
            value = f"{value} {line.strip()}".strip()[:2_000]
        pending = not line.strip()
        if pending and name:
            yield name, value
            name, value = "", ""
    if name:
        yield name, value


_KNOWN = frozenset(
    {
        "original-recipient",
        "final-recipient",
        "action",
        "status",
        "remote-mta",
        "diagnostic-code",
        "last-attempt-date",
        "final-log-id",
        "will-retry-until",
        "localized-final-recipient",
        "reporting-mta",
        "dsn-gateway",
        "received-from-mta",
        "arrival-date",
        "original-envelope-id",
    }
)


def _whose(fields: Fields) -> str:
    """The address that the mail was sent to, else the one that it was forwarded to."""
    return address_in(fields.get("original-recipient", "")) or address_in(fields.get("final-recipient", ""))


def _only_recipient(mail: Mail, original: Mail | None) -> str:
    """The one recipient of the mail that comes back, for a status that names none."""
    failed = addresses_in(header(mail, "X-Failed-Recipients"))
    sent_to = failed or (addresses_in(header(original, "To")) if original is not None else [])
    return sent_to[0] if len(sent_to) == 1 else ""


def _recipient(address: str, fields: Fields, prose: str) -> Recipient:
    diagnostic = re.sub(r"^\s*(?:x-)?[\w-]{1,40}\s*;\s*", "", fields.get("diagnostic-code", ""))
    action = fields.get("action", "").strip().lower()
    status = _exact_status(fields.get("status", ""), diagnostic)
    text = diagnostic or _paragraph_about(address, prose)
    reason = reason_of(status, text)
    kind = _kind_of_action(action) or kind_for(reason, status, text)
    if kind == "none":
        reason = "delivered"
    return Recipient(address, kind, status, reply_in(diagnostic), reason, diagnostic or text[:500])


def _kind_of_action(action: str) -> Kind | None:
    """The kind by the action, if it is no failure; without an action, or an unknown one, the codes decide."""
    return next((kind for name, kind in _ACTIONS.items() if action.startswith(name)), None)


def _exact_status(field: str, diagnostic: str) -> str:
    """The status, or the one of the diagnostic where the field has only its class: `5.0.0`, `5.1.1`."""
    coded = re.search(r"[245]\.\d{1,3}\.\d{1,3}", field)
    stated = status_in(diagnostic)
    if coded is None:
        return stated
    return (
        stated
        if stated and coded[0][2:] in ("0.0", "3.0", "5.0", "4.0") and stated[0] == coded[0][0]
        else coded[0]
    )


def _paragraph_about(address: str, prose: str) -> str:
    """What the readable part writes of an address, for a status without a diagnostic."""
    at = prose.lower().find(address.lower())
    return " ".join(prose[max(0, at - 300) : at + 700].split()) if at >= 0 else " ".join(prose[:700].split())


def feedback(mail: Mail) -> Notice | None:
    """The complaint of a feedback report, or of Microsoft's JMRP, which has no standard form."""
    for part in own_parts(mail):
        if part.get_content_type() == "message/feedback-report":
            return _complaint(text_of(part), enclosed(mail))
    original = enclosed(mail)
    if original is not None and _is_jmrp(mail, original):
        return _complained(header(original, "X-HmXmrOriginalRecipient"), original, "")
    return None


def _is_jmrp(mail: Mail, original: Mail) -> bool:
    if original.get("X-HmXmrOriginalRecipient"):
        return True
    by_microsoft = re.search(r"(?i)\bstaff@(?:hotmail|outlook)\.com", header(mail, "From"))
    return bool(by_microsoft and re.search(r"(?i)complaint about message", header(mail, "Subject")))


def _complaint(report: str, original: Mail | None) -> Notice:
    found = re.search(r"(?im)^feedback-type:\s*([\w-]+)", report)
    if found and found[1].lower() in _NO_COMPLAINTS:
        return Notice("none", (), message_id_of(original))
    who = re.search(
        r"(?im)^(?:original-rcpt-to|removal-recipient|original-recipient):(.*(?:\n[ \t].*)?)", report
    )
    return _complained(who[1] if who else "", original, found[1].lower() if found else "")


def _complained(who: str, original: Mail | None, diagnostic: str) -> Notice:
    addresses = addresses_in(who)
    if not addresses and original is not None:
        addresses = addresses_in(header(original, "To"))
        addresses = addresses if len(addresses) == 1 else []
    recipients = tuple(
        Recipient(a, "complaint", reason="complaint", diagnostic=diagnostic) for a in addresses
    )
    return Notice("complaint", recipients, message_id_of(original))
