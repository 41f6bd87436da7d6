"""What each key sends, as a debugger shows it: accepted and refused, why, and the event itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec

from engine.accounts import key_service
from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission
from engine.contacts.sheet import sheets
from engine.db import Db
from engine.domain.document import Document
from engine.errors import NotFound
from engine.pipeline import arrivals, refused_events
from engine.pipeline.arrivals import HOUR, KeyArrivals, Minute
from engine.pipeline.refused_events import IdConflict, RefusedEvent
from engine.shops import shops

SHOWN = 50
"""Rows of each list, the latest."""

COUNTED = 2_000
"""Refused events of the last hour whose reasons are counted, at most: the latest."""

State = Literal["received", "applied", "failed", "refused"]


@dataclass(frozen=True)
class IncomingEvent:
    """An event as it came, or the activity that it became.

    Parameters:
      source(str): The id of its key, or another source such as `webhook:postmark`.
      name(str): The type of its activity; empty where it was refused.
      state(str): How far it has come.
      reason(str): Why it was refused or failed.
      contact(str): Whose sheet shows it; unset where it is not applied.
      event(str): JSON text: what was sent, or the activity without what is ours alone.
    """

    id: str
    received_at: datetime
    source: str
    name: str
    state: State
    reason: str
    contact: str | None
    event: str


@dataclass(frozen=True)
class Incoming:
    """The last hour of each key, and the latest events.

    Parameters:
      without_key(int): Requests of the last hour whose key is not in force; `unknown_keys` begin like that.
      reasons(list): Why events were refused in the last hour, each with how many, the most first.
    """

    last_hour: list[KeyArrivals]
    by_minute: list[Minute]
    without_key: int
    unknown_keys: list[str]
    reasons: list[tuple[str, int]]
    events: list[IncomingEvent]
    conflicts: list[IdConflict]


@dataclass(frozen=True)
class RefusedByKey:
    """What each key sent in the last hour, and the latest refused events."""

    last_hour: list[KeyArrivals]
    refused: list[RefusedEvent]


def incoming(
    actor: Actor, *, key: str | None = None, accepted: bool = True, refused: bool = True
) -> Incoming:
    """What came in, by all keys or by one; the events are accepted ones, refused ones or both.

    Raises NotAllowed and KeyNotFound.
    """
    found = refused_by_key(actor, key=key)
    db, now = actor.db, actor.now
    events = [_refused(one) for one in found.refused] if refused else []
    if accepted:
        events += _accepted(db, arrivals.latest_accepted(db, now=now, limit=SHOWN, key=key))
    without_key, begins = arrivals.unknown_keys(db, now=now)
    counted = refused_events.reasons(db, since=now - HOUR, limit=COUNTED, source=key)
    return Incoming(
        last_hour=found.last_hour,
        by_minute=arrivals.by_minute(db, now=now, key=key),
        without_key=without_key,
        unknown_keys=begins,
        reasons=sorted(
            ((_reason(field, reason), count) for field, reason, count in counted),
            key=lambda one: (-one[1], one[0]),
        ),
        events=sorted(events, key=lambda event: (event.received_at, event.id), reverse=True)[:SHOWN],
        conflicts=refused_events.newest_conflicts(db, limit=SHOWN),
    )


def refused_by_key(actor: Actor, *, key: str | None = None, limit: int = SHOWN) -> RefusedByKey:
    """The last hour of each key and the latest refused events, or those of one.

    A shop counts as a key: its source stands for the key's id.  Raises NotAllowed and KeyNotFound.
    """
    actor.require(Permission.OPERATE)
    labels = shops.labels(actor.db)
    if key is not None and key not in labels:
        key_service.find(actor, key)
    found = arrivals.last_hour(actor.db, now=actor.now, others=labels)
    return RefusedByKey(
        last_hour=[one for one in found if key is None or one.key == key],
        refused=refused_events.newest(actor.db, limit=limit, source=key),
    )


def refused_event(actor: Actor, id_: str) -> RefusedEvent:
    """A refused event.  Raises NotAllowed and NotFound."""
    actor.require(Permission.OPERATE)
    found = refused_events.find(actor.db, id_)
    if found is None:
        raise NotFound(f"there is no refused event {id_!r}; they are kept for 30 days")
    return found


def _refused(one: RefusedEvent) -> IncomingEvent:
    return IncomingEvent(
        one.id, one.received_at, one.source, "", "refused", _reason(one.field, one.reason), None, one.event
    )


def _reason(field: str, reason: str) -> str:
    return f"{field}: {reason}" if field else reason


def _accepted(db: Db, ids: Sequence[str]) -> Iterator[IncomingEvent]:
    rows = list(db.activities.find({"_id": {"$in": list(ids)}}))
    holders = _holders(db, {row["stream"] for row in rows if row["state"] == "applied"})
    for row in rows:
        yield IncomingEvent(
            id=row["_id"],
            received_at=row["received_at"],
            source=str(row.get("source", "")),
            name=row["type"],
            state=row["state"],
            reason=str(row.get("failure", {}).get("reason", "")),
            contact=holders.get(row["stream"]),
            event=_as_json(row),
        )


def _holders(db: Db, streams: Iterable[str]) -> dict[str, str]:
    """The contacts that hold streams now."""
    rows = db.contacts.find({"keys": {"$in": list(streams)}}, {"keys": 1})
    return {key: str(row["_id"]) for row in rows for key in row["keys"]}


_SENT = ("happened_at", "type", "identities", "tracker", "properties", "traits", "context")


def _as_json(row: Document) -> str:
    sent = {name: row[name] for name in _SENT if row.get(name)}
    return msgspec.json.format(sheets.encode(sent)).decode()
