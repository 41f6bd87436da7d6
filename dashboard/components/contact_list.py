"""The list of contacts: a table on a desk, cards on a phone; each row opens a sheet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import streamlit as st

from dashboard import formats, wording
from engine.store.contacts import ContactRow

_ASSETS = Path(__file__).parent.parent / "assets"

COLUMNS = (
    ("name", "Contact"),
    ("email", "Email"),
    ("mobile", "Mobile"),
    ("points number", "Points"),
    ("newsletter", "Newsletter"),
    ("email_status", "Mail"),
    ("orders number", "Orders"),
    ("spent number", "Spent"),
    ("seen", "Last activity"),
)


@st.cache_resource(show_spinner=False)
def _component() -> Callable[..., object]:
    return st.components.v2.component(
        "contact_list",
        html='<div class="list"></div>',
        css=_ASSETS.joinpath("contact_list.css").read_text(),
        js=_ASSETS.joinpath("contact_list.js").read_text(),
    )


def contact_list(rows: Sequence[ContactRow], *, now: datetime, zone: ZoneInfo, key: str) -> str | None:
    """Show the rows; return the id of the one that was opened."""
    data = {"columns": COLUMNS, "rows": [_row(row, now=now, zone=zone) for row in rows]}
    result = _component()(key=key, data=data, on_open_change=lambda: None)
    opened = getattr(result, "open", None)
    return None if opened is None else str(opened)


def _row(row: ContactRow, *, now: datetime, zone: ZoneInfo) -> dict[str, object]:
    named = row.name or row.email or row.mobile_phone or row.external_id
    cells: list[tuple[str, str] | tuple[str, str, str]] = [
        ("name" if named else "name anonymous", named or f"{wording.ANONYMOUS} {row.id[:5]}"),
        ("email", row.email or ""),
        ("mobile", row.mobile_phone or ""),
        ("points number", formats.count(row.points)),
        ("newsletter", *_newsletter(row)),
        ("email_status", *_email_status(row)),
        ("orders number", formats.count(row.orders) if row.orders else formats.NOTHING),
        ("spent number", formats.money(row.spent, row.currency) if row.orders else formats.NOTHING),
        ("seen", formats.ago(row.active_at, now, zone)),
    ]
    return {"id": row.id, "href": f"?contact={row.id}", "cells": cells}


def _newsletter(row: ContactRow) -> tuple[str, str]:
    """Consent only where somebody could have given it."""
    if not row.identified and row.newsletter == "not_subscribed":
        return formats.NOTHING, "none"
    return wording.state_word(row.newsletter), wording.tone(row.newsletter)


def _email_status(row: ContactRow) -> tuple[str, str]:
    """A status only where there is an address that could have one."""
    if row.email is None:
        return formats.NOTHING, "none"
    return wording.state_word(row.email_status), wording.tone(row.email_status)
