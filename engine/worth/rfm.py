"""RFM: recency, frequency and monetary value of every customer, each scored from 1 to 5.

Tables are pandas DataFrames.  Money is in minor units of the account's currency (cents), as whole
numbers in float64 columns: sums of them are exact up to 2**53.

The binning rule.  Four cut points divide the values of a measure into five intervals, and a value
equal to a cut point belongs to the interval below it.  Quintiles take as k-th cut point the smallest
value that at least k fifths of the customers do not exceed.  So the score of a value is

    1 + the number of whole fifths of the customers whose value is smaller,

for recency, where few days are good, 5 minus that number.  It follows that

- equal values have equal scores, however many customers share them;
- with fewer than five distinct values some scores are not given; the lowest value always has the
  first score (1, for recency 5), and if more than a fifth share the highest, its score is below 5;
- if all values are equal, or there is one customer, the scores are 5 for recency, 1 and 1;
- without customers there are no cut points and no scores.

Source of the quintiles: Hughes, Strategic Database Marketing (1994), ch. 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.domain.rfm import CODES, CUTS, MEASURES, SCORES, Measure, Monetary, RfmRules

Cuts = tuple[float, ...]
"""Four ascending cut points, or none if there were no customers."""

Floats = npt.NDArray[np.float64]

_FIFTHS = len(SCORES)
_TOP = max(SCORES)


@dataclass(frozen=True)
class Rfm:
    """The scores of all customers as of a day.

    Parameters:
      cuts(dict): The cut points of each measure: days, orders, minor units.
      table(DataFrame): A row a customer, as `scored` returns it.
    """

    cuts: Mapping[Measure, Cuts]
    table: pd.DataFrame


def purchases(orders: pd.DataFrame, as_of: date, *, months: int) -> pd.DataFrame:
    """Sum up the orders of the window for each contact that has any.

    `orders` has a row an order that counts: `contact`, `day` (datetime64, a day of the account's
    time zone) and `amount` (minor units; NaN where it is unreadable).  The window begins after the
    same day `months` calendar months ago and ends with `as_of`.  The result is indexed by contact:
    `last` (datetime64), `orders`, `valued` (orders with an amount) and `spent` (their sum).
    """
    end = pd.Timestamp(as_of)
    start = end - pd.DateOffset(months=months)
    within = orders[(orders["day"] > start) & (orders["day"] <= end)]
    grouped = within.groupby("contact", sort=False)
    return pd.DataFrame(
        {
            "last": grouped["day"].max(),
            "orders": grouped.size(),
            "valued": grouped["amount"].count(),
            "spent": grouped["amount"].sum(),
        }
    )


def measured(bought: pd.DataFrame, as_of: date, *, monetary: Monetary) -> pd.DataFrame:
    """The three values of each contact: `recency` (days), `frequency` (orders), `monetary` (minor units).

    `bought` is a table of `purchases`.  A contact none of whose orders has an amount is left out: its
    monetary value is unknown.
    An average is one division of exact sums, so that equal averages are equal floats.
    """
    valued = bought[bought["valued"] > 0]
    spent = valued["spent"]
    return pd.DataFrame(
        {
            "recency": (pd.Timestamp(as_of) - valued["last"]).dt.days,
            "frequency": valued["orders"],
            "monetary": spent / valued["valued"] if monetary == "average_order" else spent.astype(float),
        }
    )


def quintiles(values: Floats) -> Cuts:
    """The four cut points of a measure; none for no values."""
    if not len(values):
        return ()
    ranks = [-(-k * len(values) // _FIFTHS) - 1 for k in range(1, _FIFTHS)]
    return tuple(np.partition(values, ranks)[ranks].tolist())


def cut_points(values: pd.DataFrame, rules: RfmRules, *, digits: int = 2) -> dict[Measure, Cuts]:
    """The cut points of each measure: those that are declared, else the quintiles of `values`.

    `values` is a table of `measured`; `digits` are those of the account's currency.
    """
    found: dict[Measure, Cuts] = {}
    for measure in MEASURES:
        shift = digits if measure == "monetary" else 0
        declared = tuple(float(cut.scaleb(shift)) for cut in rules.cuts.get(measure, ()))
        found[measure] = declared or quintiles(values[measure].to_numpy(dtype=float))
    return found


def scored(values: pd.DataFrame, cuts: Mapping[Measure, Cuts], rules: RfmRules) -> pd.DataFrame:
    """Score contacts by cut points; each row depends on itself alone, so batches are as good as the whole.

    The result has the rows of `values` and besides `r`, `f`, `m` (1 to 5), `code` (three digits) and
    `category` (a categorical of the ids of `rules`).  Raises ValueError where a value has no cut points.
    """
    r = _TOP - _cuts_below(values["recency"], cuts["recency"])
    f = 1 + _cuts_below(values["frequency"], cuts["frequency"])
    m = 1 + _cuts_below(values["monetary"], cuts["monetary"])
    code = 100 * r + 10 * f + m
    return values.assign(r=r, f=f, m=m, code=code, category=_categories(code, rules))


def rfm(bought: pd.DataFrame, as_of: date, rules: RfmRules, *, digits: int = 2) -> Rfm:
    """Score all customers; `bought` is a table of `purchases`, `digits` are those of the currency."""
    values = measured(bought, as_of, monetary=rules.monetary)
    cuts = cut_points(values, rules, digits=digits)
    return Rfm(cuts, scored(values, cuts, rules))


def _cuts_below(values: pd.Series, cuts: Cuts) -> npt.NDArray[np.int16]:
    """How many cut points are smaller than each value."""
    if len(values) and len(cuts) != CUTS:
        raise ValueError(f"{len(cuts)} cut points where {CUTS} are needed")
    numbers: Floats = values.to_numpy(dtype=float)
    return np.searchsorted(np.array(cuts), numbers, side="left").astype(np.int16)


def _categories(code: npt.NDArray[np.int16], rules: RfmRules) -> pd.Categorical:
    """The category of each code."""
    names = list(rules.categories)
    number_of = np.full(max(CODES) + 1, -1, dtype=np.int8)
    for number, category in enumerate(rules.categories.values()):
        number_of[list(category.codes)] = number
    return pd.Categorical.from_codes(number_of[code], categories=names)
