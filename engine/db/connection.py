"""The connection to MongoDB: one client a process, patient, every write journaled by a majority."""

from __future__ import annotations

from datetime import UTC, datetime

from pymongo import MongoClient
from pymongo.write_concern import WriteConcern

from engine.db import Db
from engine.db.codecs import CODEC
from engine.db.processes import process_name
from engine.domain.document import Document

SELECTION_TIMEOUT_MS = 3_000
"""The longest wait of a read or write for a primary."""

WATCHFUL_MS = 5_000
"""How often a watchful process asks the server for a sign of life, and how long it waits for it."""

APP = "sheets-"
"""The prefix of our processes' names in MongoDB's logs."""


def utc_now() -> datetime:
    """The present, aware, in whole milliseconds as MongoDB keeps them."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def connect(uri: str, database: str, *, app: str, watchful: bool = False) -> Db:
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
    return client.get_database(
        database, codec_options=CODEC, write_concern=WriteConcern(w="majority", j=True)
    )
