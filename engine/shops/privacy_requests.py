"""Data-protection requests that a shop platform passes on: an archive to hand out, or an erasure.

An erasure starts at once, as the job that the contact's page starts.  A request for data waits for an admin,
who downloads the archive and sends it to the customer.  Each is in the audit log, and counts once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

import mongoengine as me

from engine.accounts import audit
from engine.accounts.actor import Actor
from engine.accounts.audit import Subject
from engine.accounts.current_user import CurrentUser
from engine.accounts.permissions import Permission
from engine.db import Db
from engine.db.documents.fields import Moment
from engine.db.documents.stored import Stored
from engine.domain.activities import ContactId
from engine.domain.identity.identities import IdentityKind, Key, make_key
from engine.domain.identity.normalisation import normalise_email, normalise_phone
from engine.errors import ContactNotFound, InvalidIdentity, NotFound
from engine.privacy import erasing
from engine.rules import versions
from engine.shops.events import PrivacyKind, PrivacyRequest
from engine.shops.shops import ShopRecord


class ShopRequest(Stored):
    """A request; it names nobody but by the contact's id."""

    meta = {"collection": "shop_requests", "indexes": [{"fields": ["shop", "-at"]}]}
    id: str = me.StringField(primary_key=True)
    shop: str = me.StringField(required=True)
    kind: PrivacyKind = me.StringField(required=True, choices=get_args(PrivacyKind))
    at: datetime = Moment(required=True)
    contact: str | None = me.StringField()
    done_at: datetime | None = Moment()


@dataclass(frozen=True)
class OpenRequest:
    """A request that waits for an admin; `contact` is unset where nobody here is the customer."""

    id: str
    shop: str
    kind: PrivacyKind
    at: datetime
    contact: ContactId | None


def take(db: Db, shop: ShopRecord, request: PrivacyRequest, *, now: datetime) -> str:
    """Record a request, and start the erasure that it asks for; return its id.  Idempotent.

    The end of a whole shop erases nobody by itself: an admin decides, and disconnects the shop.  A request
    to erase has no number of its own but the customer's: one of another day is another.
    """
    erases = request.kind == "customer_redact"
    named = f"{shop.id}\n{request.kind}\n{request.id}" + (f"\n{now:%Y-%m-%d}" if erases else "")
    id_ = hashlib.blake2b(named.encode(), digest_size=16).hexdigest()
    if ShopRequest.on(db, id=id_).one() is not None:
        return id_
    contacts = [] if request.kind == "shop_redact" else _contacts_of(db, shop, request)
    actor = Actor(db, CurrentUser(shop.source, "", f"{shop.name} ({shop.platform})", "admin"), lambda: now)
    with audit.recorded(
        actor, _ACTS[request.kind], subject=Subject("shop", shop.name), id_=f"shop-request:{id_}"
    ):
        for number, contact in enumerate(contacts if erases else ()):
            _erase(db, contact, actor, id_=f"shop{id_}-{number}" if number else f"shop{id_}", now=now)
        done = now if erases else None
        kept = None if erases or not contacts else contacts[0]
        ShopRequest.on(db, id=id_).upsert_one(
            set__shop=shop.id, set__kind=request.kind, set__at=now, set__contact=kept, set__done_at=done
        )
    return id_


def open_requests(actor: Actor) -> list[OpenRequest]:
    """Requests that wait for an admin, the oldest first.  Raises NotAllowed."""
    actor.require(Permission.HAND_OUT)
    found = ShopRequest.on(actor.db, done_at=None).order_by("at")
    return [
        OpenRequest(r.id, r.shop, r.kind, r.at, ContactId(r.contact) if r.contact else None) for r in found
    ]


def close(actor: Actor, id_: str) -> None:
    """Mark a request as done.  Raises NotAllowed and NotFound."""
    actor.require(Permission.HAND_OUT)
    with audit.recorded(actor, "closed a data-protection request", subject=Subject("request", id_)):
        if not ShopRequest.on(actor.db, id=id_, done_at=None).update_one(set__done_at=actor.now):
            raise NotFound("this request is closed already")


_ACTS: dict[PrivacyKind, str] = {
    "data_request": "received a data request from a shop",
    "customer_redact": "received an erasure request from a shop",
    "shop_redact": "received a request to erase a shop's data",
}


def _erase(db: Db, contact: ContactId, actor: Actor, *, id_: str, now: datetime) -> None:
    try:
        erasing.start(db, contact, id_=id_, by=actor.user.id, by_name=actor.user.name, now=now)
    except ContactNotFound:  # erased in the same moment
        return


def _contacts_of(db: Db, shop: ShopRecord, request: PrivacyRequest) -> list[ContactId]:
    """The contacts with the customer's number or email; only without one those with the phone."""
    region = versions.current(db).account.default_region
    customer, keys = request.customer, []
    if customer.id:
        keys.append(make_key(IdentityKind.EXTERNAL_ID, shop.prefix + customer.id))
    if customer.email:
        with suppress(InvalidIdentity):  # one that cannot be read is nobody's
            keys.append(make_key(IdentityKind.EMAIL, normalise_email(customer.email)))
    found = _holders(db, keys)
    if not found and customer.phone:
        with suppress(InvalidIdentity):
            found = _holders(
                db, [make_key(IdentityKind.PHONE, normalise_phone(customer.phone, region=region))]
            )
    return found


def _holders(db: Db, keys: Sequence[Key]) -> list[ContactId]:
    """Who holds some keys, in their order."""
    rows = {row["_id"]: row["keys"] for row in db.contacts.find({"keys": {"$in": [*keys]}}, {"keys": 1})}
    held = dict.fromkeys(id_ for key in keys for id_, its in rows.items() if key in its)
    return [ContactId(str(id_)) for id_ in held]
