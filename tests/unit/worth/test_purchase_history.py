"""Purchase histories: a purchase is a day with orders, and only repeats have a value."""

from datetime import date
from importlib.metadata import files

import numpy as np
import pandas as pd
from numpy.testing import assert_allclose

from engine.worth.purchase_history import History, histories
from tests.unit.worth.customers import cdnow_histories

TODAY = date(2026, 11, 30)


def history_of(*rows, as_of=TODAY):
    table = pd.DataFrame([("ana", *row) for row in rows], columns=["contact", "day", "amount"])
    found = histories(table.astype({"day": "datetime64[s]", "amount": float}), as_of)
    return found.loc["ana"].to_dict()


def test_the_customers_of_cdnow_are_those_of_the_published_summary():
    path = next(
        file for file in files("lifetimes") if file.name == "cdnow_customers_summary_with_transactions.csv"
    )
    published = pd.read_csv(str(path.locate()))
    ours = cdnow_histories()

    assert len(ours) == len(published)
    assert ours["repeats"].tolist() == published["x"].tolist()
    assert_allclose(ours["recency"], published["t_x"], atol=0.006)
    assert_allclose(ours["age"], published["T"], atol=0.006)
    assert_allclose(ours["average"] / 100, published["zbar"], atol=0.0051)


def test_orders_of_one_day_are_one_purchase_of_their_sum():
    assert history_of(("2026-11-02", 100), ("2026-11-16", 200), ("2026-11-16", 300), ("2026-11-23", 100)) == {
        "repeats": 2,
        "recency": 3.0,
        "age": 4.0,
        "valued": 2,
        "average": 300.0,
    }


def test_a_single_purchase_has_an_age_alone():
    assert history_of(("2026-11-23", 100)) == {
        "repeats": 0,
        "recency": 0,
        "age": 1,
        "valued": 0,
        "average": 0,
    }


def test_purchases_without_an_amount_or_for_nothing_count_and_have_no_value():
    found = history_of(("2026-11-02", 100), ("2026-11-09", np.nan), ("2026-11-16", 0), ("2026-11-23", 50))

    assert (found["repeats"], found["valued"], found["average"]) == (3, 1, 50.0)


def test_what_comes_later_than_the_day_of_the_figures_is_unknown():
    found = history_of(("2026-11-02", 100), ("2026-11-16", 100), as_of=date(2026, 11, 9))

    assert (found["repeats"], found["age"]) == (0, 1.0)


def test_the_columns_of_a_table_are_those_of_a_history():
    assert History.of(cdnow_histories()).repeats.sum() == cdnow_histories()["repeats"].sum()
