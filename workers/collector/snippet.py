"""The browser snippet as it is served: without comments and spare white space, zipped once."""

from __future__ import annotations

import gzip
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

SOURCE = Path(__file__).with_name("snippet.js")

MAX_AGE = 3_600
"""Seconds for which a browser keeps the snippet."""


def snippet() -> Callable[[Request], Awaitable[Response]]:
    """Make the endpoint that serves `/t.js`; the source is read here, once."""
    plain = served(SOURCE.read_text(encoding="utf-8"))
    zipped = gzip.compress(plain, mtime=0)

    async def serve(request: Request) -> Response:
        may_zip = "gzip" in request.headers.get("accept-encoding", "")
        headers = {"Cache-Control": f"public, max-age={MAX_AGE}", "Vary": "Accept-Encoding"}
        if may_zip:
            headers["Content-Encoding"] = "gzip"
        return Response(zipped if may_zip else plain, media_type="text/javascript", headers=headers)

    return serve


def served(source: str) -> bytes:
    """The source without its comments and spare white space; nothing else is changed.

    Texts are in double quotes, and every statement ends with a semicolon or a brace.
    """
    bare = re.sub(r"/\*.*?\*/\s*|^[ \t]*//[^\n]*\n", "", source, flags=re.S | re.M)
    parts = _TEXT.split(re.sub(r"^\s+", "", bare, flags=re.M))
    parts[::2] = [_SPARE.sub(r"\1", part) for part in parts[::2]]
    return "".join(parts).encode()


_TEXT = re.compile(r'("(?:[^"\\\n]|\\.)*")')
_SPARE = re.compile(r"(?: |\n(?=[)}\]]))*([=+\-*/<>?:,;{}()&|!\[\]])(?: |(?<=[{;,(])\n)*")
