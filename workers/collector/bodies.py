"""Reading a request's body: bounded, unzipped, and each event apart from the others."""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.requests import Request

from engine.domain.identity.blanks import is_blank
from engine.domain.json_values import exact_number
from engine.errors import InvalidActivity
from workers.collector.errors import BodyTimeout, BodyTooLarge, InvalidRequest, UnsupportedEncoding
from workers.collector.limits import BODY_WITHIN, MAX_BODY, MAX_EVENT, MAX_EVENTS, MAX_MEMBERS


class Envelope(msgspec.Struct):
    """The envelope of a batch; each event is still raw.

    `sentAt` is text or a number, `writeKey` text and `context` an object, or unset if it is none such:
    what is odd beside the events must not cost them (`envelope_of`).
    """

    batch: list[msgspec.Raw]
    sentAt: Any = None  # noqa: N815  the API's own name
    writeKey: Any = None  # noqa: N815
    context: Any = None


async def read_body(request: Request, *, at_most: int = MAX_BODY) -> bytes:
    """The body, unzipped, never longer than `at_most` bytes.

    Raises InvalidRequest, UnsupportedEncoding, BodyTimeout and BodyTooLarge.
    """
    return decoded(request, await read_received(request, at_most=at_most), at_most=at_most)


async def read_received(request: Request, *, at_most: int = MAX_BODY) -> bytes:
    """The body as it came, never longer than `at_most` bytes.  Raises BodyTimeout and BodyTooLarge."""
    try:
        async with asyncio.timeout(BODY_WITHIN):
            return await _bounded(request, at_most)
    except TimeoutError:
        raise BodyTimeout("body", f"did not arrive within {BODY_WITHIN:.0f} seconds") from None


def decoded(request: Request, received: bytes, *, at_most: int = MAX_BODY) -> bytes:
    """Unzip a body if its request says so.  Raises InvalidRequest, UnsupportedEncoding and BodyTooLarge."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("gzip", "x-gzip"):
        return unzipped(received, at_most=at_most)
    if encoding != "identity":
        raise UnsupportedEncoding(
            "Content-Encoding", f"{encoding[:40]!r} is not understood; send gzip or plain"
        )
    return received


def unzipped(data: bytes, *, at_most: int = MAX_BODY) -> bytes:
    """Unzip, stopping at `at_most` bytes, whatever is inside; raise InvalidRequest, BodyTooLarge."""
    plain = bytearray()
    members = 0
    while data:
        members += 1
        if members > MAX_MEMBERS:
            raise InvalidRequest("body", f"is gzip of more than {MAX_MEMBERS} files on end; send one")
        inflater = zlib.decompressobj(wbits=31)
        try:
            plain += inflater.decompress(data, at_most + 1 - len(plain))
        except zlib.error as error:
            raise InvalidRequest("body", f"is no gzip: {error}") from None
        if len(plain) > at_most:
            raise _too_long(at_most)
        if not inflater.eof:
            raise InvalidRequest("body", "is gzip that breaks off; send all of it")
        data = inflater.unused_data  # gzip may be several files on end
    return bytes(plain)


def envelope_of(body: bytes) -> Envelope:
    """Read a batch, leaving its events raw; raise InvalidRequest and BodyTooLarge."""
    try:
        envelope: Envelope = _decoded(_ENVELOPE, body)
    except msgspec.ValidationError as error:
        raise InvalidRequest(_field_of(error, default="batch"), f"cannot be taken: {error}") from None
    except _UNREADABLE as error:
        raise InvalidRequest("body", f"is not JSON that can be read: {_reason(error)}") from None
    if len(envelope.batch) > MAX_EVENTS:
        raise BodyTooLarge(
            f"has {len(envelope.batch):,} events; at most {MAX_EVENTS:,} are taken: send smaller batches"
        )
    for name, kind in _KINDS.items():
        value = getattr(envelope, name)
        if is_blank(value) or not isinstance(value, kind):
            setattr(envelope, name, None)
    return envelope


_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "sentAt": (str, int, float),
    "writeKey": str,
    "context": dict,
}


def event_of(raw: bytes | msgspec.Raw) -> dict[str, Any]:
    """Read one event; raise InvalidActivity."""
    if len(memoryview(raw)) > MAX_EVENT:
        raise _too_large(raw)
    try:
        event = _decoded(_EVENT, raw)
    except _UNREADABLE as error:
        raise InvalidActivity("event", f"is not JSON that can be read: {_reason(error)}") from None
    if not isinstance(event, dict):
        raise InvalidActivity("event", "must be an object")
    return event


_EVENT: msgspec.json.Decoder[Any] = msgspec.json.Decoder(float_hook=exact_number)
_ENVELOPE = msgspec.json.Decoder(Envelope, float_hook=exact_number)
_PARTS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)", re.S
)
_LONE = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")


_BARE = re.compile(rb'"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b', re.S)


def without_bare_numbers(json: bytes) -> bytes:
    """Replace `NaN` and `Infinity` outside of texts by null: Python's libraries write them."""
    return _BARE.sub(lambda found: found[0] if found[0].startswith(b'"') else b"null", json)


_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def whole_characters(json: bytes) -> bytes:
    """Replace every half of a surrogate pair by U+FFFD: a name cut in the middle of an emoji."""
    return _ESCAPE.sub(lambda found: rb"\ufffd" if _LONE.fullmatch(found[0]) else found[0], json)


def _decoded(decoder: msgspec.json.Decoder[Any], json: bytes | msgspec.Raw) -> Any:
    try:
        return decoder.decode(json)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        written = bytes(json)
        mended = without_bare_numbers(whole_characters(written.removeprefix(_BYTE_ORDER_MARK)))
        if mended == written:
            raise
        return decoder.decode(mended)


async def _bounded(request: Request, at_most: int) -> bytes:
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > at_most:
            raise _too_long(at_most)
    return bytes(received)


def _too_long(at_most: int) -> BodyTooLarge:
    return BodyTooLarge(f"is longer than {at_most:,} bytes; send smaller batches")


def _too_large(raw: bytes | msgspec.Raw) -> InvalidActivity:
    """Name the largest part of an event that is too large."""
    size = len(memoryview(raw))
    try:
        parts = _PARTS.decode(raw)
    except _UNREADABLE:
        parts = {}
    largest = max(parts, key=lambda name: len(memoryview(parts[name])), default="event")
    return InvalidActivity(largest, f"the event has {size:,} bytes; at most {MAX_EVENT:,} are taken")


def _field_of(error: msgspec.ValidationError, *, default: str) -> str:
    """The field in msgspec's words: "Expected `array`, got `int` - at `$.batch`"."""
    named = re.search(r"at `\$\.(\w+)|required field `(\w+)`", str(error))
    return default if named is None else str(named[1] or named[2])


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"not UTF-8 at byte {error.start}"
    return "nested too deep" if isinstance(error, RecursionError) else str(error)
