"""What is fetched of a shop: pages of payloads, each with the place from which to go on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from engine.shops.fetching.problems import ProblemKind, ShopRefuses

OVERLAP = timedelta(minutes=10)
"""How far polls reach back in general."""


@dataclass(frozen=True)
class Item:
    """A payload for the platform's `translate`, and the topic that it goes by."""

    topic: str
    payload: Any


@dataclass(frozen=True)
class Page:
    """One page of a stream.

    Parameters:
      items: Its payloads.
      records: How many of the shop's records it had.
      place: From where to go on, as `ShopApi.page` understands it.
      is_last: Whether nothing comes after it.
      latest: The latest time of change among its records; unset for none.
    """

    items: Sequence[Item]
    records: int
    place: str
    is_last: bool
    latest: datetime | None = None


class ShopApi(Protocol):
    """A shop's API, read in streams such as its customers and its orders.

    Every call raises ShopRefuses and ShopUnavailable.
    """

    @property
    def streams(self) -> Sequence[str]:
        """In the order in which they are read: customers come before their orders."""

    @property
    def overlap(self) -> timedelta:
        """How far a poll reaches back before what it saw last.

        For records that were committed late, and local times that the clocks repeat.
        """

    def check(self) -> None:
        """Try the credentials on each stream."""

    def count(self, stream: str) -> int:
        """How many records a stream has, about."""

    def page(self, stream: str, place: str, *, since: datetime | None = None) -> Page:
        """The page of a stream after a place (empty: its first one), of what changed since a time."""


@dataclass(frozen=True)
class DocumentedApi:
    """An API whose answers in another form than the documented one are a problem of the shop, not ours."""

    api: ShopApi

    @property
    def streams(self) -> Sequence[str]:
        return self.api.streams

    @property
    def overlap(self) -> timedelta:
        return self.api.overlap

    def check(self) -> None:
        with _documented("the test"):
            self.api.check()

    def count(self, stream: str) -> int:
        with _documented(stream):
            return self.api.count(stream)

    def page(self, stream: str, place: str, *, since: datetime | None = None) -> Page:
        with _documented(stream):
            return self.api.page(stream, place, since=since)


@contextmanager
def _documented(what: str) -> Iterator[None]:
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise unexpected(what) from error


def pages(api: ShopApi, stream: str, place: str = "", *, since: datetime | None = None) -> Iterator[Page]:
    """The pages of a stream after a place.  Raises as `ShopApi`."""
    while True:
        page = api.page(stream, place, since=since)
        yield page
        if page.is_last:
            return
        if page.place == place:
            raise repeats(stream)
        place = page.place


def repeats(stream: str) -> ShopRefuses:
    """A shop that answers every page alike: a cache or a module before its API leaves the query out."""
    return ShopRefuses(
        ProblemKind.REPEATS,
        f"the shop returns the same page of {stream} again and again: something before its API (a cache, a "
        "firewall, a module) ignores the query; exclude the API from it",
    )


@dataclass(frozen=True)
class Keyset:
    """Pages by ascending ids: nothing is skipped when records change while they are read."""

    last: int = 0

    @classmethod
    def at(cls, place: str) -> Keyset:
        return cls(int(place or 0))

    def following(self, ids: Sequence[int], stream: str) -> str:
        """The place after a page with these ids.  Raises ShopRefuses if it has some that came before."""
        if not ids:
            return str(self.last)
        if min(ids) <= self.last:
            raise repeats(stream)
        return str(max(ids))


def unexpected(what: str) -> ShopRefuses:
    """An answer that is JSON and not in the documented form."""
    return ShopRefuses(
        ProblemKind.CONTENT, f"the shop's answer to {what} is not in the documented form of its platform"
    )
