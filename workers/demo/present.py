"""Live events of the demo shop."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from workers.demo.arrivals import local_day
from workers.demo.diary import Diary, Event, iso
from workers.demo.history import diaries, population
from workers.demo.people import Kind, person_of
from workers.demo.visits import register, visit

AT_ONCE = 5
"""Visitors in the shop at a time."""

NEWCOMERS = 0.3
"""Share of visits by people who were never seen before."""

AN_HOUR = timedelta(hours=1)


def happen(*, seed: int, contacts: int, days: int, now: datetime) -> Iterator[Event]:
    """Yield events without end, as they might come in from `now` on.

    They are those of the history's people and of new ones, several visits side by side.
    They carry no time: each happens when it is received.  Their ids depend on
    `now`, so that another start sends other events.
    """
    name = population(seed=seed, contacts=contacts, days=days)
    session = f"{name}-{now:%y%m%d%H%M%S}"
    chance = random.Random(session)
    known = [
        diary for diary in diaries(seed=seed, contacts=contacts, days=days, now=now) if _was_here(diary, now)
    ]
    count = 0
    under_way: list[Iterator[Event]] = []
    while True:
        while len(under_way) < AT_ONCE:
            if not known or chance.random() < NEWCOMERS:
                under_way.append(_newcomer(session, count, now=now))
            else:
                under_way.append(_return(chance.choice(known), f"demo-{session}-{count}", now=now))
            count += 1
        visitor = chance.choice(under_way)
        event = next(visitor, None)
        if event is None:
            under_way.remove(visitor)
        else:
            yield event


def _was_here(diary: Diary, now: datetime) -> bool:
    return diary.person.kind is not Kind.ROBOT and any(e["timestamp"] <= iso(now) for e in diary.events)


def _return(diary: Diary, prefix: str, *, now: datetime) -> Iterator[Event]:
    """Another visit of a known person."""
    chance = random.Random(prefix)
    today = diary.fresh(prefix, chance, until=now + AN_HOUR)
    visit(today, now, chance.choice(today.person.devices))
    return _events_of(today)


def _newcomer(session: str, number: int, *, now: datetime) -> Iterator[Event]:
    """The first visit of a new person; future customers open an account."""
    person = person_of(session, number, arrived=local_day(now))
    prefix = f"demo-{session}-{number}"
    diary = Diary(person, prefix, random.Random(prefix), until=now + AN_HOUR)
    visit(diary, now, person.devices[0])
    if person.habit.signs_up:
        register(diary, now + AN_HOUR / 2, person.devices[0])
    return _events_of(diary)


def _events_of(diary: Diary) -> Iterator[Event]:
    """The diary's events up to its end, in order, without their times."""
    events = sorted(diary.events, key=lambda event: event["timestamp"])
    for event in events:
        if event["timestamp"] <= iso(diary.until):
            yield {name: value for name, value in event.items() if name != "timestamp"}
