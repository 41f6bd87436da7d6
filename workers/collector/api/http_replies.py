"""Answers of operations as HTTP responses."""

from __future__ import annotations

from msgspec.structs import replace
from starlette.responses import Response, StreamingResponse

from engine.accounts.api_requests import StoredReply
from workers.collector.api.operation import Download


def as_json(reply: StoredReply) -> Response:
    """Return an answer as it is sent; what a person's data are in is kept by no cache."""
    if reply.status == 204:
        return Response(status_code=204, headers=dict(reply.headers))
    headers = {"Cache-Control": "no-store", **reply.headers}
    return Response(reply.body, reply.status, headers, "application/json")


def replayed(reply: StoredReply) -> Response:
    """Return an answer that was given before."""
    return as_json(replace(reply, headers={**reply.headers, "Idempotency-Replayed": "true"}))


def download(file: Download) -> Response:
    """Return a file."""
    headers = {
        "Content-Disposition": f'attachment; filename="{_plain(file.name)}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    if file.length is not None:
        headers["Content-Length"] = str(file.length)
    return StreamingResponse(file.chunks, media_type=file.media_type, headers=headers)


def _plain(name: str) -> str:
    """A name with nothing that a header or a shell could take for something else."""
    return "".join(sign if sign.isascii() and (sign.isalnum() or sign in " .-_()") else "_" for sign in name)
