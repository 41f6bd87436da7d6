"""Addresses of filtered contact lists, for figures that link to them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode


def contacts_url(where: Mapping[str, Any]) -> str:
    """The address of the contact list with these conditions (see `engine.contacts.listing.listing`)."""
    parameters = {"where": json.dumps(where, separators=(",", ":"), ensure_ascii=False)} if where else {}
    return f"?{urlencode({'page': 'contacts', **parameters})}"


def within_days(first: date, last: date) -> dict[str, str]:
    """The condition that a time is in these days, both included."""
    return {"gte": first.isoformat(), "lt": (last + timedelta(days=1)).isoformat()}
