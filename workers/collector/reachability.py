"""The question of a sender: may this contact be written to?  Answered for the shop's server alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import pymongo
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from engine.accounts.keys import KeyRecord
from engine.accounts.scopes import Scope
from engine.contacts.reachability_lookup import MOST, Reachability, reachability
from engine.db import Db
from engine.domain.preference_links import preference_link
from engine.domain.preferences import Preferences
from engine.domain.webhook_secrets import UnusableSecret
from engine.errors import ContactNotFound, NotAllowed
from engine.rules import versions
from workers.collector.auth import KeyRing, token_of
from workers.collector.bodies import read_body
from workers.collector.errors import InvalidRequest, RateLimited, ScopeMissing, UnknownWriteKey
from workers.collector.limits import RateLimit


class SecretKeyNeeded(NotAllowed):
    """A write key, which any visitor can read, asks for what is known of contacts."""

    field = "writeKey"

    def __init__(self) -> None:
        super().__init__("may only send events; use a secret key, from a server")


class _Question(msgspec.Struct):
    contacts: list[str]


_QUESTION = msgspec.json.Decoder(_Question)


class ReachabilityDoor:
    """Answers for one contact and for many.

    Parameters:
      db(Database): Where contacts are.
      keys(KeyRing): The keys that requests come with.
      limit(RateLimit): What each key may ask; a contact counts as an event.
      within(float): Seconds after which MongoDB counts as away.
      environment(Mapping): Has the secret that signs the links to preference pages.
      clock(callable): The present.
    """

    def __init__(
        self,
        db: Db,
        keys: KeyRing,
        limit: RateLimit,
        *,
        within: float,
        environment: Mapping[str, str],
        clock: Callable[[], datetime],
    ) -> None:
        self._db = db
        self._environment = environment
        self._clock = clock
        self._keys = keys
        self._limit = limit
        self._within = within

    async def one(self, request: Request) -> Response:
        """`GET /v1/contacts/{key}/reachability`.

        Raises UnknownWriteKey, SecretKeyNeeded, ScopeMissing, RateLimited, ContactNotFound and PyMongoError.
        """
        key = await self._secret_key(request)
        self._check_rate(key, 1)
        [found] = await self._look_up([request.path_params["key"]])
        if found["contact"] is None:
            raise ContactNotFound(found["key"])
        return JSONResponse(found)

    async def many(self, request: Request) -> Response:
        """`POST /v1/contacts/reachability` with `{"contacts": [key, …]}`.

        Raises as `one` does, but for contacts that nobody holds, and InvalidRequest and those of `read_body`.
        """
        key = await self._secret_key(request)
        wanted = _wanted(await read_body(request))
        self._check_rate(key, len(wanted))
        found = await self._look_up(wanted)
        return JSONResponse({"contacts": found})

    async def _secret_key(self, request: Request) -> KeyRecord:
        token = token_of(request.headers.get("authorization", ""))
        key = None if token is None else await self._keys.find(token)
        if key is None:
            raise UnknownWriteKey
        if not key.trusted:
            raise SecretKeyNeeded
        if Scope.REACHABILITY not in key.scopes:
            raise ScopeMissing(Scope.REACHABILITY)
        return key

    def _check_rate(self, key: KeyRecord, contacts: int) -> None:
        if wait := self._limit.wait_for(key.id, contacts):
            raise RateLimited(wait)

    async def _look_up(self, keys: Sequence[str]) -> list[dict[str, Any]]:
        return await asyncio.to_thread(self._read, keys)

    def _read(self, keys: Sequence[str]) -> list[dict[str, Any]]:
        with pymongo.timeout(self._within):
            ruleset = versions.current(self._db)
            found = reachability(self._db, keys, ruleset)
        return [_as_json(each) | self._link(each, ruleset.preferences) for each in found]

    def _link(self, found: Reachability, preferences: Preferences | None) -> dict[str, str]:
        """The link to the contact's preference page, where there is one and it can be signed."""
        if preferences is None or found.contact is None:
            return {}
        try:
            link = preference_link(found.contact, preferences, self._environment, now=self._clock())
        except UnusableSecret:
            return {}
        return {"preferences": link}


def _wanted(body: bytes) -> list[str]:
    try:
        wanted = _QUESTION.decode(body).contacts
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest("body", f'{error}; send {{"contacts": ["ana@example.com", …]}}') from None
    if not wanted or len(wanted) > MOST:
        raise InvalidRequest("contacts", f"has {len(wanted):,} entries; send 1 to {MOST:,}")
    return wanted


def _as_json(found: Reachability) -> dict[str, Any]:
    """The answer about a contact; a key without a contact can receive nothing."""
    channels = {
        reach.id: {"label": reach.channel, "reachable": reach.reachable, "why": reach.why}
        for reach in found.reach
    }
    return {"key": found.key, "contact": found.contact, "channels": channels}
