"""A contact's own fields, from the traits that come with activities."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from engine.domain.activities import Activity
from engine.domain.contact import ContactState
from engine.domain.fields import CUSTOM, FIELDS, PROFILE_FIELDS
from engine.domain.folding.field_values import as_date, as_text, converted, undeclared
from engine.domain.identity.blanks import is_blank, visible
from engine.domain.identity.identities import IDENTIFYING
from engine.domain.identity.people import Placement
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

RESERVED = _HANDLED | FIELDS.keys()
"""What no custom field can be called: built-in fields, and traits that are not kept as custom ones."""

ADDRESS = "address"
"""The object among traits whose parts are the person's own: `address.city` fills the field `city`."""

_CUSTOM_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_\- ]{0,63}")

CLEARED = "cleared"
"""The property of an edit that lists the fields it empties."""

MAX_CUSTOM_FIELDS = 100
"""Undeclared traits that one contact may keep as custom fields; more stay on the activity."""

MAX_NESTED = 3
"""How deep the parts of an object are kept as fields; deeper ones stay on the activity alone."""


def full_name(first_name: str | None, last_name: str | None) -> str:
    """The whole name; empty if neither part is known."""
    return " ".join(part for part in (first_name, last_name) if part)


def apply_traits(state: ContactState, placement: Placement, ruleset: Ruleset) -> None:
    """Apply an activity's traits to the contact.

    With `gaps_only` a value fills an empty field, or one that was itself filled so; with
    `fills_only` an empty one alone.  A blank value of a `proven` source removes what its field
    has (with `gaps_only`, what filled a gap); of another it says nothing.
    """
    activity = placement.activity
    _clear(state, activity)
    if not activity.traits:
        return
    traits = flattened(activity.traits)
    if placement.proven and not placement.fills_only:
        emptied = _emptied(traits, state, ruleset)
        _empty(state, (name for name in emptied if not placement.gaps_only or name in state.weak))
    for name, value in _standard(traits, ruleset.account).items():
        if _may_set(state, name, getattr(state, name), placement=placement):
            setattr(state, name, value)
    typed = traits.get("email")
    may_spell = not placement.fills_only or state.email_typed is None
    if may_spell and isinstance(typed, str) and visible(typed).lower() == (placement.email or ""):
        state.email_typed = visible(typed)
    custom = dict(state.custom)
    for name, value in _custom(traits, ruleset).items():
        has_room = name in custom or name in ruleset.fields or len(custom) < MAX_CUSTOM_FIELDS
        if has_room and _may_set(state, f"custom.{name}", custom.get(name), placement=placement):
            custom[name] = value
    state.custom = custom


def flattened(traits: Mapping[str, Any]) -> Mapping[str, Any]:
    """The traits with the parts of objects beside them, each under a name of its own.

    `company: {name: …}` becomes `company_name`; of `address` the parts keep their names, unless
    they would fill a built-in field.  A trait that is there by itself goes before a part.
    """
    if not any(isinstance(value, dict) for value in traits.values()):
        return traits
    return {**dict(_parts(traits, "", depth=0)), **traits}


def _parts(values: Mapping[str, Any], prefix: str, *, depth: int) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict) and value and depth < MAX_NESTED:
            inner = "" if name == ADDRESS and depth == 0 else f"{prefix}{name}_"
            yield from _parts(value, inner, depth=depth + 1)
        elif depth:
            yield (f"{ADDRESS}_{name}" if not prefix and name in _HANDLED else f"{prefix}{name}"), value


def _emptied(traits: Mapping[str, Any], state: ContactState, ruleset: Ruleset) -> Iterator[str]:
    """The fields that blank traits empty, an undeclared object's with all of its parts."""
    for field, names in _FILLED_BY.items():
        given = [traits[name] for name in names if name in traits]
        if given and all(is_blank(value) for value in given):
            yield field
    parts = ("first_name", "last_name")
    if "name" in traits and is_blank(traits["name"]) and not any(_is_given(traits, part) for part in parts):
        yield from parts
    blank = {name for name, value in traits.items() if name not in _HANDLED and _is_emptied(value)}
    for name in state.custom if blank else ():
        is_part = name not in ruleset.fields and name not in traits
        if name in blank or (is_part and any(name.startswith(f"{whole}_") for whole in blank)):
            yield CUSTOM + name


def _is_emptied(value: Any) -> bool:
    """Whether a trait's own field has no value; an object with parts says something of these alone."""
    return is_blank(value) and not (isinstance(value, dict) and value)


def _is_given(traits: Mapping[str, Any], field: str) -> bool:
    return any(name in traits for name in _FILLED_BY[field])


def _clear(state: ContactState, activity: Activity) -> None:
    """Empty the fields that a person emptied by hand, or by a file."""
    names, may = activity.properties.get(CLEARED), activity.by_hand or activity.by_import
    _empty(state, [str(name) for name in names] if isinstance(names, list) and may else ())


def _empty(state: ContactState, names: Iterable[str]) -> None:
    for name in list(names):
        custom = name.removeprefix(CUSTOM)
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


def _standard(traits: Mapping[str, Any], account: Account) -> dict[str, str]:
    found = {}
    for field, names in _FILLED_BY.items():
        value = next((traits[name] for name in names if not is_blank(traits.get(name))), None)
        text = as_date(value, account.time_zone) if field == "birth_date" else as_text(value)
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
        if name in _HANDLED or is_blank(value):
            continue
        declared = ruleset.fields.get(name)
        kept = _coerced(value, declared, ruleset.account) if is_custom_name(name) else None
        if kept is not None:
            found[name] = kept
    return found


@lru_cache(maxsize=4_096)
def is_custom_name(name: str) -> bool:
    """Whether a custom field can have a name."""
    return _CUSTOM_NAME.fullmatch(name) is not None


def _coerced(value: Any, declared: CustomField | None, account: Account) -> Any:
    if declared is None:
        return undeclared(value) if account.keep_undeclared_traits else None
    return converted(value, declared.type, account.time_zone)


def coerced(name: str, value: Any, ruleset: Ruleset) -> Any:
    """A field's value as it is kept, from one that was typed; unset if it cannot be one."""
    zone = ruleset.account.time_zone
    if name == "birth_date":
        return as_date(value, zone)
    custom = name.removeprefix(CUSTOM)
    if custom == name:
        return as_text(value)
    declared = ruleset.fields.get(custom)
    return undeclared(value) if declared is None else converted(value, declared.type, zone)
