"""What a sending service reports of one message and one person, in our words."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from engine.errors import Invalid, NotAllowed

Item = Mapping[str, Any]
"""One event of a payload, as its service wrote it."""


@dataclass(frozen=True)
class Payload:
    """A request as it came.

    Parameters:
      body(bytes): Unpacked.
      headers(Mapping): By lower-case name.
      url(str): The public address that was called; some services sign it.
      received_at(datetime): For services that give no time of their own.
    """

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
    received_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def json(self) -> Any:
        """The body as JSON.  Raises UnreadablePayload."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise UnreadablePayload(f"is not JSON: {error}") from None

    def form(self) -> list[tuple[str, str]]:
        """The fields of a form, in their order.  Raises UnreadablePayload."""
        try:
            return parse_qsl(self.body.decode(), keep_blank_values=True, strict_parsing=bool(self.body))
        except ValueError as error:
            raise UnreadablePayload(f"is no form: {error}") from None


class UnreadablePayload(Invalid):
    """A body that is not in the form of its service."""


class Forged(NotAllowed):
    """A request whose signature or secret is missing or wrong, or that is too old."""


@dataclass(frozen=True)
class Notice:
    """One activity that follows from a payload.

    Parameters:
      type(str): Of the activity, such as `email_bounced`.
      to(str): The email address or number.
      at(datetime): When it happened; aware.
      id(str): Distinct for each event of the service, and the same when it is sent again.
      properties(dict): Of the activity.
      user_agent(str): Of who opened or clicked.
      machine(bool): Whether the service itself knows that no person did this.
      item(Any): The event that it comes from, as its service wrote it.
    """

    type: str
    to: str
    at: datetime
    id: str
    properties: dict[str, Any] = field(default_factory=dict)
    user_agent: str = ""
    machine: bool = False
    item: Any = None

    @property
    def is_sms(self) -> bool:
        return self.type.startswith("sms_")


@dataclass(frozen=True)
class NotUnderstood:
    """An event that a module cannot read, with the reason; it is kept whole."""

    item: Any
    reason: str


@dataclass(frozen=True)
class WithoutConsequence:
    """An event that is known and changes nothing of a contact, such as a test call."""

    what: str


Reading = Notice | NotUnderstood | WithoutConsequence


def read_each(items: Iterable[Any], read: Callable[[Item], Iterable[Reading]]) -> Iterator[Reading]:
    """Read each event on its own: one that is not understood costs no other."""
    for item in items:
        try:
            found = [_with_item(reading, item) for reading in read(item)]
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
            reason = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)
            found = [NotUnderstood(item, reason)]
        yield from found


def _with_item(reading: Reading, item: Any) -> Reading:
    return replace(reading, item=item) if isinstance(reading, Notice) else reading


def listed(value: Any) -> list[Any]:
    """The events of a payload that is one event or a list of them."""
    return value if isinstance(value, list) else [value]


def unknown(event: object) -> ValueError:
    """The error of an event by a name that the service's documentation does not have."""
    return ValueError(f"unknown event {str(event)[:100]!r}")


def digest(item: Any) -> str:
    """An id for an event whose service gives it none: the same content is the same event."""
    encoded = msgspec.json.encode(item, order="deterministic")
    return hashlib.blake2b(encoded, digest_size=16).hexdigest()


def moment(value: Any) -> datetime:
    """A time in seconds or milliseconds since 1970, or in the form of ISO 8601.  Raises ValueError."""
    if isinstance(value, str) and not re.fullmatch(r"\d+(\.\d+)?", value.strip()):
        text = re.sub(r"(\.\d{6})\d+", r"\1", value.strip().replace(" ", "T", 1).replace(" ", ""))
        found = datetime.fromisoformat(text)
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    seconds = float(value)
    return datetime.fromtimestamp(seconds / 1_000 if seconds > 1e11 else seconds, UTC)


def filled(**properties: Any) -> dict[str, Any]:
    """The properties that have a value."""
    return {name: value for name, value in properties.items() if value not in (None, "", [], {})}
