"""Open transactions of killed processes: ended, so that no other process waits for them.

The documents of such a transaction stay locked until MongoDB aborts it, ten seconds and more, and
with them the lane or job that other workers could continue.
"""

from __future__ import annotations

from collections.abc import Callable

from pymongo.errors import OperationFailure

from engine.db import Db
from engine.db.connection import APP
from engine.domain.document import Document


def end(db: Db, is_gone: Callable[[str], bool]) -> int:
    """End the open transactions of processes that are known to be gone; return how many.

    A server that does not permit this aborts them by itself, later.
    """
    admin = db.client.admin
    try:
        left = [
            row["lsid"]["id"]
            for row in admin.aggregate(_INACTIVE)
            if is_gone(row["appName"].rpartition(" ")[2])
        ]
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
