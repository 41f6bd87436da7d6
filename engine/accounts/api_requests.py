"""Requests of the shop's systems by their `Idempotency-Key`: done once, answered alike.

A request is stored before it is done, with a random seed from which the ids of all that it writes are
derived.  The same request again, also after a process was killed in between or beside one that still
runs, writes under the same ids and gets the answer that was stored first.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import mongoengine as me
import msgspec
from pymongo.errors import DuplicateKeyError

from engine.db import Db
from engine.db.documents.fields import Moment
from engine.db.documents.stored import Stored
from engine.db.installation import namespace
from engine.errors import Conflict

KEPT_FOR = timedelta(days=1)
"""How long a key is remembered."""


class IdempotencyKeyReused(Conflict):
    """An `Idempotency-Key` that came with another request before."""

    field = "Idempotency-Key"

    def __init__(self) -> None:
        super().__init__("was used for another request in the last 24 hours: use a new key for each request")


class ApiRequest(Stored):
    """A request with an `Idempotency-Key`; `reply` is unset until it is answered.

    Neither the key nor the request is stored, only their digests.
    """

    meta = {
        "collection": "api_requests",
        "indexes": [{"fields": ["at"], "expireAfterSeconds": int(KEPT_FOR.total_seconds())}],
    }
    id: str = me.StringField(primary_key=True)
    fingerprint: str = me.StringField(required=True)
    seed: str = me.StringField(required=True)
    at: datetime = Moment(required=True)
    reply: str | None = me.StringField()


class StoredReply(msgspec.Struct, frozen=True):
    """An answer; its body names nobody but by id.

    `upload` is the digest of the file that the request had, if it had one.
    """

    status: int
    body: str
    headers: Mapping[str, str] = {}
    upload: str = ""


@dataclass(frozen=True)
class Claim:
    """A request that is to be done, or was: then with its reply."""

    id: str | None
    seed: str
    reply: StoredReply | None = None


def unkeyed() -> Claim:
    """Return the claim of a request without a key, which is another one each time."""
    return Claim(None, secrets.token_hex(16))


def claim(db: Db, key: str, idempotency_key: str, fingerprint: str, *, now: datetime) -> Claim:
    """Store a request of an API key before it is done, or find it.

    Raises IdempotencyKeyReused if the key came with another fingerprint.
    """
    id_ = digest(db, key.encode(), idempotency_key.encode())
    stored = _find(db, id_)
    if stored is None:
        stored = ApiRequest(id=id_, fingerprint=fingerprint, seed=secrets.token_hex(16), at=now)
        try:
            ApiRequest.on(db).insert(stored)
        except DuplicateKeyError:  # the same request at the same moment was first
            stored = _find(db, id_) or stored
    if stored.fingerprint != fingerprint:
        raise IdempotencyKeyReused
    return Claim(id_, stored.seed, None if stored.reply is None else _DECODER.decode(stored.reply))


def answer(db: Db, claim: Claim, reply: StoredReply) -> StoredReply:
    """Store the reply to a request unless it has one; return the one that it has.

    Raises IdempotencyKeyReused if that is about another file.
    """
    if claim.id is None:
        return reply
    encoded = msgspec.json.encode(reply).decode()
    ApiRequest.on(db, id=claim.id, reply=None).update_one(set__reply=encoded)
    stored = _find(db, claim.id)
    if stored is None or stored.reply is None:
        return reply
    kept: StoredReply = _DECODER.decode(stored.reply)
    check_upload(kept, reply.upload)
    return kept


def check_upload(reply: StoredReply, upload: str) -> None:
    """Raise IdempotencyKeyReused if a reply is about another file than one with this digest."""
    if reply.upload != upload:
        raise IdempotencyKeyReused


def release(db: Db, claim: Claim) -> None:
    """Forget a request that was invalid: its key can come with a corrected one."""
    if claim.id is not None:
        ApiRequest.on(db, id=claim.id, reply=None).delete()


def digest(db: Db, *parts: bytes) -> str:
    """Return a digest that nobody can make who does not know this installation's secret."""
    made = hashlib.blake2b(key=namespace(db)[:64], person=b"api", digest_size=20)
    for part in parts:
        made.update(len(part).to_bytes(8, "big") + part)
    return made.hexdigest()


def _find(db: Db, id_: str) -> ApiRequest | None:
    return ApiRequest.on(db, id=id_).one()


_DECODER = msgspec.json.Decoder(StoredReply)
