"""What the scores of all customers come to, by cell, category and score, and who moved."""

import pandas as pd

from engine.domain.rfm import CODES, RfmCategory, RfmRules
from engine.worth import rfm_counts
from engine.worth.rfm_counts import NO_CATEGORY

RULES = RfmRules(
    {
        "best": RfmCategory("best", "Best", "", frozenset(code for code in CODES if code >= 500)),
        "others": RfmCategory("others", "Others", "", frozenset(code for code in CODES if code < 500)),
        "empty": RfmCategory("empty", "Empty", "", frozenset()),
    }
)


def customers(*rows):
    table = pd.DataFrame(rows, columns=["r", "f", "m", "category", "spent"])
    return table.astype({"r": int, "f": int, "m": int, "category": str, "spent": float})


SOME = customers(
    (5, 5, 5, "best", 1000.0), (5, 5, 1, "best", 500.0), (5, 1, 1, "best", 20.0), (1, 1, 3, "others", 7.0)
)


def test_every_cell_of_recency_and_frequency_has_its_people_and_revenue():
    cells = rfm_counts.by_cell(SOME)

    assert len(cells) == 25
    assert cells.loc[(5, 5)].to_dict() == {"people": 2, "revenue": 1500.0}
    assert cells.loc[(5, 1)].to_dict() == {"people": 1, "revenue": 20.0}
    assert cells.loc[(3, 3)].to_dict() == {"people": 0, "revenue": 0.0}
    assert (cells["people"].sum(), cells["revenue"].sum()) == (4, 1527.0)


def test_categories_stand_in_the_order_of_the_rules_those_without_people_too():
    found = rfm_counts.by_category(SOME, RULES)

    assert found.index.tolist() == ["best", "others", "empty"]
    assert found["people"].tolist() == [3, 1, 0]
    assert found["revenue"].tolist() == [1520.0, 7.0, 0.0]


def test_each_measure_has_the_people_of_each_score():
    found = rfm_counts.by_score(SOME)

    assert found.loc[5].to_dict() == {"r": 3, "f": 2, "m": 1}
    assert found.loc[1].to_dict() == {"r": 1, "f": 2, "m": 2}
    assert found.loc[2].to_dict() == {"r": 0, "f": 0, "m": 0}
    assert found.sum().tolist() == [4, 4, 4]


def test_without_customers_every_figure_is_nought():
    nobody = customers()

    assert rfm_counts.by_cell(nobody)[["people", "revenue"]].sum().tolist() == [0, 0]
    assert rfm_counts.by_category(nobody, RULES)["people"].tolist() == [0, 0, 0]
    assert rfm_counts.by_score(nobody).to_numpy().sum() == 0


def test_an_amount_that_cannot_be_read_is_in_no_revenue():
    unread = customers((5, 5, 5, "best", float("nan")), (5, 5, 5, "best", 10.0))

    assert rfm_counts.by_cell(unread).loc[(5, 5)].to_dict() == {"people": 2, "revenue": 10.0}


def test_who_moved_and_who_stayed_add_up_to_all():
    before = pd.Series(["best", "best", "others", NO_CATEGORY, "best"])
    after = pd.Series(["best", "others", NO_CATEGORY, "best", "others"])

    found = rfm_counts.movement(before, after)

    assert found.to_dict("records") == [
        {"before": NO_CATEGORY, "after": "best", "people": 1},
        {"before": "best", "after": "best", "people": 1},
        {"before": "best", "after": "others", "people": 2},
        {"before": "others", "after": NO_CATEGORY, "people": 1},
    ]


def test_without_contacts_no_one_moved():
    nothing = pd.Series([], dtype=str)

    assert rfm_counts.movement(nothing, nothing).empty
