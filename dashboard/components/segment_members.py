"""The members of a segment: the same list as that of all contacts, and their export."""

from __future__ import annotations

import csv
import io

import streamlit as st

from dashboard import formats
from dashboard.components.contact_columns import Reading, chosen, offered
from dashboard.components.contact_list import contact_list
from dashboard.components.pager import pager
from dashboard.components.problems import sentence
from dashboard.components.search_box import search_box
from dashboard.components.text import empty_state, quiet, show
from dashboard.installation import database, time_zone
from dashboard.list_address import PLACE, ListAddress
from engine.access import reading
from engine.access.accounts import CurrentUser
from engine.access.permissions import Permission, may
from engine.access.reading import Hidden
from engine.store import listing, rulesets, segments
from engine.store.connection import utc_now
from engine.store.listing import Listing

EXPORT = 100_000
"""Members of one export from this page."""


def members(user: CurrentUser, segment: str) -> None:
    """Search, list, and export the members of a segment."""
    address = ListAddress.read(
        st.query_params.to_dict(),
        page={"page": "segments", "segment": segment},
        fixed=({"segments": {"has_any": [segment]}},),
    )
    left, right = st.columns([4, 1], vertical_alignment="bottom")
    with left:
        search_box(
            address.listing.search,
            label="Search members",
            placeholder="Search members",
            parameter="q",
            leaves=[PLACE],
            key="segments.search",
        )
    if may(user, Permission.EXPORT):
        with right:
            _export(segment)
    try:
        _list(user, address)
    except Hidden as error:
        empty_state("Not for viewers", sentence(error))


def _list(user: CurrentUser, address: ListAddress) -> None:
    page = reading.page(database(), user, address.whole, after=address.after, limit=address.size)
    if not page.rows:
        searched = address.listing.search
        empty_state(
            "Nobody", f"Nobody {'found' if searched else 'is'} in this segment{'' if searched else ' now'}."
        )
        return
    ruleset = rulesets.current(database())
    contact_list(
        page,
        columns=chosen((), offered(ruleset)),
        address=address,
        reading=Reading(utc_now(), time_zone(), ruleset),
        key="segments.members",
    )
    show(pager(page, address))


def _export(segment: str) -> None:
    st.download_button(
        "Export CSV",
        data=lambda: _csv(segment),
        file_name=f"{segment}.csv",
        mime="text/csv",
        icon=":material/download:",
        width="stretch",
        key="segments.export",
    )
    if segments.size(database(), segment) > EXPORT:
        show(quiet(f"An export from here has the {formats.count(EXPORT)} members who were active last."))


def _csv(segment: str) -> str:
    """The members as CSV; a cell that a spreadsheet would run as a formula is made harmless."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(
        (
            "id",
            "name",
            "email",
            "mobile_phone",
            "external_id",
            "points",
            "newsletter",
            "orders",
            "spent",
            "currency",
            "last_seen",
        )
    )
    for row in listing.walk(database(), Listing(where={"segments": segment}), limit=EXPORT):
        cells = (
            row.id,
            row.name,
            row.email,
            row.mobile_phone,
            row.external_id,
            row.points,
            row.newsletter,
            row.orders,
            row.spent,
            row.currency,
            row.last_seen,
        )
        writer.writerow([_harmless(cell) for cell in cells])
    return out.getvalue()


def _harmless(cell: object) -> object:
    if (
        isinstance(cell, str)
        and cell.startswith(("=", "+", "-", "@", "\t", "\r"))
        and not cell.lstrip("+").isdigit()
    ):
        return f"'{cell}"
    return "" if cell is None else cell
