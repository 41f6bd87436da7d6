"""RFM: quintiles by the written rule, fixed cut points, and the categories of the codes."""

from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.rfm import CODES, RfmCategory, RfmRules
from engine.rules.ruleset import compile_ruleset, read_folder
from engine.settings import CONFIG_DIR
from engine.worth.rfm import cut_points, measured, purchases, quintiles, rfm, scored

TODAY = date(2026, 11, 30)
RULES = compile_ruleset(read_folder(CONFIG_DIR)).rfm
ONE_CATEGORY = {"all": RfmCategory("all", "All", "", CODES)}


def orders(*rows):
    table = pd.DataFrame(rows, columns=["contact", "day", "amount"])
    return table.astype({"day": "datetime64[s]", "amount": float})


def customers(recency, frequency=None, monetary=None):
    return pd.DataFrame(
        {"recency": recency, "frequency": frequency or recency, "monetary": monetary or recency}
    )


def scores(values, rules=RULES):
    table = scored(values, cut_points(values, rules), rules)
    return table[["r", "f", "m"]].to_numpy().T.tolist()


def test_orders_are_summed_up_within_the_window():
    table = purchases(
        orders(
            ("ana", "2024-11-30", 900),
            ("ana", "2024-12-01", 1000),
            ("ana", "2026-11-30", 2050),
            ("ana", "2026-12-01", 700),
            ("bo", "2024-11-30", 100),
        ),
        TODAY,
        months=24,
    )

    assert table.to_dict("index") == {
        "ana": {"last": pd.Timestamp("2026-11-30"), "orders": 2, "valued": 2, "spent": 3050.0}
    }


def test_a_window_that_begins_on_a_day_that_its_month_lacks_begins_after_the_months_last():
    days = orders(("ana", "2026-02-28", 1), ("bo", "2026-03-01", 1))

    assert list(purchases(days, date(2026, 3, 31), months=1).index) == ["bo"]


@pytest.mark.parametrize(("monetary", "value"), [("average_order", 1500.0), ("spent", 3000.0)])
def test_an_amount_that_cannot_be_told_is_in_no_sum_and_no_average(monetary, value):
    table = purchases(
        orders(("ana", "2026-11-01", 1000), ("ana", "2026-11-02", 2000), ("ana", "2026-11-10", np.nan)),
        TODAY,
        months=24,
    )

    assert measured(table, TODAY, monetary=monetary).to_dict("index") == {
        "ana": {"recency": 20, "frequency": 3, "monetary": value}
    }


def test_a_contact_without_any_amount_has_no_monetary_value_and_no_scores():
    table = purchases(orders(("ana", "2026-11-01", np.nan)), TODAY, months=24)

    assert rfm(table, TODAY, RULES).table.empty


def test_equal_averages_are_equal_though_their_orders_differ():
    thirds = orders(("ana", "2026-11-01", 10), ("ana", "2026-11-01", 5), ("ana", "2026-11-01", 5))
    sixths = pd.concat([thirds, thirds]).assign(contact="bo")
    table = purchases(pd.concat([thirds, sixths]), TODAY, months=24)

    assert measured(table, TODAY, monetary="average_order")["monetary"].nunique() == 1


def test_ten_different_customers_are_two_in_each_fifth():
    values = customers(recency=list(range(10)))

    assert scores(values) == [
        [5, 5, 4, 4, 3, 3, 2, 2, 1, 1],
        [1, 1, 2, 2, 3, 3, 4, 4, 5, 5],
        [1, 1, 2, 2, 3, 3, 4, 4, 5, 5],
    ]


def test_most_customers_with_one_order_all_score_one():
    frequency = [1] * 7 + [2] * 2 + [9]

    assert scores(customers(frequency))[1] == [1] * 7 + [4] * 2 + [5]


def test_a_highest_value_of_more_than_a_fifth_scores_below_five():
    assert scores(customers([1, 1, 1, 2, 2]))[1] == [1, 1, 1, 4, 4]


@pytest.mark.parametrize("number", [1, 2, 1000])
def test_customers_who_are_all_alike_are_new(number):
    found = rfm(
        purchases(orders(*((str(n), "2026-11-01", 500) for n in range(number))), TODAY, months=24),
        TODAY,
        RULES,
    )

    assert found.table["code"].unique().tolist() == [511]
    assert found.table["category"].unique().tolist() == ["new"]
    assert found.cuts == {"recency": (29.0,) * 4, "frequency": (1.0,) * 4, "monetary": (500.0,) * 4}


def test_without_customers_there_are_no_cut_points_and_no_scores():
    found = rfm(purchases(orders(), TODAY, months=24), TODAY, RULES)

    assert found.table.empty
    assert found.cuts == {"recency": (), "frequency": (), "monetary": ()}


def test_scores_without_cut_points_are_refused():
    with pytest.raises(ValueError, match="0 cut points where 4 are needed"):
        scored(customers([1]), {"recency": (), "frequency": (), "monetary": ()}, RULES)


def test_fixed_cut_points_are_the_upper_ends_of_their_scores():
    fixed = RfmRules(
        ONE_CATEGORY,
        cuts={
            "recency": tuple(map(Decimal, (30, 90, 180, 365))),
            "monetary": tuple(map(Decimal, ("9.99", "20", "50", "100"))),
        },
    )
    values = customers([30, 31, 400], monetary=[999, 1000, 10001])

    assert scores(values, fixed) == [[5, 4, 1], [1, 2, 4], [1, 2, 5]]


def test_a_currency_without_minor_units_has_its_cut_points_as_they_are():
    fixed = RfmRules(ONE_CATEGORY, cuts={"monetary": tuple(map(Decimal, (1000, 2000, 3000, 4000)))})

    assert cut_points(customers([1]), fixed, digits=0)["monetary"] == (1000, 2000, 3000, 4000)


def test_each_code_has_its_category():
    codes = sorted(CODES)
    values = customers(*([[code // 10**power % 10 for code in codes] for power in (2, 1, 0)]))
    values["recency"] = 6 - values["recency"]
    steps = (1.0, 2.0, 3.0, 4.0)

    table = scored(values, {"recency": steps, "frequency": steps, "monetary": steps}, RULES)

    assert table["code"].tolist() == codes
    assert dict(zip(table["code"], table["category"], strict=True)) == RULES.category_of()


numbers = st.lists(st.integers(0, 12), min_size=1, max_size=60)


@settings(deadline=None, max_examples=50)
@given(numbers)
def test_a_score_counts_the_fifths_below(values):
    expected = [1 + 5 * sum(other < value for other in values) // len(values) for value in values]

    assert scores(customers(values))[1] == expected
    assert scores(customers(values))[0] == [6 - score for score in expected]


@settings(deadline=None, max_examples=50)
@given(numbers)
def test_the_stored_cut_points_declared_as_fixed_give_the_same_scores(values):
    cuts = quintiles(np.array(values, dtype=float))
    fixed = RfmRules(ONE_CATEGORY, cuts={"frequency": tuple(Decimal(cut) for cut in cuts)})

    assert scores(customers(values), fixed)[1] == scores(customers(values))[1]


@settings(deadline=None, max_examples=50)
@given(numbers)
def test_a_batch_of_one_is_scored_as_in_the_whole(values):
    whole = customers(values)
    cuts = cut_points(whole, RULES)
    one_by_one = pd.concat([scored(whole.iloc[[row]], cuts, RULES) for row in range(len(whole))])

    pd.testing.assert_frame_equal(one_by_one, scored(whole, cuts, RULES))
