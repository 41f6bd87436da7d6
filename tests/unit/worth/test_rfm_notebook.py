"""The notebook of the docs computes in plain pandas what `engine.worth.rfm` computes, line by line."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from engine.rules.ruleset import compile_ruleset, read_folder
from engine.settings import CONFIG_DIR
from engine.worth.rfm import purchases, rfm
from tests.unit.worth import notebook

NOTEBOOK = Path(__file__).parents[3] / "docs" / "rfm.ipynb"
AS_OF = date(2026, 11, 30)
RULES = compile_ruleset(read_folder(CONFIG_DIR)).rfm


@pytest.fixture(autouse=True)
def in_docs(monkeypatch):
    monkeypatch.chdir(NOTEBOOK.parent)


def generated(seed):
    """Orders with ties, amounts that cannot be told, and days before and after the window."""
    source = np.random.default_rng(seed)
    number = int(source.integers(1, 3000))
    amounts = source.integers(1, 40, number) * 250.0
    days = pd.to_timedelta(source.integers(-20, 900, number), unit="D")
    return pd.DataFrame(
        {
            "contact": source.integers(0, max(1, number // 3), number),
            "day": pd.Timestamp(AS_OF) - days,
            "amount": np.where(source.random(number) < 0.1, np.nan, amounts),
        }
    )


def assert_same(orders, theirs):
    ours = rfm(purchases(orders, AS_OF, months=24), AS_OF, RULES).table.sort_index()

    assert len(ours)
    pd.testing.assert_frame_equal(
        ours.astype({"category": str}), theirs.sort_index().astype({"category": str}), check_dtype=False
    )


def test_it_shows_what_its_cells_compute_and_that_is_what_we_compute():
    names = {}
    cells = notebook.code_cells(NOTEBOOK)

    assert list(notebook.run(cells, names)) == [notebook.shown(cell) for cell in cells]
    assert_same(names["orders"], names["customers"])


@pytest.mark.parametrize("seed", range(8))
def test_its_table_is_ours_on_generated_orders(seed):
    orders = generated(seed)
    names = {"pd": pd, "orders": orders}

    list(notebook.run(notebook.code_cells(NOTEBOOK)[1:], names))

    assert_same(orders, names["customers"])
