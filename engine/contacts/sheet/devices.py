"""The browsers and apps of a contact: what each last said it was, and when it was last there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pymongo.database import Database

from engine.domain.activities import ContactId

Document = dict[str, Any]

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Device:
    """A browser or app by its tracker.

    Parameters:
      id: The tracker.
      shared: Whether it links nobody to anybody, because several people use it.
      user_agent: What it last said it was; unset where it never said.
      last_seen: When something last came from it; unset where nothing did.
      pushes: Whether web push is enabled on it.
    """

    id: str
    shared: bool
    user_agent: str | None = None
    last_seen: datetime | None = None
    pushes: bool = False


def devices(db: Database[Document], contact: ContactId) -> list[Device]:
    """The devices of a contact, the one that was there last first."""
    row = db.contacts.find_one({"_id": contact}, ["trackers", "push_devices"])
    if row is None:
        return []
    pushing = set(row.get("push_devices", ()))
    found = [_device(tracker, pushing) for tracker in row.get("trackers", ())]
    found += [Device(id_, shared=False, pushes=True) for id_ in sorted(pushing - {d.id for d in found})]
    return sorted(found, key=lambda device: device.last_seen or _NEVER, reverse=True)


def _device(tracker: Document, pushing: set[str]) -> Device:
    return Device(
        id=tracker["id"],
        shared=tracker.get("shared", False),
        user_agent=tracker.get("agent"),
        last_seen=tracker.get("seen"),
        pushes=tracker["id"] in pushing,
    )
