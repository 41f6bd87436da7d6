"""An upsert is what a trusted server's `identify` is: one activity, under the rules for trusted sources."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine.domain.activities import Activity
from engine.domain.fields import CUSTOM
from engine.domain.folding import profile
from engine.domain.folding.profile import RESERVED, is_custom_name
from engine.domain.identity.identities import IDENTIFYING
from engine.domain.rulebook import Ruleset
from engine.errors import InvalidActivity, InvalidIdentity
from engine.rules import versions
from engine.tracking.translate import NOT_TAKEN, Sender, translate
from workers.collector.api.errors import InvalidParameters
from workers.collector.api.operation import Call

_IDENTITIES = frozenset(kind.contact_field for kind in IDENTIFYING)
_API_NAMES = {
    "userId": "external_id",
    "traits.email": "email",
    "traits.phone": "mobile_phone",
    "traits.mobile_phone": "mobile_phone",
}
"""The fields of an event that have another name in the API."""


def upsert_activity(call: Call, given: Mapping[str, Any], timestamp: datetime | None) -> Activity:
    """Return the activity of an upsert.  Raises InvalidParameters with every field at fault."""
    ruleset = versions.current(call.actor.db)
    problems = _problems(given, ruleset)
    if timestamp is not None and timestamp.tzinfo is None:
        problems["timestamp"] = "needs a time zone, such as 2026-03-31T12:00:00Z"
    if problems:
        raise InvalidParameters(problems)
    try:
        activity = translate(
            _event(call.id("upsert"), given, timestamp),
            Sender(call.key, trusted=True),
            ruleset,
            received_at=call.actor.now,
        )
    except (InvalidActivity, InvalidIdentity) as error:
        if error.field == "anonymousId":
            needed = "is missing: give an external_id, an email or a mobile_phone"
            raise InvalidParameters({"external_id": needed}) from None
        raise InvalidParameters({_API_NAMES.get(error.field, error.field): error.reason}) from None
    if unreadable := activity.context.get(NOT_TAKEN):
        raise InvalidParameters({_API_NAMES.get(name, name): why for name, why in unreadable.items()})
    return activity


def _event(id_: str, given: Mapping[str, Any], timestamp: datetime | None) -> dict[str, Any]:
    traits = {name.removeprefix(CUSTOM): value for name, value in given.items() if name != "external_id"}
    event = {"type": "identify", "messageId": id_, "userId": given.get("external_id"), "traits": traits}
    return event if timestamp is None else {**event, "timestamp": timestamp.isoformat()}


def _problems(given: Mapping[str, Any], ruleset: Ruleset) -> dict[str, str]:
    """Fields that an event would leave out, or that would fill another field."""
    found = dict[str, str]()
    for name, value in given.items():
        custom = name.removeprefix(CUSTOM)
        if name in _IDENTITIES and not value:
            found[name] = "can be changed, not cleared; leave it out"
        elif custom != name and (problem := custom_name_problem(custom)):
            found[name] = problem
        elif name not in _IDENTITIES and value is not None and _is_unreadable(name, value, ruleset):
            found[name] = "cannot be a value of this field"
    return found


def custom_name_problem(name: str) -> str:
    """Return why a custom field cannot be called so; empty if it can."""
    if name in RESERVED:
        return "is a built-in field: give it beside `custom`, under its own name"
    return "" if is_custom_name(name) else "is no name of a field: letters, digits, spaces, - and _, up to 64"


def _is_unreadable(name: str, value: Any, ruleset: Ruleset) -> bool:
    declared = ruleset.fields.get(name.removeprefix(CUSTOM))
    if name.startswith(CUSTOM) and declared is None:
        return False
    return value not in ("", []) and profile.coerced(name, value, ruleset) is None
