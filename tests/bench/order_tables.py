"""Made-up orders as a table, in memory: three a contact in the mean, for the benches `rfm` and `clv`."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from datetime import date
from typing import TypeVar

import numpy as np
import pandas as pd

from tests.bench.measure import Size

CONTACTS: dict[Size, int] = {"small": 20_000, "full": 1_000_000}
ORDERS_EACH = 3
DAYS = 720
AS_OF = date(2026, 11, 30)

T = TypeVar("T")


def order_table(size: Size) -> pd.DataFrame:
    """Orders: few contacts have many, most have one or two; some have no amount."""
    source = np.random.default_rng(17)
    contacts = CONTACTS[size]
    number = contacts * ORDERS_EACH
    keenness = source.gamma(0.8, 1.0, contacts)
    buyers = source.choice(contacts, number - contacts, p=keenness / keenness.sum())
    amounts = np.round(source.lognormal(8.0, 0.7, number))
    return pd.DataFrame(
        {
            "contact": np.concatenate([np.arange(contacts), buyers]),
            "day": pd.Timestamp(AS_OF) - pd.to_timedelta(source.integers(0, DAYS, number), unit="D"),
            "amount": np.where(source.random(number) < 0.01, np.nan, amounts),
        }
    )


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """The seconds of a piece of work, and its result."""
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found


def peak_megabytes() -> int:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
