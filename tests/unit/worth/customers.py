"""Customers to fit models to: those of CDNOW, and simulated ones whose parameters are known."""

from __future__ import annotations

from datetime import date
from functools import cache

import numpy as np
import pandas as pd

from engine.worth.bg_nbd import BgNbd
from engine.worth.gamma_gamma import GammaGamma
from engine.worth.purchase_history import History, histories
from tests.integration.real_input import cdnow

CALIBRATED = date(1997, 9, 30)
"""The end of the 39 weeks to which the papers fit."""

ENDED = date(1998, 6, 30)
"""The end of their holdout of 39 weeks."""


@cache
def cdnow_orders() -> pd.DataFrame:
    """The orders of CDNOW's sample, in cents."""
    rows = [(order.customer, order.at.date(), float(order.dollars * 100)) for order in cdnow.orders()]
    table = pd.DataFrame(rows, columns=["contact", "day", "amount"])
    return table.astype({"day": "datetime64[s]"}).round({"amount": 0})


@cache
def cdnow_histories() -> pd.DataFrame:
    return histories(cdnow_orders(), CALIBRATED)


def a_history(x=0, t_x=0.0, T=10.0, valued=None, average=0.0) -> History:  # noqa: N803
    """Customers with the papers' names of things; single values are one customer."""
    columns = np.broadcast_arrays(*(np.atleast_1d(np.asarray(c, float)) for c in (x, t_x, T)))
    valued = columns[0] if valued is None else np.atleast_1d(np.asarray(valued, float))
    return History(*columns, valued, np.broadcast_to(np.asarray(average, float), valued.shape))


def row(history: History, number: int) -> History:
    """One customer alone."""
    return History(*(column[number : number + 1] for column in history))


def simulated(purchases: BgNbd, spend: GammaGamma, *, number: int, weeks: float, seed: int = 1) -> History:
    """Customers who behave as the models say, each seen for half of the weeks to all."""
    source = np.random.default_rng(seed)
    age = source.uniform(weeks / 2, weeks, number)
    rate = source.gamma(purchases.r, 1 / purchases.alpha, number)
    leaving = source.beta(purchases.a, purchases.b, number)
    repeats, recency = np.zeros(number), np.zeros(number)
    now, alive = np.zeros(number), np.ones(number, bool)
    while alive.any():
        now = now + source.exponential(1, number) / rate
        alive &= now <= age
        repeats, recency = repeats + alive, np.where(alive, now, recency)
        alive &= source.random(number) >= leaving
    scale = source.gamma(spend.q, 1 / spend.v, number)
    total = source.gamma(np.maximum(spend.p * repeats, 1e-9)) / scale
    return History(repeats, recency, age, repeats, np.where(repeats > 0, total / np.maximum(repeats, 1), 0.0))
