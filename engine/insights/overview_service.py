"""The overview for a person: checked for their role.  Counts alone, so nothing of it is masked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pymongo.database import Database

from engine.accounts.accounts import CurrentUser
from engine.accounts.permissions import Permission, require
from engine.insights import census
from engine.insights import overview as analytics
from engine.insights.overview import Overview, Period
from engine.pipeline import sendings

Document = dict[str, Any]


def overview(db: Database[Document], user: CurrentUser, period: Period, *, now: datetime) -> Overview:
    """A period's figures; while somebody looks, they are counted more often.  Raises NotAllowed."""
    require(user, Permission.SEE)
    census.look(db, now=now)
    return analytics.overview(db, period, now=now)


def failing_sendings(db: Database[Document], user: CurrentUser) -> int:
    """How many sendings failed as a whole and wait for an admin's decision.  Raises NotAllowed."""
    require(user, Permission.SEE)
    return len(sendings.open_doubts(db))
