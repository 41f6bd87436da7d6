"""What a bench is, and the servers that it runs on."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from engine.db import Db
from engine.db.connection import connect, utc_now
from engine.operations.preparation import prepare
from engine.settings import CONFIG_DIR, Instance, write_instance
from workers.embedded.mongod import Mongod
from workers.embedded.valkey import Valkey

Size = Literal["small", "full"]


@dataclass(frozen=True)
class Result:
    """One figure: ours, what it is held against (`limit`), and `ratio` = ours / limit."""

    name: str
    size: Size
    ours: float
    limit: float
    unit: str
    more: dict[str, Any] = field(default_factory=dict)

    def line(self) -> str:
        row = asdict(self) | {"ratio": round(self.ours / self.limit, 3)}
        row |= {"ours": round(self.ours, 3), "limit": round(self.limit, 3)} | row.pop("more")
        return json.dumps(row)


Bench = Callable[[Size], list[Result]]


@dataclass(frozen=True)
class Servers:
    """A MongoDB, a Valkey and a folder for the run of one bench."""

    mongod: Mongod
    valkey: Valkey
    folder: Path

    def database(self, name: str) -> Db:
        db = connect(self.mongod.uri, name, app="bench")
        prepare(db, config_dir=CONFIG_DIR, now=utc_now())
        return db

    def announce(self, database: str) -> None:
        """Let processes that are started with this folder find these servers."""
        write_instance(Instance(self.mongod.uri, self.valkey.url, database, data_dir=self.folder))


@contextmanager
def servers(*, cache_gb: float = 1.0) -> Iterator[Servers]:
    """Embedded servers in a folder that goes with the block."""
    with tempfile.TemporaryDirectory(prefix="sheets-bench-") as name:
        folder = Path(name)
        mongod, valkey = Mongod(folder, cache_gb=cache_gb), Valkey(folder)
        for server in (mongod, valkey):
            server.start()
        for server in (mongod, valkey):
            server.wait_ready()
        try:
            yield Servers(mongod, valkey, folder)
        finally:
            mongod.stop()
            valkey.stop()


def chunks(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """The items, so many at a time."""
    remaining = iter(items)
    while chunk := list(islice(remaining, size)):
        yield chunk
