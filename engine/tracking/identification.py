"""The tracker and the normalised identities of an event, or why they are invalid."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from engine.domain.identity.blanks import is_blank
from engine.domain.identity.identities import Identities, IdentityKind, Key, make_key
from engine.domain.identity.normalisation import (
    normalise_email,
    normalise_external_id,
    normalise_phone,
    normalise_tracker,
)
from engine.errors import InvalidActivity, InvalidIdentity
from engine.tracking.values import text

Normalise = Callable[[str], str]
Named = Iterable[tuple[str, Any]]
"""Values with the name of the field that each stands in, the surest first."""


@dataclass(frozen=True)
class EventIds:
    """The ids of an event; `not_taken` are the fields that could not be read, with the reason.

    `also` are identities that the previous id of an alias may be.
    """

    tracker: str | None
    identities: Identities
    not_taken: dict[str, str]
    also: list[Key]


def identify(
    event: dict[str, Any],
    *,
    alias: bool,
    traits: dict[str, Any],
    properties: dict[str, Any],
    identified_by: tuple[str, ...],
    region: str,
) -> EventIds:
    """Read the ids of an event.

    `identified_by` names the properties that identify, of this type of activity; `region`
    reads national phone numbers.  Raises InvalidIdentity for a `userId` or tracker that
    cannot identify a person, or when nothing else identifies; InvalidActivity when there is no id at all.
    """
    tracker, external_id = _ids(event, alias=alias)
    not_taken: dict[str, str] = {}

    def first(kind: str, normalise: Normalise, *of_traits: str) -> str | None:
        named = [(f"properties.{kind}", properties.get(kind))] if kind in identified_by else []
        named += [(f"traits.{trait}", traits.get(trait)) for trait in of_traits]
        return _first(named, normalise, not_taken)

    identities = Identities(
        external_id=external_id or first("external_id", normalise_external_id),
        email=first("email", normalise_email, "email"),
        phone=first("phone", lambda value: normalise_phone(value, region=region), "phone", "mobile_phone"),
    )
    if tracker is None and not identities:
        raise _nobody(not_taken)
    also: list[Key] = []
    if alias and tracker is not None:
        tracker, also = _previous(tracker, region=region)
    return EventIds(tracker, identities, not_taken, also)


def _previous(previous: str, *, region: str) -> tuple[str | None, list[Key]]:
    """The previous id of an alias: an email, a phone number, or a tracker that may be a user id, too."""
    with suppress(InvalidIdentity):
        if "@" in previous:
            return None, [make_key(IdentityKind.EMAIL, normalise_email(previous))]
        if previous.startswith("+"):
            return None, [make_key(IdentityKind.PHONE, normalise_phone(previous, region=region))]
    return previous, [make_key(IdentityKind.EXTERNAL_ID, previous)]


def _ids(event: dict[str, Any], *, alias: bool) -> tuple[str | None, str | None]:
    """Tracker and external id; an alias says that its `previousId` is its `userId`."""
    tracker_field = "previousId" if alias else "anonymousId"
    tracker = _id(event, tracker_field, normalise_tracker)
    external_id = _id(event, "userId", normalise_external_id)
    if alias and (tracker is None or external_id is None):
        missing = tracker_field if tracker is None else "userId"
        raise InvalidActivity(missing, "is missing: an alias names both `previousId` and `userId`")
    return tracker, external_id


def _id(event: dict[str, Any], field: str, normalise: Normalise) -> str | None:
    """One id, normalised; its error names the field as the sender knows it."""
    value = text(event, field)
    if value is None:
        return None
    try:
        return normalise(value)
    except InvalidIdentity as error:
        raise InvalidIdentity(field, error.reason) from None


def _first(named: Named, normalise: Normalise, not_taken: dict[str, str]) -> str | None:
    """The first readable value; unreadable ones before it are recorded in `not_taken`."""
    for field, value in named:
        if is_blank(value):
            continue
        try:
            return normalise(_as_text(field, value))
        except InvalidIdentity as error:
            not_taken[field] = error.reason
    return None


def _as_text(field: str, value: Any) -> str:
    """An id as text; a number is accepted, other types are not."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise InvalidIdentity(field, "must be text")


def _nobody(not_taken: dict[str, str]) -> InvalidActivity | InvalidIdentity:
    for field, reason in not_taken.items():
        return InvalidIdentity(field, reason)
    missing = "is missing: an event needs an `anonymousId` or a `userId`, or an email or phone"
    return InvalidActivity("anonymousId", missing)
