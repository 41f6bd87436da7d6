"""The browsers and apps of a contact: the last user agent of each, and when it was last seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from engine.db import Db
from engine.domain.activities import ContactId
from engine.domain.document import Document
from engine.domain.identity.identities import tracker_key
from engine.pipeline.activity_spans import Span

DATED = 50
"""Trackers of a contact whose first activity is looked up: those that it got last."""

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Device:
    """A browser or app by its tracker.

    Parameters:
      id: The tracker.
      shared: Whether several people use it, so that it identifies no contact.
      user_agent: The last one that it sent, if any.
      first_seen: The time of its first activity as this contact's, or of the claim that brought it.
      last_seen: The time of its last activity, if any.
      pushes: Whether web push is enabled on it.
    """

    id: str
    shared: bool
    user_agent: str | None = None
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    pushes: bool = False


def devices_of(db: Db, contact: ContactId) -> list[Device]:
    """Return the devices of a contact, the last seen first."""
    row = db.contacts.find_one({"_id": contact}, ["trackers", "push_devices", "spans"])
    if row is None:
        return []
    with_push = set(row.get("push_devices", ()))
    trackers = row.get("trackers", ())
    seen = _first_seen(db, row, [tracker["id"] for tracker in trackers][-DATED:])
    devices = [_device(tracker, with_push, seen) for tracker in trackers]
    devices += [Device(id_, shared=False, pushes=True) for id_ in sorted(with_push - {d.id for d in devices})]
    return sorted(devices, key=lambda device: device.last_seen or _NEVER, reverse=True)


def _first_seen(db: Db, contact: Document, trackers: Sequence[str]) -> dict[str, datetime]:
    """When each of some trackers was first seen as the contact's; unset where no activity says so."""
    found = {}
    for tracker in trackers:
        spans = [span for span in contact.get("spans", ()) if span["key"] == tracker_key(tracker)]
        for span in spans[:1]:
            held = Span(span["key"], span.get("since"), span.get("until"))
            first = db.activities.find_one(held.query({}), {"happened_at": 1}, sort=[("happened_at", 1)])
            known = [at for at in (span.get("since"), (first or {}).get("happened_at")) if at is not None]
            if known:
                found[tracker] = min(known)
    return found


def _device(tracker: Document, with_push: set[str], seen: Mapping[str, datetime]) -> Device:
    return Device(
        id=tracker["id"],
        shared=tracker.get("shared", False),
        user_agent=tracker.get("agent"),
        first_seen=seen.get(tracker["id"]),
        last_seen=tracker.get("seen"),
        pushes=tracker["id"] in with_push,
    )
