"""How cohorts are laid out."""

import pandas as pd

from engine.insights.cohorts import SHOWN, table

MARCH = pd.Period("2026-03", "M")


def cells(*rows):
    found = [(pd.Period(cohort, "M"), since, value) for cohort, since, value in rows]
    return pd.DataFrame(found, columns=["cohort", "since", "value"])


def test_months_to_come_are_missing_and_months_without_orders_are_nought():
    found = table(cells(("2026-01", 0, 5), ("2026-01", 2, 1), ("2026-03", 0, 2)), MARCH, nothing=0)

    assert [str(cohort) for cohort in found.index] == ["2026-01", "2026-02", "2026-03"]
    assert found.values.tolist() == [[5, 0, 1], [0, 0, None], [2, None, None]]


def test_the_latest_cohorts_are_shown():
    found = table(cells(("2019-01", 0, 5), ("2026-03", 0, 2), ("2025-04", 1, 1)), MARCH, nothing=0)

    assert len(found) == SHOWN
    assert str(found.index[0]) == "2025-04"


def test_without_customers_there_is_no_table():
    assert table(cells(), MARCH, nothing=0).empty
    assert table(cells(("2019-01", 0, 5)), MARCH, nothing=0).empty
