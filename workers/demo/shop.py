"""The made-up shop: its history is sent to the collector, then perhaps what happens now."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

from pymongo.errors import PyMongoError

from engine.accounts import keys
from engine.accounts.keys import KeyKind, NewKey
from engine.db import Db
from engine.db.connection import utc_now
from engine.errors import NoInstance
from engine.insights import census
from engine.settings import Instance
from workers.demo.diary import Event
from workers.demo.history import generate
from workers.demo.present import happen
from workers.demo.sending import Sender, Sent

BATCH = 300
"""Events of one request: about 120 KB, of the 500 KB that a collector takes."""

LIVE_PAUSE = 1.0
"""Seconds between two live events."""


@dataclass(frozen=True)
class DemoReport:
    """The number of sent events.

    Parameters:
      history(int): Events of the past that the collector took, known ones included.
      live(int): Events that happened meanwhile.
      refused(int): Events that the collector did not take.
    """

    history: int
    live: int
    refused: int


def run(
    instance: Instance,
    db: Db,
    *,
    seed: int,
    contacts: int,
    days: int,
    live: bool,
    stop: threading.Event,
    say: Callable[[str], None],
) -> DemoReport:
    """Send the history in the order of time; with `live`, continue until `stop`.

    Sent again, today or another day, the history changes nothing that is known and adds
    what is new.  Raises NoInstance without a collector, Unavailable if it takes nothing.
    """
    if instance.collector_url is None:
        raise NoInstance("the demo sends its events to a collector, and none is known: start `sheets up`")
    now = utc_now()
    with _demo_keys(db) as tokens:
        sender = Sender(instance.collector_url, tokens, stop=stop)
        past = _send_all(sender, generate(seed=seed, contacts=contacts, days=days, now=now), stop=stop)
        say(f"sent {past.taken:,} events of about {contacts:,} people over {days} days{_but(past)}")
        census.look(db, now=utc_now())  # the last one may be of the middle, and the next an hour away
        present = Sent()
        for event in happen(seed=seed, contacts=contacts, days=days, now=now) if live else ():
            if stop.wait(LIVE_PAUSE):
                break
            present += sender.send([event])
        sender.close()
    return DemoReport(history=past.taken, live=present.taken, refused=past.refused + present.refused)


def _send_all(sender: Sender, events: Iterable[Event], *, stop: threading.Event) -> Sent:
    sent, remaining = Sent(), iter(events)
    while not stop.is_set() and (batch := list(islice(remaining, BATCH))):
        sent += sender.send(batch)
    return sent


def _but(sent: Sent) -> str:
    return f"; {sent.refused:,} were refused" if sent.refused else ""


@contextmanager
def _demo_keys(db: Db) -> Iterator[dict[KeyKind, str]]:
    """Keys to send with for as long as the demo runs; a forgotten one would stay a way in."""
    made: list[NewKey] = []
    try:
        for kind in _KINDS:
            made.append(keys.create_key(db, kind, label="demo", now=utc_now()))
        yield {key.kind: key.token for key in made}
    finally:
        _revoke(db, made)


_KINDS: tuple[KeyKind, ...] = ("write", "secret")


def _revoke(db: Db, made: Iterable[NewKey]) -> None:
    try:
        for key in made:
            keys.revoke(db, key.id, now=utc_now())
    except PyMongoError:
        return  # MongoDB may have stopped first; the error of the demo is more important
