"""Points: what each rule gives for an activity, and what a rule's limit allows."""

from __future__ import annotations

from bisect import insort
from datetime import datetime, timedelta

import msgspec

from engine.core.activities import Activity, ActivityId, ContactId, RuleId
from engine.core.contact import ContactState, LimitCount
from engine.core.rulebook import Account, Period, Ruleset, ScoringRule


class LedgerEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """A change of points: one for each (rule, activity), and its id says which."""

    rule: RuleId
    version: int
    activity: ActivityId
    activity_type: str
    points: int
    happened_at: datetime
    contact: ContactId
    expires_at: datetime | None = None

    @property
    def id(self) -> str:
        return f"{self.activity}:{self.rule}"


def score(
    state: ContactState, activity: Activity, ruleset: Ruleset, *, contact: ContactId
) -> list[LedgerEntry]:
    """Give the points of every rule that `activity` meets; bots get none."""
    if activity.bot:
        return []
    entries = []
    for rule in ruleset.scoring.get(activity.type, ()):
        if rule.when(activity, state) and _within_limit(state, rule, activity, ruleset.account):
            entries.append(_give(state, rule, activity, ruleset.version, contact))
    return entries


def expire(state: ContactState, until: datetime) -> None:
    """Take away the points whose time has come, each at its own time."""
    points = state.points
    while points.expiring and points.expiring[0][0] <= until:
        at, lost = points.expiring.pop(0)
        points.total -= lost
        points.changed_at = at


def _give(
    state: ContactState, rule: ScoringRule, activity: Activity, version: int, contact: ContactId
) -> LedgerEntry:
    at = activity.happened_at
    expires_at = at + rule.expires_after if rule.expires_after is not None else None
    state.points.total += rule.points
    state.points.changed_at = at
    if expires_at is not None:
        insort(state.points.expiring, (expires_at, rule.points))
    return LedgerEntry(
        rule=rule.id,
        version=version,
        activity=activity.id,
        activity_type=activity.type,
        points=rule.points,
        happened_at=at,
        contact=contact,
        expires_at=expires_at,
    )


def _within_limit(state: ContactState, rule: ScoringRule, activity: Activity, account: Account) -> bool:
    """Whether the rule may score once more, counting it if so."""
    if rule.limit is None:
        return True
    window = window_of(activity.happened_at, rule.limit.per, account)
    count = state.limits.get(rule.id)
    times = count.times if count is not None and count.window == window else 0
    if times >= rule.limit.times:
        return False
    state.limits = {**state.limits, rule.id: LimitCount(window=window, times=times + 1)}
    return True


def window_of(at: datetime, per: Period, account: Account) -> str:
    """Name the calendar window that `at` falls into, in the account's time zone."""
    if per == "ever":
        return "ever"
    local = at.astimezone(account.time_zone)
    if per == "week":
        local -= timedelta(days=local.weekday())
    return local.strftime(_WINDOW_FORMATS[per])


_WINDOW_FORMATS = {
    "minute": "%Y-%m-%dT%H:%M%z",
    "hour": "%Y-%m-%dT%H%z",  # with the offset: an hour that the clock repeats is two hours
    "day": "%Y-%m-%d",
    "week": "%Y-%m-%d",
    "month": "%Y-%m",
}
