"""Read the sheet of a contact: everything known of one contact, for the pages and the command line."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from bson.dbref import DBRef

from engine.contacts.sheet import sheet_worth
from engine.contacts.sheet.sheet_model import (
    Entry,
    Sheet,
    SheetCommerce,
    SheetDelivery,
    SheetOrder,
    SheetPoints,
    SheetSegment,
    SheetStatus,
    SheetTracker,
)
from engine.contacts.valuation import lifetime_documents, rfm_runs
from engine.db import Db, contact_codec
from engine.domain.activities import ContactId
from engine.domain.contact import Cart, Commerce, ContactState, Deliverability
from engine.domain.document import Document
from engine.domain.folding.profile import full_name
from engine.domain.identity.identities import is_tracker, key_value
from engine.domain.reachability import reach_of
from engine.domain.rulebook import Ruleset
from engine.rules import versions

ENTRIES = 500
"""Ledger entries on a sheet; the points of older ones are summed up in `older`."""


def sheet(db: Db, contact_id: ContactId, *, now: datetime) -> Sheet | None:
    """Read the sheet of a living contact; None if there is none of that id."""
    row = db.contacts.find_one({"_id": contact_id})
    if row is None:
        return None
    ruleset = versions.current(db)
    contact = contact_codec.decode(row)
    state = contact.state
    statuses = _statuses(row, ruleset)
    deleted_by, deleted_why = _deletion(db, state)
    run, model, gate = rfm_runs.latest(db), lifetime_documents.latest(db), lifetime_documents.gate(db)
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
        commerce=sheet_commerce_of(state.commerce, state.cart),
        rfm=None if run is None else sheet_worth.rfm_of(state, run, ruleset),
        clv=None if model is None else sheet_worth.lifetime_of(state, model, ruleset),
        rfm_as_of=None if run is None else run.as_of,
        clv_missing=None if gate is None or model is not None else [str(short) for short in gate.missing],
        segments=sorted(id_ for id_ in state.segments if id_ in ruleset.segments),
        memberships=_memberships(state, ruleset),
        reach=reach_of(state, ruleset, email=row.get("email"), phone=row.get("mobile_phone")),
        merged=contact.person.merged,
        activities=state.activities,
        first_seen=contact.person.first_seen,
        last_seen=state.last_seen,
        former=[key_value(key) for key in contact.person.former if not is_tracker(key)],
        deleted_at=state.deletion.at if state.deleted and state.deletion is not None else None,
        deleted_by=deleted_by,
        deleted_why=deleted_why,
    )


def _deletion(db: Db, state: ContactState) -> tuple[str, str]:
    """The author and reason of a contact's deletion; empty if it is not deleted."""
    if not state.deleted or state.deletion is None:
        return "", ""
    row = db.activities.find_one({"_id": state.deletion.cause}, {"properties": 1}) or {}
    properties = row.get("properties", {})
    return str(properties.get("author", "")), str(properties.get("reason", ""))


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
    db: Db,
    contact_id: ContactId,
    changed_at: datetime | None,
    ruleset: Ruleset,
    *,
    now: datetime,
) -> SheetPoints:
    """Sum up what the entries are worth now: points that expired this very second do not count."""
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


def _older(db: Db, contact_id: ContactId, shown: list[Entry], *, now: datetime) -> int:
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


def sheet_commerce_of(commerce: Commerce, cart: Cart | None) -> SheetCommerce:
    """What the sheet shows of orders, the latest 20 first, and of the cart."""
    placed = [order for order in commerce.book if order.placed_at is not None]
    placed.sort(key=lambda order: order.placed_at or datetime.min, reverse=True)  # noqa: DTZ901
    return SheetCommerce(
        orders=commerce.orders,
        spent=commerce.spent,
        average=commerce.average,
        refunded=commerce.refunded,
        currency=commerce.currency or (None if cart is None else cart.currency),
        first_order_at=commerce.first_order_at,
        last_order_at=commerce.last_order_at,
        foreign=commerce.foreign,
        unclear=commerce.unclear,
        cart=cart,
        recent=[
            SheetOrder(
                id=order.id,
                placed_at=order.placed_at,
                amount=order.amount,
                unclear=order.unclear,
                currency=order.currency,
                refunded=order.refunded,
                cancelled=order.cancelled,
                unclear_refunds=[found.unclear for found in order.refunds if found.unclear is not None],
            )
            for order in placed[:20]
            if order.placed_at is not None
        ],
        days_between=_days_between(commerce),
    )


def _days_between(commerce: Commerce) -> float | None:
    """The days from an order to the next, on average."""
    first, last = commerce.first_order_at, commerce.last_order_at
    if commerce.orders < 2 or first is None or last is None:
        return None
    return (last - first) / (commerce.orders - 1) / timedelta(days=1)


# JSON


def encode(value: object) -> bytes:
    """Encode a value as JSON: money as text, so that no reader makes it a float; times in ISO 8601."""
    return _encoder.encode(value)


def _plain(value: object) -> object:
    return dict(value.as_doc()) if isinstance(value, DBRef) else str(value)


_encoder = msgspec.json.Encoder(decimal_format="string", enc_hook=_plain)
