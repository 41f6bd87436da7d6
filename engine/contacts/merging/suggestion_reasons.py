"""The reasons of suggested merges in words, by their code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SHARED_EVENT = "shared_event"
SAME_DEVICE = "same_device"
ALIAS = "alias"
NAME_AND_PHONE = "name_and_phone"
NAME_AND_BIRTH_DATE = "name_and_birth_date"
SIMILAR_EMAIL = "similar_email"

REASONS: Mapping[str, str] = {
    SHARED_EVENT: "One event named both contacts",
    SAME_DEVICE: "Two accounts were used on the same browser or app",
    ALIAS: "Your shop reported them as one person (alias), but their identifiers contradict each other",
    NAME_AND_PHONE: "Same name and same phone number",
    NAME_AND_BIRTH_DATE: "Same name and same birth date",
    SIMILAR_EMAIL: "Nearly the same email address",
}
"""What a person reads, by code."""

UNKNOWN = "An event suggests that they are one person"


def reason_words(code: str, evidence: Mapping[str, Any]) -> str:
    """Return a reason in words, with the values that were found: `Same name and same phone number: +34 …`."""
    words = REASONS.get(code, UNKNOWN)
    values = evidence.get("values")
    found = ", ".join(map(str, values)) if isinstance(values, list) else ""
    return f"{words}: {found}" if found else words
