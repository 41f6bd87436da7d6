"""Fitted models of lifetime value, and how well they fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd

from engine.contacts.valuation import lifetime_documents
from engine.contacts.valuation.lifetime_documents import StoredModel
from engine.db import Db
from engine.worth.bg_nbd import BgNbd
from engine.worth.gamma_gamma import GammaGamma
from engine.worth.holdout import Holdout
from engine.worth.lifetime_value import LifetimeModel


@dataclass(frozen=True)
class HoldoutFit:
    """What a model of an earlier day expected, and what happened (see `engine.worth.holdout`).

    Parameters:
      until(date): The last day that it knew.
      expected(float): The purchases that it expected afterwards, of the customers that it knew.
      actual(int): Those that happened.
      over_time(DataFrame): Repeat purchases in steps, by `end`: `actual`, `expected`, both with `_total`,
        and `held_out`.
      by_repeats(DataFrame): By the repeat purchases before: `customers`, and for each `actual`, `expected`.
    """

    until: date
    expected: float
    actual: int
    over_time: pd.DataFrame
    by_repeats: pd.DataFrame


@dataclass(frozen=True)
class FittedModel:
    """A model, when it was fitted, and how well it fits.

    Parameters:
      pinned(bool): Whether a day of the past was asked for: figures are as of that day, too.
      currency(str): The account's; amounts are in its minor unit.
      holdout(HoldoutFit): Unset where the purchases do not determine an earlier model.
    """

    id: str
    model: LifetimeModel
    at: datetime
    pinned: bool
    currency: str
    holdout: HoldoutFit | None

    def day(self, today: date) -> date:
        """The day as of which figures of contacts are computed."""
        return self.model.as_of if self.pinned else today


_FIT = ("customers", "returning", "log_likelihood", "spend_log_likelihood", "correlation")


def document_of(fitted: FittedModel) -> StoredModel:
    """The document of a model that is not kept yet."""
    model = fitted.model
    return StoredModel(
        id=fitted.id,
        as_of=model.as_of.isoformat(),
        at=fitted.at,
        pinned=fitted.pinned,
        currency=fitted.currency,
        parameters={**vars(model.purchases), **vars(model.spend)},
        fit={name: getattr(model, name) for name in _FIT},
        holdout=None if fitted.holdout is None else _encoded(fitted.holdout),
    )


def model_of(stored: StoredModel) -> FittedModel:
    """The model that a document keeps."""
    numbers = stored.parameters
    model = LifetimeModel(
        as_of=date.fromisoformat(stored.as_of),
        purchases=BgNbd(*(numbers[name] for name in ("r", "alpha", "a", "b"))),
        spend=GammaGamma(*(numbers[name] for name in ("p", "q", "v"))),
        **{name: stored.fit[name] for name in _FIT},
    )
    holdout = None if stored.holdout is None else _decoded(stored.holdout)
    return FittedModel(stored.id, model, stored.at, stored.pinned, stored.currency, holdout)


def holdout_fit(found: Holdout) -> HoldoutFit:
    """What is kept of a holdout."""
    return HoldoutFit(found.until, found.expected, found.actual, found.over_time, found.by_repeats)


def _encoded(fit: HoldoutFit) -> dict[str, Any]:
    return {
        "until": fit.until.isoformat(),
        "expected": fit.expected,
        "actual": fit.actual,
        "over_time": _rows(fit.over_time.assign(end=fit.over_time.index.strftime("%Y-%m-%d"))),
        "by_repeats": _rows(fit.by_repeats.reset_index()),
    }


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): _plain(value) for name, value in row.items()} for row in table.to_dict("records")]


def _plain(value: Any) -> Any:
    """A value of a table as BSON knows it."""
    return value.item() if hasattr(value, "item") else value


def _decoded(kept: Mapping[str, Any]) -> HoldoutFit:
    over_time = pd.DataFrame(kept["over_time"])
    over_time.index = pd.DatetimeIndex(over_time.pop("end"), name="end")
    by_repeats = pd.DataFrame(kept["by_repeats"]).set_index("repeats")
    return HoldoutFit(
        date.fromisoformat(kept["until"]), kept["expected"], kept["actual"], over_time, by_repeats
    )


def fitted(db: Db, id_: str) -> FittedModel | None:
    """One model, finished or not."""
    found = StoredModel.on(db, id=id_).one()
    return None if found is None else model_of(found)


def latest(db: Db) -> FittedModel | None:
    """The last model of which contacts have figures; unset before the first."""
    found = lifetime_documents.latest(db)
    return None if found is None else model_of(found)


def history(db: Db, *, limit: int = 24) -> list[FittedModel]:
    """The last models, the newest first."""
    found = StoredModel.on(db, finished_at__ne=None).order_by("-at").limit(limit)
    return [model_of(stored) for stored in found]


def keep(db: Db, model: FittedModel) -> None:
    """Keep a new model.  Raises DuplicateKeyError if it is there already."""
    StoredModel.on(db).insert(document_of(model))


def finish(db: Db, id_: str, *, now: datetime) -> None:
    """Let a model count: all contacts have its figures."""
    StoredModel.on(db, id=id_, finished_at=None).update_one(set__finished_at=now)
