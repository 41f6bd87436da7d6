"""Reading a request's body: bounded, unzipped, and each event on its own."""

from __future__ import annotations

import zlib
from typing import Any

import msgspec
from starlette.requests import Request

from engine.errors import ContactSheetsError, InvalidActivity

MAX_BODY = 512_000
"""Bytes of a request, unzipped (Segment: 500 KB a batch)."""

MAX_EVENT = 32_768
"""Bytes of one event (Segment: 32 KB)."""


class BadBody(ContactSheetsError):
    """A body that holds no events; `status` is the HTTP answer."""

    def __init__(self, status: int, field: str, message: str) -> None:
        self.status = status
        self.field = field
        super().__init__(message)


class Envelope(msgspec.Struct):
    """What stands around the events of a batch; each event is still raw."""

    batch: list[msgspec.Raw]
    sentAt: Any = None  # noqa: N815  the API's own name
    writeKey: Any = None  # noqa: N815
    context: Any = None


async def read_body(request: Request) -> bytes:
    """The body, unzipped and never longer than MAX_BODY; raise BadBody."""
    taken = bytearray()
    async for chunk in request.stream():
        taken += chunk
        if len(taken) > MAX_BODY:
            raise _too_long()
    if request.headers.get("content-encoding", "").lower() != "gzip":
        return bytes(taken)
    inflater = zlib.decompressobj(wbits=31)
    try:
        plain = inflater.decompress(bytes(taken), MAX_BODY + 1)
    except zlib.error as error:
        raise BadBody(400, "body", f"is not gzip: {error}") from None
    if len(plain) > MAX_BODY:
        raise _too_long()
    return plain


def envelope_of(body: bytes) -> Envelope:
    """Read a batch; raise BadBody."""
    try:
        return msgspec.json.decode(body, type=Envelope)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        field = "batch" if isinstance(error, msgspec.ValidationError) else "body"
        raise BadBody(400, field, f"cannot be read: {error}") from None


def event_of(raw: bytes | msgspec.Raw) -> dict[str, Any]:
    """Read one event; raise InvalidActivity."""
    if len(raw) > MAX_EVENT:
        raise InvalidActivity("event", f"has {len(raw):,} bytes; at most {MAX_EVENT:,} are taken")
    try:
        event = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidActivity("event", f"cannot be read: {error}") from None
    if not isinstance(event, dict):
        raise InvalidActivity("event", "must be an object")
    return event


def _too_long() -> BadBody:
    return BadBody(413, "body", f"is longer than {MAX_BODY:,} bytes; send smaller batches")
