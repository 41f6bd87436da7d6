"""What a contact did and how it came to be as it is: activities, points, statuses, consent, segments."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import msgspec

from engine.accounts.scopes import Scope
from engine.contacts.sheet import sheet_service
from engine.contacts.sheet.consent_register import ConsentEntry, ConsentState
from engine.contacts.sheet.timelines import TimelineFilter
from engine.domain.activities import ContactId
from engine.domain.reachability import Reach
from workers.collector.api import parameters
from workers.collector.api.contact_values import MembershipView, StatusView, contact_of, contact_view
from workers.collector.api.operation import Call, Example, Operation, Outcome, Reply
from workers.collector.api.parameters import CURSOR

TAG = "Contact history"
READ = frozenset({Scope.READ_CONTACTS})
ANA = Example(path={"key": "ana@example.com"})


class ActivityView(msgspec.Struct):
    """An activity. `source` is the kind of sender; unset for what follows from another activity.

    `points` are those that it brought, `unproven` says that a browser alone claims it, and `undone`
    that it was undone.
    """

    id: str
    type: str
    label: str
    summary: str
    happened_at: datetime
    source: str | None
    properties: dict[str, Any]
    points: int | None
    derived: bool
    bot: bool
    unproven: bool
    undone: bool


class ActivityPageView(msgspec.Struct):
    """A page of activities, the latest first; `next` is the cursor of the next page."""

    activities: list[ActivityView]
    next: str | None


class LedgerEntryView(msgspec.Struct):
    """Points that a rule gave for an activity, or a user by hand; `worth` is what is left of them now."""

    id: str
    rule: str
    rule_name: str
    activity: str
    label: str
    points: int
    worth: int
    happened_at: datetime
    expired_at: datetime | None
    by: str | None
    reason: str | None


class LedgerPageView(msgspec.Struct):
    """A page of the ledger, the latest first, and the contact's points now."""

    total: int
    entries: list[LedgerEntryView]
    next: str | None


class StatusesView(msgspec.Struct):
    """The statuses of a contact, and which channels reach it, with the reasons."""

    contact: str
    statuses: dict[str, StatusView]
    reach: list[Reach]


class ConsentView(msgspec.Struct):
    """The subscriptions of a contact, and every act that concerned one; `as_of` is the day at whose end."""

    contact: str
    as_of: date | None
    states: list[ConsentState]
    entries: list[ConsentEntry]


class MembershipsView(msgspec.Struct):
    """The segments that a contact is in."""

    contact: str
    segments: list[MembershipView]


def _activities(call: Call) -> Outcome:
    contact = _contact(call)
    where = TimelineFilter(call.query["types"], call.query["from"], call.query["to"])
    found = sheet_service.timeline(
        call.actor,
        contact,
        where=where,
        before=call.cursors.read(call.query["cursor"]),
        limit=call.query["limit"],
    )
    rows = [
        ActivityView(
            row.id,
            row.type,
            row.label,
            row.summary,
            row.happened_at,
            None if row.source is None else str(row.source),
            row.details.get("properties", {}),
            row.points,
            row.derived,
            row.bot,
            row.unproven,
            row.undone is not None,
        )
        for row in found.rows
    ]
    return Reply(ActivityPageView(rows, call.cursors.sign(found.next)))


def _points(call: Call) -> Outcome:
    contact = _contact(call)
    place = call.cursors.read(call.query["cursor"])
    found = sheet_service.ledger(call.actor, contact, before=place, limit=call.query["limit"])
    entries = [
        LedgerEntryView(**{f.name: getattr(row, f.name) for f in msgspec.structs.fields(LedgerEntryView)})
        for row in found.rows
    ]
    total = contact_view(call.actor, contact).points.total
    return Reply(LedgerPageView(total, entries, call.cursors.sign(found.next)))


def _statuses(call: Call) -> Outcome:
    found = contact_view(call.actor, _contact(call))
    return Reply(StatusesView(found.id, found.statuses, found.reach))


def _consent(call: Call) -> Outcome:
    contact = _contact(call)
    found = sheet_service.consent(call.actor, contact, as_of=call.query["as_of"])
    states, entries = ([], []) if found is None else (found.states, found.entries)
    return Reply(ConsentView(contact, call.query["as_of"], states, entries))


def _segments(call: Call) -> Outcome:
    found = contact_view(call.actor, _contact(call))
    return Reply(MembershipsView(found.id, found.segments))


def _contact(call: Call) -> ContactId:
    return contact_of(call.actor, call.path["key"])


TYPES = parameters.words("types", "Only these types of activity, separated by commas.")
FROM = parameters.day("from", "From this day on, in the account's time zone.")
TO = parameters.day("to", "Up to this day, included.")

OPERATIONS = (
    Operation(
        id="listActivities",
        method="GET",
        path="/v1/contacts/{key}/activities",
        tag=TAG,
        summary="List the activities of a contact",
        about="Those of contacts that were merged into it are included.",
        scopes=READ,
        query=(TYPES, FROM, TO, parameters.limit(), CURSOR),
        answer=ActivityPageView,
        run=_activities,
        example=Example(
            path={"key": "ana@example.com"},
            query={"types": "order_completed,product_visited", "from": "2026-01-01", "limit": "20"},
        ),
    ),
    Operation(
        id="listPoints",
        method="GET",
        path="/v1/contacts/{key}/points",
        tag=TAG,
        summary="List the ledger of a contact's points",
        scopes=READ,
        query=(parameters.limit(), CURSOR),
        answer=LedgerPageView,
        run=_points,
        example=ANA,
    ),
    Operation(
        id="getStatuses",
        method="GET",
        path="/v1/contacts/{key}/statuses",
        tag=TAG,
        summary="Get the statuses of a contact, and what reaches it",
        scopes=READ,
        answer=StatusesView,
        run=_statuses,
        example=ANA,
    ),
    Operation(
        id="getConsent",
        method="GET",
        path="/v1/contacts/{key}/consent",
        tag=TAG,
        summary="Get the consent register of a contact",
        about="Who stated what, when and where, and what it changed; also as of the end of a past day.",
        scopes=READ,
        query=(parameters.day("as_of", "The day at whose end the register is seen; default: now."),),
        answer=ConsentView,
        run=_consent,
        example=Example(path={"key": "ana@example.com"}, query={"as_of": "2026-03-31"}),
    ),
    Operation(
        id="listContactSegments",
        method="GET",
        path="/v1/contacts/{key}/segments",
        tag=TAG,
        summary="List the segments that a contact is in",
        scopes=READ,
        answer=MembershipsView,
        run=_segments,
        example=ANA,
    ),
)
