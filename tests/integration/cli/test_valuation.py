"""RFM and lifetime value by command."""

import json
from datetime import timedelta

import pytest

from engine.contacts.valuation.lifetime_service import NoModel
from tests.builders import NOON, bought
from tests.integration.cli.commands import run
from tests.integration.drained import at_work, receive_and_drain

DAY = NOON.date().isoformat()


def printed(*words):
    answer = run(*words, "--json")
    assert answer.exit_code == 0, answer.exception
    return json.loads(answer.stdout)


@pytest.fixture
def shop(named):
    ordered = {"currency": "EUR", "trusted": True}
    receive_and_drain(
        named,
        [
            bought("10.00", NOON - timedelta(days=100), email="ana@x.com", order_id="1", **ordered),
            bought("30.00", NOON - timedelta(days=10), email="bo@x.com", order_id="2", **ordered),
            bought("20.00", NOON - timedelta(days=9), email="bo@x.com", order_id="3", **ordered),
        ],
    )
    return named


def test_a_run_prints_cut_points_and_counts_and_contacts_have_their_scores(shop):
    assert printed("contact", "show", "bo@x.com")["rfm"] is None
    with at_work(shop):
        found = printed("rfm", "run", "--as-of", DAY)

    assert found["customers"] == 2 and found["as_of"] == DAY
    assert found["cuts"] == {
        "recency": [9, 9, 100, 100], "frequency": [1, 1, 2, 2], "monetary": [10, 10, 25, 25]
    }  # fmt: skip
    assert found["scores"]["recency"] == {"1": 0, "2": 0, "3": 1, "4": 0, "5": 1}
    assert found["categories"]["new"] == {"people": 1, "revenue": "10.00"}
    bo = printed("contact", "show", "bo@x.com")["rfm"]
    assert (bo["code"], bo["category"], bo["recency"], bo["frequency"], bo["monetary"]) == (
        533, "potential_loyalists", 5, 3, 3
    )  # fmt: skip
    assert (bo["recency_days"], bo["orders"], bo["monetary_value"], bo["as_of"]) == (9, 2, "25.00", DAY)
    assert bo["cuts"]["monetary"] == ["10.00", "10.00", "25.00", "25.00"]
    with at_work(shop):
        assert "Potential loyalists" in run("rfm", "run", "--as-of", DAY).stdout


def test_a_fit_without_enough_orders_prints_what_is_missing(shop):
    with at_work(shop):
        found = printed("clv", "fit", "--as-of", DAY)

    assert found["model"] is None and not found["gate"]["passed"]
    assert "500 customers with purchases: 2" in found["gate"]["missing"]
    sheet = printed("contact", "show", "bo@x.com")
    assert sheet["clv"] is None and "500 customers with purchases: 2" in sheet["clv_missing"]
    assert isinstance(run("clv", "predict", "bo@x.com", "--weeks", 4).exception, NoModel)
