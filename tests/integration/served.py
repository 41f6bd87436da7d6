"""The collector on a real port, in this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from engine.db import Db
from workers.collector.app import create_app
from workers.collector.limits import RateLimit
from workers.embedded.ports import free_port

PLENTY = RateLimit(per_second=1e6, burst=1e6)


class NobodyToWake:
    """Takes hints and forgets them: the test drains by itself."""

    def wake(self, lanes: object) -> None:
        del lanes


@contextmanager
def served(db: Db) -> Iterator[str]:
    """The collector's address, as long as the block lasts."""
    port = free_port()
    app = create_app(db, NobodyToWake(), limit=PLENTY)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
