"""The HTTP route that receives the upload of a draft, and stores it chunk by chunk.

Streamlit's own upload holds a whole file in memory.  The address is that of one draft of one user: it
cannot be guessed, and works once.
"""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dashboard.failed_requests import answering
from engine.db import Db
from engine.db.connection import utc_now
from engine.imports import draft_service
from engine.imports.drafts import MAX_BYTES, FileTooLarge, Upload
from engine.imports.stored_files import CHUNK


def upload_routes(db: Db) -> list[Route]:
    """Return the route `PUT /import/ID?name=…` with the file as its body."""

    async def put(request: Request) -> Response:
        await _upload(db, request)
        return JSONResponse({"sent": True})

    return [Route("/import/{id}", answering(put, _refused), methods=["PUT"])]


def address(id_: str) -> str:
    """Return the address to which the browser uploads the file of a draft."""
    return f"/import/{id_}"


def _refused(words: str, status: int) -> Response:
    return JSONResponse({"problem": words}, status_code=status)


async def _upload(db: Db, request: Request) -> None:
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > MAX_BYTES:
        raise FileTooLarge
    id_, name = request.path_params["id"], request.query_params.get("name", "")
    upload = await run_in_threadpool(draft_service.receive, db, id_, name, now=utc_now())
    try:
        await _receive(upload, request)
    except BaseException:  # also if the browser disconnects: nothing of the file may stay
        await run_in_threadpool(upload.abort)
        raise


async def _receive(upload: Upload, request: Request) -> None:
    buffer = bytearray()
    async for part in request.stream():
        buffer += part
        if len(buffer) >= CHUNK:
            await run_in_threadpool(upload.write, bytes(buffer))
            buffer.clear()
    await run_in_threadpool(upload.write, bytes(buffer))
    await run_in_threadpool(upload.finish)
