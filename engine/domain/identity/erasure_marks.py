"""Which activities are suppressed because they name an erased person.

What happened before the erasure is suppressed for good, however late it arrives.  Later
activities of others may still name the person: a report of a mail provider, an old cookie, an
imported file.  None of them restores the contact.  Only an act of the person that begins
something new does, and it makes a new contact without any history.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from engine.domain.activities import Activity, ActivityId
from engine.domain.identity.identities import Key, is_tracker

RETURNING_TYPES = frozenset(
    {
        "registered", "order_completed", "newsletter_subscribed", "sms_subscribed", "topic_subscribed",
        "form_submitted",
    }
)  # fmt: skip
"""Acts by which an erased person becomes a new contact."""


@dataclass(frozen=True)
class ErasureMark:
    """A key led to an erased person from `since` to `until`; `at` is when the erasure was done, unset
    while it is under way."""

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
"""The marks of keys that led to erased persons."""


def erased_activities(
    activities: Iterable[Activity], marks: ErasureMarks, held: Collection[Key]
) -> set[ActivityId]:
    """The activities that must not be kept; `held` are keys of living contacts."""
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
