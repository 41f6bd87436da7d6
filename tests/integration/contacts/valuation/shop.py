"""Made-up orders of a shop, as activities, and as a table."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from engine.db.connection import utc_now
from engine.domain.activities import Activity
from engine.rules import versions
from tests.builders import bought

MADRID = ZoneInfo("Europe/Madrid")


def orders(customers: int = 60, *, until: date, days: int = 900, seed: int = 1) -> pd.DataFrame:
    """Random orders: `email`, `order_id`, `at`, `total` in cents."""
    rng = np.random.default_rng(seed)
    rows = []
    for customer in range(customers):
        for number in range(1 + rng.geometric(0.3)):
            back = timedelta(days=int(rng.integers(0, days)), minutes=int(rng.integers(0, 1440)))
            at = datetime.combine(until, time(23, 59), tzinfo=MADRID) - back
            rows.append((f"c{customer}@x.com", f"{customer}-{number}", at, int(rng.integers(100, 20_000))))
    return pd.DataFrame(rows, columns=["email", "order_id", "at", "total"]).sort_values("at")


def leaving(customers: int, *, until: date, days: int = 500, seed: int = 5) -> pd.DataFrame:
    """Orders of customers with a pace of their own, who leave for good after some of them."""
    rng = np.random.default_rng(seed)
    end, rows = datetime.combine(until, time(12), tzinfo=MADRID), []
    for customer in range(customers):
        at = end - timedelta(days=float(rng.uniform(1, days)))
        pace, leaves, mean = rng.gamma(0.9, 1 / 25) + 1e-4, rng.beta(1.2, 3), rng.gamma(6, 1_200)
        number = 0
        while at < end:
            total = max(100, int(rng.gamma(4, mean / 4)))
            rows.append((f"c{customer}@x.com", f"{customer}-{number}", at, total))
            if rng.random() < leaves:
                break
            number, at = number + 1, at + timedelta(days=1 + float(rng.exponential(1 / pace)))
    return pd.DataFrame(rows, columns=["email", "order_id", "at", "total"]).sort_values("at")


def activities(table: pd.DataFrame) -> list[Activity]:
    """The orders as a shop's server sends them."""
    return [
        bought(
            f"{row.total // 100}.{row.total % 100:02}",
            row.at.to_pydatetime(),
            email=row.email,
            order_id=row.order_id,
            currency="EUR",
            trusted=True,
        )
        for row in table.itertuples()
    ]


def today(db) -> date:
    return utc_now().astimezone(versions.current(db).account.time_zone).date()
