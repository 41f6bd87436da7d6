"""The contact sheet: all that is known of one contact, for the pages and the command line."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from bson.dbref import DBRef
from pymongo.database import Database

from engine.db import contact_codec
from engine.domain.activities import ContactId
from engine.domain.contact import Bounce, Cart, Commerce, ContactState, Deliverability
from engine.domain.identities import key_value
from engine.domain.profile import full_name
from engine.domain.reachability import Reach, reach_of
from engine.domain.rulebook import Ruleset
from engine.rules import rulesets

Document = dict[str, Any]

ENTRIES = 500
"""Ledger entries on a sheet; older ones are added up in `older`."""


class Entry(msgspec.Struct, frozen=True):
    """A change of points and what it comes from; `worth` is what is left of it now."""

    id: str
    rule: str
    rule_name: str
    activity: str
    activity_type: str
    activity_label: str
    points: int
    happened_at: datetime
    expires_at: datetime | None
    expired: bool
    worth: int


class SheetPoints(msgspec.Struct, frozen=True):
    """Points, and every ledger entry behind them, the newest first.

    `total` is what the entries are worth now, and `older` ones.
    """

    total: int
    changed_at: datetime | None
    entries: list[Entry]
    older: int = 0


class SheetSegment(msgspec.Struct, frozen=True):
    """A segment that the contact is in."""

    id: str
    name: str
    since: datetime
    dynamic: bool


class SheetStatus(msgspec.Struct, frozen=True):
    """Where one machine stands, in the words that a person reads; `until`, if it ends.

    `by` is who wanted it so: a colleague's name, or `the contact`.
    """

    machine: str
    machine_label: str
    state: str
    label: str
    since: datetime | None
    reason: str | None
    until: datetime | None
    by: str | None = None


class SheetDelivery(msgspec.Struct, frozen=True):
    """What sending to the present address or number has shown.

    `failures` are the attempts in a row that failed, `temporary` the temporary bounces so far.
    """

    failures: int
    temporary: int
    last_bounce: Bounce | None


class SheetOrder(msgspec.Struct, frozen=True):
    """One order on the sheet, in its own currency."""

    id: str
    placed_at: datetime
    amount: Decimal
    currency: str | None
    refunded: Decimal
    cancelled: bool


class SheetCommerce(msgspec.Struct, frozen=True):
    """What was bought, in the account's currency; `foreign` stands apart."""

    orders: int
    spent: Decimal
    average: Decimal | None
    refunded: Decimal
    currency: str | None
    first_order_at: datetime | None
    last_order_at: datetime | None
    foreign: dict[str, Decimal]
    cart: Cart | None
    recent: list[SheetOrder]


class SheetTracker(msgspec.Struct, frozen=True):
    """A browser or app of the contact."""

    id: str
    shared: bool


class Sheet(msgspec.Struct, frozen=True):
    """Everything known of one contact."""

    id: ContactId
    identified: bool
    name: str
    email: str | None
    mobile_phone: str | None
    external_id: str | None
    first_name: str | None
    last_name: str | None
    birth_date: str | None
    custom: dict[str, Any]
    trackers: list[str]
    devices: list[SheetTracker]
    points: SheetPoints
    email_status: str | None
    newsletter: str | None
    mobile_status: str | None
    sms: str | None
    push: str | None
    push_devices: int
    statuses: dict[str, SheetStatus]
    delivery: dict[str, SheetDelivery]
    """By the machine that it decides: `email_status`, `mobile_status`."""
    commerce: SheetCommerce
    rfm: dict[str, Any] | None
    clv: dict[str, Any] | None
    segments: list[str]
    memberships: list[SheetSegment]
    reach: list[Reach]
    merged: list[ContactId]
    activities: int
    first_seen: datetime | None
    last_seen: datetime | None
    former: list[str] = []
    """Emails, numbers and external ids that were once the contact's and still lead to it."""
    deleted_at: datetime | None = None
    deleted_by: str = ""
    deleted_why: str = ""


def sheet(db: Database[Document], contact_id: ContactId, *, now: datetime) -> Sheet | None:
    """Read the sheet of a living contact; unset if there is none of that id."""
    row = db.contacts.find_one({"_id": contact_id})
    if row is None:
        return None
    ruleset = rulesets.current(db)
    contact = contact_codec.decode(row)
    state = contact.state
    statuses = _statuses(row, ruleset)
    deleted_by, deleted_why = _deletion(db, state)
    return Sheet(
        id=contact_id,
        identified=row["identified"],
        name=full_name(state.first_name, state.last_name),
        email=state.email_typed or row.get("email"),
        mobile_phone=row.get("mobile_phone"),
        external_id=row.get("external_id"),
        first_name=state.first_name,
        last_name=state.last_name,
        birth_date=state.birth_date,
        custom=state.custom,
        trackers=[tracker.id for tracker in contact.person.trackers],
        devices=[SheetTracker(tracker.id, tracker.shared) for tracker in contact.person.trackers],
        points=_points(db, contact_id, state.points.changed_at, ruleset, now=now),
        **{machine: _state(statuses, machine) for machine in _STATUS_FIELDS},
        push_devices=len(state.push_devices),
        statuses=statuses,
        delivery={"email_status": _delivery(state.mail), "mobile_status": _delivery(state.mobile)},
        commerce=_commerce(state.commerce, state.cart),
        rfm=None,
        clv=None,
        segments=sorted(id_ for id_ in state.segments if id_ in ruleset.segments),
        memberships=_memberships(state, ruleset),
        reach=reach_of(state, ruleset, email=row.get("email"), phone=row.get("mobile_phone")),
        merged=contact.person.merged,
        activities=state.activities,
        first_seen=contact.person.first_seen,
        last_seen=state.last_seen,
        former=[key_value(key) for key in contact.person.former],
        deleted_at=state.deletion.at if state.deleted and state.deletion is not None else None,
        deleted_by=deleted_by,
        deleted_why=deleted_why,
    )


