"""Addresses of our pages that a figure leads to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode


def contacts_url(where: Mapping[str, Any]) -> str:
    """The list of the contacts that meet conditions, as `engine.contacts.listing.listing` reads them."""
    parameters = {"where": json.dumps(where, separators=(",", ":"), ensure_ascii=False)} if where else {}
    return f"?{urlencode({'page': 'contacts', **parameters})}"


def within_days(first: date, last: date) -> dict[str, str]:
    """The condition that a moment lies in some days, both included."""
    return {"gte": first.isoformat(), "lt": (last + timedelta(days=1)).isoformat()}
