"""What is kept of the models of lifetime value, and what is missing before there is one.

Read by pages and commands as it is; `lifetime_models` makes models of it, and loads SciPy for that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import mongoengine as me

from engine.db import Db
from engine.db.documents.fields import Moment, PlainData
from engine.db.documents.stored import Stored
from engine.domain.lifetime import Shortfall

_GATE = "lifetime_gate"


@dataclass(frozen=True)
class Gate:
    """Whether the account has enough orders for a model, when that was last looked at."""

    as_of: date
    at: datetime
    missing: Sequence[Shortfall]

    @property
    def passed(self) -> bool:
        return not self.missing


class StoredModel(Stored):
    """A model as it is kept; it counts once it is finished, when all contacts have its figures."""

    meta = {"collection": "lifetime_models", "indexes": [{"fields": ["-at"]}]}
    id: str = me.StringField(primary_key=True)
    as_of: str = me.StringField(required=True)
    at: datetime = Moment(required=True)
    finished_at: datetime | None = Moment()
    pinned: bool = me.BooleanField(required=True)
    currency: str = me.StringField(required=True)
    parameters: Mapping[str, Any] = PlainData(required=True)
    fit: Mapping[str, Any] = PlainData(required=True)
    holdout: Mapping[str, Any] | None = PlainData()


def latest(db: Db) -> StoredModel | None:
    """The last model of which contacts have figures; unset before the first."""
    return StoredModel.on(db, finished_at__ne=None).order_by("-at").one()


def keep_gate(db: Db, gate: Gate) -> None:
    """Keep what was found missing, or that nothing is."""
    row = {
        "as_of": gate.as_of.isoformat(),
        "at": gate.at,
        "missing": [{"needed": short.needed, "found": short.found} for short in gate.missing],
    }
    db.installation.replace_one({"_id": _GATE}, row, upsert=True)


def gate(db: Db) -> Gate | None:
    """What was last found missing; unset before the first look."""
    row = db.installation.find_one({"_id": _GATE})
    if row is None:
        return None
    missing = [Shortfall(short["needed"], short["found"]) for short in row["missing"]]
    return Gate(date.fromisoformat(row["as_of"]), row["at"], missing)
