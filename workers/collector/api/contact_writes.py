"""Writing contacts: upsert as a trusted source does, change, delete and restore as on the sheet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from engine.accounts.scopes import Scope
from engine.contacts.editing import edit_service
from engine.contacts.editing.edit import InvalidEdit
from engine.contacts.editing.edit_conflicts import Guard
from engine.db import Db
from engine.db.contact_codec import held_by
from engine.domain.activities import Activity, ActivityId, ContactId
from engine.domain.fields import CUSTOM
from engine.errors import Conflict, ContactNotFound, EditConflict
from workers.collector.api.contact_bodies import ContactChange, Removal, Upsert, Written
from workers.collector.api.contact_upsert import custom_name_problem, upsert_activity
from workers.collector.api.contact_values import contact_of, contact_or_deleted, etag_of_contact
from workers.collector.api.errors import InvalidParameters, PreconditionFailed
from workers.collector.api.operation import Call, Example, Operation, Outcome, Pending, Reply

TAG = "Contacts"
WRITE = frozenset({Scope.WRITE_CONTACTS})


class ContactErased(Conflict):
    """A person with this identity was erased, and is not to come back."""

    def __init__(self) -> None:
        super().__init__("this person was erased: their data is not accepted any more")


def _upsert(call: Call) -> Outcome:
    body: Upsert = call.body
    given = body.given()
    edit_service.refuse_fields(call.actor, given)
    activity = upsert_activity(call, given, body.timestamp)
    is_new = _holder(call.actor.db, activity) is None
    if activity.id in call.services.receive([activity]).erased:
        raise ContactErased

    def then(applied: bool) -> Reply:
        if not applied and call.actor.db.activities.find_one({"_id": activity.id}, {"_id": 1}) is None:
            raise ContactErased  # dropped as it was to take effect
        contact = _holder(call.actor.db, activity)
        return _written(call, activity.id, contact, applied=applied, created=is_new)

    return Pending(activity.id, then)


def _holder(db: Db, activity: Activity) -> ContactId | None:
    """The contact that holds the strongest identity of an activity."""
    row = db.contacts.find_one(held_by(activity.stream), {"_id": 1})
    return None if row is None else ContactId(row["_id"])


def _change(call: Call) -> Outcome:
    body: ContactChange = call.body
    change = body.as_edit()
    if not change:
        raise InvalidParameters({"body": "changes nothing; name at least one field"})
    unknown = {f"{CUSTOM}{name}": why for name in body.custom if (why := custom_name_problem(name))}
    if unknown:
        raise InvalidParameters(unknown)
    contact, id_ = contact_of(call.actor, call.path["key"]), ActivityId(call.id("change"))
    with _precondition(call), _named(body):
        lanes = edit_service.edit(call.actor, contact, change, id_=id_, guard=_guard(call, contact))
    call.services.wake(lanes)
    return Pending(id_, lambda applied: _written(call, id_, contact, applied=applied))


def _delete(call: Call) -> Outcome:
    body: Removal = call.body
    contact = contact_or_deleted(call.actor, call.path["key"])  # by an earlier try of this request
    id_ = ActivityId(call.id("delete"))
    with _precondition(call):
        lanes = edit_service.delete(
            call.actor, contact, id_=id_, reason=body.reason, guard=_guard(call, contact)
        )
    call.services.wake(lanes)
    return Pending(id_, lambda applied: Reply(Written(id_, contact, applied), 200 if applied else 202))


def _restore(call: Call) -> Outcome:
    contact, id_ = contact_or_deleted(call.actor, call.path["key"]), ActivityId(call.id("restore"))
    call.services.wake(edit_service.restore(call.actor, contact, id_=id_))
    return Pending(id_, lambda applied: _written(call, id_, contact, applied=applied))


def _written(
    call: Call, activity: ActivityId, contact: ContactId | None, *, applied: bool, created: bool = False
) -> Reply:
    """The answer to a write; once it has taken effect with the new ETag of the contact."""
    done = applied and contact is not None
    status = 202 if not done else 201 if created else 200
    headers = {} if contact is None else {"Location": f"/v1/contacts/{contact}"}
    body = Written(activity, contact, done, created)
    try:
        etag = etag_of_contact(call.actor, contact) if done and contact is not None else None
    except ContactNotFound:  # merged, deleted or erased in the same moment
        etag = None
    return Reply(body, status, etag, headers)


def _guard(call: Call, contact: ContactId) -> Guard | None:
    """What `If-Match` asks, checked in the transaction that writes."""
    if not call.if_match:
        return None
    return lambda db: call.if_match.check(etag_of_contact(replace(call.actor, db=db), contact))


@contextmanager
def _precondition(call: Call) -> Iterator[None]:
    """Raise PreconditionFailed for a conflict with another change, where `If-Match` was given."""
    try:
        yield
    except EditConflict as error:
        if not call.if_match:
            raise
        raise PreconditionFailed(str(error)) from None


@contextmanager
def _named(body: ContactChange) -> Iterator[None]:
    """Name the problems of an edit by their paths in the body."""
    try:
        yield
    except InvalidEdit as error:
        raise InvalidParameters({_path(name, body): why for name, why in error.problems.items()}) from None


def _path(name: str, body: ContactChange) -> str:
    if name.removesuffix(".until") in body.statuses:
        return f"statuses.{name}"
    for way in ("add", "remove"):
        if name in getattr(body.segments, way):
            return f"segments.{way}"
    return name or "body"


_STORED = {200: "It has taken effect", 202: "It is stored durably and takes effect in a moment"}

OPERATIONS = (
    Operation(
        id="upsertContact",
        method="POST",
        path="/v1/contacts",
        tag=TAG,
        summary="Create or update a contact",
        about="The same as an `identify` of your server: a contact is found by its external id, email or "
        "mobile phone, or created. It is acknowledged once it is stored durably. Identities that belong to "
        "two contacts merge them, or suggest a merge, as for events.",
        scopes=WRITE,
        body=Upsert,
        answer=Written,
        statuses={**_STORED, 201: "The contact was created"},
        creates=True,
        run=_upsert,
        example=Example(
            body={
                "external_id": "customer-7",
                "email": "ana@example.com",
                "first_name": "Ana",
                "custom": {"shoe_size": 38},
            },
            headers={"Idempotency-Key": "customer-7-2026-03-31"},
        ),
    ),
    Operation(
        id="changeContact",
        method="PATCH",
        path="/v1/contacts/{key}",
        tag=TAG,
        summary="Change a contact",
        about="Fields, statuses, static segments and points, as on the contact's sheet, where it can be "
        "undone. With `If-Match` it is refused (412) if the contact has changed since it was read.",
        scopes=WRITE,
        body=ContactChange,
        answer=Written,
        statuses=_STORED,
        creates=True,
        matches=True,
        run=_change,
        example=Example(
            path={"key": "ana@example.com"},
            body={"last_name": "García", "points": 5, "reason": "won the raffle"},
        ),
    ),
    Operation(
        id="deleteContact",
        method="DELETE",
        path="/v1/contacts/{key}",
        tag=TAG,
        summary="Delete a contact",
        about="It can be restored. To remove a person's data for good, use erasure.",
        scopes=WRITE,
        body=Removal,
        answer=Written,
        statuses=_STORED,
        creates=True,
        matches=True,
        run=_delete,
        example=Example(path={"key": "bo@example.com"}),
    ),
    Operation(
        id="restoreContact",
        method="POST",
        path="/v1/contacts/{key}/restore",
        tag=TAG,
        summary="Restore a deleted contact",
        scopes=WRITE,
        answer=Written,
        statuses=_STORED,
        creates=True,
        run=_restore,
        example=Example(path={"key": "bo@example.com"}),
    ),
)
