"""The holdout of CDNOW: 39 weeks that the model does not know."""

from datetime import date, timedelta

import pandas as pd
import pytest

from engine.worth.holdout import hold_out
from tests.unit.worth.customers import CALIBRATED, ENDED, cdnow_orders


@pytest.fixture(scope="module")
def holdout():
    return hold_out(cdnow_orders(), until=CALIBRATED, end=ENDED)


def test_actual_purchases_are_counted_week_by_week(holdout):
    orders = cdnow_orders().drop_duplicates(["contact", "day"])
    repeats = orders[orders["day"] > orders.groupby("contact")["day"].transform("min")]
    weeks = (repeats["day"] - pd.Timestamp("1997-01-01")).dt.days // 7

    actual = holdout.over_time["actual"]

    assert len(actual) == 78
    assert actual.tolist() == weeks.value_counts().reindex(range(78), fill_value=0).tolist()
    assert holdout.over_time["actual_total"].tolist() == actual.cumsum().tolist()


def test_the_weeks_that_the_model_knows_nothing_of_are_marked(holdout):
    held_out = holdout.over_time["held_out"]

    assert (held_out.sum(), held_out.idxmax()) == (39, pd.Timestamp("1997-10-07"))


def test_the_model_follows_the_totals_as_in_the_paper(holdout):
    totals = holdout.over_time.loc[["1997-09-30", "1998-06-30"]]

    assert totals["expected_total"].tolist() == pytest.approx(totals["actual_total"].tolist(), rel=0.05)


def test_the_holdout_is_expected_by_the_purchases_before_it(holdout):
    table = holdout.by_repeats

    assert table["customers"].tolist() == [1411, 439, 214, 100, 62, 38, 29, 64]
    assert table["expected"].is_monotonic_increasing
    assert (table["expected"] - table["actual"]).abs().max() < 0.4
    assert (holdout.actual, round(holdout.expected)) == (1882, 1653)


def test_the_parts_of_the_holdout_add_up(holdout):
    later = holdout.over_time[holdout.over_time["held_out"]]

    assert later["actual"].sum() == holdout.actual


def test_customers_who_come_after_the_calibration_are_not_compared():
    found = hold_out(cdnow_orders(), until=date(1997, 2, 28), end=date(1997, 5, 31), step=timedelta(days=30))

    first = cdnow_orders().groupby("contact")["day"].min()
    assert found.by_repeats["customers"].sum() == (first <= "1997-02-28").sum()
    assert found.over_time["actual_total"].iloc[-1] < len(cdnow_orders())
