"""Connections of our HTTP servers: a time for headers, and a number for each address.

uvicorn waits for the headers of a request without end, and counts connections of all addresses
together: a few thousand that send nothing would keep everybody out.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from engine.accounts.client_address import client_address

HEADERS_WITHIN = 10.0
"""Seconds from the start of a connection, or of a request on it, to the end of the headers."""

MAX_OF_ADDRESS = 200
"""Connections of one public address at once: an office has fewer, a proxy of ours is no public address."""


class BoundedConnections(H11Protocol):
    """A connection that is closed if its headers are slow, or its address has too many."""

    _open: Counter[str] = Counter()
    _timer: asyncio.TimerHandle | None = None
    _address: str | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._address = None if self.client is None else client_address(self.client[0], (), proxies=0)
        if self._address is not None:
            self._open[self._address] += 1
            if self._open[self._address] > MAX_OF_ADDRESS:
                transport.abort()
                return
        self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        self._headers_arrived()
        if self._address is not None:
            self._open.subtract([self._address])
            if self._open[self._address] <= 0:
                del self._open[self._address]
        super().connection_lost(exc)

    def handle_events(self) -> None:
        super().handle_events()
        if self.conn.their_state is h11.IDLE and self.timeout_keep_alive_task is None:
            self._await_headers()
        else:
            self._headers_arrived()

    def _await_headers(self) -> None:
        if self._timer is None and not self.transport.is_closing():
            self._timer = self.loop.call_later(HEADERS_WITHIN, self.transport.close)

    def _headers_arrived(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def allow_many_connections(wanted: int) -> None:
    """Let the process have so many files and connections open, if the system does."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))
