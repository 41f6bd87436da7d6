"""Runs of RFM on the real server: scored as pandas does, written once, announced once."""

from datetime import date, timedelta

import pandas as pd
import pytest

from engine.contacts.valuation import rfm_job, rfm_runs, rfm_work
from engine.db.connection import utc_now
from engine.rules import versions
from tests.builders import bought
from tests.integration.contacts.valuation import shop
from tests.integration.drained import drain_all, receive_and_drain, run_jobs, the_id
from tests.integration.job_runs import run_next_job


def run(db, as_of=None, id_="run"):
    rfm_job.start(db, id_=id_, by="x", by_name="Mia", now=utc_now(), as_of=as_of)
    run_jobs(db)
    return rfm_runs.latest(db)


def codes(db):
    return {row["email"]: row["rfm"]["code"] for row in db.contacts.find({"rfm": {"$exists": True}})}


def by_pandas(table: pd.DataFrame, as_of: date) -> dict[str, int]:
    """The codes by the words of docs/rfm-and-clv.md."""
    days = pd.to_datetime(table["at"].dt.tz_convert("Europe/Madrid").dt.date)
    end = pd.Timestamp(as_of)
    window = table.assign(day=days)[(days > end - pd.DateOffset(months=24)) & (days <= end)]
    by = window.groupby("email")
    values = pd.DataFrame(
        {"r": -(end - by["day"].max()).dt.days, "f": by.size(), "m": by["total"].sum() / by.size()}
    )
    smaller = values.apply(lambda column: column.map(lambda value: (column < value).sum()))
    scores = 1 + 5 * smaller // len(values)
    # days are negated: few are good; the fifths are counted from the best, though
    fewer = (-values["r"]).map(lambda value: (-values["r"] < value).sum())
    scores["r"] = 5 - 5 * fewer // len(values)
    return (100 * scores["r"] + 10 * scores["f"] + scores["m"]).to_dict()


def test_the_scores_are_those_of_pandas(db):
    table = shop.orders(until=shop.today(db))
    receive_and_drain(db, shop.activities(table))

    found = run(db)

    assert codes(db) == by_pandas(table, shop.today(db))
    assert found.customers == len(codes(db)) == sum(found.codes.values())
    assert sum(count.people for count in found.cells.values()) == found.customers
    assert sum(count.people for count in found.categories.values()) == found.customers
    assert len(found.cells) == 25


def test_the_first_run_is_quiet_and_the_next_announces_who_moved(db):
    table = shop.orders(until=shop.today(db))
    receive_and_drain(db, shop.activities(table))
    first = run(db)
    assert first.quiet and not db.activities.count_documents({"type": "rfm_changed"})
    before = {row["email"]: row["rfm"]["category"] for row in db.contacts.find({"rfm": {"$exists": True}})}

    later = run(db, as_of=shop.today(db) + timedelta(days=300), id_="later")

    assert codes(db) == by_pandas(table, shop.today(db) + timedelta(days=300))
    changes = {row["stream"]: row["properties"] for row in db.activities.find({"type": "rfm_changed"})}
    assert len(changes) == sum(m.people for m in later.movement if m.before != m.after) > 0
    for row in db.contacts.find({"email": {"$in": list(before)}}):
        change = changes.get(f"email:{row['email']}") or changes.get(f"e:{row['email']}")
        after = row.get("rfm", {}).get("category")
        assert (change is not None) == (after != before[row["email"]])
        if change:
            assert (change["from"], change.get("to")) == (before[row["email"]], after)


def test_the_same_run_again_changes_nothing(db):
    receive_and_drain(db, shop.activities(shop.orders(until=shop.today(db))))
    run(db)
    contacts = list(db.contacts.find().sort("_id"))

    again = run(db, id_="again")

    assert again.changed == 0
    assert list(db.contacts.find().sort("_id")) == contacts
    assert all(moved.before == moved.after for moved in again.movement)


