"""The identities of a contact: browsers and apps, the history of identifiers, and merged contacts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import ua_parser
from markupsafe import Markup

from dashboard import formats, wording
from dashboard.merges.division_dialogs import SPLIT, UNDO_MERGE, split_of_tracker, undo_of_merge
from dashboard.ui.dialog_state import open_dialog
from dashboard.ui.html_buttons import html_button, on_html_click
from dashboard.ui.markup import badge, card_title, joined, quiet, show, table, tag
from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission
from engine.contacts.merging import merge_list
from engine.contacts.merging.merge_list import Merge
from engine.contacts.sheet import sheet_service
from engine.contacts.sheet.devices import Device
from engine.contacts.sheet.identity_history import KnownIdentity
from engine.domain.activities import ContactId

SCOPE = "identities"
_SPLIT, _UNDO = "split", "undo"
"""The actions of the card's buttons."""


@dataclass(frozen=True)
class Look:
    """How the card is shown: the present, the account's time zone, and whether the user may change it."""

    now: datetime
    zone: ZoneInfo
    changes: bool = False


def identities(actor: Actor, contact: ContactId, zone: ZoneInfo) -> None:
    """Show the card's content, and open the dialogs of its buttons."""
    look = Look(actor.now, zone, changes=actor.may(Permission.MERGE))
    show(
        joined(
            [
                _devices(sheet_service.devices(actor, contact), look),
                _history(sheet_service.identities(actor, contact), look),
                _merges(merge_list.of_contact(actor, contact), look),
            ]
        )
    )
    if look.changes:
        on_html_click(SCOPE, lambda act, about: _on_button(contact, act, about))


def _on_button(contact: ContactId, act: str, about: str) -> None:
    if act == _SPLIT:
        open_dialog(SPLIT, split_of_tracker(contact, about))
    elif act == _UNDO:
        open_dialog(UNDO_MERGE, undo_of_merge(ContactId(about)))


# Browsers and apps


def _devices(found: Sequence[Device], look: Look) -> Markup:
    title = card_title("Browsers and apps")
    if not found:
        return title + quiet("None. Known only from your shop's server.")
    rows = [
        (_named(device, look), formats.day(device.first_seen, look.zone), _when(device, look))
        for device in found
    ]
    return title + table(("Browser or app", "First seen", "Last seen"), rows)


def _named(device: Device, look: Look) -> Markup:
    marks = [badge("shared device", "info")] if device.shared else []
    marks += [badge("web push", "good")] if device.pushes else []
    name = browser_name(device.user_agent) if isinstance(device.user_agent, str) else "Unknown browser or app"
    parts = [joined([tag("span", name), *marks], " "), tag("div", device.id, "cs-quiet cs-small")]
    if look.changes and not device.shared:
        parts.append(
            html_button("Split off…", scope=SCOPE, act=_SPLIT, about=device.id, hint=f"Split off {device.id}")
        )
    return joined(parts)


def _when(device: Device, look: Look) -> str:
    return formats.ago(device.last_seen, look.now, look.zone)


# Identifiers


def _history(found: Sequence[KnownIdentity], look: Look) -> Markup:
    if not found:
        return Markup()
    rows = [
        (_identity(identity), identity.source, formats.day(identity.since, look.zone)) for identity in found
    ]
    title = tag("div", joined([tag("b", "Identifiers"), quiet(" former ones still lead here")]), "cs-also")
    return title + table(("Identifier", "Source", "Since"), rows)


def _identity(identity: KnownIdentity) -> Markup:
    kind = identity.kind if identity.current else f"{identity.kind}, former"
    return joined([tag("div", identity.value), tag("div", kind, "cs-quiet cs-small")])


# Merges


def _merges(found: Sequence[Merge], look: Look) -> Markup:
    if not found:
        return Markup()
    rows = [(_merged(merge, look), _cause(merge), formats.day(merge.at, look.zone)) for merge in found]
    words = quiet(" contacts that were merged into this one")
    title = tag("div", joined([tag("b", "Merged contacts"), words]), "cs-also")
    return title + table(("Contact", "Cause", "Date"), rows)


def _merged(merge: Merge, look: Look) -> Markup:
    name = merge.name or f"{wording.ANONYMOUS} {merge.loser[:5]}"
    parts = [tag("div", name), tag("div", merge.loser, "cs-quiet cs-small")]
    if look.changes:
        parts.append(
            html_button(
                "Undo merge…", scope=SCOPE, act=_UNDO, about=merge.loser, hint=f"Undo the merge of {name}"
            )
        )
    return joined(parts)


def _cause(merge: Merge) -> str:
    cause = merge.cause
    if not cause.by_hand:
        return cause.label
    return f"by {cause.author}: {cause.reason}" if cause.reason else f"by {cause.author}"


@lru_cache(maxsize=4096)
def browser_name(user_agent: str) -> str:
    """`Chrome 120 on Windows`, from a user agent."""
    found = ua_parser.parse(user_agent[:1_000])
    browser = found.user_agent
    system = found.os
    if browser is None or browser.family == "Other":
        return user_agent[:60] or "Unknown browser or app"
    version = f" {browser.major}" if browser.major else ""
    return f"{browser.family}{version}{f' on {system.family}' if system is not None else ''}"
