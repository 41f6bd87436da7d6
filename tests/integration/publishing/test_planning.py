"""The plan says what publishing then does, exactly, and writes nothing."""

import threading

import pytest

from engine.contacts.sheet import sheets
from engine.db.connection import utc_now
from engine.errors import WorkStopped
from engine.publishing import planning, publishing
from tests.chaos.workload import workload
from tests.integration.drained import drain_all, receive_and_drain

SCORING = """
rules:
  - {id: product, name: Look at a product, on: product_visited, points: 7, limit: {times: 2, per: week}}
  - {id: order, name: Order, on: order_completed, points: {per: properties.total, times: 0.5, at_most: 40}, fades: {by: 25%, every: 3650d}}
"""
SEGMENTS = """
segments:
  - {id: customers, name: Customers, when: {contact.orders: {gte: 2}}}
  - {id: rich, name: Rich in points, when: {contact.points: {gte: 30}}}
"""


@pytest.fixture(scope="module")
def history():
    return workload(activities=1_500, contacts=60, seed=3).activities


def contacts_of(db):
    return {row["_id"]: row for row in db.contacts.find()}


@pytest.mark.parametrize("recompute", [True, False])
def test_the_numbers_equal_what_happens(db, mongod, history, recompute):
    receive_and_drain(db, history)
    drain_all(db)
    texts = publishing.completed(db, {"scoring.yaml": SCORING, "segments.yaml": SEGMENTS})
    before = contacts_of(db)

    change = planning.proposed(db, texts, now=utc_now(), recompute=recompute)
    told = planning.plan(db, change, uri=mongod.uri).as_json()
    assert contacts_of(db) == before, "a plan writes nothing"

    publishing.publish(db, texts, by="ana", message="a change", now=utc_now(), recompute=recompute)
    drain_all(db)
    after = contacts_of(db)
    moves = [after[id_]["points"]["total"] - row["points"]["total"] for id_, row in before.items()]
    entered = {
        segment: sum(
            segment in after[id_].get("segments", {}) and segment not in row.get("segments", {})
            for id_, row in before.items()
        )
        for segment in ("customers", "rich")
    }
    assert told["contacts"] == len(before) == len(after)
    assert told["points"]["gain"] == sum(move > 0 for move in moves)
    assert told["points"]["lose"] == sum(move < 0 for move in moves)
    assert told["points"]["gained"] - told["points"]["lost"] == sum(moves)
    assert (told["points"]["gain"] > 0) == recompute
    assert {s: told["segments"].get(s, {"enter": 0})["enter"] for s in entered} == entered
    assert told["segments"]["active-this-week"]["leave"] if "active-this-week" in told["segments"] else True


def test_examples_name_contacts_and_tell_why(db, mongod, history):
    receive_and_drain(db, history)
    texts = publishing.completed(db, {"scoring.yaml": SCORING, "segments.yaml": SEGMENTS})

    change = planning.proposed(db, texts, now=utc_now())
    told = planning.plan(db, change, uri=mongod.uri).as_json()

    first = told["examples"][0]
    assert sheets.sheet(db, first["contact"], now=utc_now()) is not None
    assert first["reasons"]
    assert any("Rich in points" in example["what"] for example in told["examples"])


def test_all_processors_come_to_the_same_and_a_sample_is_near(db, mongod, history, monkeypatch):
    receive_and_drain(db, history)
    texts = publishing.completed(db, {"scoring.yaml": SCORING})
    change = planning.proposed(db, texts, now=utc_now())
    here = planning.plan(db, change, uri=mongod.uri).as_json()

    monkeypatch.setattr(planning, "INLINE", 0)
    told = []
    everywhere = planning.plan(
        db, change, uri=mongod.uri, processes=2, progress=lambda *counts: told.append(counts)
    ).as_json()
    half = planning.plan(db, change, uri=mongod.uri, share=0.5, processes=2).as_json(share=0.5)

    assert {**everywhere, "examples": None} == {**here, "examples": None}
    assert told[-1] == (planning.SLICES, planning.SLICES)
    assert abs(half["contacts"] - here["contacts"]) <= here["contacts"] / 2
    assert half["sample"]["gain_error"] > 0


def test_what_a_sample_says_of_segments_has_its_error_and_rules_that_go_have_their_names(db, mongod, history):
    receive_and_drain(db, history)
    texts = publishing.completed(db, {"scoring.yaml": "rules: []", "segments.yaml": SEGMENTS})
    change = planning.proposed(db, texts, now=utc_now())
    whole = planning.plan(db, change, uri=mongod.uri).as_json()

    told = planning.plan(db, change, uri=mongod.uri, share=0.5).as_json(share=0.5)

    assert whole["points"]["by_rule"]["first-order"]["name"] == "First order"
    assert any("First order: -" in reason for e in whole["examples"] for reason in e["reasons"])
    for id_, counts in told["segments"].items():
        exact = whole["segments"][id_]
        for way in ("enter", "leave"):
            assert (counts[way] == 0) == (counts[f"{way}_error"] == 0)
            assert abs(counts[way] - exact[way]) <= 3 * max(counts[f"{way}_error"], 5)
    assert all("enter_error" not in counts for counts in whole["segments"].values())


def test_a_plan_can_be_stopped(db, mongod, history):
    receive_and_drain(db, history[:200])
    stop = threading.Event()

    with pytest.raises(WorkStopped):
        planning.plan(
            db,
            planning.proposed(db, publishing.completed(db, {"scoring.yaml": SCORING}), now=utc_now()),
            uri=mongod.uri,
            progress=lambda done, _all: stop.set() if done == 3 else None,
            stop=stop,
        )
