"""The page of suggested merges: pairs of contacts that may be one person, to be merged or dismissed."""

from __future__ import annotations

from functools import partial
from hashlib import blake2b

import streamlit as st
from markupsafe import Markup

from dashboard import formats
from dashboard.merges.compared_contacts import pair_table, side_name
from dashboard.merges.decision_bar import announce, decided, decision_bar
from dashboard.merges.merge_dialog import MergeQuestion, ask_to_merge, merge_dialog
from dashboard.running_instance import time_zone
from dashboard.ui.dialog_state import current_dialog
from dashboard.ui.markup import badge, empty_state, joined, link, page_title, show, tag
from dashboard.ui.problems import show_errors
from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission
from engine.contacts.editing.edit_service import new_id
from engine.contacts.merging import suggestion_service
from engine.contacts.merging.comparison import compare
from engine.contacts.merging.suggestion_service import Suggestion, SuggestionPage
from engine.rules.rule_service import current_rules

PAGE = "merges"

_DISMISSED = "dismissed"


def render(actor: Actor) -> None:
    """The page: the open suggestions, or those that were dismissed."""
    actor.require(Permission.SEE)
    dismissed = st.query_params.get("state") == _DISMISSED
    show(page_title("Suggested merges", _about(actor)))
    show(_views(dismissed=dismissed))
    decision_bar(actor)
    after = st.query_params.get("after")
    page = suggestion_service.page(actor, after=after, dismissed=dismissed)
    for suggestion in page.suggestions:
        _suggestion(actor, suggestion)
    if not page.suggestions:
        _nothing(dismissed=dismissed, paged=after is not None)
    show(_pager(page, dismissed=dismissed, paged=after is not None))
    _show_dialog(actor)


def open_count(actor: Actor) -> str:
    """The number of open suggestions, for the navigation: `3`, `100+`; empty for none."""
    total = suggestion_service.count(actor)
    return f"{formats.count(total.count)}{'' if total.exact else '+'}" if total.count else ""


def _about(actor: Actor) -> str:
    total = suggestion_service.count(actor)
    counted = formats.counted(total.count, "pair")
    number = counted if total.exact else f"over {counted}"
    return f"{number} of contacts that may be one person"


def _views(*, dismissed: bool) -> Markup:
    views = ((f"?page={PAGE}", "Open"), (f"?page={PAGE}&state={_DISMISSED}", "Dismissed"))
    items = (
        link(address, words, "", aria_current="page" if (address.endswith(_DISMISSED) is dismissed) else None)
        for address, words in views
    )
    return tag("nav", joined(items), "cs-menu", aria_label="Suggestions")


def _nothing(*, dismissed: bool, paged: bool) -> None:
    if paged:
        empty_state("No more suggestions", link(f"?page={PAGE}", "Show the first ones"))
    elif dismissed:
        empty_state("Nothing was dismissed", "Pairs that you dismiss are kept here and not suggested again.")
    else:
        empty_state(
            "No suggested merges",
            "Pairs appear here when an event names two known contacts, or when the nightly search finds "
            "contacts that are alike. To merge two contacts yourself, select them in the list.",
        )


def _pager(page: SuggestionPage, *, dismissed: bool, paged: bool) -> Markup:
    here = f"?page={PAGE}{f'&state={_DISMISSED}' if dismissed else ''}"
    ways = []
    if paged:
        ways.append(link(here, "First", "cs-way"))
    if page.next is not None:
        ways.append(link(f"{here}&after={page.next}", "Next", "cs-way"))
    return (
        tag("nav", joined(ways, " "), "cs-pager", aria_label="Pages of the suggestions") if ways else Markup()
    )


# One suggestion


def _suggestion(actor: Actor, suggestion: Suggestion) -> None:
    key = blake2b(suggestion.id.encode(), digest_size=8).hexdigest()
    with st.container(border=True, key=f"merges-card-{key}"):
        show(_heading(suggestion))
        lines = compare(suggestion.sides, [], current_rules(actor))
        show(pair_table(suggestion.sides, lines, time_zone()))
        if not actor.may(Permission.MERGE):
            return
        with st.container(horizontal=True, key=f"merges-acts-{key}"):
            if suggestion.dismissed_at is None:
                _decisions(actor, suggestion, key)
            elif st.button("Suggest again", key=f"merges.reopen.{key}", icon=":material/undo:"):
                with show_errors():
                    _reopen(actor, suggestion.id)
                    st.rerun()


def _heading(suggestion: Suggestion) -> Markup:
    zone = time_zone()
    when = tag("span", formats.moment(suggestion.at, zone), "cs-when")
    words = [tag("h2", suggestion.why, "cs-card-title")]
    if suggestion.dismissed_at is not None:
        by = f"dismissed by {suggestion.dismissed_by} on {formats.moment(suggestion.dismissed_at, zone)}"
        reason = f": {suggestion.dismissed_why}" if suggestion.dismissed_why else ""
        words.append(tag("div", f"{by}{reason}", "cs-small cs-quiet"))
    else:
        kept = joined([badge("stays"), f" {side_name(suggestion.sides[0])}"])
        words.append(tag("div", kept, "cs-small cs-quiet"))
    return tag("div", tag("div", joined(words)) + when, "cs-act")


def _decisions(actor: Actor, suggestion: Suggestion, key: str) -> None:
    names = " and ".join(map(side_name, suggestion.sides))
    if st.button("Merge", type="primary", key=f"merges.accept.{key}", help=f"Merge {names}"):
        with show_errors():
            _accept(actor, suggestion)
            st.rerun()
    st.button(
        "Preview…",
        key=f"merges.preview.{key}",
        on_click=partial(ask_to_merge, *suggestion.pair, suggestion=suggestion.id),
    )
    if st.button("Not the same person", key=f"merges.dismiss.{key}", help=f"Never suggest {names} again"):
        with show_errors():
            suggestion_service.dismiss(actor, suggestion.id)
            announce("Dismissed. This pair is not suggested again.", undo=partial(_reopen, id_=suggestion.id))
            st.rerun()


def _accept(actor: Actor, suggestion: Suggestion) -> None:
    activity = new_id()
    lanes = suggestion_service.accept(actor, suggestion.id, survivor=suggestion.pair[0], activity=activity)
    kept, gone = map(side_name, suggestion.sides)
    decided(lanes, activity, f"{gone} was merged into {kept}.")


def _reopen(actor: Actor, id_: str) -> None:
    suggestion_service.reopen(actor, id_)
    announce("Suggested again.", undo=None)


def _show_dialog(actor: Actor) -> None:
    found = current_dialog()
    if found is not None and isinstance(found.about, MergeQuestion):
        merge_dialog(actor, found.about)
