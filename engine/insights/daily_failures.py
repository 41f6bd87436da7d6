"""Bounces and complaints by day: by kind, sending service, domain and reason.

Computed with the other figures of a day (`daily`), whole and written over what was.  A page adds up the
days of its period, inside MongoDB.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, get_args
from zoneinfo import ZoneInfo

import pandas as pd

from engine.db import Db
from engine.domain.bounce_messages.reasons import reason_in
from engine.domain.bounces import kind_of
from engine.domain.daily_figures import COUNTED_TYPES, STATUS_CHANGED
from engine.domain.document import Document
from engine.insights import claims

Channel = Literal["email", "sms"]
Kind = Literal["permanent", "temporary", "inconclusive", "complaint"]
Dimension = Literal["provider", "domain", "reason"]

KINDS: tuple[Kind, ...] = get_args(Kind)
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)

COMPLAINT = "complaint"

MOST = 2_000
"""Domains that are kept of a day, those with the most failures."""

_CHANNELS: Mapping[str, Channel] = {
    "email_bounced": "email",
    "email_complained": "email",
    "sms_bounced": "sms",
}


@dataclass(frozen=True)
class FailureGroup:
    """The failures that a sending service, domain or reason has in common; without a name, what has none."""

    name: str
    kinds: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.kinds.values())


@dataclass(frozen=True)
class Failures:
    """The failures of a period.

    `by_day` has a row a day and a column for each of KINDS; `groups` are the largest first.
    """

    by_day: pd.DataFrame
    groups: Mapping[Dimension, Sequence[FailureGroup]] = field(default_factory=dict)

    def counted(self, kind: Kind | None = None) -> int:
        """Failures of a kind; all without one."""
        found = self.by_day if kind is None else self.by_day[kind]
        return int(found.to_numpy().sum())


# Computing days


def compute(
    db: Db, begins: datetime, ends: datetime, days: Iterable[date], *, number: int, zone: ZoneInfo
) -> None:
    """Compute the failures of some days, between two moments, and write them over what was."""
    counts: dict[str, Counter[_Place]] = {day.isoformat(): Counter() for day in days}
    for activity in _activities(db, begins, ends):
        day = activity["happened_at"].astimezone(zone).date().isoformat()
        counts[day].update(_places(activity))
    for day, counted in counts.items():
        row = {"zone": str(zone), "number": number, "counts": list(_rows(counted))}
        claims.write(db.daily_failures, day, row)


_Place = tuple[str, str, str, str]
"""The channel, the dimension (empty for the day as a whole), the name in it, and the kind."""


def _activities(db: Db, begins: datetime, ends: datetime) -> Iterator[Document]:
    # In the words of the partial index, which no others find.
    types = {"$in": list(COUNTED_TYPES), "$nin": [STATUS_CHANGED]}
    within = {"happened_at": {"$gte": begins, "$lt": ends}, "type": types}
    needed = ("type", "happened_at", "identities.email", "properties")
    return iter(db.activities.find({**within, "state": "applied", "trusted": True}, needed))


def _places(activity: Document) -> Iterator[_Place]:
    properties = activity.get("properties", {})
    complained = activity["type"] == "email_complained"
    kind = COMPLAINT if complained else kind_of(properties)
    reason = COMPLAINT if complained else reason_in(properties)
    email = activity.get("identities", {}).get("email") or ""
    named = {
        "provider": str(properties.get("provider") or ""),
        "domain": email.rpartition("@")[2],
        "reason": reason,
    }
    channel = _CHANNELS[activity["type"]]
    yield channel, "", "", kind
    for dimension, name in named.items():
        yield channel, dimension, name, kind


def _rows(counted: Counter[_Place]) -> Iterator[Document]:
    kept = Counter[str]()
    for (channel, dimension, name, kind), number in counted.most_common():
        kept[dimension] += 1
        if kept[dimension] <= MOST:
            yield {"channel": channel, "of": dimension, "name": name, "kind": kind, "n": number}


# Reading a period


def failures(db: Db, first: date, last: date, *, channel: Channel, zone: ZoneInfo) -> Failures:
    """Add up the days of a period, both ends included."""
    day = {"$cond": [{"$eq": ["$counts.of", ""]}, "$_id", None]}
    within = {"_id": {"$gte": first.isoformat(), "$lte": last.isoformat()}, "zone": str(zone)}
    place = {name: f"$counts.{name}" for name in ("of", "name", "kind")} | {"day": day}
    mine: list[Document] = [
        {"$match": within},
        {"$unwind": "$counts"},
        {"$match": {"counts.channel": channel}},
        {"$group": {"_id": place, "n": {"$sum": "$counts.n"}}},
    ]
    found = [{**row["_id"], "n": row["n"]} for row in db.daily_failures.aggregate(mine)]
    groups: dict[Dimension, list[FailureGroup]] = {
        dimension: _groups(row for row in found if row["of"] == dimension) for dimension in DIMENSIONS
    }
    return Failures(_by_day([row for row in found if row["of"] == ""], first, last), groups)


def _by_day(rows: Sequence[Document], first: date, last: date) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["day", "kind", "n"])
    table["day"] = pd.to_datetime(table["day"])
    counts = table.pivot_table(index="day", columns="kind", values="n", aggfunc="sum", fill_value=0)
    return counts.reindex(
        index=pd.date_range(first, last, freq="D", name="day"), columns=list(KINDS), fill_value=0
    ).astype(int)


def _groups(rows: Iterable[Document]) -> list[FailureGroup]:
    kinds: dict[str, dict[str, int]] = {}
    for row in rows:
        kinds.setdefault(row["name"], {})[row["kind"]] = row["n"]
    found = [FailureGroup(name, counts) for name, counts in kinds.items()]
    return sorted(found, key=lambda group: (-group.total, group.name))
