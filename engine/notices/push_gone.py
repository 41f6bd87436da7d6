"""Web push subscriptions that a push service no longer knows: the device's contact, and the activity."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from engine.db import Db
from engine.db.contact_codec import held_keys
from engine.domain.activities import Activity, id_of_sender
from engine.domain.deliverability import MAX_ENDPOINT
from engine.domain.document import Document
from engine.domain.identity.identities import (
    Identities,
    IdentityKind,
    Key,
    is_tracker,
    key_kind,
    key_value,
    stream_of,
    strongest,
)
from engine.domain.rulebook import Ruleset

GONE = (404, 410)
"""What push services answer for a subscription that has ended (RFC 8030, section 7.3)."""


def end_of(report: Any) -> str | None:
    """The endpoint that a report says is gone; None for another answer of its service.

    Raises ValueError for what is no report.
    """
    endpoint = report.get("endpoint") if isinstance(report, Mapping) else None
    if not isinstance(endpoint, str) or not endpoint.startswith("https://"):
        raise ValueError("has no `endpoint`, the address of the push service for the device")
    status = report.get("status", GONE[-1])
    if not isinstance(status, int) or isinstance(status, bool):
        raise ValueError("`status` must be the number that the push service answered")
    return endpoint[:MAX_ENDPOINT] if status in GONE else None


def activities_of(
    db: Db, endpoints: Sequence[str], ruleset: Ruleset, *, source: str, now: datetime
) -> list[Activity]:
    """The ends of the subscriptions that contacts have; the same end always has the same id."""
    return [
        activity
        for endpoint in dict.fromkeys(endpoints)
        for contact in _holders(db, endpoint)
        if (activity := _activity(contact, endpoint, ruleset, source=source, now=now)) is not None
    ]


def _holders(db: Db, endpoint: str) -> Iterator[Document]:
    """The contacts that have a device with this endpoint, by the subscriptions that named it."""
    streams = db.activities.distinct(
        "stream", {"properties.endpoint": endpoint, "type": "push_subscribed", "state": "applied"}
    )
    components = db.contacts.distinct("component", {"keys": {"$in": streams}})
    fields = {"keys": 1, "named": 1, "push_endpoints": 1}
    return db.contacts.find({"component": {"$in": components}, "push_endpoints.endpoint": endpoint}, fields)


def _activity(
    contact: Document, endpoint: str, ruleset: Ruleset, *, source: str, now: datetime
) -> Activity | None:
    key = strongest(held_keys(contact))
    if key is None:
        return None
    tracker = key_value(key) if is_tracker(key) else None
    identities = Identities() if tracker else _identity(key)
    since = next(known["at"] for known in contact["push_endpoints"] if known["endpoint"] == endpoint)
    named = hashlib.blake2b(f"{endpoint}\0{since}".encode(errors="replace"), digest_size=16).hexdigest()
    return Activity(
        id=id_of_sender(f"push-gone:{named}", trusted=True),
        type="push_unsubscribed",
        stream=stream_of(tracker, identities),
        happened_at=max(now, since),
        received_at=now,
        tracker=tracker,
        identities=identities,
        properties={"endpoint": endpoint, "reason": "the push service no longer knows the device"},
        trusted=True,
        ruleset=ruleset.version,
        source=source,
    )


def _identity(key: Key) -> Identities:
    kind: IdentityKind = key_kind(key)
    return Identities.of({kind: key_value(key)})
