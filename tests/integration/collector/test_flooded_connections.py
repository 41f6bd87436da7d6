"""Who holds connections open, or sends what is costly to read, keeps nobody else out."""

import gzip
import json
import socket
import threading
import time
from contextlib import contextmanager
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import uvicorn

from engine import http_connections
from engine.http_connections import BoundedConnections
from tests.integration.served import PLENTY, NobodyToWake
from workers.collector.app import create_app
from workers.embedded.ports import free_port


@contextmanager
def bounded(db):
    """The collector's port, with the connections of `sheets collector`."""
    port = free_port()
    app = create_app(db, NobodyToWake(), limit=PLENTY)
    config = uvicorn.Config(app, port=port, log_level="error", http=BoundedConnections)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield port
    finally:
        server.should_exit = True
        thread.join()


def is_closed(connection):
    connection.settimeout(5)
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("sent", [b"", b"POST /v1/batch HT", b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: "])
def test_a_connection_without_whole_headers_is_closed(db, monkeypatch, sent):
    monkeypatch.setattr(http_connections, "HEADERS_WITHIN", 0.3)
    with bounded(db) as port, socket.create_connection(("127.0.0.1", port)) as idle:
        idle.sendall(sent)

        assert is_closed(idle)


def test_headers_of_a_second_request_have_no_more_time(db, monkeypatch):
    monkeypatch.setattr(http_connections, "HEADERS_WITHIN", 0.3)
    with bounded(db) as port, socket.create_connection(("127.0.0.1", port)) as kept:
        kept.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        kept.settimeout(5)
        answer = b""
        while b'"ok":true' not in answer:
            answer += kept.recv(10_000)

        kept.sendall(b"GET /heal")

        assert is_closed(kept)


def test_a_body_may_take_longer_than_headers(db, monkeypatch):
    monkeypatch.setattr(http_connections, "HEADERS_WITHIN", 0.3)
    with bounded(db) as port, socket.create_connection(("127.0.0.1", port)) as slow:
        slow.sendall(b"POST /v1/batch HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{")
        time.sleep(0.6)
        slow.sendall(b"}")
        slow.settimeout(5)

        assert b"400" in slow.recv(10_000).split(b"\r\n")[0]


def test_one_address_has_so_many_connections_and_no_more(db, monkeypatch):
    monkeypatch.setattr(http_connections, "MAX_OF_ADDRESS", 3)
    monkeypatch.setattr(http_connections, "client_address", lambda peer, *_, **__: peer)
    with bounded(db) as port:
        held = [socket.create_connection(("127.0.0.1", port)) for _ in range(3)]
        time.sleep(0.2)
        with socket.create_connection(("127.0.0.1", port)) as beyond:
            assert is_closed(beyond)

        held.pop().close()
        time.sleep(0.2)
        with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            assert answer.status == 200
        for connection in held:
            connection.close()
    assert not http_connections.BoundedConnections._open


def post(port, body, **headers):
    request = Request(
        f"http://127.0.0.1:{port}/v1/batch", body, {"Content-Type": "application/json", **headers}
    )
    try:
        with urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except HTTPError as error:
        return error.code, error.read()


def test_a_batch_has_so_many_events_and_an_answer_so_many_errors(db, write_key):
    with bounded(db) as port:
        many = json.dumps({"writeKey": write_key, "batch": [1] * 2_501}).encode()
        status, answer = post(port, many)
        assert (status, "at most 2,500" in json.loads(answer)["message"]) == (413, True)

        status, answer = post(port, json.dumps({"writeKey": write_key, "batch": [1] * 2_500}).encode())
        assert (status, len(json.loads(answer)["errors"])) == (400, 100)

        good = {"type": "track", "event": "Product Viewed", "anonymousId": "a"}
        status, answer = post(
            port, json.dumps({"writeKey": write_key, "batch": [1] * 2_000 + [good]}).encode()
        )
        read = json.loads(answer)
        assert (status, read["accepted"], read["refused"], len(read["errors"])) == (200, 1, 2_000, 100)


def test_many_gzip_files_on_end_are_refused_and_the_key_is_looked_at_first(db, write_key):
    empty = gzip.compress(b"") * 20_000
    with bounded(db) as port:
        unknown = {"Content-Encoding": "gzip", "Authorization": "Bearer no-such-key"}
        known = {"Content-Encoding": "gzip", "Authorization": f"Bearer {write_key}"}

        assert post(port, empty, **unknown)[0] == 401
        status, answer = post(port, empty, **known)
        assert (status, b"more than 64 files" in answer) == (400, True)
