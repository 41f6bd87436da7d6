"""What the scores of all customers come to: people and revenue by cell and category, and who moved where.

`customers` is a table of `rfm.scored` with the column `spent` of `rfm.purchases` besides (minor units).
"""

from __future__ import annotations

import pandas as pd

from engine.domain.rfm import SCORES, RfmRules

NO_CATEGORY = ""
"""Stands for contacts without purchases in the window."""


def by_cell(customers: pd.DataFrame) -> pd.DataFrame:
    """Count the 25 cells of recency and frequency: `people` and `revenue`, indexed by both scores."""
    every = pd.MultiIndex.from_product([SCORES, SCORES], names=["r", "f"])
    return _people_and_revenue(customers, ["r", "f"]).reindex(every, fill_value=0)


def by_category(customers: pd.DataFrame, rules: RfmRules) -> pd.DataFrame:
    """Count each category, in the order of the rules: `people` and `revenue`, indexed by its id."""
    return _people_and_revenue(customers, ["category"]).reindex(list(rules.categories), fill_value=0)


def by_score(customers: pd.DataFrame) -> pd.DataFrame:
    """Count the people of each score, a column for each measure: `r`, `f`, `m`."""
    counts = {name: customers[name].value_counts() for name in ("r", "f", "m")}
    return pd.DataFrame(counts).reindex(SCORES, fill_value=0).fillna(0).astype(int)


def movement(before: pd.Series, after: pd.Series) -> pd.DataFrame:
    """Count the people who went from one category to another: `before`, `after`, `people`.

    Both name the category of the same contacts, `NO_CATEGORY` for none.  Those who stayed are counted,
    too, so that the rows of a category add up to all who were in it.
    """
    moved = pd.DataFrame({"before": before, "after": after})
    counted = moved.groupby(["before", "after"], observed=True, sort=True).size()
    return counted.reset_index(name="people")


def _people_and_revenue(customers: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    grouped = customers.groupby(by, observed=False)["spent"]
    return pd.DataFrame({"people": grouped.size(), "revenue": grouped.sum()})
