"""Sending the made-up shop's events to the collector, as its pages and its server would."""

from __future__ import annotations

import base64
import http.client
import json
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from pymongo.database import Database

from engine.errors import NoInstance, Unavailable
from engine.settings import Instance
from engine.store import keys
from engine.store.connection import utc_now
from engine.store.keys import KeyKind
from workers.demo.people import Event, generate, visitors

BATCH = 200
"""Events of one request."""

LIVE_PAUSE = 1.5
"""Seconds between two live events."""

MAX_TRIES = 60
"""Tries of a request, a second apart, before giving up."""


@dataclass(frozen=True)
class DemoReport:
    """What was sent."""

    sent: int


def run(
    instance: Instance,
    db: Database[dict[str, Any]],
    *,
    seed: int,
    contacts: int,
    days: int,
    live: bool,
    stop: threading.Event,
    say: Callable[[str], None],
) -> DemoReport:
    """Send the history in the order of time; with `live`, go on until `stop`.

    Sent again, the history changes nothing: its ids follow from the seed.
    """
    if instance.collector_url is None:
        raise NoInstance("the demo sends its events to a collector, and none is known: start `sheets up`")
    sender = _Sender(instance.collector_url, {kind: _key(db, kind) for kind in ("write", "secret")}, stop)
    events = generate(seed=seed, contacts=contacts, days=days, now=utc_now())
    sent = sum(sender.send(batch) for batch in _batches(events))
    say(f"sent {sent:,} events of {contacts:,} people over {days} days")
    for event in visitors(seed=seed, now=utc_now()) if live else ():
        if stop.wait(LIVE_PAUSE):
            break
        sent += sender.send([event])
    return DemoReport(sent=sent)


def _key(db: Database[dict[str, Any]], kind: KeyKind) -> str:
    return keys.create_key(db, kind, label="demo", now=utc_now()).token


def _batches(events: Iterable[Event]) -> Iterator[list[Event]]:
    remaining = iter(events)
    while batch := list(islice(remaining, BATCH)):
        yield batch


class _Sender:
    """Sends batches over one connection, trying again while the collector asks for it."""

    def __init__(self, url: str, tokens: dict[KeyKind, str], stop: threading.Event) -> None:
        self._host = urlsplit(url).netloc
        self._tokens = tokens
        self._stop = stop
        self._connection = http.client.HTTPConnection(self._host, timeout=30)

    def send(self, events: list[Event]) -> int:
        """Send browsers' events with the write key and the server's with the secret one."""
        for kind, from_server in (("write", False), ("secret", True)):
            batch = [_plain(event) for event in events if event["server"] is from_server]
            if batch:
                self._post(self._tokens[kind], batch)  # type: ignore[index]
        return len(events)

    def _post(self, token: str, batch: list[Event]) -> None:
        body = json.dumps({"batch": batch})
        credentials = base64.b64encode(f"{token}:".encode()).decode()
        headers = {"Authorization": f"Basic {credentials}", "Content-Type": "application/json"}
        for _ in range(MAX_TRIES):
            status, said = self._try(body, headers)
            if status == 200:
                return
            if status not in (0, 429, 503):
                raise Unavailable(f"the collector refused the demo's events ({status}): {said[:300]}")
            if self._stop.wait(1.0):
                return
        raise Unavailable(f"the collector did not take the demo's events in {MAX_TRIES} tries: {said[:300]}")

    def _try(self, body: str, headers: dict[str, str]) -> tuple[int, str]:
        try:
            self._connection.request("POST", "/v1/batch", body, headers)
            answer = self._connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            return 0, str(error)


def _plain(event: Event) -> Event:
    return {name: value for name, value in event.items() if name != "server"}
