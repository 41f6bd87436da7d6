"""The first visits of the demo shop's people, and their active hours."""

from __future__ import annotations

import math
import random
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

HERE = ZoneInfo("Europe/Madrid")
"""The time zone of the shop and of its days."""

WEEK = (0.85, 0.8, 0.85, 0.9, 1.05, 1.35, 1.2)
"""The relative activity of each day, from Monday; a week sums to 7."""

HOURS = (1, 0, 0, 0, 0, 0, 1, 2, 4, 6, 7, 7, 7, 6, 4, 5, 6, 7, 9, 10, 12, 13, 9, 4)
"""The relative activity of each hour, from midnight."""

DAY = timedelta(days=1)
_FIRST_MONDAY = date(2020, 1, 6)


class Arrivals:
    """Numbers people for ever in the order in which they come.

    Person 12,345 arrives on the same day in every run: a later run adds people and changes
    no earlier ones.

    Parameters:
      contacts(int): People who come in
      days(int): so many days.
    """

    def __init__(self, *, contacts: int, days: int) -> None:
        self._a_day = contacts / days

    def on(self, day: date) -> range:
        """The numbers of those who come on `day`."""
        return range(self._before(day), self._before(day + DAY))

    def day_of(self, number: int) -> date:
        """The day on which that person comes."""
        # Two days early, as the days of a week are not equally lively.
        day = _FIRST_MONDAY + timedelta(days=math.floor(number / self._a_day) - 2)
        while self._before(day + DAY) <= number:
            day += DAY
        return day

    def _before(self, day: date) -> int:
        weeks, rest = divmod((day - _FIRST_MONDAY).days, 7)
        return math.floor(self._a_day * (7 * weeks + sum(WEEK[:rest])))


def local_day(at: datetime) -> date:
    """The day it is in the shop."""
    return at.astimezone(HERE).date()


def at_hour(day: date, hour: int, *, seconds: float = 0) -> datetime:
    """A number of seconds after a full hour in the shop; in UTC."""
    local = datetime.combine(day, time(hour), tzinfo=HERE)
    return local.astimezone(UTC) + timedelta(seconds=round(seconds, 3))


def some_time(day: date, chance: random.Random) -> datetime:
    """A moment of the day at which people shop."""
    hour = chance.choices(range(24), HOURS)[0]
    return at_hour(day, hour, seconds=chance.uniform(0, 3_599))


def next_visit(day: date, chance: random.Random, *, pause: float) -> date:
    """A day about `pause` days later, more likely a lively one."""
    day += timedelta(days=max(1, round(chance.expovariate(1 / pause))))
    while chance.random() > WEEK[day.weekday()] / max(WEEK):
        day += DAY
    return day
