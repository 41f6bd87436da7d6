"""Customer lifetime value: both models together, fitted to all customers and applied to any of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd

from engine.domain.lifetime import LifetimeRules, Shortfall
from engine.worth.bg_nbd import BgNbd, fit_bg_nbd
from engine.worth.gamma_gamma import GammaGamma, fit_gamma_gamma
from engine.worth.purchase_history import DAYS_A_WEEK, History


@dataclass(frozen=True)
class LifetimeModel:
    """Both models as of a day, with what tells how well they fit.

    Parameters:
      as_of(date): The day up to which purchases were known.
      purchases(BgNbd): The model of the number of purchases.
      spend(GammaGamma): The model of their value, in minor units.
      customers(int): The customers that the first was fitted to.
      returning(int): Those with repeat purchases of known value, that the second was fitted to.
      log_likelihood(float): Of the first over all customers.
      spend_log_likelihood(float): Of the second.
      correlation(float): Between number and average of repeat purchases; the second model takes it for 0.
    """

    as_of: date
    purchases: BgNbd
    spend: GammaGamma
    customers: int
    returning: int
    log_likelihood: float
    spend_log_likelihood: float
    correlation: float


def shortfalls(histories: pd.DataFrame, rules: LifetimeRules) -> list[Shortfall]:
    """What is missing before a model can be fitted; `histories` are those of all customers today."""
    three = int((histories["repeats"] >= 2).sum())
    since_first = round(histories["age"].max() * DAYS_A_WEEK) if len(histories) else 0
    since_last = (histories["age"] - histories["recency"]).min() * DAYS_A_WEEK
    found = [
        (
            len(histories) >= rules.customers,
            f"{rules.customers:,} customers with purchases",
            f"{len(histories):,}",
        ),
        (
            since_first >= rules.history.days,
            f"{rules.history.days} days since the first purchase",
            f"{since_first}",
        ),
        (
            since_last <= rules.last_order.days,
            f"a purchase in the last {rules.last_order.days} days",
            f"the last was {round(since_last)} days ago" if len(histories) else "none",
        ),
        (
            three >= rules.with_three,
            f"{rules.with_three:,} customers with three purchases or more",
            f"{three:,}",
        ),
    ]
    return [Shortfall(needed, what) for enough, needed, what in found if not enough]


def fit(histories: pd.DataFrame, as_of: date) -> LifetimeModel:
    """Fit both models to all customers; `histories` is the table of this name as of that day.

    Raises NotFitted where the purchases do not determine them.
    """
    history = History.of(histories)
    purchases, spend = fit_bg_nbd(history), fit_gamma_gamma(history)
    returning = histories[histories["valued"] > 0]
    return LifetimeModel(
        as_of=as_of,
        purchases=purchases,
        spend=spend,
        customers=len(histories),
        returning=len(returning),
        log_likelihood=float(purchases.log_likelihood(history).sum()),
        spend_log_likelihood=float(spend.log_likelihood(history).sum()),
        correlation=float(returning["valued"].corr(returning["average"])),
    )


def predict(histories: pd.DataFrame, model: LifetimeModel, rules: LifetimeRules) -> pd.DataFrame:
    """Apply a model to customers; each row depends on itself alone, so batches are as good as the whole.

    The result is indexed like `histories`: `alive` (a probability), `purchases` (expected over the
    horizon), `average` (their expected value, minor units) and `value` (of all of them, discounted).
    """
    history = History.of(histories)
    weeks = rules.horizon.total_seconds() / 86_400 / DAYS_A_WEEK
    average = model.spend.expected_average(history)
    discounted = model.purchases.discounted_purchases(weeks, history, yearly_discount=rules.yearly_discount)
    return pd.DataFrame(
        {
            "alive": model.purchases.alive(history),
            "purchases": model.purchases.expected_purchases(weeks, history),
            "average": average,
            "value": discounted * average,
        },
        index=histories.index,
    )
