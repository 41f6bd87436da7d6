"""`clv`: three million orders to the lifetime values of a million contacts, and the fit of the models.

The others sum up the orders with DuckDB or polars and apply the papers' formulas to all contacts at
once, as `lifetimes` does: one hypergeometric function for each contact and step of four weeks.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
from scipy.special import hyp2f1

from engine.domain.lifetime import LifetimeRules
from engine.worth.lifetime_value import LifetimeModel, fit, predict
from engine.worth.purchase_history import History, histories
from tests.bench.measure import Result, Size
from tests.bench.order_tables import AS_OF, CONTACTS, order_table, peak_megabytes, timed

STEPS = 13
WEEKS = 4.0
RULES = LifetimeRules(horizon=timedelta(weeks=STEPS * WEEKS))


def bench_clv(size: Size) -> list[Result]:
    """Ours against the better of the two; each must find nearly the same expected purchases."""
    orders = order_table(size)
    before = peak_megabytes()
    history_seconds, table = timed(lambda: histories(orders, AS_OF))
    fit_seconds, model = timed(lambda: fit(table, AS_OF))
    predict_seconds, found = timed(lambda: predict(table, model, RULES))
    more = {"peak_mb": peak_megabytes(), "before_mb": before, "fit_s": round(fit_seconds, 3)}
    expected = found["purchases"].sort_index().to_numpy()
    others = {}
    for name, work in (("polars", _polars), ("duckdb", _duckdb)):
        others[name], theirs = timed(lambda work=work: _values(work(orders), model))
        np.testing.assert_allclose(theirs, expected, rtol=1e-5)
    seconds = history_seconds + predict_seconds
    best = min(others, key=others.__getitem__)
    count = CONTACTS[size]
    more |= {
        "best_other": best,
        "histories_s": round(history_seconds, 3),
        "predict_s": round(predict_seconds, 3),
    }
    more |= {f"{n}_s": round(s, 3) for n, s in others.items()}
    unit = "contacts/s without the fit; the limit is the best other engine"
    return [Result("clv", size, count / seconds, count / others[best], unit, more)]


def _values(history: History, model: LifetimeModel) -> np.ndarray:
    """The expected purchases over all steps; the values on the way, as `customer_lifetime_value` has them."""
    average = model.spend.expected_average(history)
    value, before = np.zeros_like(average), np.zeros_like(average)
    for step in range(1, STEPS + 1):
        now = _closed_form(model, history, step * WEEKS)
        value += (now - before) * average / 1.1 ** (step * WEEKS / 52)
        before = now
    return before


def _closed_form(model: LifetimeModel, history: History, weeks: float) -> np.ndarray:
    m, x, age = model.purchases, history.repeats, history.age
    a, b = m.a, m.b
    z = weeks / (m.alpha + age + weeks)
    powers = (1 - z) ** (a - 1) * hyp2f1(a + b - 1 - m.r, a - 1, a + b + x - 1, z)
    return m.alive(history) * (a + b + x - 1) / (a - 1) * (1 - powers)


def _polars(orders: pd.DataFrame) -> History:
    import polars as pl

    amount = pl.col("amount").filter((pl.col("day") > pl.col("day").min()) & (pl.col("amount") > 0))
    columns = (
        pl.from_pandas(orders)
        .lazy()
        .with_columns(pl.col("amount").fill_nan(None))
        .group_by("contact", "day")
        .agg(pl.col("amount").sum())
        .group_by("contact")
        .agg(
            (pl.len() - 1).alias("repeats"),
            ((pl.col("day").max() - pl.col("day").min()).dt.total_days() / 7).alias("recency"),
            ((pl.lit(AS_OF).cast(pl.Datetime) - pl.col("day").min()).dt.total_days() / 7).alias("age"),
            amount.count().alias("valued"),
            amount.mean().fill_null(0.0).alias("average"),
        )
        .sort("contact")
        .collect()
    )
    return History(*(columns[name].cast(pl.Float64).to_numpy() for name in History._fields))


def _duckdb(orders: pd.DataFrame) -> History:
    import duckdb

    with duckdb.connect() as db:
        db.register("orders", orders)
        db.execute("set threads to 2")
        found = db.execute(_SQL, {"end": AS_OF}).fetchnumpy()
    return History(*(np.asarray(found[name], dtype=float) for name in History._fields))


_SQL = """
with days as (
    select contact, day, sum(amount) filter (not isnan(amount)) as amount from orders group by contact, day
), firsts as (
    select *, min(day) over (partition by contact) as first from days
)
select count(*) - 1 as repeats, date_diff('day', min(day), max(day)) / 7 as recency,
       date_diff('day', min(day), $end) / 7 as age,
       count(*) filter (day > first and amount > 0) as valued,
       coalesce(avg(amount) filter (day > first and amount > 0), 0) as average
from firsts group by contact order by contact
"""
