"""Receiving and draining in one go, as the workers would."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pymongo.database import Database

from engine.core.activities import Activity
from engine.store import inbox, lanes
from engine.store.connection import utc_now
from workers.drain import drain


def receive_and_drain(db: Database[dict[str, Any]], activities: Sequence[Activity]) -> None:
    inbox.receive(db, activities)
    drain_all(db)


def drain_all(db: Database[dict[str, Any]]) -> None:
    while waiting := lanes.waiting(db, now=utc_now()):
        for lane in waiting:
            drain(db, lane, holder="test", clock=utc_now)
