"""Connected shops as they are stored: what was entered, sealed secrets, counters, how far a poll is."""

from __future__ import annotations

import secrets as randomness
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import mongoengine as me
from pymongo.errors import PyMongoError

from engine.db import Db
from engine.db.documents.fields import Moment, PlainData
from engine.db.documents.stored import Stored
from engine.domain.activities import SHOP
from engine.errors import NotFound, Unavailable
from engine.shops.sealing import Sealer

MAX_NAME = 80
"""Characters of a shop's name."""

MAX_PREFIX = 20
"""Characters before the numbers of a shop's customers and orders."""

SECRETS_AT_A_TIME = 2
"""A secret that is replaced holds on beside the new one, until it is replaced again or dropped."""


class ShopNotFound(NotFound):
    """No shop has this id, or it was removed."""

    def __init__(self, id_: str) -> None:
        self.id = id_
        super().__init__(f"there is no shop {id_!r}; see `sheets shops list`")


class Shop(Stored):
    """A shop; `ShopRecord` documents its fields, and `secrets` has the sealed ones by name, newest first."""

    meta = {"collection": "shops", "indexes": []}
    id: str = me.StringField(primary_key=True)
    platform: str = me.StringField(required=True)
    name: str = me.StringField(required=True, max_length=MAX_NAME)
    prefix: str = me.StringField(default="", max_length=MAX_PREFIX)
    fields: dict[str, str] = PlainData(default=dict)
    secrets: dict[str, list[str]] = PlainData(default=dict)
    created_at: datetime = Moment(required=True)
    removed_at: datetime | None = Moment()
    first_at: datetime | None = Moment()
    last_at: datetime | None = Moment()
    last_topic: str = me.StringField(default="")
    accepted: int = me.LongField(default=0)
    repeated: int = me.LongField(default=0)
    refused: int = me.LongField(default=0)
    refused_at: datetime | None = Moment()
    refused_reason: str = me.StringField(default="")
    problem: str = me.StringField(default="")
    problem_at: datetime | None = Moment()
    cursor: dict[str, Any] = PlainData(default=dict)
    polled_at: datetime | None = Moment()


@dataclass(frozen=True)
class ShopRecord:
    """A connected shop, without what is secret.

    Parameters:
      prefix(str): Stands before the numbers of its customers and orders, so that those of several shops
        differ; empty for the first shop.
      fields(Mapping): What was entered and is no secret, such as the shop's address.
      secrets(Mapping): How many secrets are in force, by name.
      first_at(datetime): When its first verified delivery or poll with content came; unset: none yet.
      accepted, repeated, refused(int): Deliveries that were taken, came again, and were refused.
      problem(str): Why the last poll failed; empty if it did not.
      cursor(Mapping): How far its polls and its first fetch have come; only they understand it.
    """

    id: str
    platform: str
    name: str
    prefix: str
    created_at: datetime
    fields: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, int] = field(default_factory=dict)
    removed_at: datetime | None = None
    first_at: datetime | None = None
    last_at: datetime | None = None
    last_topic: str = ""
    accepted: int = 0
    repeated: int = 0
    refused: int = 0
    refused_at: datetime | None = None
    refused_reason: str = ""
    problem: str = ""
    problem_at: datetime | None = None
    cursor: Mapping[str, Any] = field(default_factory=dict)
    polled_at: datetime | None = None

    @property
    def source(self) -> str:
        """The source of its activities."""
        return SHOP + self.id

    @property
    def is_refused(self) -> bool:
        """Whether its last delivery was refused."""
        return self.refused_at is not None and (self.last_at is None or self.refused_at > self.last_at)


def add(
    db: Db,
    platform: str,
    *,
    name: str,
    prefix: str,
    fields: Mapping[str, str],
    secrets: Mapping[str, str],
    sealer: Sealer,
    now: datetime,
) -> ShopRecord:
    """Store a shop; its secrets are sealed here."""
    shop = Shop(
        id=randomness.token_hex(8),
        platform=platform,
        name=name,
        prefix=prefix,
        fields=dict(fields),
        secrets={name_: [sealer.seal(secret)] for name_, secret in secrets.items()},
        created_at=now,
    )
    Shop.on(db).insert(shop)
    return _record(shop)


def find(db: Db, id_: str) -> ShopRecord:
    """A connected shop.  Raises ShopNotFound."""
    return _record(_stored(db, id_))


