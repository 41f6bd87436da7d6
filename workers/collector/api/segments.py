"""Segments, their members, and adding contacts to static ones."""

from __future__ import annotations

from datetime import datetime

import msgspec

from engine.accounts.scopes import Scope
from engine.contacts.listing.listing import DEFAULT_SORT, Listing
from engine.rules import versions
from engine.segments import member_service, segment_service
from engine.segments.member_service import MAX_MEMBERS, Membership
from engine.segments.segment_service import SegmentNotFound
from engine.segments.segments import SegmentSummary
from workers.collector.api import parameters
from workers.collector.api.contact_values import ContactPageView
from workers.collector.api.contacts import SORT, page_of
from workers.collector.api.errors import InvalidParameters
from workers.collector.api.operation import Call, Example, Operation, Outcome, Reply
from workers.collector.api.parameters import CURSOR

TAG = "Segments"
READ = frozenset({Scope.READ_SEGMENTS})


class SegmentView(msgspec.Struct):
    """A segment; `condition` is that of a dynamic one in words, `entered` and `left` are of 30 days."""

    id: str
    name: str
    description: str
    dynamic: bool
    size: int
    entered: int
    left: int
    changed_at: datetime | None
    condition: str


class SegmentsView(msgspec.Struct):
    """All segments, by name."""

    segments: list[SegmentView]


class Members(msgspec.Struct, forbid_unknown_fields=True):
    """Contacts, each by its id, email, mobile phone, external id or tracker."""

    contacts: list[str]


class MemberView(msgspec.Struct):
    """What became of the contact at this place of the request.

    `result` is `changed`, `unchanged`, `not_found` or `refused`, the last two with a reason.
    """

    contact: str | None
    result: str
    reason: str


class MembersView(msgspec.Struct):
    """The results in the order of the request; membership changes take effect within a second."""

    results: list[MemberView]


def _list(call: Call) -> Outcome:
    return Reply(SegmentsView([_view(one) for one in segment_service.summaries(call.actor)]))


def _get(call: Call) -> Outcome:
    found = segment_service.summary(call.actor, call.path["segment"])
    if found is None:
        raise SegmentNotFound(call.path["segment"])
    return Reply(_view(found))


def _view(found: SegmentSummary) -> SegmentView:
    return SegmentView(
        found.id,
        found.name,
        found.description,
        found.dynamic,
        found.size,
        found.entered,
        found.left,
        found.changed_at,
        found.words,
    )


def _members(call: Call) -> Outcome:
    segment, order = call.path["segment"], call.query["sort"]
    if segment not in versions.current(call.actor.db).segments:
        raise SegmentNotFound(segment)
    inside = Listing({"segments": {"has_any": [segment]}}, "", order.removeprefix("-"), order[0] == "-")
    return Reply(page_of(call, inside))


def _add(call: Call) -> Outcome:
    return _change(call, "add")


def _remove(call: Call) -> Outcome:
    return _change(call, "remove")


def _change(call: Call, how: Membership) -> Outcome:
    body: Members = call.body
    if not 1 <= len(body.contacts) <= MAX_MEMBERS:
        count = len(body.contacts)
        raise InvalidParameters({"contacts": f"has {count:,} entries; send 1 to {MAX_MEMBERS:,}"})
    done = member_service.change_members(
        call.actor, call.path["segment"], body.contacts, how, id_=call.id("members")
    )
    call.services.wake(done.lanes)
    return Reply(MembersView([MemberView(one.contact, one.outcome, one.reason) for one in done.results]))


def _cost(body: Members) -> int:
    return 1 + len(body.contacts) // 50


_FAIR = {"segment": "met-at-the-fair"}

OPERATIONS = (
    Operation(
        id="listSegments",
        method="GET",
        path="/v1/segments",
        tag=TAG,
        summary="List all segments",
        scopes=READ,
        answer=SegmentsView,
        run=_list,
        example=Example(),
    ),
    Operation(
        id="getSegment",
        method="GET",
        path="/v1/segments/{segment}",
        tag=TAG,
        summary="Get a segment",
        scopes=READ,
        answer=SegmentView,
        run=_get,
        example=Example(path=_FAIR),
    ),
    Operation(
        id="listMembers",
        method="GET",
        path="/v1/segments/{segment}/members",
        tag=TAG,
        summary="List the members of a segment",
        scopes=frozenset({Scope.READ_CONTACTS}),
        query=(SORT, parameters.limit(), CURSOR),
        answer=ContactPageView,
        run=_members,
        example=Example(path=_FAIR, query={"sort": f"-{DEFAULT_SORT}"}),
    ),
    Operation(
        id="addMembers",
        method="POST",
        path="/v1/segments/{segment}/members",
        tag=TAG,
        summary="Add contacts to a static segment",
        about=f"Up to {MAX_MEMBERS:,} at once. 50 contacts count as one request.",
        scopes=frozenset({Scope.WRITE_SEGMENTS}),
        body=Members,
        answer=MembersView,
        creates=True,
        cost=_cost,
        run=_add,
        example=Example(path=_FAIR, body={"contacts": ["ana@example.com", "customer-8"]}),
    ),
    Operation(
        id="removeMembers",
        method="POST",
        path="/v1/segments/{segment}/members/remove",
        tag=TAG,
        summary="Remove contacts from a static segment",
        scopes=frozenset({Scope.WRITE_SEGMENTS}),
        body=Members,
        answer=MembersView,
        creates=True,
        cost=_cost,
        run=_remove,
        example=Example(path=_FAIR, body={"contacts": ["ana@example.com"]}),
    ),
)
