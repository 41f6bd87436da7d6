"""A contact's own fields, from the traits that come with activities."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from engine.domain.activities import Activity
from engine.domain.contact import ContactState
from engine.domain.fields import CUSTOM, FIELDS, PROFILE_FIELDS
from engine.domain.identities import IDENTIFYING
from engine.domain.people import Placement
from engine.domain.rulebook import Account, CustomField, Ruleset

_FILLED_BY = {field: FIELDS[field].traits for field in PROFILE_FIELDS}
_HANDLED = frozenset(
    {
        "name", "id", "userId", "anonymousId",
        *(trait for traits in _FILLED_BY.values() for trait in traits),
        *(name for kind in IDENTIFYING for name in (kind.event_field, kind.contact_field)),
    }
)  # fmt: skip
"""Traits that are not kept as custom fields: they fill other fields, or identify."""

_CUSTOM_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_\- ]{0,63}")

CLEARED = "cleared"
"""The property of an edit that lists the fields it empties."""

MAX_CUSTOM_FIELDS = 100
"""Undeclared traits that one contact may keep as custom fields; more stay on the activity."""

MAX_TEXT = 1_000
"""Characters of a field's value; a longer one stays on the activity alone."""


def full_name(first_name: str | None, last_name: str | None) -> str:
    """The whole name; empty if neither part is known."""
    return " ".join(part for part in (first_name, last_name) if part)


def apply_traits(state: ContactState, placement: Placement, ruleset: Ruleset) -> None:
    """Apply an activity's traits to the contact.

    With `gaps_only` a value fills an empty field, or one that was itself filled so; with
    `fills_only` an empty one alone.
    """
    traits = placement.activity.traits
    _clear(state, placement.activity)
    if not traits:
        return
    for name, value in _standard(traits).items():
        if _may_set(state, name, getattr(state, name), placement=placement):
            setattr(state, name, value)
    typed = traits.get("email")
    may_spell = not placement.fills_only or state.email_typed is None
    if may_spell and isinstance(typed, str) and typed.strip().lower() == (placement.email or ""):
        state.email_typed = typed.strip()
    custom = dict(state.custom)
    for name, value in _custom(traits, ruleset).items():
        has_room = name in custom or name in ruleset.fields or len(custom) < MAX_CUSTOM_FIELDS
        if has_room and _may_set(state, f"custom.{name}", custom.get(name), placement=placement):
            custom[name] = value
    state.custom = custom


def _clear(state: ContactState, activity: Activity) -> None:
    """Empty the fields that a person emptied by hand, or by a file."""
    names, may = activity.properties.get(CLEARED), activity.by_hand or activity.by_import
    for name in names if isinstance(names, list) and may else ():
        custom = str(name).removeprefix(CUSTOM)
        if custom != name:
            state.custom = {known: value for known, value in state.custom.items() if known != custom}
        elif name in PROFILE_FIELDS:
            setattr(state, name, None)
        state.weak = [weak for weak in state.weak if weak != name]


def _may_set(state: ContactState, name: str, present: object, *, placement: Placement) -> bool:
    """Whether the field may be written now; a field that only fills a gap is recorded as weak."""
    if placement.fills_only and present is not None:
        return False
    if not placement.gaps_only and not placement.fills_only:
        if name in state.weak:
            state.weak = [weak for weak in state.weak if weak != name]
        return True
    if present is not None and name not in state.weak:
        return False
    if name not in state.weak:
        state.weak = [*state.weak, name]
    return True


def _standard(traits: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    for field, names in _FILLED_BY.items():
        value = next((traits[name] for name in names if traits.get(name) not in (None, "")), None)
        text = as_date(value) if field == "birth_date" else as_text(value)
        if text is not None:
            found[field] = text
    whole = as_text(traits.get("name"))
    if whole and "first_name" not in found and "last_name" not in found:
        first, _, last = whole.partition(" ")
        found.update({"first_name": first} | ({"last_name": last.strip()} if last.strip() else {}))
    return found


def _custom(traits: Mapping[str, Any], ruleset: Ruleset) -> dict[str, Any]:
    found = {}
    for name, value in traits.items():
        if name in _HANDLED or value is None:
            continue
        declared = ruleset.fields.get(name)
        kept = _coerced(value, declared, ruleset.account) if _is_custom_name(name) else None
        if kept is not None:
            found[name] = kept
    return found


@lru_cache(maxsize=4_096)
def _is_custom_name(name: str) -> bool:
    """Whether a custom field can have a name."""
    return _CUSTOM_NAME.fullmatch(name) is not None


def _coerced(value: Any, declared: CustomField | None, account: Account) -> Any:
    if declared is None:
        return _undeclared(value) if account.keep_undeclared_traits else None
    return _COERCE[declared.type](value)


def coerced(name: str, value: Any, ruleset: Ruleset) -> Any:
    """A field's value as it is kept, from one that was typed; unset if it cannot be one."""
    if name == "birth_date":
        return as_date(value)
    custom = name.removeprefix(CUSTOM)
    if custom == name:
        return as_text(value)
    declared = ruleset.fields.get(custom)
    return _undeclared(value) if declared is None else _COERCE[declared.type](value)


def converted(value: Any, type_: str) -> Any:
    """A value as a field of a type keeps it; unset if it cannot be one."""
    return _COERCE[type_](value)


def _undeclared(value: Any) -> Any:
    if isinstance(value, bool | int | float | datetime):
        return value
    return as_text(value)


def as_text(value: Any) -> str | None:
    """Text as it was given, trimmed; unset if it is blank, too long or no text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value).strip()
    return text if text and len(text) <= MAX_TEXT else None


def as_date(value: Any) -> str | None:
    """A calendar day as `YYYY-MM-DD`; unset for what is none."""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if not isinstance(value, str):
        return None
    try:
        return date.fromisoformat(value.strip()[:10]).isoformat()
    except ValueError:
        return None


def _as_number(value: Any) -> int | float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    try:
        return float(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _as_boolean(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    return words.get(str(value).strip().lower())


def _as_list(value: Any) -> list[str] | None:
    items = value if isinstance(value, list) else [value]
    return [text for item in items if (text := as_text(item)) is not None] or None


_COERCE: Mapping[str, Any] = {
    "text": as_text, "number": _as_number, "boolean": _as_boolean, "date": as_date, "list": _as_list,
}  # fmt: skip

FIELD_TYPES = frozenset(_COERCE)