def _deletion(db: Database[Document], state: ContactState) -> tuple[str, str]:
    """By whom and why somebody was deleted; nothing of who is there."""
    if not state.deleted or state.deletion is None:
        return "", ""
    row = db.activities.find_one({"_id": state.deletion.cause}, {"properties": 1}) or {}
    said = row.get("properties", {})
    return str(said.get("author", "")), str(said.get("reason", ""))


_STATUS_FIELDS = ("email_status", "newsletter", "mobile_status", "sms", "push")


def _memberships(state: ContactState, ruleset: Ruleset) -> list[SheetSegment]:
    found = (
        (ruleset.segments[id_], since) for id_, since in state.segments.items() if id_ in ruleset.segments
    )
    return sorted(
        (SheetSegment(segment.id, segment.name, since, segment.dynamic) for segment, since in found),
        key=lambda segment: segment.name,
    )


def _state(statuses: dict[str, SheetStatus], machine: str) -> str | None:
    status = statuses.get(machine)
    return None if status is None else status.state


def _statuses(row: Document, ruleset: Ruleset) -> dict[str, SheetStatus]:
    stored = row.get("statuses", {})
    shown = {}
    for machine in ruleset.machines.values():
        status = stored.get(machine.id, {"state": machine.initial})
        shown[machine.id] = SheetStatus(
            machine=machine.id,
            machine_label=machine.label,
            state=status["state"],
            label=machine.states.get(status["state"], status["state"]),
            since=status.get("since"),
            reason=status.get("reason"),
            until=status.get("until"),
            by=status.get("by"),
        )
    return shown


def _delivery(known: Deliverability) -> SheetDelivery:
    return SheetDelivery(known.failures, known.temporary, known.last_bounce)


def _points(
    db: Database[Document],
    contact_id: ContactId,
    changed_at: datetime | None,
    ruleset: Ruleset,
    *,
    now: datetime,
) -> SheetPoints:
    """Add up the entries at their present worth: points that expired this very second are gone."""
    newest = db.ledger.find({"contact": contact_id}).sort([("happened_at", -1), ("_id", -1)])
    entries = [_entry(row, ruleset, now=now) for row in newest.limit(ENTRIES)]
    older = _older(db, contact_id, entries, now=now) if len(entries) == ENTRIES else 0
    gone = [entry.expires_at for entry in entries if entry.expired and entry.expires_at is not None]
    return SheetPoints(
        total=older + sum(entry.worth for entry in entries),
        changed_at=max([at for at in (changed_at, *gone) if at is not None], default=None),
        entries=entries,
        older=older,
    )


def _older(db: Database[Document], contact_id: ContactId, shown: list[Entry], *, now: datetime) -> int:
    living = {"contact": contact_id, "$or": [{"expires_at": None}, {"expires_at": {"$gt": now}}]}
    lost = {
        "$filter": {
            "input": {"$ifNull": ["$losses", []]},
            "cond": {"$lte": [{"$arrayElemAt": ["$$this", 0]}, now]},
        }
    }
    worth = {
        "$subtract": ["$points", {"$sum": {"$map": {"input": lost, "in": {"$arrayElemAt": ["$$this", 1]}}}}]
    }
    added = list(db.ledger.aggregate([{"$match": living}, {"$group": {"_id": None, "sum": {"$sum": worth}}}]))
    total = added[0]["sum"] if added else 0
    return int(total) - sum(entry.worth for entry in shown)


def _entry(row: Document, ruleset: Ruleset, *, now: datetime) -> Entry:
    expires_at = row.get("expires_at")
    expired = expires_at is not None and expires_at <= now
    lost = sum(points for at, points in row.get("losses", ()) if at <= now)
    return Entry(
        id=row["_id"],
        rule=row["rule"],
        rule_name=ruleset.rule_name(row["rule"]),
        activity=row["activity"],
        activity_type=row["activity_type"],
        activity_label=ruleset.catalog.label(row["activity_type"]),
        points=row["points"],
        happened_at=row["happened_at"],
        expires_at=expires_at,
        expired=expired,
        worth=0 if expired else row["points"] - lost,
    )


def _commerce(commerce: Commerce, cart: Cart | None) -> SheetCommerce:
    placed = [order for order in commerce.book if order.placed_at is not None]
    placed.sort(key=lambda order: order.placed_at or datetime.min, reverse=True)  # noqa: DTZ901
    return SheetCommerce(
        orders=commerce.orders,
        spent=commerce.spent,
        average=commerce.average,
        refunded=commerce.refunded,
        currency=commerce.currency,
        first_order_at=commerce.first_order_at,
        last_order_at=commerce.last_order_at,
        foreign=commerce.foreign,
        cart=cart,
        recent=[
            SheetOrder(
                id=order.id,
                placed_at=order.placed_at,
                amount=order.amount,
                currency=order.currency,
                refunded=order.refunded,
                cancelled=order.cancelled,
            )
            for order in placed[:20]
            if order.placed_at is not None
        ],
    )


# JSON


def encode(value: object) -> bytes:
    """JSON: money as text, so that no reader turns it into a float; times in ISO 8601."""
    return _encoder.encode(value)


def _plain(value: object) -> object:
    return dict(value.as_doc()) if isinstance(value, DBRef) else str(value)


_encoder = msgspec.json.Encoder(decimal_format="string", enc_hook=_plain)
