"""`people`: many people on the dashboard at once, each walking through its pages as a browser does.

What is measured is the dashboard's process: its memory at the highest while all are there,
and how long a page takes from the asking to its last part.
"""

from __future__ import annotations

import statistics
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import psutil
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

from dashboard.cookies import SESSION as COOKIE
from engine.accounts import accounts
from engine.db import Db, connection
from engine.settings import Settings, locate
from tests.bench.measure import Result, Size
from tests.running import Running, running

MEMORY_LIMIT = 1_024.0
"""Megabytes of the dashboard's process."""

PAGE_LIMIT = 1.0
"""Seconds, of 95 pages in 100."""

SIZES: dict[Size, tuple[int, int, int]] = {"small": (6, 1, 40), "full": (50, 1, 400)}
"""People, how often each walks through all pages, and the contacts of the made-up shop."""

THINKING = 1.5
"""Seconds that somebody looks at a page, about, before they go on to the next."""

WAIT = 60.0
"""Seconds after which a page has not come."""

PAGES = {
    "contacts": "",
    "search": "q=an",
    "filtered": "where=%7B%22newsletter%22%3A+%22subscribed%22%7D&sort=-points",
    "sheet": "contact={contact}",
    "overview": "page=overview",
    "segments": "page=segments",
    "segment": "page=segments&segment=customers",
    "rules": "page=rules",
    "fields": "page=settings&section=fields",
    "users": "page=settings&section=users",
    "workers": "page=settings&section=workers",
    "audit": "page=settings&section=audit",
}
"""The pages by name, with their address."""


def bench_people(size: Size) -> list[Result]:
    """Let them all in, walk, and look at the process meanwhile."""
    people, rounds, contacts = SIZES[size]
    with tempfile.TemporaryDirectory(prefix="sheets-bench-") as folder, running(Path(folder)) as instance:
        instance.sheets("demo", "--contacts", str(contacts), "--no-live", "--seed", "3")
        instance.sheets("wait", "--timeout", "120")
        with _database(instance) as db, _watched(instance.child("dashboard")) as memory:
            walks = [_walk_of(db, number, rounds) for number in range(people)]
            times = _walk_all(instance, db, walks)
    every = [seconds for found in times.values() for seconds in found]
    slowest = {name: round(statistics.median(found), 3) for name, found in times.items()}
    about = {"people": people, "pages": len(every)}
    return [
        Result(
            "people: memory", size, memory.peak, MEMORY_LIMIT, "MB of the dashboard, at most",
            {**about, "before": round(memory.before), "a person": round((memory.peak - memory.before) / people, 1)},
        ),
        Result(
            "people: a page", size, statistics.quantiles(every, n=20)[-1], PAGE_LIMIT,
            "s, 95 of 100 pages", {**about, "median": round(statistics.median(every), 3), "medians": slowest},
        ),
    ]  # fmt: skip


@contextmanager
def _database(instance: Running) -> Iterator[Db]:
    located = locate(Settings(), instance.data_dir)
    db = connection.connect(located.mongodb_uri, located.database, app="bench")
    yield db
    db.client.close()


# Memory


@dataclass
class Memory:
    """Of a process, in megabytes: before anybody came, and at the highest."""

    before: float
    peak: float = 0.0


@contextmanager
def _watched(process: psutil.Process) -> Iterator[Memory]:
    memory, over = Memory(_megabytes(process)), threading.Event()

    def watch() -> None:
        while not over.wait(0.1):
            memory.peak = max(memory.peak, _megabytes(process))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield memory
    finally:
        over.set()
        watcher.join()


def _megabytes(process: psutil.Process) -> float:
    return float(process.memory_info().rss / 2**20)


# Walking


@dataclass(frozen=True)
class Walk:
    """The pages that one person opens, in their own order, each on another contact."""

    pages: Sequence[tuple[str, str]]
    pauses: Sequence[float] = field(default_factory=list)


def _walk_of(db: Db, number: int, rounds: int) -> Walk:
    random = Random(number)
    contacts = [str(row["_id"]) for row in db.contacts.find({}, ["_id"]).limit(100)]
    pages = []
    for _ in range(rounds):
        names = list(PAGES)
        random.shuffle(names)
        pages += [(name, PAGES[name].format(contact=random.choice(contacts))) for name in names]
    return Walk(pages, [random.uniform(0.5, 1.5) * THINKING for _ in pages])


def _walk_all(instance: Running, db: Db, walks: Sequence[Walk]) -> dict[str, list[float]]:
    """All at once, and nobody leaves before everybody is through; seconds by page."""
    admin = db.users.find_one({"role": "admin"})
    assert admin is not None
    together = threading.Barrier(len(walks))

    def walk(way: Walk) -> list[tuple[str, float]]:
        token = accounts.signed_in(db, admin["_id"], now=connection.utc_now(), agent="bench")
        with _opened(instance, token) as socket:
            together.wait(WAIT)
            times = []
            for (name, address), pause in zip(way.pages, way.pauses, strict=True):
                times.append((name, _ask(socket, address)))
                time.sleep(pause)
            together.wait(10 * WAIT)
            return times

    found = defaultdict(list)
    with ThreadPoolExecutor(len(walks)) as pool:
        for times in pool.map(walk, walks):
            for name, seconds in times:
                found[name].append(seconds)
    return dict(found)


@contextmanager
def _opened(instance: Running, token: str) -> Iterator[ClientConnection]:
    address = f"{instance.dashboard.replace('http', 'ws', 1)}/_stcore/stream"
    cookie = {"Cookie": f"{COOKIE}={token}"}
    with connect(
        address, subprotocols=["streamlit"], additional_headers=cookie, max_size=None, open_timeout=WAIT
    ) as socket:  # type: ignore[list-item]
        yield socket


def _ask(socket: ClientConnection, address: str) -> float:
    """Open a page and read it to its end; return the seconds it took."""
    asked = BackMsg()
    asked.rerun_script.query_string = address
    began = time.perf_counter()
    socket.send(asked.SerializeToString())
    while True:
        said = socket.recv(WAIT)
        assert isinstance(said, bytes)
        message = ForwardMsg.FromString(said)
        if message.WhichOneof("type") == "script_finished":
            return time.perf_counter() - began
