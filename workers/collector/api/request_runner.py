"""One request of the API: checked, claimed by its key, done in a thread, awaited, and answered once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from engine.accounts import api_requests
from engine.accounts.actor import Actor
from engine.accounts.api_requests import Claim, StoredReply
from engine.accounts.keys import KeyRecord
from engine.accounts.scopes import user_of_key
from engine.db import Db
from engine.db.installation import namespace
from engine.domain.activities import ActivityId
from engine.errors import Invalid
from workers.collector.api import http_replies
from workers.collector.api.conditional import IfMatch, etag_of, is_unchanged, tags_of
from workers.collector.api.cursors import Cursors
from workers.collector.api.errors import ApiRateLimited, InvalidParameters
from workers.collector.api.operation import Call, Download, Operation, Outcome, Pending, Reply, Services
from workers.collector.api.parameters import read_body as read_json
from workers.collector.api.parameters import read_query
from workers.collector.api.routing import raw_path
from workers.collector.api.threads import ApiThreads
from workers.collector.api.uploaded_file import UploadedFile
from workers.collector.bodies import read_body
from workers.collector.limits import RateLimit

APPLIED_WITHIN = 3.0
"""Seconds that a write waits until it has taken effect; after it the answer is 202."""

POLL = 0.03
"""Seconds between two looks whether an activity is applied."""

MAX_KEY = 200
"""Characters of an `Idempotency-Key`."""


class RequestRunner:
    """Answers requests of keys that may send them.

    Parameters:
      db(Database): Where everything is.
      limit(RateLimit): The requests that each key may send.
      threads(ApiThreads): Where operations are done.
      services(Services): What the collector does for them.
      encode(callable): Encodes an answer as JSON.
      clock(callable): The present.
    """

    def __init__(
        self,
        db: Db,
        limit: RateLimit,
        threads: ApiThreads,
        services: Services,
        *,
        encode: Callable[[Any], bytes],
        clock: Callable[[], datetime],
    ) -> None:
        self._db = db
        self._limit = limit
        self._threads = threads
        self._services = services
        self._encode = encode
        self._clock = clock

    async def respond(
        self,
        request: Request,
        operation: Operation,
        key: KeyRecord,
        path: Mapping[str, str],
    ) -> Response:
        """Answer a request of a key that may send it.

        Raises those of `workers.collector.api.errors`, of the operation, and PyMongoError.
        """
        self._take(key, 1)
        given = request.query_params.multi_items()
        query = read_query(operation, given)
        raw = b"" if operation.upload is not None or operation.method == "GET" else await read_body(request)
        body = read_json(operation.body, raw or b"{}") if operation.body is not None else None
        if operation.body is None and raw.strip():
            raise InvalidParameters({"body": "is not accepted here; leave it out"})
        if (cost := operation.cost(body)) > 1:
            self._take(key, cost - 1)
        if_match = IfMatch(tags_of(request.headers.get("if-match", "")))
        if if_match.tags and not operation.matches:
            raise InvalidParameters({"If-Match": "is not supported here"})
        secret = await self._threads.run(partial(namespace, self._db))
        claim = await self._claim(request, operation, key, _listed(request, given), raw)
        file = UploadedFile(request)
        if claim.reply is not None:
            if operation.upload is not None:
                await file.drain()
            api_requests.check_upload(claim.reply, file.digest)
            return http_replies.replayed(claim.reply)
        call = Call(
            Actor(self._db, user_of_key(key.id, key.label, key.scopes), self._clock),
            key.id,
            path,
            query,
            body,
            claim.seed,
            if_match,
            Cursors(secret, _listed(request, given, place=False)),
            self._services,
        )
        try:
            if operation.upload is not None:
                call = replace(call, body=await operation.upload(call, file.chunks(), self._threads.run))
            reply = await self._done(await self._threads.run(partial(operation.run, call)))
        except Invalid:
            await self._threads.run(partial(api_requests.release, self._db, claim))
            raise
        return await self._response(request, reply, claim, upload=file.digest)

    async def _claim(
        self, request: Request, operation: Operation, key: KeyRecord, listed: str, body: bytes
    ) -> Claim:
        sent = request.headers.get("idempotency-key", "").strip()
        if not sent:
            return api_requests.unkeyed()
        if operation.method == "GET":
            raise InvalidParameters({"Idempotency-Key": "is for requests that write"})
        if len(sent) > MAX_KEY:
            raise InvalidParameters({"Idempotency-Key": f"has at most {MAX_KEY} characters"})

        def claim() -> Claim:
            fingerprint = api_requests.digest(self._db, request.method.encode(), listed.encode(), body)
            return api_requests.claim(self._db, key.id, sent, fingerprint, now=self._clock())

        return await self._threads.run(claim)

    async def _done(self, outcome: Outcome) -> Reply | Download:
        """The answer of an operation, once its activity has taken effect or that takes too long."""
        if not isinstance(outcome, Pending):
            return outcome
        until = time.monotonic() + APPLIED_WITHIN
        while (state := await self._threads.run(partial(self._state_of, outcome.activity))) == "received":
            if time.monotonic() > until:
                break
            await asyncio.sleep(POLL)
        return await self._threads.run(partial(outcome.then, state == "applied"))

    def _state_of(self, activity: ActivityId) -> str | None:
        """The state of an activity; None if it was dropped."""
        row = self._db.activities.find_one({"_id": activity}, {"state": 1})
        return None if row is None else str(row["state"])

    async def _response(
        self, request: Request, reply: Reply | Download, claim: Claim, *, upload: str
    ) -> Response:
        if isinstance(reply, Download):
            return http_replies.download(reply)
        content = b"" if reply.body is None else self._encode(reply.body)
        headers = dict(reply.headers)
        if request.method in ("GET", "HEAD"):
            headers["ETag"] = reply.etag or etag_of(content)
            headers["Cache-Control"] = "private, no-cache"
            if is_unchanged(request.headers.get("if-none-match", ""), headers["ETag"]):
                return Response(status_code=304, headers=headers)
        elif reply.etag is not None:
            headers["ETag"] = reply.etag
        stored = StoredReply(reply.status, content.decode(), headers, upload)
        if claim.id is not None:
            stored = await self._threads.run(partial(api_requests.answer, self._db, claim, stored))
        return http_replies.as_json(stored)

    def _take(self, key: KeyRecord, requests: int) -> None:
        if wait := self._limit.wait_for(key.id, requests):
            raise ApiRateLimited(wait)


_PLACE = frozenset({"cursor", "limit"})
"""The parameters that are no part of what a list is."""


def _listed(request: Request, given: Sequence[tuple[str, str]], *, place: bool = True) -> str:
    """The path and the parameters of a request, in one text."""
    kept = sorted((name, value) for name, value in given if place or name not in _PLACE)
    return f"{raw_path(request.scope)}\n{kept}"
