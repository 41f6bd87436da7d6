"""Sending events to the collector, as a browser or the shop's server would."""

from __future__ import annotations

import base64
import http.client
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from engine.accounts.keys import KeyKind
from engine.errors import Unavailable
from workers.demo.diary import Event, comes_from_server

TIMEOUT = 30.0
"""Seconds until a request without an answer is made again."""

MAX_TRIES = 60
"""Tries of a request before giving up."""

MAX_WAIT = 2.0
"""Seconds between two tries, unless the collector asks for more."""


@dataclass(frozen=True)
class Sent:
    """The collector's result for some events."""

    taken: int = 0
    refused: int = 0

    def __add__(self, other: Sent) -> Sent:
        return Sent(self.taken + other.taken, self.refused + other.refused)


@dataclass(frozen=True)
class _Answer:
    """An answer of the collector; a status of 0 means that there was none."""

    status: int
    body: str
    retry_after: float | None = None

    @property
    def refused(self) -> int:
        """The number of refused events of the batch."""
        body: dict[str, Any] = json.loads(self.body)
        return len(body.get("errors", ()))


class Sender:
    """Sends batches over one connection, and again for as long as the collector asks for it.

    Parameters:
      url(str): The collector's address.
      tokens(Mapping): The keys to send with: `write` for browsers, `secret` for the server.
      stop(Event): Ends the waiting.
    """

    def __init__(self, url: str, tokens: Mapping[KeyKind, str], *, stop: threading.Event) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT)
        self._tokens = tokens
        self._stop = stop

    def send(self, events: Sequence[Event]) -> Sent:
        """Send events with the key that befits each; raise Unavailable if they are not taken."""
        of_server = [event for event in events if comes_from_server(event)]
        of_browsers = [event for event in events if not comes_from_server(event)]
        return self._post("write", of_browsers) + self._post("secret", of_server)

    def close(self) -> None:
        self._connection.close()

    def _post(self, kind: KeyKind, batch: Sequence[Event]) -> Sent:
        if not batch:
            return Sent()
        body = json.dumps({"batch": batch}).encode()
        credentials = base64.b64encode(f"{self._tokens[kind]}:".encode()).decode()
        headers = {"Authorization": f"Basic {credentials}", "Content-Type": "application/json"}
        answer = _Answer(0, "no answer")
        for attempt in range(MAX_TRIES):
            answer = self._try(body, headers)
            if answer.status == 200:
                return Sent(taken=len(batch) - answer.refused, refused=answer.refused)
            if answer.status not in (0, 429, 503):
                break
            wait = answer.retry_after if answer.retry_after is not None else min(0.1 * 2**attempt, MAX_WAIT)
            if self._stop.wait(wait):
                return Sent()
        raise Unavailable(
            f"the collector did not take the demo's events ({answer.status}): {answer.body[:300]}"
        )

    def _try(self, body: bytes, headers: Mapping[str, str]) -> _Answer:
        try:
            self._connection.request("POST", "/v1/batch", body, headers)
            answer = self._connection.getresponse()
            content = answer.read().decode(errors="replace")
            return _Answer(answer.status, content, _seconds(answer.headers["Retry-After"]))
        except (OSError, http.client.HTTPException) as error:
            # A connection that broke off may have left half an answer behind.
            self._connection.close()
            return _Answer(0, str(error))


def _seconds(retry_after: str | None) -> float | None:
    return float(retry_after) if retry_after is not None and retry_after.isdigit() else None
