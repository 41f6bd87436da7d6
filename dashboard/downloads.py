"""Files of exports, given out by the dashboard's server piece by piece: no page holds one in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from gridfs import GridOut
from pymongo.database import Database
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from dashboard import forms
from dashboard.signing_in import COOKIE
from engine.access import accounts, exports
from engine.access.accounts import CurrentUser
from engine.access.audit import NoLongerAllowed
from engine.access.jobs import NoSuchJob
from engine.access.permissions import NotAllowed
from engine.store.connection import utc_now
from engine.transfer.export_files import FORMATS
from engine.transfer.exporting import Made, NotKept

EXPORTS = "/exports"


def download_routes(db: Database[dict[str, Any]]) -> list[Route]:
    """`/exports/…`, the file of a job."""

    async def download(request: Request) -> Response:
        return await run_in_threadpool(_answer, db, request)

    return [Route(f"{EXPORTS}/{{job}}", download, methods=["GET"])]


def _answer(db: Database[dict[str, Any]], request: Request) -> Response:
    job, now = request.path_params["job"], utc_now()
    user = _who(db, request, job)
    if user is None:
        return _refused("Sign in to download this file.", 403)
    try:
        made, stream = exports.download(db, user, job, now=now)
    except (NotAllowed, NoLongerAllowed) as error:
        return _refused(f"{error}.", 403)
    except (NoSuchJob, NotKept) as error:
        return _refused(f"{error}.", 404)
    return StreamingResponse(_pieces(stream), media_type=_mime(made), headers=_headers(made))


def _who(db: Database[dict[str, Any]], request: Request, job: str) -> CurrentUser | None:
    """Who asks: by the session that the browser carries, or by the link that was drawn for one."""
    token, now = request.cookies.get(COOKIE), utc_now()
    user = None if not token else accounts.whoami(db, token, now=now)
    return exports.who_follows(db, job, dict(request.query_params), now=now) if user is None else user


def _pieces(stream: GridOut) -> Iterator[bytes]:
    with stream:
        while piece := stream.readchunk():
            yield piece


def _mime(made: Made) -> str:
    ending = made.name.rpartition(".")[2]
    return next((info.mime for name, info in FORMATS.items() if name == ending), "application/octet-stream")


def _headers(made: Made) -> dict[str, str]:
    return {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(made.name, safe='')}",
        "Content-Length": str(made.bytes),
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }


def _refused(words: str, status: int) -> Response:
    return HTMLResponse(forms.refused_page(words), status_code=status, headers=forms.HEADERS)