def all_shops(db: Db, *, platform: str | None = None, removed: bool = False) -> list[ShopRecord]:
    """The connected shops, or those of a platform, the oldest first; with `removed` those, too."""
    query: dict[str, Any] = {} if platform is None else {"platform": platform}
    if not removed:
        query["removed_at"] = None
    return [_record(shop) for shop in Shop.on(db, **query).order_by("created_at", "id")]


def secrets_of(db: Db, id_: str, name: str, sealer: Sealer) -> list[str]:
    """The secrets in force of a name, the newest first.  Raises ShopNotFound, and Misconfigured."""
    return [sealer.open(sealed) for sealed in _stored(db, id_).secrets.get(name, [])]


def replace_secret(db: Db, id_: str, name: str, secret: str, sealer: Sealer, *, keep_old: bool) -> None:
    """Put a new secret before the one in force, or in its place.  Raises ShopNotFound."""
    old = _stored(db, id_).secrets.get(name, []) if keep_old else []
    held = [sealer.seal(secret), *old][:SECRETS_AT_A_TIME]
    Shop.on(db, id=id_, removed_at=None).update_one(__raw__={"$set": {f"secrets.{name}": held}})


def remove(db: Db, id_: str, *, now: datetime) -> bool:
    """Disconnect a shop and forget its secrets; false if it is not connected."""
    change = {"$set": {"removed_at": now, "secrets": {}, "cursor": {}}}
    return bool(Shop.on(db, id=id_, removed_at=None).update_one(__raw__=change))


def set_fields(db: Db, id_: str, fields: Mapping[str, str]) -> None:
    """Replace what was entered of a shop and is no secret."""
    Shop.on(db, id=id_, removed_at=None).update_one(set__fields=dict(fields))


def record_accepted(db: Db, id_: str, *, topic: str, at: datetime, deliveries: int = 1) -> None:
    """Count deliveries, or polls with content, that were taken."""
    change = {
        "$inc": {"accepted": deliveries},
        "$min": {"first_at": at},
        "$max": {"last_at": at},
        "$set": {"last_topic": topic},
    }
    Shop.on(db, id=id_).update_one(__raw__=change)


def record_repeated(db: Db, id_: str) -> None:
    """Count a delivery that came again."""
    Shop.on(db, id=id_).update_one(inc__repeated=1)


def record_refused(db: Db, id_: str, *, reason: str, at: datetime) -> None:
    """Count a delivery that was refused: its signature is wrong."""
    Shop.on(db, id=id_).update_one(inc__refused=1, set__refused_at=at, set__refused_reason=reason[:300])


def record_poll(db: Db, id_: str, *, at: datetime, problem: str = "") -> None:
    """Record the outcome of a poll."""
    at_fault = at if problem else None
    Shop.on(db, id=id_).update_one(set__polled_at=at, set__problem=problem[:500], set__problem_at=at_fault)


def set_cursor(db: Db, id_: str, cursor: Mapping[str, Any]) -> None:
    """Store how far a poll or fetch has come: keys that are not named stay."""
    change = {"$set": {f"cursor.{key}": value for key, value in cursor.items()}}
    Shop.on(db, id=id_).update_one(__raw__=change)


def labels(db: Db) -> dict[str, str]:
    """The name of each shop, removed ones too, by the source of its activities.  Raises Unavailable."""
    try:
        return {SHOP + row["_id"]: row["name"] for row in db.shops.find({}, {"name": 1})}
    except PyMongoError as error:
        raise Unavailable(f"MongoDB does not answer: {error}") from error


def _stored(db: Db, id_: str) -> Shop:
    found = Shop.on(db, id=id_, removed_at=None).one()
    if found is None:
        raise ShopNotFound(id_)
    return found


def _record(shop: Shop) -> ShopRecord:
    same: Iterable[str] = (
        "id", "platform", "name", "prefix", "created_at", "removed_at", "first_at", "last_at", "last_topic",
        "accepted", "repeated", "refused", "refused_at", "refused_reason", "problem", "problem_at", "cursor",
        "polled_at", "fields",
    )  # fmt: skip
    held: Mapping[str, Sequence[str]] = shop.secrets or {}
    return ShopRecord(
        **{name: getattr(shop, name) for name in same},
        secrets={name: len(sealed) for name, sealed in held.items()},
    )
