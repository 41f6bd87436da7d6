"""Taking the events of a request apart: what can be kept, and what cannot and why."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from engine.domain.activities import Activity, ActivityId
from engine.domain.identity.blanks import is_blank
from engine.domain.rulebook import Ruleset
from engine.errors import InvalidActivity, InvalidIdentity
from engine.pipeline.refused_events import RefusedEvent
from engine.tracking.times import readable, time_field
from engine.tracking.translate import KINDS, Sender, translate
from workers.collector.bodies import Envelope, event_of
from workers.collector.consent import is_withheld
from workers.collector.limits import MAX_EVENT


@dataclass(frozen=True)
class Call:
    """The input of a path of the API.

    Parameters:
      kind(str): Of the one event that it takes; unset: a batch, whose events name theirs.
      historic(bool): Whether every event must say when it happened.
    """

    kind: str | None = None
    historic: bool = False


CALLS: dict[str, Call] = {
    **{kind: Call(kind) for kind in KINDS},
    "batch": Call(),
    "import": Call(historic=True),
    # What Segment's browser and phone libraries call them.
    "t": Call("track"),
    "i": Call("identify"),
    "p": Call("page"),
    "s": Call("screen"),
    "a": Call("alias"),
    "g": Call("group"),
    "b": Call(),
}
"""The paths below `/v1/`."""


MILLISECOND = timedelta(milliseconds=1)

BEYOND_CEILING = (
    "has reached its daily limit of new contacts; events of known contacts are accepted, "
    "and an admin can raise the limit in the settings, under API keys"
)


@dataclass(frozen=True)
class Refused:
    """An event that was not taken, by its position in the batch."""

    index: int
    field: str
    message: str
    raw: bytes

    def as_json(self) -> dict[str, Any]:
        return {"index": self.index, "field": self.field, "message": self.message}

    def to_keep(self, sender: Sender, *, received_at: datetime) -> RefusedEvent:
        """The refusal for a person to see, with the event as it came."""
        return RefusedEvent(
            received_at=received_at,
            source=sender.key,
            field=self.field,
            reason=self.message,
            event=self.raw[:MAX_EVENT].decode("utf-8", "replace"),
        )


@dataclass
class SortedEvents:
    """The events of one request, sorted into what can be kept and what cannot."""

    activities: list[Activity] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    """The position in the batch of each activity."""
    turned_away: list[Refused] = field(default_factory=list)
    """Events of new contacts beyond the key's daily ceiling: they may come again after `wait` seconds."""
    withheld: int = 0
    """How many events were left out, as their visitor allows no category."""
    wait: float = 0.0

    def turn_away(self, ids: Container[ActivityId], envelope: Envelope, *, wait: float) -> None:
        """Turn activities away whose contacts the key may not create today."""
        placed = list(zip(self.activities, self.positions, strict=True))
        self.activities = [activity for activity, _ in placed if activity.id not in ids]
        self.positions = [position for activity, position in placed if activity.id not in ids]
        self.turned_away = [
            Refused(position, "writeKey", BEYOND_CEILING, bytes(envelope.batch[position]))
            for activity, position in placed
            if activity.id in ids
        ]
        self.wait = wait


def take(
    envelope: Envelope, call: Call, sender: Sender, ruleset: Ruleset, *, received_at: datetime
) -> SortedEvents:
    """Translate every event on its own.

    Events without times happened in the order of the batch, a millisecond apart, the last as it arrived.
    """
    taken, sent_at = SortedEvents(), readable(envelope.sentAt)
    last = len(envelope.batch) - 1
    for index, raw in enumerate(envelope.batch):
        try:
            event = _event(raw, call, envelope)
            untimed = time_field(event) is None
            if untimed:  # by our own clock, which needs no correction
                event["timestamp"] = (received_at - (last - index) * MILLISECOND).isoformat()
                event.pop("sentAt", None)
            sent = None if untimed else sent_at
            activity = translate(event, sender, ruleset, received_at=received_at, sent_at=sent)
            if is_withheld(activity):
                taken.withheld += 1
                continue
            taken.activities.append(activity)
            taken.positions.append(index)
        except (InvalidActivity, InvalidIdentity) as error:
            taken.refused.append(Refused(index, error.field, error.reason, bytes(raw)))
    return taken


def key_inside(envelope: Envelope) -> str | None:
    """The write key in the body, beside the events or in one: a beacon can send no header."""
    return envelope.writeKey or next(_keys_of_events(envelope), None)


def _keys_of_events(envelope: Envelope) -> Iterator[str]:
    for raw in envelope.batch[:1]:
        try:
            key = event_of(raw).get("writeKey")
        except InvalidActivity:
            return
        if isinstance(key, str):
            yield key


def _event(raw: Any, call: Call, envelope: Envelope) -> dict[str, Any]:
    """One event, with what its path and its envelope say of it."""
    event = event_of(raw)
    if call.kind is not None:
        event["type"] = call.kind
    if call.historic and time_field(event) is None:
        raise InvalidActivity("timestamp", "is missing: an import says when things happened")
    own = event.get("context")
    if envelope.context and (isinstance(own, dict) or is_blank(own)):
        event["context"] = envelope.context | (own if isinstance(own, dict) else {})
    return event
