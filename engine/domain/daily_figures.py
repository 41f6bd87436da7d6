"""Which changes move the figures that are kept by day, and of which hours."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from engine.domain.activities import Activity
from engine.domain.document import Document

STATUS_CHANGED = "status_changed"
COUNTED_TYPES = ("email_bounced", "email_complained", "sms_bounced", STATUS_CHANGED)
"""The types of activity that are counted by day.  Each is rare beside what visitors do."""


def hour_of(at: datetime) -> datetime:
    """The hour that a moment lies in, of UTC: an account's day is made of such, or of parts of them."""
    return at.replace(minute=0, second=0, microsecond=0)


def counted_hours(activities: Iterable[Activity]) -> set[datetime]:
    """The hours of those of some activities that are counted by day."""
    return {hour_of(activity.happened_at) for activity in activities if activity.type in COUNTED_TYPES}


def hours_of_orders(before: Document | None, after: Document | None) -> set[datetime]:
    """The hours of the orders in which two documents of a contact differ.

    If another order is now the first, these are the hours of both: the figures count new customers.
    """
    hours = _differing(_book(before), _book(after), name="id", time="placed_at")
    firsts = {_first_order_at(before), _first_order_at(after)}
    return hours.union(hour_of(at) for at in firsts if at is not None) if len(firsts) > 1 else hours


def hours_of_status_changes(before: Iterable[Document], after: Iterable[Document]) -> set[datetime]:
    """The hours of the changes of status in which two sets of derived activities differ."""
    return _differing(_status_changes(before), _status_changes(after), name="_id", time="happened_at")


def _book(contact: Document | None) -> list[Document]:
    return [] if contact is None else contact.get("commerce", {}).get("book", [])


def _first_order_at(contact: Document | None) -> datetime | None:
    found = None if contact is None else contact.get("commerce", {}).get("first_order_at")
    return found if isinstance(found, datetime) else None


def _status_changes(rows: Iterable[Document]) -> list[Document]:
    return [row for row in rows if row["type"] == STATUS_CHANGED]


def _differing(before: list[Document], after: list[Document], *, name: str, time: str) -> set[datetime]:
    if before == after:
        return set()
    old, new = ({row[name]: row for row in rows} for rows in (before, after))
    changed = [row for id_ in old.keys() | new.keys() if old.get(id_) != new.get(id_)
               for row in (old.get(id_), new.get(id_)) if row is not None]  # fmt: skip
    return {hour_of(row[time]) for row in changed if row.get(time) is not None}
