"""The lifetime value of contacts by a fitted model, rounded as it is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pandas as pd

from engine.contacts.valuation.lifetime_models import FittedModel
from engine.domain.lifetime import LifetimeRules
from engine.domain.valuation import LifetimeValue
from engine.worth.lifetime_value import predict

DIGITS = 4
"""Digits of expected purchases and of the probability of being alive."""


def figures(
    histories: pd.DataFrame,
    fitted: FittedModel,
    rules: LifetimeRules,
    *,
    digits: int,
    as_of: str,
    at: datetime,
    silent: bool = False,
) -> Iterator[LifetimeValue]:
    """The figures of contacts, in the order of their `histories`, which are as of a day."""
    table = predict(histories, fitted.model, rules)
    for alive, purchases, average, value in table[["alive", "purchases", "average", "value"]].itertuples(
        index=False, name=None
    ):
        yield LifetimeValue(
            value=_money(value, digits),
            purchases=round(purchases, DIGITS),
            average=_money(average, digits),
            alive=round(alive, DIGITS),
            as_of=as_of,
            model=fitted.id,
            at=at,
            silent=silent,
        )


def within(rules: LifetimeRules, weeks: float) -> LifetimeRules:
    """The rules with another horizon."""
    return replace(rules, horizon=timedelta(weeks=weeks))


def _money(minor: float, digits: int) -> Decimal:
    return Decimal(round(minor)).scaleb(-digits)
