"""Lifetime value: both models on CDNOW, the gate before them, and batches."""

from datetime import timedelta

import pandas as pd
import pytest
from numpy.testing import assert_allclose

from engine.domain.lifetime import LifetimeRules
from engine.worth.lifetime_value import fit, predict, shortfalls
from engine.worth.purchase_history import History
from tests.unit.worth.customers import CALIBRATED, cdnow_histories

RULES = LifetimeRules(horizon=timedelta(weeks=52))


@pytest.fixture(scope="module")
def model():
    return fit(cdnow_histories(), CALIBRATED)


def test_a_model_says_what_it_was_fitted_to(model):
    assert (model.as_of, model.customers, model.returning) == (CALIBRATED, 2357, 946)
    assert model.log_likelihood == pytest.approx(-9582.4, abs=0.05)
    assert model.spend.p == pytest.approx(6.25, abs=5e-3)
    assert model.correlation == pytest.approx(0.114, abs=1e-3)  # published: 0.113642


def test_a_contacts_value_is_its_discounted_purchases_at_their_expected_average(model):
    table = predict(cdnow_histories(), model, RULES)
    without_discount = predict(cdnow_histories(), model, LifetimeRules(RULES.horizon, yearly_discount=0.0))

    assert_allclose(without_discount["value"], table["purchases"] * table["average"], rtol=1e-9)
    assert (table["value"] < without_discount["value"]).all()
    assert (table["value"] > without_discount["value"] / 1.1).all()


def test_a_batch_is_as_good_as_the_whole(model):
    whole = predict(cdnow_histories(), model, RULES)
    batches = [predict(cdnow_histories().iloc[n : n + 500], model, RULES) for n in range(0, 2357, 500)]

    pd.testing.assert_frame_equal(pd.concat(batches), whole, rtol=1e-12)


def test_one_contact_is_predicted_as_among_all(model):
    whole = predict(cdnow_histories(), model, RULES)

    pd.testing.assert_frame_equal(
        predict(cdnow_histories().iloc[[7]], model, RULES), whole.iloc[[7]], rtol=1e-12
    )


def test_cdnow_has_all_that_a_model_takes():
    assert shortfalls(cdnow_histories(), RULES) == []


def test_the_gate_says_how_far_an_account_is():
    young = cdnow_histories().sort_values("repeats").head(312)
    young = young.assign(age=young["recency"] + 45 / 7)

    assert [str(shortfall) for shortfall in shortfalls(young, RULES)] == [
        "500 customers with purchases: 312",
        "180 days since the first purchase: 45",
        "a purchase in the last 30 days: the last was 45 days ago",
        "10 customers with three purchases or more: 0",
    ]


def test_an_account_without_orders_lacks_everything():
    assert [shortfall.found for shortfall in shortfalls(cdnow_histories().head(0), RULES)] == [
        "0",
        "0",
        "none",
        "0",
    ]


def test_nobody_has_no_value(model):
    assert predict(cdnow_histories().head(0), model, RULES).empty
    assert History.of(cdnow_histories().head(0)).age.shape == (0,)
