"""A proxy before a collector that fails as networks and servers do, by a plan."""

from __future__ import annotations

import contextlib
import http.client
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urlsplit

Failure = Literal["", "503", "429", "reset", "answer lost", "killed"]

EVERY: Sequence[Failure] = ("503", "", "429", "", "reset", "answer lost", "", "killed", "503", "answer lost")
"""A plan with every failure, some of them twice in a row."""

STARTS_WITHIN = 60.0

PASSED_ON = (
    "content-type",
    "access-control-allow-origin",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-credentials",
    "retry-after",
)


@dataclass
class Front:
    """The proxy under way: its address, and what it did to the requests with events so far."""

    address: str
    done: list[Failure] = field(default_factory=list)


@contextmanager
def failing(collector: str, plan: Sequence[Failure], *, kill: Callable[[], None]) -> Iterator[Front]:
    """Pass requests on to a collector; each POST takes the next failure of the plan, and then none.

    `kill` ends the collector's process, which something starts again.
    """
    server = _Server(collector, plan, kill)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.front
    finally:
        server.shutdown()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, collector: str, plan: Sequence[Failure], kill: Callable[[], None]) -> None:
        super().__init__(("127.0.0.1", 0), _Proxy)
        self.front = Front(f"http://127.0.0.1:{self.server_port}")
        self.upstream = urlsplit(collector)
        self.kill = kill
        self._left, self._lock = list(plan), threading.Lock()

    def next_failure(self) -> Failure:
        with self._lock:
            failure: Failure = self._left.pop(0) if self._left else ""
            self.front.done.append(failure)
        return failure

    def handle_error(self, *_: object) -> None:
        """A client that has gone is no error."""


Answer = tuple[int, list[tuple[str, str]], bytes]


class _Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        match self.server.next_failure():
            case "503" | "429" as status:
                self._answer(int(status), [("Retry-After", "1"), *self._readable_by_pages()], b"")
            case "reset":
                self._reset()
            case "killed":
                with contextlib.suppress(OSError, http.client.HTTPException):
                    self._ask(body, then=self.server.kill)
                self._reset()
            case "answer lost":
                self._ask(body)
                self._reset()
            case _:
                self._answer(*self._ask(body))

    def do_GET(self) -> None:
        self._answer(*self._ask(b""))

    def do_OPTIONS(self) -> None:
        self.do_GET()

    def _ask(self, body: bytes, *, then: Callable[[], None] = lambda: None) -> Answer:
        asked = self._connected()
        try:
            headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
            asked.request(self.command, self.path, body or None, headers)
            then()
            answer = asked.getresponse()
            kept = [(name, value) for name, value in answer.getheaders() if name.lower() in PASSED_ON]
            return answer.status, kept, answer.read()
        finally:
            asked.close()

    def _connected(self) -> http.client.HTTPConnection:
        """A connection to the collector, which may just be starting again."""
        upstream, deadline = self.server.upstream, time.monotonic() + STARTS_WITHIN
        while True:
            connection = http.client.HTTPConnection(upstream.hostname or "", upstream.port, timeout=30)
            try:
                connection.connect()
                return connection
            except ConnectionRefusedError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def _readable_by_pages(self) -> list[tuple[str, str]]:
        origin = self.headers.get("Origin")
        if origin is None:
            return []
        return [("Access-Control-Allow-Origin", origin), ("Access-Control-Allow-Credentials", "true")]

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _reset(self) -> None:
        """Break the connection off as a crash does: by RST, without a word."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.rfile.close()
        self.connection.close()

    def log_message(self, *_: object) -> None:
        """Say nothing."""
