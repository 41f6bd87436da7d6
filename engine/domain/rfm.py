"""RFM as a shop declares it: the window, the measures, the cut points, and the categories of the 125 codes.

Its computation is in `engine.worth.rfm`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import product
from typing import Literal, get_args

Measure = Literal["recency", "frequency", "monetary"]
Monetary = Literal["average_order", "spent"]

MEASURES: Sequence[Measure] = get_args(Measure)
MONETARY: Sequence[Monetary] = get_args(Monetary)
SCORES = range(1, 6)
CODES = frozenset(100 * r + 10 * f + m for r, f, m in product(SCORES, repeat=3))
"""All 125: the scores of recency, frequency and monetary value as three digits."""

CUTS = len(SCORES) - 1
"""Cut points between five scores."""


@dataclass(frozen=True)
class RfmCategory:
    """Contacts of some codes, with what people read of them.

    Parameters:
      id(str): How conditions and exports name it.
      label(str): Its name on the pages.
      suggestion(str): What one might do with these contacts.
      codes(frozenset): Codes of `CODES`; each code is in one category.
    """

    id: str
    label: str
    suggestion: str
    codes: frozenset[int]


@dataclass(frozen=True)
class RfmRules:
    """How contacts are scored and categorised.

    Parameters:
      categories(dict): By id; together they cover `CODES` exactly once.
      months(int): Length of the window in calendar months, up to and with the day of the figures.
      monetary(str): `average_order`: the mean of the orders in the window; `spent`: their sum.
      cuts(dict): Four ascending cut points of a measure (days, orders, units of the account's
        currency); a measure without has quintiles.
    """

    categories: Mapping[str, RfmCategory]
    months: int = 24
    monetary: Monetary = "average_order"
    cuts: Mapping[Measure, tuple[Decimal, ...]] = field(default_factory=dict)

    def category_of(self) -> dict[int, str]:
        """The category's id for each code."""
        return {code: category.id for category in self.categories.values() for code in category.codes}
