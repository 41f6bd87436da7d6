"""The segments card: add to and remove from static segments, and reasons for dynamic ones."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import streamlit as st
from markupsafe import Markup

from dashboard import formats
from dashboard.running_instance import time_zone
from dashboard.sheet import sheet_edits
from dashboard.sheet.sheet_card import card
from dashboard.sheet.sheet_statuses import HISTORY_HEADINGS, history_row
from dashboard.ui.markup import badge, card_title, joined, link, quiet, show, table, tag
from dashboard.ui.problems import show_errors
from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission
from engine.contacts.editing.edit import Edit
from engine.contacts.sheet import sheet_service
from engine.contacts.sheet.reasons import Reasons
from engine.contacts.sheet.sheet_model import Sheet, SheetSegment
from engine.domain.rulebook import Ruleset, Segment
from engine.rules.conditions.explain import lines as explained
from engine.rules.rule_service import current_rules

_ASKED = "sheet.segments.asked"


def segments_card(actor: Actor, sheet: Sheet) -> None:
    """The contact's segments, with inputs to change them if the user may."""
    changes = actor.may(Permission.EDIT_CONTACTS)
    with card("segments"):
        with st.container(horizontal=True, vertical_alignment="center", key="sheet-segments-top"):
            with st.container(width="stretch"):
                show(card_title("Segments"))
            if changes:
                _add(actor, sheet)
        if not sheet.memberships:
            show(quiet("Not in any segment."))
        removable = [found for found in sheet.memberships if changes and not found.dynamic]
        for found in removable:
            _removable(actor, sheet, found)
        zone, fixed = time_zone(), [found for found in sheet.memberships if found not in removable]
        show(joined(membership(found, zone) for found in fixed))
        with st.expander("Membership reasons", key="sheet.why", on_change="rerun") as why:
            if why.open:
                reasons = sheet_service.reasons(actor, sheet.id)
                show(membership_reasons(reasons, zone) if reasons else Markup())


def _removable(actor: Actor, sheet: Sheet, found: SheetSegment) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"sheet-member-{found.id}"):
        with st.container(width="stretch"):
            show(membership(found, time_zone()))
        if st.button("Remove", type="tertiary", key=f"sheet.leave.{found.id}"):
            with show_errors():
                words = f"Removed from {found.name}."
                sheet_edits.apply(actor, sheet.id, Edit(remove_from=(found.id,)), words=words)
                st.rerun()


def membership(found: SheetSegment, zone: ZoneInfo) -> Markup:
    """A segment of the contact, its type, and since when."""
    kind = badge("dynamic", "info") if found.dynamic else badge("static")
    since = quiet(f"since {formats.day(found.since, zone)}")
    name = link(f"?page=segments&segment={found.id}", found.name)
    return tag("div", joined([name, kind, since], " "), "cs-member")


def _add(actor: Actor, sheet: Sheet) -> None:
    """Add the contact to the chosen static segment, at once, as it can be undone."""
    ruleset = current_rules(actor)
    names = {segment.id: segment.name for segment in joinable(sheet, ruleset)}
    asked = st.session_state.setdefault(_ASKED, 0)
    chosen = st.selectbox(
        "Add to segment",
        list(names),
        index=None,
        format_func=names.__getitem__,
        placeholder="Add to segment" if names else _none_to_join(ruleset),
        label_visibility="collapsed",
        disabled=not names,
        width=220,
        key=f"sheet.segments.add.{sheet.id}.{asked}",
    )
    if chosen is not None:
        st.session_state[_ASKED] += 1  # a new key resets the choice, also after an error
        with show_errors():
            words = f"Added to {names[chosen]}."
            sheet_edits.apply(actor, sheet.id, Edit(add_to=(chosen,)), words=words)
            st.rerun()


def joinable(sheet: Sheet, ruleset: Ruleset) -> list[Segment]:
    """The static segments that the contact is not in, by name."""
    inside = {membership.id for membership in sheet.memberships}
    others = (s for s in ruleset.segments.values() if not s.dynamic and s.id not in inside)
    return sorted(others, key=lambda segment: segment.name.lower())


def _none_to_join(ruleset: Ruleset) -> str:
    if all(segment.dynamic for segment in ruleset.segments.values()):
        return "No static segments yet"
    return "Already in every static segment"


def membership_reasons(found: Reasons, zone: ZoneInfo) -> Markup:
    """Why the contact is in each dynamic segment or not, and when it entered and left."""
    parts: list[object] = []
    for segment in found.segments:
        if segment.condition is None:
            continue
        state = badge("in", "good") if segment.member else badge("not in")
        lines = [tag("div", line, "cs-small cs-why") for line in explained(segment.condition)]
        parts.append(tag("div", joined([state, " ", tag("b", segment.name), *lines]), "cs-whys"))
    moves = [
        history_row(
            f"{'Entered' if move.entered else 'Left'} {move.segment_name}", move.because, move.at, zone
        )
        for move in found.crossings
    ]
    if moves:
        parts.append(table(HISTORY_HEADINGS, moves))
    return joined(parts) if parts else quiet("There are no dynamic segments yet.")
