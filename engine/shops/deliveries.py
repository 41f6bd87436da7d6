"""Deliveries of shops that were taken: one that comes again, under whatever id, is known by its content."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

import mongoengine as me

from engine.db import Db
from engine.db.documents.fields import Moment
from engine.db.documents.stored import Stored

KEPT = timedelta(days=30)
"""How long a delivery is remembered; platforms try again for hours or days."""


class ShopDelivery(Stored):
    """A delivery that was taken: a digest of its shop, topic and content, and nothing of the content."""

    meta = {
        "collection": "shop_deliveries",
        "indexes": [{"fields": ["at"], "expireAfterSeconds": int(KEPT.total_seconds())}],
    }
    id: str = me.StringField(primary_key=True)
    at: datetime = Moment(required=True)


def digest(shop: str, topic: str, body: bytes) -> str:
    """What a delivery is recognised by."""
    return hashlib.blake2b(f"{shop}\n{topic}\n".encode() + body, digest_size=16).hexdigest()


def is_known(db: Db, digest_: str) -> bool:
    """Whether a delivery was taken before."""
    return ShopDelivery.on(db, id=digest_).one() is not None


def record(db: Db, digest_: str, *, at: datetime) -> None:
    """Remember a delivery, once all of it is durable."""
    ShopDelivery.on(db, id=digest_).upsert_one(set__at=at)
