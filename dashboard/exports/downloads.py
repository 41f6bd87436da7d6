"""Downloads of exports and refused rows, streamed by routes of the dashboard's server: no page holds
a whole file in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from urllib.parse import quote, urlencode

from gridfs import GridOut
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from dashboard import cookies
from dashboard.current_user import session_token
from dashboard.failed_requests import answering
from dashboard.signin.sign_in_forms import HEADERS, download_denied_page
from engine.accounts import accounts, file_links
from engine.accounts.actor import Actor
from engine.accounts.current_user import CurrentUser
from engine.db import Db
from engine.db.connection import utc_now
from engine.exports import export_service
from engine.exports.export_files import FORMATS
from engine.exports.exporting import Made
from engine.imports import import_service, refused_rows

EXPORTS, REFUSED, LEFT_OUT = "/exports", "/refused", "/left-out"

LINES = 500
"""Lines of refused rows per chunk."""


@dataclass(frozen=True)
class FileStream:
    """A file to stream; `bytes` is unset if its size is not known in advance."""

    name: str
    mime: str
    pieces: Iterator[bytes]
    bytes: int | None = None


def link_to(actor: Actor, place: str, job: str) -> str:
    """The address of a file (`place` is EXPORTS, REFUSED or LEFT_OUT) for the signed-in user."""
    address = f"{place}/{job}"
    carried = session_token() is not None  # a browser with a session cookie needs no signed link
    signature = {} if carried else file_links.signed(actor, address)
    return f"{address}?{urlencode(signature)}" if signature else address


def download_routes(db: Db) -> list[Route]:
    """`/exports/…`, the file of an export, and the rows that an import refused, or read only in part."""
    return [
        _route(db, EXPORTS, _exported),
        _route(db, REFUSED, _refused),
        _route(db, LEFT_OUT, _left_out),
    ]


Give = Callable[[Actor, str], FileStream]


def _route(db: Db, place: str, give: Give) -> Route:
    async def download(request: Request) -> Response:
        return await run_in_threadpool(_answer, db, request, give)

    return Route(f"{place}/{{job}}", answering(download, _denied), methods=["GET"])


def _answer(db: Db, request: Request, give: Give) -> Response:
    user = _requesting_user(db, request)
    if user is None:
        return _denied("Sign in to download this file.", 403)
    file = give(Actor(db, user), request.path_params["job"])
    return StreamingResponse(file.pieces, media_type=file.mime, headers=_headers(file))


def _requesting_user(db: Db, request: Request) -> CurrentUser | None:
    """The user of the request: by the session cookie, or by a signed link."""
    now, secure = utc_now(), request.url.scheme == "https"
    token = cookies.value_of(request.cookies, cookies.SESSION, secure=secure)
    user = None if not token else accounts.whoami(db, token, now=now)
    if user is not None:
        return user
    return file_links.user_of_link(db, request.url.path, dict(request.query_params), now=now)


def _exported(actor: Actor, job: str) -> FileStream:
    made, stream = export_service.download(actor, job)
    return FileStream(made.name, _mime(made), _pieces(stream), made.bytes)


def _refused(actor: Actor, job: str) -> FileStream:
    name, lines = import_service.refused_file(actor, job)
    return FileStream(name, FORMATS["csv"].mime, _together(lines))


def _left_out(actor: Actor, job: str) -> FileStream:
    name, lines = import_service.refused_file(actor, job, of=refused_rows.LEFT_OUT)
    return FileStream(name, FORMATS["csv"].mime, _together(lines))


def _pieces(stream: GridOut) -> Iterator[bytes]:
    with stream:
        while piece := stream.readchunk():
            yield piece


def _mime(made: Made) -> str:
    ending = made.name.rpartition(".")[2]
    return next((info.mime for name, info in FORMATS.items() if name == ending), "application/octet-stream")


def _together(lines: Iterator[str]) -> Iterator[bytes]:
    while piece := "".join(islice(lines, LINES)):
        yield piece.encode()


def _headers(file: FileStream) -> dict[str, str]:
    size = {} if file.bytes is None else {"Content-Length": str(file.bytes)}
    return size | {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }


def _denied(words: str, status: int) -> Response:
    return HTMLResponse(download_denied_page(words), status_code=status, headers=HEADERS)
