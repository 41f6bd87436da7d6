"""One event of the Segment tracking API becomes one activity, or an error that names its field."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from engine.core.activities import Activity, ActivityId, Identities
from engine.core.catalog import ActivityCatalog
from engine.core.identities import (
    normalise_email,
    normalise_external_id,
    normalise_phone,
    normalise_tracker,
    stream_of,
)
from engine.core.rulebook import Ruleset
from engine.errors import InvalidActivity, InvalidIdentity
from workers.collector.bots import is_bot
from workers.collector.times import happened_at
from workers.collector.values import mapping, text

KINDS = ("track", "identify", "page", "screen", "alias", "group")

MAX_NAME = 200
"""Characters of an event's name."""

MAX_ID = 256
"""Characters of a `messageId`."""

NOT_TAKEN = "identities_not_taken"
"""Where an activity's context says which email or number was unreadable, and why."""


@dataclass(frozen=True)
class Sender:
    """Who sent an event: the key it came with, and the browser that carried it."""

    key: str
    trusted: bool
    user_agent: str = ""


def translate(
    event: dict[str, Any],
    sender: Sender,
    ruleset: Ruleset,
    *,
    received_at: datetime,
    sent_at: datetime | None = None,
) -> Activity:
    """Translate one event; raise InvalidActivity or InvalidIdentity, which name the field.

    A placeholder for `userId` or `anonymousId` refuses the event.  An unreadable email or
    number beside one that identifies is left out, and the activity's context says so.
    """
    kind = _kind(event)
    properties, context = mapping(event, "properties"), mapping(event, "context")
    type_ = _type(event, kind, ruleset.catalog)
    tracker, external_id = _ids(event, kind)
    not_taken: dict[str, str] = {}
    traits = _traits(event, kind, context)
    emails, phones = _addresses(type_, traits, properties, ruleset.catalog)
    identities = Identities(
        external_id=external_id,
        email=_first(emails, normalise_email, not_taken),
        phone=_first(phones, lambda v: normalise_phone(v, region=ruleset.account.default_region), not_taken),
    )
    if tracker is None and not identities:
        raise _nobody(not_taken)
    if not_taken:
        context[NOT_TAKEN] = not_taken
    at, clamped = happened_at(event, sent_at=sent_at, received_at=received_at)
    return Activity(
        id=_id(event, sender, received_at),
        type=type_,
        stream=stream_of(tracker, identities),
        happened_at=at,
        received_at=received_at,
        tracker=tracker,
        identities=identities,
        properties=_properties(event, kind, properties, context),
        traits=traits,
        context=context,
        trusted=sender.trusted,
        bot=is_bot(_user_agent(context, sender)),
        clamped=clamped,
        ruleset=ruleset.version,
        source=sender.key,
    )


def _kind(event: dict[str, Any]) -> str:
    kind = event.get("type")
    if kind not in KINDS:
        raise InvalidActivity("type", f"must be one of {', '.join(KINDS)}")
    return str(kind)


def _type(event: dict[str, Any], kind: str, catalog: ActivityCatalog) -> str:
    if kind != "track":
        return {"page": "page_visited", "screen": "page_visited", "group": "group"}.get(kind, "identified")
    name = text(event, "event")
    if name is None or not name.strip():
        raise InvalidActivity("event", "is missing: a track call needs the event's name")
    if len(name) > MAX_NAME:
        raise InvalidActivity("event", f"has {len(name)} characters; at most {MAX_NAME} are kept")
    return catalog.type_of(name.strip())


def _ids(event: dict[str, Any], kind: str) -> tuple[str | None, str | None]:
    """Tracker and external id; an alias says that its `previousId` is its `userId`."""
    tracker_field = "previousId" if kind == "alias" else "anonymousId"
    tracker, external_id = text(event, tracker_field), text(event, "userId")
    if kind == "alias" and (tracker is None or external_id is None):
        missing = tracker_field if tracker is None else "userId"
        raise InvalidActivity(missing, "is missing: an alias names both `previousId` and `userId`")
    return (
        None if tracker is None else _named(tracker_field, normalise_tracker, tracker),
        None if external_id is None else _named("userId", normalise_external_id, external_id),
    )


