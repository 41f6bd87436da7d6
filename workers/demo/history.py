"""The made-up shop's history: everything that its people did up to now."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta

from workers.demo.arrivals import Arrivals, local_day
from workers.demo.diary import Diary, Event, iso
from workers.demo.lives import live, store_day_of
from workers.demo.people import person_of


def generate(*, seed: int, contacts: int, days: int, now: datetime) -> Iterator[Event]:
    """Yield what about `contacts` people did in the last `days` up to `now`, in order of time.

    Deterministic: a later `now` of the same day adds events and changes none.  The next
    day has one more day's people, one day's fewer, and the events of the others stay
    the same, with the same ids: sending the history again is idempotent.
    """
    end = iso(now)
    events = [
        event
        for diary in diaries(seed=seed, contacts=contacts, days=days, now=now)
        for event in diary.events
        if event["timestamp"] <= end
    ]
    yield from sorted(events, key=lambda event: (event["timestamp"], event["messageId"]))


def diaries(*, seed: int, contacts: int, days: int, now: datetime) -> Iterator[Diary]:
    """The people who came within the last `days`, with all that they do; some of it after `now`."""
    name, arrivals = (
        population(seed=seed, contacts=contacts, days=days),
        Arrivals(contacts=contacts, days=days),
    )
    today = local_day(now)
    for day in (today - timedelta(days=back) for back in reversed(range(days))):
        for number in arrivals.on(day):
            person = person_of(name, number, arrived=day)
            store_day = store_day_of(number, arrivals)
            yield live(person, days=days, store_day=store_day)


def population(*, seed: int, contacts: int, days: int) -> str:
    """Name a run of people: other settings are other people, and no id is ever used for two."""
    return hashlib.blake2b(f"{seed}/{contacts}/{days}".encode(), digest_size=2).hexdigest()
