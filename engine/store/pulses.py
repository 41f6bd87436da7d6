"""Signs of life of the processes."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from pymongo.database import Database

Document = dict[str, Any]
Kind = Literal["worker", "scheduler", "collector", "dashboard"]

ALIVE_FOR = timedelta(seconds=15)
"""A process that has been silent for longer counts as dead."""


@dataclass(frozen=True)
class Pulse:
    """A process that is alive."""

    kind: Kind
    host: str
    pid: int
    at: datetime


def beat(db: Database[Document], kind: Kind, *, now: datetime) -> None:
    """Say that this process is alive."""
    host, pid = socket.gethostname(), os.getpid()
    pulse = {"kind": kind, "host": host, "pid": pid, "at": now}
    db.pulses.update_one({"_id": f"{kind}:{host}:{pid}"}, {"$set": pulse}, upsert=True)


def alive(db: Database[Document], now: datetime) -> list[Pulse]:
    """The processes that gave a sign of life within ALIVE_FOR."""
    rows = db.pulses.find({"at": {"$gte": now - ALIVE_FOR}}).sort([("kind", 1), ("pid", 1)])
    return [Pulse(row["kind"], row["host"], row["pid"], row["at"]) for row in rows]
