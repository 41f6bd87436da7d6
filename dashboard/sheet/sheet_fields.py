"""The cards with a contact's fields, read-only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from dashboard import formats
from dashboard.listing.contact_columns import plain_value
from dashboard.ui.markup import card_title, facts, joined, quiet
from engine.contacts.sheet.sheet_model import Sheet
from engine.domain.fields import FIELDS
from engine.domain.rulebook import Ruleset

ORDER = ("first_name", "last_name", "email", "mobile_phone", "external_id", "birth_date")
"""The built-in fields in the order of the card."""


def fields(sheet: Sheet, zone: ZoneInfo) -> Markup:
    """The built-in fields."""
    standard = [(name, getattr(sheet, name)) for name in ORDER]
    known = [(FIELDS[name].label, _day(value) if name == "birth_date" else value) for name, value in standard]
    known += [
        ("First seen", formats.moment(sheet.first_seen, zone)),
        ("Last seen", formats.moment(sheet.last_seen, zone)),
    ]
    return joined(
        [card_title("Contact"), facts((name, value or quiet(formats.NOTHING)) for name, value in known)]
    )


def custom(sheet: Sheet, ruleset: Ruleset) -> Markup:
    """The declared custom fields in their order, then undeclared ones."""
    rows = [(field.label, _shown(sheet.custom, id_, field.type)) for id_, field in ruleset.fields.items()]
    others = sorted(name for name in sheet.custom if name not in ruleset.fields)
    rows += [(name, _shown(sheet.custom, name, "")) for name in others]
    body = facts(rows) if rows else quiet("Nothing yet: traits that the shop sends appear here.")
    return joined([card_title("Custom fields"), body])


def _shown(values: Mapping[str, Any], name: str, type_: str) -> object:
    value = values.get(name)
    if value in (None, "", []):
        return quiet(formats.NOTHING)
    return _day(value) if type_ == "date" else plain_value(value)


def _day(value: Any) -> str | None:
    """A day in the account's locale; other values unchanged."""
    try:
        return formats.calendar_day(date.fromisoformat(value)) if isinstance(value, str) else value
    except ValueError:
        return str(value)
