"""What the dashboard's server answers to a browser that sends a file: it is kept as it comes.

Streamlit's own upload holds a whole file in memory.  The address is made for one file of
somebody who may import; it cannot be guessed, and nobody can use it twice.
"""

from __future__ import annotations

from typing import Any

from pymongo.database import Database
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dashboard import wording
from engine.accounts.permissions import NotAllowed
from engine.db.connection import utc_now
from engine.errors import ContactSheetsError
from engine.imports import draft_service
from engine.imports.drafts import MAX_BYTES, NotExpected, TooLarge, Upload

PIECE = 4 * 1024**2
"""Bytes that are held in memory of a file that comes."""

_STATUS = {NotAllowed: 403, NotExpected: 409, TooLarge: 413}


def upload_routes(db: Database[dict[str, Any]]) -> list[Route]:
    """`PUT /import/ID?name=…` with the file as its body."""

    async def take(request: Request) -> Response:
        try:
            await _take(db, request)
        except ContactSheetsError as error:
            status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 400)
            return JSONResponse({"problem": wording.sentence(error)}, status_code=status)
        return JSONResponse({"sent": True})

    return [Route("/import/{id}", take, methods=["PUT"])]


def address(id_: str) -> str:
    """Where the browser sends a file that is waited for."""
    return f"/import/{id_}"


async def _take(db: Database[dict[str, Any]], request: Request) -> None:
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > MAX_BYTES:
        raise TooLarge
    id_, name = request.path_params["id"], request.query_params.get("name", "")
    coming = await run_in_threadpool(draft_service.receive, db, id_, name, now=utc_now())
    try:
        await _keep(coming, request)
    except BaseException:  # also when the browser goes away: nothing of it may stay
        await run_in_threadpool(coming.abort)
        raise


async def _keep(coming: Upload, request: Request) -> None:
    held = bytearray()
    async for piece in request.stream():
        held += piece
        if len(held) >= PIECE:
            await run_in_threadpool(coming.write, bytes(held))
            held.clear()
    await run_in_threadpool(coming.write, bytes(held))
    await run_in_threadpool(coming.finish)
