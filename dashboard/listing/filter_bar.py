"""The filter bar over the list: a menu of filters with a form each, and chips of the active filters.

A choice changes the address, so the browser's Back button undoes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboard import formats
from dashboard.listing import filter_forms
from dashboard.listing.list_address import ListAddress
from dashboard.ui.browser_component import browser_component
from dashboard.ui.problems import keep_errors, show_kept
from dashboard.ui.router import go_to
from engine.contacts.listing.filter_bar import Chip, chips, offered, with_part
from engine.contacts.listing.filters import Filter, Written
from engine.contacts.listing.listing import InvalidFilter, Listing
from engine.domain.rulebook import Ruleset

_REFUSED = "filter_bar.refused"


def filter_bar(address: ListAddress, ruleset: Ruleset, *, key: str) -> None:
    """Show the active filters and the menu to change them."""

    def apply() -> None:
        form = st.session_state[key].get("apply")
        if form is not None:
            _follow(form, address, ruleset)

    bar = {filter_.id: filter_ for filter_ in offered(ruleset)}
    browser_component(__file__, "filter_bar", html='<div class="filters"></div>', elements=True)(
        key=key, data=_data(address, ruleset, bar), on_apply_change=apply
    )
    show_kept(_REFUSED)


def _follow(form: Mapping[str, Any], address: ListAddress, ruleset: Ruleset) -> None:
    """Go to the list that a form asks for."""
    present = ListAddress.read(st.query_params.to_dict(), page=address.page)
    with keep_errors(_REFUSED):
        go_to(present.of(changed(present.listing, form, ruleset)))


def changed(listing: Listing, form: Mapping[str, Any], ruleset: Ruleset) -> Listing:
    """The list with a form's condition, which replaces the condition that the form changes, if any.

    Raises InvalidFilter.
    """
    found = {filter_.id: filter_ for filter_ in offered(ruleset)}.get(str(form.get("filter")))
    if found is None:
        raise InvalidFilter("this filter is no longer available: choose another one")
    values = form.get("values")
    value = filter_forms.read(found, str(form.get("way")), values if isinstance(values, Mapping) else {})
    instead = form.get("instead")
    return with_part(
        listing, found.condition(value), instead_of=instead if isinstance(instead, Mapping) else None
    )


def written() -> Written:
    """Numbers and days of chips as the account's locale writes them."""
    return Written(formats.number, formats.calendar_day)


def _data(address: ListAddress, ruleset: Ruleset, bar: Mapping[str, Filter]) -> dict[str, Any]:
    shown = chips(address.listing, ruleset, written())
    groups: dict[str, list[dict[str, Any]]] = {}
    for filter_ in bar.values():
        groups.setdefault(filter_.group, []).append(filter_forms.form_of(filter_))
    return {
        "groups": [{"label": label, "filters": filters} for label, filters in groups.items()],
        "chips": [_chip(chip, address, bar) for chip in shown],
        "clear": address.of(address.listing.with_parts([])) if len(shown) > 1 else None,
    }


def _chip(chip: Chip, address: ListAddress, bar: Mapping[str, Filter]) -> dict[str, Any]:
    form = {
        "words": chip.words,
        "gone": address.of(address.listing.without(chip.part)),
        "filter": chip.filter,
    }
    if chip.filter is None:
        return form
    filter_ = bar[chip.filter]
    return {**form, "part": chip.part, "form": filter_forms.filled_form(filter_, filter_.chosen(chip.part))}
