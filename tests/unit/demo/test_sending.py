"""Sending: with the key that befits each event, and again while the collector asks for it."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from engine.errors import Unavailable
from workers.demo.sending import Sender, Sent

VISIT = {"type": "page", "messageId": "1", "anonymousId": "t"}
ORDER = {"type": "track", "messageId": "2", "event": "Order Completed", "userId": "u"}

GOOD = (200, {"success": True})


@dataclass
class Script:
    """A server that answers as it is told, and remembers what it was sent."""

    answers: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    taken: list[tuple[str, list[str]]] = field(default_factory=list)
    url: str = ""

    def answer(self, token: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.taken.append((token, [event["messageId"] for event in body["batch"]]))
        return self.answers.pop(0) if self.answers else GOOD


@pytest.fixture
def server() -> Iterator[Script]:
    script = Script()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            token = base64.b64decode(self.headers["Authorization"].removeprefix("Basic ")).decode()
            status, said = script.answer(token.rstrip(":"), body)
            if status == 0:
                self.connection.close()
                self.close_connection = True
                return
            content = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            if status in (429, 503):
                self.send_header("Retry-After", "0")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    http_server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http_server.daemon_threads = True
    script.url = f"http://127.0.0.1:{http_server.server_port}"
    running = threading.Thread(target=http_server.serve_forever, daemon=True)
    running.start()
    yield script
    http_server.shutdown()
    http_server.server_close()


@pytest.fixture
def stop() -> threading.Event:
    return threading.Event()


@pytest.fixture
def sender(server: Script, stop: threading.Event) -> Iterator[Sender]:
    made = Sender(server.url, {"write": "wk", "secret": "sk"}, stop=stop)
    yield made
    made.close()


def test_browsers_use_the_write_key_and_the_server_the_secret_one(server: Script, sender: Sender) -> None:
    assert sender.send([ORDER, VISIT]) == Sent(taken=2)
    assert sorted(server.taken) == [("sk", ["2"]), ("wk", ["1"])]


@pytest.mark.parametrize("status", [429, 503, 0])
def test_what_is_not_taken_is_sent_again(server: Script, sender: Sender, status: int) -> None:
    server.answers = [(status, {}), (status, {})]

    assert sender.send([VISIT]) == Sent(taken=1)
    assert server.taken == [("wk", ["1"])] * 3


def test_what_a_batch_has_of_refused_events_is_counted(server: Script, sender: Sender) -> None:
    server.answers = [(200, {"success": True, "errors": [{"index": 0}]})]

    assert sender.send([VISIT, VISIT]) == Sent(taken=1, refused=1)


def test_a_refusal_is_not_tried_again(server: Script, sender: Sender) -> None:
    server.answers = [(401, {"errors": [{"field": "writeKey", "message": "unknown"}]})]

    with pytest.raises(Unavailable, match=r"401.*unknown"):
        sender.send([VISIT])
    assert len(server.taken) == 1


def test_being_stopped_ends_the_trying(server: Script, sender: Sender, stop: threading.Event) -> None:
    server.answers = [(503, {})] * 5
    stop.set()

    assert sender.send([VISIT]) == Sent()
    assert len(server.taken) == 1
