"""What becomes of an activity that names somebody who was erased.

What happened before the erasure is gone for good, however late it comes.  Afterwards others
may still speak of them: a mail provider that reports, an old cookie, a file that a colleague
imports.  None of that brings them back.  They come back by an act of their own that begins
something new, and are then a new contact of whom nothing is known from before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from engine.domain.activities import Activity, ActivityId
from engine.domain.identities import Key, is_tracker

RETURNING_TYPES = frozenset(
    {"registered", "order_completed", "newsletter_subscribed", "sms_subscribed", "form_submitted"}
)
"""What somebody does who begins anew with the shop."""


@dataclass(frozen=True)
class ErasureMark:
    """That a key led to somebody who was erased, from `since` to `until`; `at` is when that was
    done, and unset while it is being done."""

    at: datetime | None
    since: datetime | None = None
    until: datetime | None = None

    def covers(self, moment: datetime) -> bool:
        """Whether what happened then was erased."""
        return (
            (self.at is None or moment <= self.at)
            and (self.since is None or moment >= self.since)
            and (self.until is None or moment < self.until)
        )


ErasureMarks = Mapping[Key, Collection[ErasureMark]]
"""What is known of keys, of those alone that led to somebody who was erased."""


def erased_activities(
    activities: Iterable[Activity], marks: ErasureMarks, held: Collection[Key]
) -> set[ActivityId]:
    """Those of some activities that are not to be kept; `held` are keys of living contacts."""
    known, gone = set(held), set[ActivityId]()
    for activity in sorted(activities, key=lambda activity: activity.moment):
        if _is_erased(activity, marks, known):
            gone.add(activity.id)
        else:
            known.update(activity.keys())
    return gone


def _is_erased(activity: Activity, marks: ErasureMarks, held: Collection[Key]) -> bool:
    named = [key for key in activity.keys() if key in marks]
    if not named:
        return False
    covered = {key for key in named if any(mark.covers(activity.happened_at) for mark in marks[key])}
    trackers_alone = all(map(is_tracker, named))
    if covered:
        others = [key for key in activity.identities.keys() if key in held and key not in covered]
        return not (trackers_alone and others)
    if any(key in held for key in named) or (trackers_alone and activity.identities):
        return False
    return activity.by_hand or activity.by_import or activity.type not in RETURNING_TYPES
