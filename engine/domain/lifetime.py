"""Customer lifetime value as a shop declares it: the horizon, the discount, and how much data it takes.

Its computation is in `engine.worth.lifetime_value`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class LifetimeRules:
    """How lifetime value is computed, and from when on.

    Parameters:
      horizon(timedelta): The time over which purchases and their value are expected.
      yearly_discount(float): How much less a purchase a year later is worth, as a share.
      customers(int): At least so many customers with purchases.
      history(timedelta): So much time between the first purchase of all and today.
      last_order(timedelta): An order within this time.
      with_three(int): At least so many customers with three purchases or more.
    """

    horizon: timedelta = timedelta(days=365)
    yearly_discount: float = 0.1
    customers: int = 500
    history: timedelta = timedelta(days=180)
    last_order: timedelta = timedelta(days=30)
    with_three: int = 10


@dataclass(frozen=True)
class Shortfall:
    """What the orders lack for a model, and how far they are."""

    needed: str
    found: str

    def __str__(self) -> str:
        return f"{self.needed}: {self.found}"