def _named(field: str, normalise: Any, value: str) -> str:
    """Normalise an id; its error names the field as the sender knows it."""
    try:
        return str(normalise(value))
    except InvalidIdentity as error:
        raise InvalidIdentity(field, error.reason) from None


def _traits(event: dict[str, Any], kind: str, context: dict[str, Any]) -> dict[str, Any]:
    """What is said of the person; a group's traits are the group's."""
    said = context.get("traits")
    of_context = said if isinstance(said, dict) else {}
    return {**of_context, **mapping(event, "traits")} if kind in ("identify", "alias") else dict(of_context)


def _addresses(
    type_: str, traits: dict[str, Any], properties: dict[str, Any], catalog: ActivityCatalog
) -> tuple[list[Any], list[Any]]:
    """The values that may be the person's email and number, the surest first."""
    named = catalog.identified_by(type_)
    emails = [properties.get("email")] if "email" in named else []
    phones = [properties.get("phone")] if "phone" in named else []
    emails.append(traits.get("email"))
    phones += [traits.get("phone"), traits.get("mobile_phone")]
    return emails, phones


def _first(values: list[Any], normalise: Any, not_taken: dict[str, str]) -> str | None:
    for value in values:
        if value is None or value == "":
            continue
        try:
            return str(normalise(value if isinstance(value, str) else str(value)))
        except InvalidIdentity as error:
            not_taken.setdefault(error.field, error.reason)
    return None


def _nobody(not_taken: dict[str, str]) -> InvalidActivity:
    for field, reason in not_taken.items():
        return InvalidActivity(field, reason)
    return InvalidActivity(
        "anonymousId", "is missing: an event needs an `anonymousId`, a `userId`, or an email or phone"
    )


def _properties(
    event: dict[str, Any], kind: str, properties: dict[str, Any], context: dict[str, Any]
) -> dict[str, Any]:
    """An event's own properties, with what page, screen and group calls carry beside them."""
    if kind in ("page", "screen"):
        page = context.get("page")
        return {
            **(page if isinstance(page, dict) else {}),
            **_beside(event, "name", "category"),
            **properties,
        }
    if kind == "group":
        return {**mapping(event, "traits"), **_beside(event, "groupId")}
    return properties


def _beside(event: dict[str, Any], *names: str) -> dict[str, str]:
    found: Iterator[tuple[str, str | None]] = ((name, text(event, name)) for name in names)
    return {name: value for name, value in found if value}


def _user_agent(context: dict[str, Any], sender: Sender) -> str:
    """The browser's own word; the header's only if a browser sent it (not a server's library)."""
    said = context.get("userAgent")
    if isinstance(said, str):
        return said[:1_000]
    return sender.user_agent[:1_000] if not sender.trusted else ""


def _id(event: dict[str, Any], sender: Sender, at: datetime) -> ActivityId:
    """The sender's id, else one that follows from what was said to have happened, and when.

    Without a time of the sender's that is the time of receipt: the same thing may well
    happen again tomorrow.
    """
    given = text(event, "messageId")
    if given is not None and given.strip():
        if len(given) > MAX_ID or "\0" in given:
            raise InvalidActivity("messageId", f"must be at most {MAX_ID} characters of plain text")
        return ActivityId(given.strip())
    said = {name: value for name, value in event.items() if name not in ("sentAt", "messageId")}
    when = event.get("originalTimestamp") or event.get("timestamp") or at
    content = msgspec.json.encode([sender.key, when, said], order="sorted")
    return ActivityId("content-" + hashlib.blake2b(content, digest_size=16).hexdigest())
