"""A contact's consent register as CSV: the state of each subscription, then every act with its evidence."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

from engine.accounts import audit
from engine.accounts.actor import Actor
from engine.accounts.audit import Subject
from engine.accounts.permissions import Permission
from engine.contacts.sheet import consent_register
from engine.contacts.sheet.consent_register import ConsentEntry, ConsentRegister
from engine.domain.activities import ContactId
from engine.errors import ContactNotFound
from engine.imports.reading.formula_escape import escape_formula
from engine.rules import versions

HEADINGS = (
    "Record", "Subscription", "State", "When", "Received", "Activity", "By", "Sent by", "Source", "Page",
    "Text", "Text version", "IP address", "Named", "File", "Line", "Reason", "Asked for", "Before", "After",
    "What it changed", "Activity id",
)  # fmt: skip


def download(actor: Actor, contact: ContactId, *, as_of: date | None = None) -> str:
    """The register as CSV, recorded in the audit log.  Raises NotAllowed and ContactNotFound."""
    actor.require(Permission.EXPORT)
    with audit.recorded(actor, "exported a contact's consent", subject=Subject("contact", contact)):
        found = consent_register.register(actor.db, contact, as_of=as_of)
        if found is None:
            raise ContactNotFound(contact)
        return consent_csv(found, versions.current(actor.db).account.time_zone)


def consent_csv(found: ConsentRegister, zone: ZoneInfo) -> str:
    """The register as CSV for spreadsheets: with a byte order mark, times in a zone, formulas escaped."""
    out = io.StringIO()
    out.write("\ufeff")
    writer = csv.writer(out)
    writer.writerow(HEADINGS)
    writer.writerows([escape_formula(cell) for cell in row] for row in _rows(found, zone))
    return out.getvalue()


def _rows(found: ConsentRegister, zone: ZoneInfo) -> Iterator[list[object]]:
    title = "State now" if found.as_of is None else f"State on {found.as_of.isoformat()}"
    for state in found.states:
        of_act = [""] * (len(HEADINGS) - 3) if state.because is None else _act(state.because, zone)
        yield [title, state.label, state.words, *of_act]
    for entry in found.entries:
        yield ["Act", entry.label, entry.after, *_act(entry, zone)]


def _act(entry: ConsentEntry, zone: ZoneInfo) -> list[object]:
    known = entry.evidence
    return [
        _time(entry.at, zone), _time(entry.received_at, zone), entry.what, entry.by, entry.source,
        known.origin, known.page, known.text, known.text_version, known.ip, known.address, known.file,
        known.line, known.reason, entry.asked, entry.before, entry.after, entry.outcome, entry.id,
    ]  # fmt: skip


def _time(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat(timespec="seconds")
