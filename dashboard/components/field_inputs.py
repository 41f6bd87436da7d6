"""Inputs for a contact's fields: the ones every account has, and the account's own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import streamlit as st

from dashboard.components.text import plain_label
from engine.core.fields import CUSTOM, FIELDS
from engine.core.rulebook import Ruleset
from engine.store.edits import IDENTITIES, PROFILE

EARLIEST = date(1900, 1, 1)
LATEST = date(2100, 12, 31)


@dataclass(frozen=True)
class FieldInput:
    """A field that can be typed: its name in edits, what people call it, and its type."""

    name: str
    label: str
    type: str


def editable(ruleset: Ruleset) -> list[FieldInput]:
    """Every field that a person may fill in, those that identify first."""
    order = ("email", "mobile_phone", *PROFILE, *(n for n in IDENTITIES if n == "external_id"))
    known = [FieldInput(n, FIELDS[n].label, "date" if n == "birth_date" else "text") for n in order]
    return [*known, *own(ruleset)]


def own(ruleset: Ruleset) -> list[FieldInput]:
    """The account's own fields."""
    return [FieldInput(f"{CUSTOM}{f.id}", f.label, f.type) for f in ruleset.fields.values()]


def field_input(field: FieldInput, *, key: str) -> Any:
    """Ask for a value; unset where none is given."""
    return _WIDGETS.get(field.type, _text)(field, f"{key}.{field.name}")


def _text(field: FieldInput, key: str) -> str | None:
    typed: str = st.text_input(plain_label(field.label), key=key, placeholder=_PLACEHOLDERS.get(field.name))
    return typed.strip() or None


def _date(field: FieldInput, key: str) -> str | None:
    chosen = st.date_input(
        plain_label(field.label),
        value=None,
        min_value=EARLIEST,
        max_value=LATEST,
        format="DD/MM/YYYY",
        key=key,
    )
    return chosen.isoformat() if isinstance(chosen, date) else None


def _yes_or_no(field: FieldInput, key: str) -> bool | None:
    words = {True: "yes", False: "no"}
    return st.selectbox(
        plain_label(field.label), [True, False], index=None, format_func=words.__getitem__, key=key
    )


def _list(field: FieldInput, key: str) -> list[str] | None:
    typed = st.text_input(plain_label(field.label), key=key, placeholder="Several, separated by commas")
    return [item.strip() for item in typed.split(",") if item.strip()] or None


_WIDGETS = {"date": _date, "boolean": _yes_or_no, "list": _list}

_PLACEHOLDERS = {
    "email": "name@example.com",
    "mobile_phone": "With the country code, or as dialled at home",
    "external_id": "The shop's customer number",
}
