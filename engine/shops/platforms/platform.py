"""A shop platform: what an admin enters and pastes, how its requests are verified, and what they mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from engine.errors import NotAllowed
from engine.shops.events import Reading


class ForgedDelivery(NotAllowed):
    """A request whose signature is missing or wrong, or that is too old."""


@dataclass(frozen=True)
class Field:
    """Something that an admin enters when a shop is connected.

    Parameters:
      name(str): In the document, and the option `--NAME` of the command (with dashes).
      where(str): Where in the shop's administration it is found, or what it is for.
      secret(bool): Sealed, and never shown again.
      required(bool): Without it the shop is not connected.
    """

    name: str
    label: str
    where: str
    secret: bool = False
    required: bool = True


@dataclass(frozen=True)
class Step:
    """One step in the shop's administration.

    Parameters:
      text(str): What to do, in Markdown.
      paste(tuple): Texts to copy, one each: the address, topics.
    """

    text: str
    paste: tuple[str, ...] = ()


@dataclass(frozen=True)
class Delivery:
    """One request of a shop, as it came.

    Parameters:
      headers(Mapping): By lower-case name.
      body(bytes): Raw, as it was signed.
      received_at(datetime): Now.
    """

    headers: Mapping[str, str]
    body: bytes
    received_at: datetime


class Translate(Protocol):
    """The readings of a payload; pure.

    Raises UnreadableDelivery, and KeyError, TypeError or ValueError for what is not in the documented form:
    the payload is kept then, and can be run again.
    """

    def __call__(self, topic: str, payload: Any) -> Sequence[Reading]: ...


@dataclass(frozen=True)
class Webhooks:
    """How a platform delivers webhooks.

    Parameters:
      verify(callable): Raises ForgedDelivery unless one of the secrets signed the delivery.
      topic(callable): What it is about, such as `orders/create`.
      is_ping(callable): Whether it only tries the address: it is answered, and nothing else.
      is_test(callable): Whether it has sample data: once verified it is counted, and nothing else.
      secret(str): The name of the field with the signing secret.
    """

    verify: Callable[[Delivery, Sequence[str]], None]
    topic: Callable[[Delivery], str]
    is_ping: Callable[[Delivery], bool] = lambda _: False
    is_test: Callable[[Delivery], bool] = lambda _: False
    secret: str = "webhook_secret"


@dataclass(frozen=True)
class Platform:
    """A shop platform.

    Parameters:
      name(str): In addresses, commands and documents.
      fields(tuple): What an admin enters, in the order of the form.
      steps(callable): What to do in the shop, given the address to paste (empty for a polled platform).
      translate(Translate): What its payloads mean, from webhooks, polls and the first fetch alike.
      webhooks(Webhooks): Unset for a platform that is polled alone.
      topics(tuple): What its webhooks are asked for.
    """

    name: str
    label: str
    fields: tuple[Field, ...]
    steps: Callable[[str], Sequence[Step]]
    translate: Translate
    webhooks: Webhooks | None = None
    topics: tuple[str, ...] = ()

    def field(self, name: str) -> Field | None:
        """The field of a name, if it has one."""
        return next((field for field in self.fields if field.name == name), None)
