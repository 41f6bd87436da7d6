"""The dialog "Stop sending": pauses a contact or unsubscribes it everywhere."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from dashboard.sheet import sheet_edits
from dashboard.sheet.sheet_header import name_of
from dashboard.ui.dialog_state import close_dialog, confirm_buttons
from dashboard.ui.field_inputs import later_day_input
from dashboard.ui.markup import badge, facts, joined, quiet, show, tag
from dashboard.ui.problems import show_errors
from engine.accounts.actor import Actor
from engine.contacts.editing.edit import Edit
from engine.contacts.sheet import sheet_service
from engine.contacts.sheet.sheet_model import Sheet
from engine.domain.activities import ContactId
from engine.domain.reachability import Silence, stopping
from engine.domain.rulebook import Ruleset
from engine.rules.rule_service import current_rules


@dataclass(frozen=True)
class _Option:
    label: str
    caption: str
    nothing: str
    """Shown if this would change no status of the contact."""


_OPTIONS: dict[Silence, _Option] = {
    "paused": _Option(
        "Pause",
        "No email and no SMS until a date, or until someone resumes sending. Consent does not change.",
        "Nothing to pause: no address is active.",
    ),
    "unsubscribed": _Option(
        "Unsubscribe",
        "The contact has withdrawn consent.",
        "Nothing to unsubscribe: no subscription is active.",
    ),
}


def stop_sending(actor: Actor, contact: ContactId) -> None:
    """Ask how, show what changes, and apply it."""
    sheet = sheet_service.sheet(actor, contact)
    if sheet is None:
        show(quiet("This contact no longer exists."))
        return
    ruleset = current_rules(actor)
    show(tag("div", joined(["Contact: ", tag("b", name_of(sheet))]), "cs-small"))
    how = _how()
    statuses = to_stop(sheet, ruleset, how)
    _show_changes(sheet, ruleset, statuses, how)
    until = None
    if how == "paused" and statuses:
        until = later_day_input("Until (leave empty for no end date)", key="sheet.stop.until")
    reason: str = st.text_input("Reason (optional)", key="sheet.stop.reason", max_chars=500)
    if confirm_buttons("Stop sending", key="sheet.stop", disabled=not statuses):
        with show_errors():
            change = Edit(statuses=statuses, until=until, reason=reason)
            read = {id_: sheet.statuses[id_].state for id_ in statuses}
            sheet_edits.apply(actor, contact, change, words="Sending stopped.", read=read)
            close_dialog()
            st.rerun()


def to_stop(sheet: Sheet, ruleset: Ruleset, how: Silence) -> dict[str, str]:
    """The statuses that the choice changes."""
    states = {status.machine: status.state for status in sheet.statuses.values()}
    return stopping(states, ruleset, how, email=sheet.email, phone=sheet.mobile_phone)


def _how() -> Silence:
    chosen: Silence = st.radio(
        "How",
        list(_OPTIONS),
        format_func=lambda id_: _OPTIONS[id_].label,
        captions=[option.caption for option in _OPTIONS.values()],
        key="sheet.stop.how",
        label_visibility="collapsed",
    )
    return chosen


def _show_changes(sheet: Sheet, ruleset: Ruleset, statuses: dict[str, str], how: Silence) -> None:
    rows = [
        (
            sheet.statuses[id_].machine_label,
            joined([badge(sheet.statuses[id_].label), badge(ruleset.machines[id_].states[to], "bad")], " → "),
        )
        for id_, to in statuses.items()
    ]
    show(facts(rows) if rows else quiet(_OPTIONS[how].nothing))
    if sheet.push_devices:
        show(
            tag(
                "div",
                "Web push stays on: only the contact can turn it off, in the browser.",
                "cs-quiet cs-small",
            )
        )
