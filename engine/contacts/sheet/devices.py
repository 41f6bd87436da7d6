"""The browsers and apps of a contact: the last user agent of each, and when it was last seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from engine.db import Db
from engine.domain.activities import ContactId
from engine.domain.document import Document

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Device:
    """A browser or app by its tracker.

    Parameters:
      id: The tracker.
      shared: Whether several people use it, so that it identifies no contact.
      user_agent: The last one that it sent, if any.
      last_seen: The time of its last activity, if any.
      pushes: Whether web push is enabled on it.
    """

    id: str
    shared: bool
    user_agent: str | None = None
    last_seen: datetime | None = None
    pushes: bool = False


def devices_of(db: Db, contact: ContactId) -> list[Device]:
    """Return the devices of a contact, the last seen first."""
    row = db.contacts.find_one({"_id": contact}, ["trackers", "push_devices"])
    if row is None:
        return []
    with_push = set(row.get("push_devices", ()))
    devices = [_device(tracker, with_push) for tracker in row.get("trackers", ())]
    devices += [Device(id_, shared=False, pushes=True) for id_ in sorted(with_push - {d.id for d in devices})]
    return sorted(devices, key=lambda device: device.last_seen or _NEVER, reverse=True)


def _device(tracker: Document, with_push: set[str]) -> Device:
    return Device(
        id=tracker["id"],
        shared=tracker.get("shared", False),
        user_agent=tracker.get("agent"),
        last_seen=tracker.get("seen"),
        pushes=tracker["id"] in with_push,
    )
