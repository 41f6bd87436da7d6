"""Scripts for browsers as they are served, each zipped once: our own snippet, and Segment's library."""

from __future__ import annotations

import gzip
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

SOURCE = Path(__file__).with_name("snippet.js")

LIBRARY = Path(__file__).with_name("analytics_js")
"""Segment's analytics-next as its package has it, without its source maps."""

Endpoint = Callable[[Request], Awaitable[Response]]

MAX_AGE = 3_600
"""Seconds for which a browser keeps a script."""


def snippet() -> Endpoint:
    """Make the endpoint that serves `/t.js`; the source is read here, once."""
    return _script(served(SOURCE.read_text(encoding="utf-8")))


def segment_library() -> Endpoint:
    """Make the endpoint of `/analytics.js/v1/{key}/analytics.min.js`: analytics-next, unchanged.

    Behind one line that names the host it came from, for it asks Segment's own where that is not by https.
    """
    return _script(_NAME_THE_HOST + (LIBRARY / "analytics.min.js").read_bytes())


def segment_bundles() -> Endpoint:
    """Make the endpoint of `/analytics-next/bundles/{name}`: what the library loads when it needs it."""
    scripts = {path.name: _script(path.read_bytes()) for path in (LIBRARY / "bundles").glob("*.js")}

    async def serve(request: Request) -> Response:
        script = scripts.get(request.path_params["name"])
        if script is None:
            raise HTTPException(404)
        return await script(request)

    return serve


_NAME_THE_HOST = b"""((script) => {
  const analytics = script && window[script.dataset.globalSegmentAnalyticsKey || "analytics"];
  if (analytics && !analytics._cdn) analytics._cdn = script.src.split("/analytics.js/v1/")[0];
})(document.currentScript);
"""


def _script(plain: bytes) -> Endpoint:
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