@pytest.mark.parametrize("steps", [1, 2, 3, 4])
def test_a_run_that_is_killed_is_finished_and_announces_nothing_twice(db, monkeypatch, steps):
    monkeypatch.setattr(rfm_work, "ANNOUNCED", 7)
    table = shop.orders(until=shop.today(db))
    receive_and_drain(db, shop.activities(table))
    run(db)
    later = shop.today(db) + timedelta(days=300)
    rfm_job.start(db, id_="later", by="x", by_name="Mia", now=utc_now(), as_of=later)

    class Killed(BaseException):
        pass

    written = []

    def die(*args):
        written.append(1)
        if len(written) == steps:
            raise Killed
        return write(*args)

    write = rfm_work._write
    monkeypatch.setattr(rfm_work, "_write", die)
    with pytest.raises(Killed):
        run_next_job(db, clock=utc_now, stopped=lambda: False, holder="me")
    drain_all(db)
    monkeypatch.setattr(rfm_work, "_write", write)
    run_next_job(db, clock=utc_now, stopped=lambda: False, holder="me")
    drain_all(db)

    found = rfm_runs.latest(db)
    assert found.id == "later"
    assert codes(db) == by_pandas(table, later)
    changes = list(db.activities.find({"type": "rfm_changed"}))
    assert len(changes) == sum(m.people for m in found.movement if m.before != m.after)
    assert not db.conflicts.count_documents({})


def test_a_contact_folded_again_keeps_its_figures(db):
    table = shop.orders(until=shop.today(db))
    receive_and_drain(db, shop.activities(table))
    run(db)
    run(db, as_of=shop.today(db) + timedelta(days=300), id_="later")
    before = {row["_id"]: row.get("rfm") for row in db.contacts.find()}

    db.contacts.update_many({}, {"$set": {"upkeep": 0}})
    drain_all(db)

    assert {row["_id"]: row.get("rfm") for row in db.contacts.find()} == before
    assert all(row["facets"].get("rfm") == row.get("rfm", {}).get("category") for row in db.contacts.find())


def test_a_merged_contact_is_right_after_the_next_run(db):
    table = shop.orders(until=shop.today(db))
    receive_and_drain(db, shop.activities(table))
    run(db)
    one, other = the_id(db, "c1@x.com"), the_id(db, "c2@x.com")
    from engine.contacts.merging import merge_service
    from tests.builders import acting, colleague

    merge_service.merge(acting(db, colleague()), one, other, id_="m", reason="")
    drain_all(db)

    run(db, id_="next")

    table["email"] = table["email"].replace("c2@x.com", "c1@x.com")
    assert codes(db) == by_pandas(table, shop.today(db))


def test_a_segment_reacts_to_a_change_of_category_and_to_a_score(db, publish):
    publish(
        db,
        "segments:\n"
        "  - {id: gone, name: Gone, when: {contact.rfm: lost}}\n"
        "  - {id: late, name: Late, when: {contact.recency: {lte: 1}}}\n",
    )
    receive_and_drain(db, shop.activities(shop.orders(until=shop.today(db))))
    run(db)

    def agrees():
        for row in db.contacts.find():
            rfm = row.get("rfm", {})
            assert ("gone" in row.get("segments", {})) == (rfm.get("category") == "lost")
            assert ("late" in row.get("segments", {})) == (rfm.get("recency") == 1)

    agrees()
    ours = {"type": "segment_entered", "properties.segment": {"$in": ["gone", "late"]}}
    assert not db.activities.count_documents(ours)  # the first run is quiet
    assert db.contacts.count_documents({"segments.late": {"$exists": True}})

    run(db, as_of=shop.today(db) + timedelta(days=300), id_="later")
    agrees()
    db.contacts.update_many({}, {"$set": {"upkeep": 0}})
    drain_all(db)
    agrees()


def test_a_rule_reacts_to_a_change_of_category(db, publish_rules):
    publish_rules(
        db,
        scoring="rules:\n  - {id: won, name: Won, on: rfm_changed, when: {properties.to: promising}, points: 5}\n",
    )
    receive_and_drain(db, shop.activities(shop.orders(until=shop.today(db))))
    run(db)
    receive_and_drain(
        db, [bought("500.00", utc_now(), email="new@x.com", order_id="n-1", currency="EUR", trusted=True)]
    )

    run(db, id_="next")

    row = db.contacts.find_one({"email": "new@x.com"})
    [activity] = db.activities.find({"type": "rfm_changed", "stream": {"$regex": "new@x.com"}})
    assert "from" not in activity["properties"] and activity["properties"]["to"] == "promising"
    assert row["rfm"]["code"] == 515 and row["rfm"]["cause"] == activity["_id"]
    assert db.ledger.find_one({"contact": row["_id"], "rule": "won"})["points"] == 5


@pytest.fixture
def publish_rules():
    from engine.publishing import publishing

    def publish(db, **files):
        texts = {f"{name}.yaml": text for name, text in files.items()}
        texts = publishing.completed(db, texts)
        publishing.publish(db, texts, by="test", message="test", now=utc_now())
        drain_all(db)
        assert versions.current(db).version == 2

    return publish


@pytest.fixture
def publish(publish_rules):
    return lambda db, segments: publish_rules(db, segments=segments, scoring="")
