"""The body of a posted form, in either of the two ways in which forms are sent."""

from __future__ import annotations

import email.policy
from collections.abc import Mapping, Sequence
from email.errors import MessageError
from email.parser import BytesParser
from urllib.parse import parse_qsl

from workers.collector.errors import InvalidRequest

MAX_FIELDS = 200

ONE_CLICK = ("List-Unsubscribe", "One-Click")
"""The one field of a one-click unsubscription (RFC 8058, 3.1)."""

Form = Mapping[str, Sequence[str]]


def read_form(body: bytes, content_type: str) -> Form:
    """Return the values of a form by field.  Raises InvalidRequest."""
    kind = content_type.partition(";")[0].strip().lower()
    try:
        if kind == "multipart/form-data":
            pairs = _parts(body, content_type)
        else:
            pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except (ValueError, LookupError, MessageError) as error:
        raise InvalidRequest("body", f"is no form: {error}") from None
    form: dict[str, list[str]] = {}
    for name, value in pairs:
        form.setdefault(name, []).append(value)
    return form


def is_one_click(form: Form) -> bool:
    """Whether a mail program unsubscribes by one click: such a request has no other field and no cookie."""
    name, value = ONE_CLICK
    return [given.strip().lower() for given in form.get(name, ())] == [value.lower()]


def _parts(body: bytes, content_type: str) -> list[tuple[str, str]]:
    head = f"Content-Type: {content_type}\r\nMIME-Version: 1.0\r\n\r\n".encode("latin-1", "replace")
    message = BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    if not message.is_multipart():
        raise ValueError("its boundary does not match")
    found = []
    for part in list(message.iter_parts())[:MAX_FIELDS]:
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        text = content.decode("utf-8", "replace") if isinstance(content, bytes) else ""
        found.append((str(name), text.strip("\r\n")))
    return found
