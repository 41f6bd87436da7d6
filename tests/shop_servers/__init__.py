"""Shops to fetch from: servers that answer as the platforms' APIs do, with faults to inject."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

DROP = "drop"
"""A fault: the connection ends in the middle of the answer."""


class ShopServer:
    """One shop.  `faults` are played before proper answers, one each: a function of nothing that returns an
    answer, or DROP; `before` is called with each request."""

    def __init__(self):
        self.requests, self.faults, self.before = [], [], None
        self.url = ""

    def answer(self, method, path, query, headers, body):
        """The status, headers and content of a request."""
        raise NotImplementedError

    def changed(self, answer):
        """The answer as a cache before the shop gives it: tests replace this."""
        return answer


def fault(status, content="", **headers):
    """A fault that is an answer."""
    return status, {name.replace("_", "-"): value for name, value in headers.items()}, content


HTML = fault(200, "<!DOCTYPE html><html><body>Welcome</body></html>", Content_Type="text/html")
GARBAGE = fault(200, '{"orders": [', Content_Type="application/json")


@contextmanager
def served(shop):
    """Serve a shop on this machine; `url` is its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.serve("GET", b"")

        def do_POST(self):
            self.serve("POST", self.rfile.read(int(self.headers["Content-Length"])))

        def serve(self, method, body):
            at = urlsplit(self.path)
            query = dict(parse_qsl(at.query, keep_blank_values=True))
            headers = {name.lower(): value for name, value in self.headers.items()}
            shop.requests.append((at.path, query))
            if shop.before is not None:
                shop.before(at.path, query)
            if shop.faults:
                found = shop.faults.pop(0)
                if found == DROP:
                    self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
                    return
                status, more, content = found
            else:
                status, more, content = shop.changed(shop.answer(method, at.path, query, headers, body))
            raw = (content if isinstance(content, str) else json.dumps(content)).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            for name, value in more.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    shop.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield shop
    finally:
        server.shutdown()
        server.server_close()
