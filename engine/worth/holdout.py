"""How well BG/NBD foretells: fitted to an earlier time, held against what happened afterwards.

The tables are those of figures in Fader, Hardie and Lee (2005): repeat purchases over time, expected
against actual, and those of the holdout by the number of repeat purchases before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.worth.bg_nbd import BgNbd, fit_bg_nbd
from engine.worth.purchase_history import DAYS_A_WEEK, History, histories, purchase_days

Floats = npt.NDArray[np.float64]

MOST_REPEATS = 7
"""Customers with so many repeat purchases or more are one row."""


@dataclass(frozen=True)
class Holdout:
    """What a model of an earlier day expected, and what happened.

    Parameters:
      model(BgNbd): Fitted to the purchases up to `until`.
      until(date): The last day of the time that the model knows.
      over_time(DataFrame): As `over_time` returns it.
      by_repeats(DataFrame): As `by_repeats` returns it.
    """

    model: BgNbd
    until: date
    over_time: pd.DataFrame
    by_repeats: pd.DataFrame

    @property
    def expected(self) -> float:
        """The purchases that were expected of all customers after `until`."""
        return float((self.by_repeats["customers"] * self.by_repeats["expected"]).sum())

    @property
    def actual(self) -> int:
        """Those that happened."""
        return round(float((self.by_repeats["customers"] * self.by_repeats["actual"]).sum()))


def hold_out(
    orders: pd.DataFrame, *, until: date, end: date, step: timedelta = timedelta(weeks=1)
) -> Holdout:
    """Fit to the orders up to `until` and compare with those up to `end`; raise NotFitted.

    Only customers with a purchase up to `until` are compared.  `orders` is as `rfm.purchases` takes it.
    """
    known = histories(orders, until)
    model = fit_bg_nbd(History.of(known))
    days = purchase_days(orders, end)
    days = days[days["first"] <= pd.Timestamp(until)]
    return Holdout(
        model=model,
        until=until,
        over_time=over_time(days, model, until=until, end=end, step=step),
        by_repeats=by_repeats(days, known, model, until=until, end=end),
    )


def over_time(days: pd.DataFrame, model: BgNbd, *, until: date, end: date, step: timedelta) -> pd.DataFrame:
    """Add up the repeat purchases of all customers, in steps from the first purchase of all.

    Indexed by `end`, the last day of a step: `actual` and `expected` in the step, `actual_total` and
    `expected_total` up to its end, and `held_out`, whether the model knows nothing of it.
    """
    ends = pd.date_range(days["first"].min() + step - timedelta(days=1), pd.Timestamp(end), freq=step)
    repeats = np.sort(days.loc[days["day"] > days["first"], "day"].to_numpy())
    totals = pd.DataFrame(
        {
            "actual_total": np.searchsorted(repeats, ends.to_numpy(), side="right"),
            "expected_total": _expected_totals(days.drop_duplicates("contact")["first"], ends, model),
        },
        index=pd.Index(ends, name="end"),
    )
    steps = totals.diff().fillna(totals).rename(columns=lambda name: name.removesuffix("_total"))
    return steps.join(totals).assign(held_out=ends > pd.Timestamp(until)).astype({"actual": int})


def by_repeats(
    days: pd.DataFrame, known: pd.DataFrame, model: BgNbd, *, until: date, end: date
) -> pd.DataFrame:
    """Compare the purchases of the holdout, by the repeat purchases before it.

    Indexed by `repeats` (the last row: `MOST_REPEATS` or more): `customers`, and the mean purchases of
    one of them, `actual` and `expected`.
    """
    later = days[days["day"] > pd.Timestamp(until)].groupby("contact").size()
    weeks = (end - until).days / DAYS_A_WEEK
    table = pd.DataFrame(
        {
            "repeats": known["repeats"].clip(upper=MOST_REPEATS),
            "actual": later.reindex(known.index, fill_value=0),
            "expected": model.expected_purchases(weeks, History.of(known)),
        }
    )
    grouped = table.groupby("repeats")
    return pd.DataFrame({"customers": grouped.size()}).join(grouped[["actual", "expected"]].mean())


def _expected_totals(firsts: pd.Series, ends: pd.DatetimeIndex, model: BgNbd) -> Floats:
    """The repeat purchases expected up to each day: those of customers of one first day are counted once."""
    number = firsts.value_counts()
    weeks = (ends.to_numpy()[:, None] - number.index.to_numpy()) / np.timedelta64(1, "D") / DAYS_A_WEEK
    expected = model.expected_repeats(np.maximum(weeks, 0).ravel()).reshape(weeks.shape)
    totals: Floats = expected @ number.to_numpy(dtype=float)
    return totals
