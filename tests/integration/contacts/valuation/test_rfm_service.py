"""RFM as a page and the commands get it."""

from datetime import timedelta

import pytest

from engine.contacts.valuation import rfm_service
from engine.contacts.valuation.calculations import CalculationRunning
from engine.contacts.valuation.rfm_job import NoCategories
from engine.contacts.valuation.rfm_runs import Moved
from engine.errors import NotAllowed
from engine.publishing import publishing
from tests.builders import NOON, acting, bought, colleague
from tests.integration.contacts.valuation import shop
from tests.integration.drained import drain_all, receive_and_drain, run_jobs


def actor(db, day=0, role="marketer"):
    return acting(db, colleague(role=role), at=NOON + timedelta(days=day))


def two_customers(db):
    ordered = {"currency": "EUR", "trusted": True}
    receive_and_drain(
        db,
        [
            bought("10.00", NOON - timedelta(days=100), email="ana@x.com", order_id="1", **ordered),
            bought("30.00", NOON - timedelta(days=10), email="bo@x.com", order_id="2", **ordered),
            bought("20.00", NOON - timedelta(days=9), email="bo@x.com", order_id="3", **ordered),
        ],
    )


def test_before_the_first_run_there_is_nothing(db):
    assert rfm_service.latest(actor(db)) is None
    assert rfm_service.last_movement(actor(db)) is None
    assert rfm_service.movement_of_month(actor(db), NOON.date()) is None
    assert rfm_service.days(actor(db), NOON.date(), NOON.date()) == []
    assert rfm_service.people_by_day(actor(db), NOON.date(), NOON.date()).empty


def test_a_run_has_cut_points_counts_and_movements(db):
    two_customers(db)
    rfm_service.start(actor(db), as_of=NOON.date())
    run_jobs(db)

    run = rfm_service.latest(actor(db))

    assert run.as_of == NOON.date() and run.currency == "EUR" and run.customers == 2
    assert run.cuts["recency"] == (9, 9, 100, 100) and run.cuts["monetary"] == (1000, 1000, 2500, 2500)
    assert run.scores == {
        "recency": (0, 0, 1, 0, 1), "frequency": (1, 0, 1, 0, 0), "monetary": (1, 0, 1, 0, 0)
    }  # fmt: skip
    assert run.codes == {311: 1, 533: 1}
    assert {id_: (c.people, str(c.revenue)) for id_, c in run.categories.items() if c.people} == {
        "new": (1, "10.00"), "potential_loyalists": (1, "50.00")
    }  # fmt: skip
    assert run.cells[(5, 3)].people == 1 and str(run.cells[(5, 3)].revenue) == "50.00"
    assert set(run.movement) == {Moved(None, "new", 1), Moved(None, "potential_loyalists", 1)}
    assert rfm_service.days(actor(db), NOON.date(), NOON.date()) == [NOON.date()]
    assert rfm_service.people_by_day(actor(db), NOON.date(), NOON.date())["new"].tolist() == [1]


def test_only_one_run_is_made_at_a_time(db):
    two_customers(db)
    id_ = rfm_service.start(actor(db))
    assert rfm_service.under_way(actor(db)).id == id_
    with pytest.raises(CalculationRunning):
        rfm_service.start(actor(db))
    run_jobs(db)
    assert rfm_service.under_way(actor(db)) is None


def test_a_viewer_sees_runs_and_makes_none(db):
    assert rfm_service.latest(actor(db, role="viewer")) is None
    with pytest.raises(NotAllowed):
        rfm_service.start(actor(db, role="viewer"))


def test_without_categories_there_is_no_run(db):
    texts = publishing.completed(db, {"rfm.yaml": ""})
    publishing.publish(db, texts, by="test", message="none", now=shop.utc_now())
    drain_all(db)
    with pytest.raises(NoCategories):
        rfm_service.start(actor(db))
