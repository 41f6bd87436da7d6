"""The browsers and apps of a contact: what each said it was, and when it was last there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.database import Database

from engine.core.activities import ContactId

Document = dict[str, Any]

LOOKED_AT = 300
"""The newest activities of a contact in which its devices are looked for; older ones go unnamed."""


@dataclass(frozen=True)
class Device:
    """A browser or app by its tracker.

    Parameters:
      id: The tracker.
      shared: Whether it links nobody to anybody, because several people use it.
      user_agent: What it said it was; unset where nothing lately came from it.
      last_seen: When something last came from it, as far as that was looked for.
      pushes: Whether web push is enabled on it.
    """

    id: str
    shared: bool
    user_agent: str | None = None
    last_seen: datetime | None = None
    pushes: bool = False


def devices(db: Database[Document], contact: ContactId) -> list[Device]:
    """The devices of a contact, the one that was there last first."""
    row = db.contacts.find_one({"_id": contact}, ["trackers", "push_devices", "spans"])
    if row is None:
        return []
    seen = _seen(db, [span["key"] for span in row.get("spans", ())])
    pushing = set(row.get("push_devices", ()))
    found = [_device(tracker, seen.get(tracker["id"], {}), pushing) for tracker in row.get("trackers", ())]
    found += [Device(id_, shared=False, pushes=True) for id_ in sorted(pushing - {d.id for d in found})]
    return sorted(
        found, key=lambda device: device.last_seen.timestamp() if device.last_seen else 0, reverse=True
    )


def _device(tracker: Document, seen: Document, pushing: set[str]) -> Device:
    return Device(
        id=tracker["id"],
        shared=tracker.get("shared", False),
        user_agent=seen.get("context", {}).get("userAgent"),
        last_seen=seen.get("happened_at"),
        pushes=tracker["id"] in pushing,
    )


def _seen(db: Database[Document], streams: list[str]) -> dict[str, Document]:
    """The newest activity that named a browser, by tracker."""
    rows = db.activities.find(
        {"stream": {"$in": streams}}, {"tracker": 1, "context.userAgent": 1, "happened_at": 1}
    )
    newest: dict[str, Document] = {}
    for row in rows.sort([("happened_at", -1), ("_id", -1)]).limit(LOOKED_AT):
        tracker = row.get("tracker")
        known = newest.get(tracker) if tracker else None
        if tracker and known is None:
            newest[tracker] = row
        elif known is not None and "userAgent" not in known.get("context", {}):
            known["context"] = row.get("context", {})
    return newest
