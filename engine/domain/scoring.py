"""Points: what each rule gives for an activity, and what its limits allow."""

from __future__ import annotations

import hashlib
from bisect import insort
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from typing import Any

import msgspec

from engine.domain.activities import Activity, ActivityId, ContactId, RuleId
from engine.domain.contact import ContactState, LimitCount
from engine.domain.money import DecimalMark, number
from engine.domain.preload_types import preload
from engine.domain.rulebook import BY_HAND, Account, Award, Fading, Period, Rule, RuleGroup, Ruleset

_NOISE = 8
"""Digits behind the point from which on a computed number is a float's noise: 7.999999999999999 is 8."""

MAX_POINTS = 1_000_000
"""The most points of one entry: a larger sum is a property that was sent wrong."""


class LedgerEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """A change of points: one for each (rule, activity), and its id says which.

    `losses` are `(when, points)` of the worth that it loses in time; after the last it
    is worth nothing.
    """

    rule: RuleId
    version: int
    activity: ActivityId
    activity_type: str
    points: int
    happened_at: datetime
    contact: ContactId
    expires_at: datetime | None = None
    losses: tuple[tuple[datetime, int], ...] = ()

    @property
    def id(self) -> str:
        return f"{self.activity}:{self.rule}"

    def worth(self, now: datetime) -> int:
        """The remaining points at a time."""
        if self.expires_at is not None and self.expires_at <= now:
            return 0
        return self.points - sum(lost for at, lost in self.losses if at <= now)


def give(
    state: ContactState, rule: Rule, activity: Activity, ruleset: Ruleset, *, contact: ContactId
) -> LedgerEntry | None:
    """Give a rule's points for a matching activity; none if a ceiling is reached."""
    at = activity.happened_at
    points = 0
    if rule.award is not None:
        points = worth(rule.award, activity.properties, ruleset.account.decimal_mark)
    if rule.group is not None:
        points = _under_ceiling(state, rule.group, points, at, ruleset.account)
    if points == 0:
        return None
    losses = losses_of(rule, points, at)
    state.points.total += points
    state.points.changed_at = at
    for loss in losses:
        insort(state.points.expiring, loss)
    return LedgerEntry(
        rule=rule.id,
        version=ruleset.version,
        activity=activity.id,
        activity_type=activity.type,
        points=points,
        happened_at=at,
        contact=contact,
        expires_at=losses[-1][0] if losses else None,
        losses=tuple(losses) if len(losses) > 1 else (),
    )


def correct(
    state: ContactState, activity: Activity, ruleset: Ruleset, *, contact: ContactId
) -> LedgerEntry | None:
    """Adjust points manually, as a normal entry; none if the edit has no points."""
    points = activity.properties.get("points")
    if not isinstance(points, int) or isinstance(points, bool) or not points:
        return None
    points = max(-MAX_POINTS, min(points, MAX_POINTS))
    state.points.total += points
    state.points.changed_at = activity.happened_at
    return LedgerEntry(
        rule=BY_HAND,
        version=ruleset.version,
        activity=activity.id,
        activity_type=activity.type,
        points=points,
        happened_at=activity.happened_at,
        contact=contact,
    )


def worth(award: Award, properties: dict[str, Any], decimal_mark: DecimalMark = ".") -> int:
    """The points that an award is worth for what an activity carries."""
    if not award.per:
        return award.fixed
    value: Any = properties
    for step in award.per:
        value = value.get(step) if isinstance(value, dict) else None
    found = number(value, decimal_mark)
    if found is None:
        return 0
    points = int(round(found * award.times, _NOISE).to_integral_value(ROUND_FLOOR))
    most = MAX_POINTS if award.at_most is None else award.at_most
    return max(-MAX_POINTS, min(points, most))


def losses_of(rule: Rule, points: int, at: datetime) -> list[tuple[datetime, int]]:
    """The expiry times of a rule's points, with the amounts."""
    if rule.fades is not None:
        return list(_steps(rule.fades, points, at))
    return [] if rule.expires_after is None else [(at + rule.expires_after, points)]


def _steps(fading: Fading, points: int, at: datetime) -> Iterable[tuple[datetime, int]]:
    """Equal steps down to nothing; the last takes what rounding left."""
    step = int(Decimal(points * fading.lost) / 100) or (1 if points > 0 else -1)
    left, when = points, at
    while left:
        when += fading.every
        lost = step if abs(left) > abs(step) else left
        yield when, lost
        left -= lost


def expire(state: ContactState, until: datetime) -> None:
    """Remove expired points, each at its own time."""
    points = state.points
    while points.expiring and points.expiring[0][0] <= until:
        at, lost = points.expiring.pop(0)
        points.total -= lost
        points.changed_at = at


def may_act(state: ContactState, rule: Rule, activity: Activity, account: Account) -> bool:
    """Whether a rule may act once more on a contact, counting it if so."""
    at = activity.happened_at
    if (rule.begins is not None and at < rule.begins) or (rule.ends is not None and at >= rule.ends):
        return False
    counts = []
    if rule.once_per:
        key = _object_key(rule, activity.properties)
        if key is None or key in state.limits:
            return False
        counts.append((key, LimitCount(window="ever", times=1)))
    if rule.limit is not None:
        window = window_of(at, rule.limit.per, account)
        count = state.limits.get(rule.id)
        times = count.times if count is not None and count.window == window else 0
        if times >= rule.limit.times:
            return False
        counts.append((rule.id, LimitCount(window=window, times=times + 1)))
    if counts:
        state.limits = {**state.limits, **dict(counts)}
    return True


def _object_key(rule: Rule, properties: dict[str, Any]) -> str | None:
    """The key that records that a rule has acted for an object; None if the activity names none."""
    value: Any = properties
    for step in rule.once_per:
        value = value.get(step) if isinstance(value, dict) else None
    if value in (None, "") or isinstance(value, dict | list):
        return None
    return f"{rule.id}@{hashlib.blake2b(str(value).encode(), digest_size=6).hexdigest()}"


def _under_ceiling(state: ContactState, group: RuleGroup, points: int, at: datetime, account: Account) -> int:
    """The part of `points` that a group's ceiling leaves, counted towards it; losses are not limited."""
    if points <= 0:
        return points
    key, window = f"group:{group.id}", window_of(at, group.per, account)
    count = state.limits.get(key)
    given = count.times if count is not None and count.window == window else 0
    points = max(0, min(points, group.at_most - given))
    if points:
        state.limits = {**state.limits, key: LimitCount(window=window, times=given + points)}
    return points


def window_of(at: datetime, per: Period, account: Account) -> str:
    """Name the calendar window that `at` falls into, in the account's time zone."""
    if per == "ever":
        return "ever"
    local = at.astimezone(account.time_zone)
    if per == "week":
        local -= timedelta(days=local.weekday())
    if per in _WINDOW_FORMATS:
        return local.strftime(_WINDOW_FORMATS[per])
    day = local.date().isoformat()  # asked for nearly every activity: strftime takes ten times as long
    return day[:7] if per == "month" else day


_WINDOW_FORMATS = {
    "minute": "%Y-%m-%dT%H:%M%z",
    "hour": "%Y-%m-%dT%H%z",  # with the offset: an hour that the clock repeats is two hours
}


preload(LedgerEntry)
