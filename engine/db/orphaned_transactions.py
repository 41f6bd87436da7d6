"""Transactions that a process left open when it was killed: ended, so that nobody waits for them.

What such a transaction wrote stays locked until MongoDB gives it up, ten seconds and more, and
with it the lane or the job that others could go on with.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pymongo.database import Database
from pymongo.errors import OperationFailure

from engine.db.connection import APP

Document = dict[str, Any]


def end(db: Database[Document], is_gone: Callable[[str], bool]) -> int:
    """End the open transactions of processes that are known to be gone; return how many.

    A server that lets nobody ask gives them up by itself, later.
    """
    admin = db.client.admin
    try:
        left = [row["lsid"]["id"] for row in admin.aggregate(_INACTIVE) if is_gone(_process_of(row))]
        if left:
            admin.command("killSessions", [{"id": id_} for id_ in left])
    except OperationFailure:
        return 0
    return len(left)


_INACTIVE: list[Document] = [
    {"$currentOp": {"idleSessions": True}},
    {
        "$match": {
            "type": "idleSession",
            "transaction": {"$exists": True},
            "appName": {"$gte": APP, "$lt": APP + "\uffff"},
        }
    },
]


def _process_of(row: Document) -> str:
    """Whose transaction it is: what `connection.process_name` told MongoDB."""
    return str(row["appName"]).rpartition(" ")[2]
