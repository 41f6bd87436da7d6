"""The purchases of each customer as the models of lifetime value see them.

A purchase is a day with orders: several orders of one day are one purchase (Fader, Hardie and Lee, 2005,
count the same way).  Time is in weeks.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

DAYS_A_WEEK = 7.0

Floats = npt.NDArray[np.float64]


class History(NamedTuple):
    """Columns of customers, all of one length.

    Parameters:
      repeats: Purchases after the first (x).
      recency: Weeks from the first purchase to the last (t_x); 0 without a repeat.
      age: Weeks from the first purchase to the day of the figures (T).
      valued: Repeat purchases with an amount above 0.
      average: Their mean, in minor units; 0 where there are none.
    """

    repeats: Floats
    recency: Floats
    age: Floats
    valued: Floats
    average: Floats

    @classmethod
    def of(cls, table: pd.DataFrame) -> History:
        """The columns of a table of `histories`."""
        return cls(*(table[name].to_numpy(dtype=float) for name in cls._fields))


def purchase_days(orders: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """List the purchases up to a day, a row for each contact and day.

    `orders` is as `rfm.purchases` takes it.  Columns: `contact`, `day`, `amount` (the day's sum; NaN
    if no order of the day has an amount) and `first` (the day of the contact's first purchase).
    """
    past = orders[orders["day"] <= pd.Timestamp(as_of)]
    days = past.groupby(["contact", "day"], sort=False)["amount"].sum(min_count=1).reset_index()
    return days.assign(first=days.groupby("contact", sort=False)["day"].transform("min"))


def histories(orders: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Sum up the purchases of each contact up to a day, indexed by contact, with the columns of `History`."""
    days = purchase_days(orders, as_of)
    by_contact = days.groupby("contact", sort=False)
    first, last = by_contact["first"].first(), by_contact["day"].max()
    amounts = days["amount"].where((days["day"] > days["first"]) & (days["amount"] > 0))
    valued = amounts.groupby(days["contact"], sort=False)
    return pd.DataFrame(
        {
            "repeats": by_contact.size() - 1,
            "recency": weeks_between(first, last),
            "age": weeks_between(first, pd.Timestamp(as_of)),
            "valued": valued.count(),
            "average": valued.mean().fillna(0.0),
        }
    )


def weeks_between(start: pd.Series, end: pd.Series | pd.Timestamp) -> pd.Series:
    """The weeks from one day to another."""
    return (end - start).dt.days / DAYS_A_WEEK
