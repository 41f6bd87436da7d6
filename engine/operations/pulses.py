"""Signs of life of the processes."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from importlib import metadata
from typing import Literal

from pymongo.write_concern import WriteConcern

from engine.db import Db

Kind = Literal["worker", "scheduler", "collector", "dashboard"]

ALIVE_FOR = timedelta(seconds=15)
"""A process that has been silent for longer counts as dead."""


SHOWN_FOR = timedelta(minutes=5)
"""For how long one that has fallen silent is still shown."""


@dataclass(frozen=True)
class Pulse:
    """A process, and its last sign of life; `version` is the product's, `rules` the ruleset's.

    `unset` are the secrets of webhooks that its environment does not set; of workers alone.
    `metrics` is where Prometheus reads what it counts.
    """

    kind: Kind
    host: str
    pid: int
    at: datetime
    version: str | None = None
    rules: int | None = None
    unset: tuple[str, ...] | None = None
    metrics: str | None = None

    def is_alive(self, now: datetime) -> bool:
        return self.at >= now - ALIVE_FOR


def beat(
    db: Db,
    kind: Kind,
    *,
    now: datetime,
    unset: Sequence[str] | None = None,
    metrics: str | None = None,
) -> None:
    """Record a heartbeat of this process; `unset` and `metrics` are as in Pulse."""
    host, pid = socket.gethostname(), os.getpid()
    newest = db.rulesets.find_one({}, {"_id": 1}, sort=[("_id", -1)])
    running = {"version": _version(), "rules": None if newest is None else newest["_id"]}
    pulse = {"kind": kind, "host": host, "pid": pid, "at": now, "unset": unset, "metrics": metrics, **running}
    # Nothing is lost with one: it does not wait for the disk.
    db.pulses.with_options(write_concern=WriteConcern(w=1, j=False)).update_one(
        {"_id": f"{kind}:{host}:{pid}"}, {"$set": pulse}, upsert=True
    )


def metrics_address(host: str, port: int) -> str:
    """The address of a process's metrics, if it listens on `host`."""
    name = socket.gethostname() if host in ("", "0.0.0.0", "::") else host
    return f"http://{name}:{port}/metrics"


def alive(db: Db, now: datetime) -> list[Pulse]:
    """The processes that gave a sign of life within ALIVE_FOR."""
    return [pulse for pulse in recent(db, now) if pulse.is_alive(now)]


def recent(db: Db, now: datetime) -> list[Pulse]:
    """Those, and the processes that fell silent a short while ago."""
    rows = db.pulses.find({"at": {"$gte": now - SHOWN_FOR}}).sort([("kind", 1), ("pid", 1)])
    return [
        Pulse(
            row["kind"],
            row["host"],
            row["pid"],
            row["at"],
            row.get("version"),
            row.get("rules"),
            None if row.get("unset") is None else tuple(row["unset"]),
            row.get("metrics"),
        )
        for row in rows
    ]


@lru_cache(maxsize=1)
def _version() -> str:
    return metadata.version("contact-sheets")
