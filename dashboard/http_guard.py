"""What holds for every response of the dashboard's server: its headers, trusted proxies, closed routes.

Streamlit's pages need inline styles, scripts of components from blobs, and a WebSocket of their own
host; pictures of products come from the shop's hosts.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from engine.accounts.client_address import behind_proxies

CLOSED = ("/_stcore/upload_file", "/_stcore/metrics", "/_stcore/agent", "/_stcore/script-health-check")
"""Doors of Streamlit that none of our pages uses, and that ask for no session."""

MAX_MESSAGE = 4 * 1024 * 1024
"""Bytes of one WebSocket message of a browser; the largest that a page sends is a rule file."""

YEAR = 31_536_000

log = structlog.get_logger()


def headers_of_pages() -> Mapping[str, str]:
    """The security headers of every response that does not set its own."""
    policy = {
        "default-src": "'self'",
        "script-src": f"'self' blob: {_inline_scripts()}",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob: https:",
        "font-src": "'self' data:",
        "connect-src": "'self'",
        "worker-src": "'self' blob:",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "Cross-Origin-Opener-Policy": "same-origin",
    }


class BehindProxies:
    """Middleware that takes a request's address and scheme from our own proxies.

    Parameters:
      proxies(int): How many stand before the dashboard; with 0 nothing is changed.
    """

    def __init__(self, app: ASGIApp, *, proxies: int) -> None:
        self._app, self._proxies, self._warned = app, proxies, False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            self._correct(scope)
        await self._app(scope, receive, send)

    def _correct(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        forwarded, peer = headers.getlist("x-forwarded-for"), scope.get("client")
        if not self._proxies:
            self._warn(forwarded, peer)
            return
        if peer:
            scope["client"] = (behind_proxies(peer[0], forwarded, proxies=self._proxies), 0)
        secure = headers.get("x-forwarded-proto", "").partition(",")[0].strip().lower() == "https"
        scope["scheme"] = _SCHEMES[scope["type"], secure]

    def _warn(self, forwarded: list[str], peer: tuple[str, int] | None) -> None:
        """Log once that requests seem to come through a proxy that the settings do not count."""
        if forwarded and peer and peer[0] not in _HERE and peer[0] not in forwarded[-1] and not self._warned:
            self._warned = True
            log.warning("X-Forwarded-For is ignored: behind proxies set SHEETS_DASHBOARD_TRUSTED_PROXIES")


_HERE = ("127.0.0.1", "::1")
_SCHEMES = {
    ("http", False): "http",
    ("http", True): "https",
    ("websocket", False): "ws",
    ("websocket", True): "wss",
}


class GuardResponses:
    """Middleware that adds the security headers, and answers 404 for what is `CLOSED`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app, self._headers = app, headers_of_pages()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and not is_own_page(scope):
            await WebSocketClose(code=1008, reason="another site")(scope, receive, send)
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                if scope["scheme"] == "https":
                    headers["Strict-Transport-Security"] = f"max-age={YEAR}"
            await send(message)

        app = PlainTextResponse("Not found", 404) if is_closed(scope["path"]) else self._app
        await app(scope, receive, guarded)


def is_own_page(scope: Scope) -> bool:
    """Whether a page of this very host opens a WebSocket.

    Streamlit lets in pages of any port of this machine, and asks the internet for its address to know
    whether it is one.
    """
    headers = Headers(scope=scope)
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")


def is_closed(path: str) -> bool:
    """Whether a path leads to one of Streamlit's doors that are shut.

    Streamlit also finds its routes below other paths: `/page/_stcore/…`.
    """
    return any(door in re.sub("/+", "/", path) for door in CLOSED)


@cache
def _inline_scripts() -> str:
    """The hashes of the scripts inside Streamlit's own page."""
    import streamlit

    page = (Path(streamlit.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    scripts = re.findall(r"<script>(.*?)</script>", page, re.S)
    hashes = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    return " ".join(f"'sha256-{one}'" for one in hashes)
