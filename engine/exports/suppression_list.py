"""The suppression list: who must not be written to by email, in the form that another sender takes."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from engine.accounts import audit
from engine.accounts.actor import Actor
from engine.accounts.audit import Change, Subject
from engine.accounts.permissions import Permission
from engine.db import Db
from engine.domain.document import Document
from engine.errors import Invalid
from engine.imports.reading.formula_escape import escape_formula

Reason = Literal["bounced", "complained", "blocked", "unsubscribed"]
REASONS: tuple[Reason, ...] = get_args(Reason)

Cell = Literal["email", "reason", "date", "kind", "code"]

COMPLAINED = "marked a mail as spam"
"""The reason of a blocked email that came from a complaint."""

PORTION = 1_000
"""Rows that are written together."""


@dataclass(frozen=True)
class Form:
    """The columns that a sender takes, by their headings in its file; SES takes none."""

    label: str
    columns: tuple[tuple[str, Cell], ...]
    headed: bool = True


FORMS: Mapping[str, Form] = {
    "plain": Form("Any: email, reason, date", (("email", "email"), ("reason", "reason"), ("date", "date"))),
    "brevo": Form("Brevo", (("EMAIL", "email"),)),
    "hubspot": Form("HubSpot", (("Email", "email"),)),
    "klaviyo": Form("Klaviyo", (("Email", "email"),)),
    "mailchimp": Form("Mailchimp", (("Email Address", "email"),)),
    "mailgun": Form(
        "Mailgun", (("address", "email"), ("code", "code"), ("error", "reason"), ("created_at", "date"))
    ),
    "sendgrid": Form("SendGrid", (("email", "email"),)),
    "ses": Form("Amazon SES", (("", "email"), ("", "kind")), headed=False),
}


@dataclass(frozen=True)
class Suppressed:
    """An address, why nothing is sent to it, and since when."""

    email: str
    reason: Reason
    since: datetime | None


class UnknownForm(Invalid):
    """No sender of this name, or no such reason."""


def suppressed(db: Db, reasons: Collection[str] = REASONS) -> Iterator[Suppressed]:
    """All addresses with a reason not to write to them, those of deleted contacts, too."""
    for row in db.contacts.find(_query(), ("email", "statuses.email_status", "statuses.newsletter")).sort(
        "_id", 1
    ):
        found = _of(row)
        if found is not None and found.reason in reasons:
            yield found


def _query() -> Document:
    stopped = {"facets.statuses.email_status": {"$in": ["bounced", "blocked"]}}
    return {"$or": [stopped, {"facets.statuses.newsletter": "unsubscribed"}]}


def _of(row: Document) -> Suppressed | None:
    """The strongest reason of a contact: a dead or blocked address before a list that was left."""
    email, statuses = row.get("email"), row.get("statuses", {})
    if not email:
        return None
    delivery, newsletter = statuses.get("email_status", {}), statuses.get("newsletter", {})
    state = delivery.get("state")
    if state == "bounced":
        return Suppressed(email, "bounced", delivery.get("since"))
    if state == "blocked":
        complained = delivery.get("reason") == COMPLAINED
        return Suppressed(email, "complained" if complained else "blocked", delivery.get("since"))
    return Suppressed(email, "unsubscribed", newsletter.get("since"))


def as_csv(actor: Actor, form: str = "plain", reasons: Collection[str] = REASONS) -> Iterator[str]:
    """The list as parts of a CSV file; that it was exported is in the audit log.

    Raises NotAllowed and UnknownForm, at once.
    """
    actor.require(Permission.EXPORT)
    declared = FORMS.get(form)
    if declared is None:
        raise UnknownForm(f"there is no form {form!r}; there are {', '.join(FORMS)}")
    unknown = set(reasons).difference(REASONS)
    if unknown:
        raise UnknownForm(f"there is no reason {', '.join(sorted(unknown))}; there are {', '.join(REASONS)}")
    changes = [Change("form", None, form), Change("reasons", None, ", ".join(sorted(reasons)))]
    with audit.recorded(
        actor, "exported the suppression list", subject=Subject("list", "suppression"), changes=changes
    ):
        return _written(actor.db, declared, reasons)


def _written(db: Db, form: Form, reasons: Collection[str]) -> Iterator[str]:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    if form.headed:
        writer.writerow([heading for heading, _ in form.columns])
    for number, found in enumerate(suppressed(db, reasons), 1):
        writer.writerow([escape_formula(_cell(cell, found)) for _, cell in form.columns])
        if number % PORTION == 0:
            yield _taken(out)
    yield _taken(out)


def _taken(out: io.StringIO) -> str:
    text = out.getvalue()
    out.seek(0)
    out.truncate()
    return text


_KINDS: Mapping[Reason, str] = {"bounced": "BOUNCE"}
_CODES: Mapping[Reason, str] = {"bounced": "550"}


def _cell(cell: Cell, found: Suppressed) -> str:
    match cell:
        case "email":
            return found.email
        case "reason":
            return found.reason
        case "date":
            return "" if found.since is None else found.since.isoformat(timespec="seconds")
        case "kind":
            return _KINDS.get(found.reason, "COMPLAINT")
        case "code":
            return _CODES.get(found.reason, "")
