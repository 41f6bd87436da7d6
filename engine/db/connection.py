"""The connection to MongoDB, and what must be there before anything else runs."""

from __future__ import annotations

import os
import secrets
import socket
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import mongoengine
from bson.codec_options import CodecOptions, TypeCodec, TypeRegistry
from bson.decimal128 import Decimal128
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError, PyMongoError
from pymongo.write_concern import WriteConcern

from engine.db import documents
from engine.errors import Unavailable
from engine.operations import upgrades
from engine.pipeline import lanes
from engine.rules import rulesets

Document = dict[str, Any]

SELECTION_TIMEOUT_MS = 3_000
"""How long a read or write waits for a primary before it says that there is none."""

WATCHFUL_MS = 5_000
"""How often a watchful process asks the server for a sign of life, and how long it waits for it."""

APP = "sheets-"
"""How the names of our processes begin in MongoDB's own logs."""

LANES = 16
"""Lanes of a new installation.  Fixed at first start: every activity keeps its lane."""


class _Money(TypeCodec):
    """Money is a Decimal in Python and a Decimal128 in MongoDB."""

    python_type = Decimal
    bson_type = Decimal128

    def transform_python(self, value: Decimal) -> Decimal128:
        return Decimal128(value)

    def transform_bson(self, value: Decimal128) -> Decimal:
        return value.to_decimal()


CODEC: CodecOptions[Document] = CodecOptions(
    tz_aware=True, tzinfo=UTC, type_registry=TypeRegistry([_Money()])
)


def utc_now() -> datetime:
    """The present, aware, in whole milliseconds as MongoDB keeps them."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def connect(uri: str, database: str, *, app: str, watchful: bool = False) -> Database[Document]:
    """Open the database for one process; nothing is sent until it is used.

    Every write is majority-acknowledged and journaled.  `app` names the process in
    MongoDB's own logs.  A `watchful` one notices within ten seconds that the server hangs, for
    those who wait before a page; others have PyMongo's patience with one that is merely busy.
    """
    often = {"heartbeatFrequencyMS": WATCHFUL_MS, "connectTimeoutMS": WATCHFUL_MS}
    watching: Document = often if watchful else {}
    client: MongoClient[Document] = MongoClient(
        uri,
        appname=f"{APP}{app} {process_name()}",
        serverSelectionTimeoutMS=SELECTION_TIMEOUT_MS,
        retryWrites=True,
        tz_aware=True,
        tzinfo=UTC,
        **watching,
    )
    mongoengine.disconnect()
    mongoengine.connect(
        database,
        host=uri,
        serverSelectionTimeoutMS=SELECTION_TIMEOUT_MS,
        tz_aware=True,
        uuidRepresentation="standard",
    )
    return client.get_database(
        database, codec_options=CODEC, write_concern=WriteConcern(w="majority", j=True)
    )


def process_name() -> str:
    """What this process is called by others: the machine, and its number there."""
    return f"{socket.gethostname()}:{os.getpid()}"


def prepare(db: Database[Document], *, config_dir: Path, now: datetime) -> None:
    """Make an empty database ready, bring one of an older version up to date, and change nothing else.

    Creates the indexes, the lanes, the installation's facts and, from `config_dir`,
    version 1 of the ruleset.  Raises InvalidRules, or Unavailable without a server.
    """
    try:
        for document in documents.ALL:
            _create_indexes(db, document)
        upgrades.upgrade(db)
        _remember_once(db, "lanes", LANES)
        _remember_once(db, "namespace", secrets.token_bytes(32))
        lanes.create(db, lane_count(db))
        rulesets.publish_first(db, config_dir, now=now)
    except PyMongoError as error:
        raise Unavailable(f"MongoDB could not be prepared: {error}") from error


def lane_count(db: Database[Document]) -> int:
    """How many lanes this installation has."""
    return int(fact(db, "lanes"))


def namespace(db: Database[Document]) -> bytes:
    """The secret that contact ids are keyed with."""
    return bytes(fact(db, "namespace"))


@lru_cache(maxsize=256)
def fact(db: Database[Document], name: str) -> Any:
    """Return one fact about the installation, which never changes; raise Unavailable if unprepared."""
    found = db.installation.find_one({"_id": name})
    if found is None:
        raise Unavailable("the database is not prepared: run `sheets up`, or `sheets doctor --prepare`")
    return found["value"]


def _create_indexes(db: Database[Document], document: Any) -> None:
    collection = db[document._meta["collection"]]
    for spec in document._meta["index_specs"]:
        options = {name: value for name, value in spec.items() if name not in ("fields", "cls")}
        collection.create_index(spec["fields"], **options)


def _remember_once(db: Database[Document], name: str, value: object) -> None:
    try:
        db.installation.insert_one({"_id": name, "value": value})
    except DuplicateKeyError:
        return
