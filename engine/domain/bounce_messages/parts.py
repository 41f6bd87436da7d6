"""A message taken apart: headers, the text that its author wrote, and the mail that it encloses."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterator
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from typing import TypeAlias

from engine.domain.bounce_messages.words import COPY_BEGINS

MAX_PARTS = 200
"""MIME headers in one message; beyond them only the headers of the message are read."""

MAX_DEPTH = 12
"""Levels of nested parts that are looked at."""

MAX_HEADER = 4_000
"""Characters of a header that are read."""

MAX_TEXT = 30_000
"""Characters of a text that are searched: notices say what happened at their beginning."""

Mail: TypeAlias = "Message[str, str]"


def parsed(raw: bytes) -> Mail:
    """The message of any bytes; one with too many or too deep parts is its headers alone."""
    raw = raw.lstrip(b"\r\n \t\x00\xef\xbb\xbf")
    parser = BytesParser(policy=compat32)
    if len(re.findall(rb"(?i)content-type:", raw)) > MAX_PARTS:
        return parser.parsebytes(_head(raw), headersonly=True)
    try:
        mail = parser.parsebytes(raw)
        boundary = _actual_boundary(mail)
        return parser.parsebytes(_with_boundary(raw, boundary)) if boundary else mail
    except (RecursionError, UnicodeError):
        return parser.parsebytes(_head(raw), headersonly=True)


def _with_boundary(raw: bytes, boundary: str) -> bytes:
    """A message with a header that declares the boundary of its parts, before any other of that name."""
    declared = f'Content-Type: multipart/mixed; boundary="{boundary}"\n'.encode()
    line, end, rest = raw.partition(b"\n")
    return line + end + declared + rest if line.startswith((b"From ", b">From ")) else declared + raw


def _actual_boundary(mail: Mail) -> str:
    """The boundary that a body has, though no header, or a wrong one, declares it."""
    body = mail.get_payload()
    declared = mail.get_content_maintype() == "multipart"
    if not isinstance(body, str) or (mail.get("Content-Type") and not declared):
        return ""
    found = re.search(
        r"(?im)^--([\w'()+,./:=?-]{1,70})[ \t]*\r?\ncontent-type:", body[: 4_000 if declared else 400]
    )
    return found[1] if found else ""


def _head(raw: bytes) -> bytes:
    return re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[0] + b"\n\n"


def header(mail: Mail, name: str) -> str:
    """A header in one line, with its encoded words (RFC 2047) decoded as far as they can be."""
    value = re.sub(r"[\r\n]+[ \t]*", " ", _raw_header(mail, name))
    try:
        parts = decode_header(value)
    except (HeaderParseError, ValueError, LookupError):
        return value.strip()
    decoded = (_decoded(part, charset or "") if isinstance(part, bytes) else part for part, charset in parts)
    return _legible("".join(decoded)).strip()


def _raw_header(mail: Mail, name: str) -> str:
    """A header as it stands in the message; bytes beyond ASCII are UTF-8, else Latin-1."""
    value = next((value for key, value in mail.raw_items() if key.lower() == name.lower()), "")
    return _legible(str(value)[:MAX_HEADER])


def _legible(text: str) -> str:
    """A text whose undecoded bytes are read as UTF-8, else as Latin-1."""
    try:
        return _decoded(text.encode("utf-8", "surrogateescape"), "utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode("utf-8")


def own_parts(mail: Mail, depth: int = 0) -> Iterator[Mail]:
    """The parts that belong to the message itself, not to one that it encloses."""
    yield mail
    if depth >= MAX_DEPTH or not mail.get_content_type().startswith("multipart/"):
        return
    payload = mail.get_payload()
    for part in payload if isinstance(payload, list) else ():
        if isinstance(part, Message):
            yield from own_parts(part, depth + 1)


def own_text(mail: Mail) -> str:
    """What the message says itself; of HTML its words."""
    leaves = [part for part in own_parts(mail) if not part.is_multipart()]
    plain = [text_of(part) for part in leaves if part.get_content_type() == "text/plain"]
    written = "\n".join(plain)
    if not written.strip():
        pages = (text_of(part) for part in leaves if part.get_content_type() == "text/html")
        written = "\n".join(_words_of(page) for page in pages)
    return written[:MAX_TEXT]


def text_of(part: Mail) -> str:
    """The text of a part, whatever its encoding; of a list of header blocks their fields."""
    payload = part.get_payload()
    if isinstance(payload, list):
        blocks = [block for block in payload[:MAX_PARTS] if isinstance(block, Message)]
        text = _legible("\n\n".join(_block(block) for block in blocks))
        return _from_base64(text) if header(part, "Content-Transfer-Encoding").lower() == "base64" else text
    try:
        content = part.get_payload(decode=True)
    except (ValueError, LookupError):
        content = None
    text = _decoded(content, _charset(part)) if isinstance(content, bytes) else str(payload or "")
    return _legible(text).replace("\r\n", "\n").replace("\r", "\n")


def _from_base64(text: str) -> str:
    """A text that is encoded although its kind may not be (RFC 3464), or the text itself."""
    try:
        return _decoded(base64.b64decode("".join(text.split()), validate=True), "utf-8")
    except ValueError:
        return text


def _block(block: Mail) -> str:
    fields = "\n".join(f"{name}: {value}" for name, value in block.raw_items())
    rest = block.get_payload()
    return f"{fields}\n{rest}" if isinstance(rest, str) and rest.strip() else fields


def enclosed(mail: Mail) -> Mail | None:
    """The mail that a notice sends back, whole or as its headers; unset if it has none as a part."""
    for part in own_parts(mail):
        kind = part.get_content_type()
        payload = part.get_payload()
        if kind in ("message/rfc822", "message/global") and isinstance(payload, list) and payload:
            return payload[0] if isinstance(payload[0], Message) else None
        if kind in ("text/rfc822-headers", "message/rfc822-headers", "message/global-headers") or (
            kind in ("message/rfc822", "message/global") and isinstance(payload, str)
        ):
            return parsed(text_of(part).lstrip().encode("utf-8", "replace"))
    return None


def _charset(part: Mail) -> str:
    try:
        return part.get_content_charset() or ""
    except (ValueError, LookupError):
        return ""


def _decoded(content: bytes, charset: str) -> str:
    for name in (charset, "utf-8"):
        try:
            return content.decode(name)
        except (LookupError, ValueError):
            continue
    return content.decode("latin-1")


def _without(tag: str, page: str) -> str:
    """A page without the elements of a name; linear in its length."""
    kept, lower, at = [], page.lower(), 0
    while (start := lower.find(f"<{tag}", at)) >= 0 and (end := lower.find(f"</{tag}", start)) >= 0:
        kept.append(page[at:start])
        at = end
    return " ".join([*kept, page[at:]])


def _words_of(page: str) -> str:
    page = _without("head", _without("script", _without("style", page[: 4 * MAX_TEXT])))
    page = re.sub(r"(?i)<(?:br|/p|/div|/tr|/li|/h\d|/td)\b[^<>]{0,500}>", "\n", page)
    page = re.sub(r"<(?![^<>\s@]{1,100}@)[a-zA-Z/!][^<>]{0,2000}>", " ", page)
    lines = (re.sub(r"\s+", " ", line).strip() for line in html.unescape(page).split("\n"))
    return "\n".join(lines)


_QUOTED = re.compile(r"^(?:>(?!>)|\|)[^\n]*$", re.M)


def without_the_copy(text: str) -> tuple[str, str]:
    """What the server writes, and the copy of the mail that it sends back."""
    at = COPY_BEGINS.search(text)
    written, copy = (text[: at.start()], text[at.start() :]) if at and at.start() > 20 else (text, "")
    headers = re.search(r"(?im)^[ \t]*(?:received|return-path|message-id|from|subject|date)[ \t]*:", copy)
    return _QUOTED.sub("", written), copy[headers.start() :] if headers else ""
