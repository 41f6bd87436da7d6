"""`rfm`: three million orders to the scores of a million contacts, against DuckDB and polars from the same memory."""

from __future__ import annotations

from datetime import datetime, time

import numpy as np
import pandas as pd

from engine.rules.ruleset import compile_ruleset, read_folder
from engine.settings import CONFIG_DIR
from engine.worth.rfm import purchases, rfm
from tests.bench.measure import Result, Size
from tests.bench.order_tables import AS_OF, CONTACTS, order_table, peak_megabytes, timed

START = (pd.Timestamp(AS_OF) - pd.DateOffset(months=24)).to_pydatetime()
END = datetime.combine(AS_OF, time.min)


def bench_rfm(size: Size) -> list[Result]:
    """Ours against the better of the two; each must find the same code for each contact."""
    orders = order_table(size)
    rules = compile_ruleset(read_folder(CONFIG_DIR)).rfm
    assert rules is not None
    before = peak_megabytes()
    seconds, found = timed(lambda: rfm(purchases(orders, AS_OF, months=24), AS_OF, rules))
    more = {"peak_mb": peak_megabytes(), "before_mb": before}
    codes = found.table["code"].sort_index()
    others = {}
    for name, work in (("polars", _polars), ("duckdb", _duckdb)):
        others[name], theirs = timed(lambda work=work: work(orders))
        np.testing.assert_array_equal(theirs, codes.to_numpy())
    best = min(others, key=others.__getitem__)
    count = CONTACTS[size]
    more |= {"best_other": best, "s": round(seconds, 3)} | {f"{n}_s": round(s, 3) for n, s in others.items()}
    unit = "contacts/s; the limit is the best other engine"
    return [Result("rfm", size, count / seconds, count / others[best], unit, more)]


def _polars(orders: pd.DataFrame) -> np.ndarray:
    import polars as pl

    def cuts(column: str) -> list[pl.Expr]:
        rank = [(pl.len() * k + 4) // 5 - 1 for k in range(1, 5)]
        return [pl.col(column).sort().get(r).alias(f"{column}{k}") for k, r in enumerate(rank)]

    def below(column: str) -> pl.Expr:
        return pl.sum_horizontal([pl.col(column) > pl.col(f"{column}{k}") for k in range(4)])

    frame = pl.from_pandas(orders).lazy().with_columns(pl.col("amount").fill_nan(None))
    values = (
        frame.filter(pl.col("day").is_between(START, END, closed="right"))
        .group_by("contact")
        .agg(
            pl.col("day").max(),
            pl.len().alias("f"),
            pl.col("amount").count().alias("n"),
            pl.col("amount").sum(),
        )
        .filter(pl.col("n") > 0)
        .with_columns(
            (pl.lit(END) - pl.col("day")).dt.total_days().alias("r"),
            (pl.col("amount") / pl.col("n")).alias("m"),
        )
    )
    points = values.select(*cuts("r"), *cuts("f"), *cuts("m"))
    code = 100 * (5 - below("r")) + 10 * (1 + below("f")) + 1 + below("m")
    scored = values.join(points, how="cross").select("contact", code.alias("code")).sort("contact")
    return scored.collect()["code"].to_numpy()


def _duckdb(orders: pd.DataFrame) -> np.ndarray:
    import duckdb

    with duckdb.connect() as db:
        db.register("orders", orders)
        db.execute("set threads to 2")
        return db.execute(_SQL, {"start": START, "end": END}).fetchnumpy()["code"]


_SQL = """
with valued as (
    select contact, day, case when isnan(amount) then null else amount end as amount from orders
    where day > $start and day <= $end
), bought as (
    select contact, date_diff('day', max(day), $end) as r, count(*) as f, sum(amount) / count(amount) as m
    from valued group by contact having count(amount) > 0
), cuts as (
    select quantile_disc(r, [0.2, 0.4, 0.6, 0.8]) as r, quantile_disc(f, [0.2, 0.4, 0.6, 0.8]) as f,
           quantile_disc(m, [0.2, 0.4, 0.6, 0.8]) as m
    from bought
)
select 100 * (5 - len(list_filter(cuts.r, lambda c: c < bought.r)))
     + 10 * (1 + len(list_filter(cuts.f, lambda c: c < bought.f)))
     + 1 + len(list_filter(cuts.m, lambda c: c < bought.m)) as code
from bought, cuts order by contact
"""
