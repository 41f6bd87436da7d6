"""What an operation of the API is: one value, from which routing, checks, OpenAPI and the docs are made."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import msgspec

from engine.accounts.actor import Actor
from engine.accounts.scopes import Scope
from engine.domain.activities import Activity, ActivityId
from engine.pipeline.inbox import Receipt
from workers.collector.api.conditional import IfMatch
from workers.collector.api.cursors import Cursors

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


@dataclass(frozen=True)
class Parameter:
    """A parameter of the address.

    Parameters:
      name(str): What it is called there.
      about(str): What it does, for the docs.
      schema(Mapping): Its JSON Schema.
      read(callable): Reads its text; raises ValueError with what is expected.
      default(object): Its value if it is not given.
      required(bool): Whether it must be given.
    """

    name: str
    about: str
    schema: Mapping[str, Any]
    read: Callable[[str], Any] = str
    default: Any = None
    required: bool = False


@dataclass(frozen=True)
class Example:
    """A request as the docs show it; a test sends it.

    Parameters:
      path(Mapping): The parts of the path; a value such as `$JOB` is a variable of the shell.
      query(Mapping): The parameters.
      body(object): Is sent as JSON.
      file(str): Is sent as it is: the body of an upload.
      headers(Mapping): Further headers.
    """

    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    file: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class Services(Protocol):
    """What the collector does for the API."""

    def receive(self, activities: Sequence[Activity]) -> Receipt:
        """Store activities durably and wake their lanes.  Raises Unavailable."""

    def wake(self, lanes: Iterable[int]) -> None:
        """Notify the workers."""


@dataclass(frozen=True)
class Call:
    """A request that passed all checks.

    Parameters:
      actor(Actor): The key as a user.
      key(str): The id of the key.
      path(Mapping): The parts of the path, decoded.
      query(Mapping): The parameters, read, with their defaults.
      body(object): The body as the operation declares it.
      seed(str): What the ids of all that is written are derived from.
      if_match(IfMatch): What must still be true.
      cursors(Cursors): Signs the places in a list, and reads them.
    """

    actor: Actor
    key: str
    path: Mapping[str, str]
    query: Mapping[str, Any]
    body: Any
    seed: str
    if_match: IfMatch
    cursors: Cursors
    services: Services

    def id(self, of: str = "") -> str:
        """Return an id for something that is written: the same at every try of the same request."""
        return hashlib.blake2b(f"{self.seed}\n{of}".encode(), digest_size=16).hexdigest()


@dataclass(frozen=True)
class Reply:
    """An answer as JSON; without an `etag` a GET gets one of its content."""

    body: Any
    status: int = 200
    etag: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Pending:
    """An answer that waits until activities take effect; `then` gets whether they did in time."""

    activity: ActivityId
    then: Callable[[bool], Reply]


@dataclass(frozen=True)
class Download:
    """An answer that is a file."""

    name: str
    media_type: str
    chunks: Iterator[bytes]
    length: int | None = None


Outcome = Reply | Pending | Download
InThread = Callable[[Callable[[], Any]], Awaitable[Any]]
Upload = Callable[[Call, AsyncIterator[bytes], InThread], Awaitable[str]]
"""Stores the body of a request; returns the id of what is stored, which becomes the `body` of the call."""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """An operation.

    Parameters:
      id(str): Its name, in OpenAPI and in metrics.
      method(str), path(str): Where it is; a part of the path in braces is a parameter.
      tag(str): The group in which the docs show it.
      summary(str): What it does, in a line.
      about(str): What there is to know besides.
      scopes(frozenset): Any of them lets a key in.
      run(callable): Does it, in a thread.  Raises errors of ContactSheetsError.
      query(tuple): Its parameters.
      body(type): The struct that its body is read as; unset for none.
      upload(callable): Stores its body, if that is a file.
      answer(type): The struct that it answers with; unset for a file or an empty answer.
      media_type(str): Of a file that it answers with.
      statuses(Mapping): Its successful statuses, each with what it means.
      creates(bool): Whether it takes an `Idempotency-Key`.
      matches(bool): Whether it takes `If-Match`.
      cost(callable): The number of requests that a body counts for.
    """

    id: str
    method: Method
    path: str
    tag: str
    summary: str
    scopes: frozenset[Scope]
    run: Callable[[Call], Outcome]
    example: Example
    about: str = ""
    query: tuple[Parameter, ...] = ()
    body: type[msgspec.Struct] | None = None
    upload: Upload | None = None
    answer: Any = None
    media_type: str = "application/json"
    statuses: Mapping[int, str] = field(default_factory=lambda: {200: "Done"})
    creates: bool = False
    matches: bool = False
    cost: Callable[[Any], int] = lambda _body: 1

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of its path."""
        return tuple(self.path.strip("/").split("/"))

    @property
    def path_parameters(self) -> tuple[str, ...]:
        """The names of the parameters in its path."""
        return tuple(part[1:-1] for part in self.parts if part.startswith("{"))
