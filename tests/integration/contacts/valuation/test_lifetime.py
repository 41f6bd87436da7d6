"""Lifetime value on the real server: the published model, the gate, and figures that follow purchases."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from engine.contacts.merging import merge_service
from engine.contacts.valuation import (
    lifetime_documents,
    lifetime_job,
    lifetime_models,
    lifetime_refresh,
    lifetime_service,
    lifetime_work,
)
from engine.contacts.valuation.lifetime_service import NoModel, NoPurchases
from engine.db.connection import utc_now
from engine.publishing import publishing
from tests.builders import acting, an_activity, bought, colleague
from tests.integration.drained import drain_all, receive_and_drain, the_id
from tests.integration.job_runs import run_next_job
from tests.integration.real_input import cdnow

END = date(1997, 9, 30)
TODAY = datetime(1997, 9, 30, 12, tzinfo=UTC)


def actor(db, at=TODAY):
    return acting(db, colleague(), at=at)


def fit(db, as_of=END, id_="fit", now=TODAY):
    lifetime_job.start(db, id_=id_, by="x", by_name="Mia", now=now, as_of=as_of)
    while run_next_job(db, clock=lambda: now, stopped=lambda: False):
        pass
    return lifetime_models.latest(db)


def small_gate(db, **more):
    """Some customers are enough."""
    entry = {"customers": 5, "history": "1d", "last_order": "1000d", "with_three": 1, **more}
    text = publishing.completed(db, {})["settings.yaml"]
    text = text[: text.index("lifetime_value:")] + f"lifetime_value: {entry}\n"
    texts = publishing.completed(db, {"settings.yaml": text})
    publishing.publish(db, texts, by="test", message="gate", now=utc_now())
    drain_all(db)


def some_of_cdnow(db, customers):
    known = sorted({order.customer for order in cdnow.orders()})[:customers]
    receive_and_drain(
        db,
        [
            bought(
                str(order.dollars), order.at + timedelta(hours=12), id_=order.id,
                external_id=order.customer, order_id=order.id, trusted=True,
            )
            for order in cdnow.orders()
            if order.customer in known and order.at.date() <= END
        ],
    )  # fmt: skip


def figures(db):
    return {row["external_id"]: row["clv"] for row in db.contacts.find({"clv": {"$exists": True}})}


def test_the_model_of_cdnow_is_the_published_one_and_all_contacts_have_figures(db):
    some_of_cdnow(db, 3_000)

    model = fit(db).model

    purchases = model.purchases
    assert (round(purchases.r, 3), round(purchases.alpha, 3)) == (0.243, 4.414)
    assert (round(purchases.a, 3), round(purchases.b, 3)) == (0.793, 2.426)
    assert round(model.log_likelihood, 1) == -9582.4
    assert lifetime_documents.gate(db).passed
    found = figures(db)
    assert len(found) == 2_357 == model.customers
    assert all(0 <= clv["alive"] <= 1 and clv["value"] >= 0 for clv in found.values())
    holdout = lifetime_models.latest(db).holdout
    assert holdout.actual > 0 and abs(holdout.expected / holdout.actual - 1) < 0.3


def test_below_the_gate_it_is_kept_what_is_missing(db):
    some_of_cdnow(db, 12)

    assert fit(db) is None

    gate = lifetime_documents.gate(db)
    assert "500 customers with purchases: 12" in map(str, gate.missing)
    assert not figures(db)
    with pytest.raises(NoModel, match="500 customers with purchases: 12"):
        lifetime_service.predict(actor(db), the_id(db, min(cdnow.sums(cdnow.orders()))), weeks=4)


@pytest.fixture
def shop(db):
    small_gate(db)
    some_of_cdnow(db, 150)
    fit(db, as_of=None)
    while lifetime_refresh.refresh(db, now=TODAY):
        pass
    return db


def test_a_killed_fit_is_finished_with_the_same_model(shop, monkeypatch):
    db = shop
    fit(db, as_of=None, id_="whole", now=TODAY + timedelta(days=1))
    whole = figures(db)
    monkeypatch.setattr(lifetime_work, "STEP", 40)
    later = TODAY + timedelta(days=1, minutes=1)
    lifetime_job.start(db, id_="killed", by="x", by_name="Mia", now=later)
    calls, write = [], lifetime_work.updates

    class Killed(BaseException):
        pass

    def die(*args, **more):
        calls.append(1)
        if len(calls) == 3:
            raise Killed
        return write(*args, **more)

    monkeypatch.setattr(lifetime_work, "updates", die)
    with pytest.raises(Killed):
        run_next_job(db, clock=lambda: later, stopped=lambda: False, holder="me")
    kept = lifetime_models.fitted(db, "killed")
    assert lifetime_models.latest(db).id == "whole"

    monkeypatch.setattr(lifetime_work, "updates", write)
    run_next_job(db, clock=lambda: later, stopped=lambda: False, holder="me")

    assert lifetime_models.latest(db).id == "killed" and kept.model == lifetime_models.latest(db).model
    assert kept.model.purchases == lifetime_models.fitted(db, "whole").model.purchases
    both = (whole, figures(db))
    first, second = ({id_: (c["value"], c["alive"]) for id_, c in found.items()} for found in both)
    assert first == second and len(first) == 150


def test_a_purchase_a_correction_and_a_cancellation_bring_the_figures_up_to_date(shop):
    db, customer = shop, "00111"
    customer = next(iter(figures(db)))
    before = figures(db)[customer]

    order = {"external_id": customer, "order_id": "new", "trusted": True}
    receive_and_drain(db, [bought("80.00", TODAY - timedelta(days=1), **order)])
    assert lifetime_refresh.refresh(db, now=TODAY) == 1
    after = figures(db)[customer]
    assert after["value"] > before["value"] and after["purchases"] > before["purchases"]

    receive_and_drain(db, [an_activity("order_updated", TODAY, total="8.00", **order)])
    lifetime_refresh.refresh(db, now=TODAY)
    assert figures(db)[customer]["average"] < after["average"]

    receive_and_drain(db, [an_activity("order_cancelled", TODAY + timedelta(minutes=1), **order)])
    lifetime_refresh.refresh(db, now=TODAY)
    same = {name: before[name] for name in ("value", "purchases", "alive", "average")}
    assert {name: figures(db)[customer][name] for name in same} == same
    assert not lifetime_refresh.refresh(db, now=TODAY)


def test_a_merge_brings_the_figures_of_the_survivor_up_to_date(shop):
    db = shop
    one, other = list(figures(db))[:2]
    survivor, gone = the_id(db, one), the_id(db, other)
    merge_service.merge(actor(db, utc_now()), survivor, gone, id_="m", reason="")
    drain_all(db)

    assert lifetime_refresh.refresh(db, now=TODAY)

    assert other not in figures(db)
    found = lifetime_service.predict(actor(db), survivor, weeks=365 / 7)
    assert figures(db)[one]["value"] == found.value


def test_a_contact_folded_again_keeps_its_figures_and_its_segments(shop):
    db = shop
    texts = publishing.completed(
        db, {"segments.yaml": "segments:\n  - {id: rich, name: Rich, when: {contact.clv: {gte: 20}}}\n"}
    )
    publishing.publish(db, texts, by="test", message="s", now=utc_now())
    drain_all(db)
    fit(db, as_of=None, id_="second", now=utc_now())
    drain_all(db)

    def state():
        return {row["_id"]: (row.get("clv"), "rich" in row.get("segments", {})) for row in db.contacts.find()}

    before = state()
    assert all(rich == (clv["value"] >= 20) for clv, rich in before.values())
    db.contacts.update_many({}, {"$set": {"upkeep": 0}})
    drain_all(db)
    assert state() == before


def test_a_prediction_is_that_of_the_model(shop):
    db = shop
    customer = next(iter(figures(db)))
    found = lifetime_service.predict(actor(db), the_id(db, customer), weeks=365 / 7)
    kept = figures(db)[customer]
    assert (found.value, found.alive, found.purchases) == (kept["value"], kept["alive"], kept["purchases"])
    assert lifetime_service.predict(actor(db), the_id(db, customer), weeks=4).value < found.value
    receive_and_drain(db, [an_activity("page_visited", external_id="looker", trusted=True)])
    with pytest.raises(NoPurchases):
        lifetime_service.predict(actor(db), the_id(db, "looker"), weeks=4)
    assert isinstance(kept["value"], Decimal)
