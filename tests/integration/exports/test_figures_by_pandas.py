"""The code of docs/rfm-and-clv.md computes from an export what the sheets show."""

import json
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from msgspec import structs

from engine.contacts.valuation import lifetime_job, lifetime_models, rfm_job
from engine.db.connection import utc_now
from engine.exports.exporting import Export
from engine.rules import versions
from tests.integration.contacts.valuation import shop
from tests.integration.drained import receive_and_drain, run_jobs
from tests.integration.exports import every_order
from tests.integration.exports.test_exporting import written
from workers.cli import valuation

DOCS = Path(__file__).parents[3] / "docs" / "rfm-and-clv.md"
AS_OF = date(2026, 4, 30)


@pytest.fixture
def figured(db):
    """A shop in which everything has happened, and many customers have ordered, with RFM and CLV."""
    db.client.admin.command("setParameter", 1, minSnapshotHistoryWindowInSeconds=60)
    every_order.with_settings(db)
    every_order.fill(db)
    version = versions.current_number(db)
    crowd = shop.activities(shop.leaving(250, until=date(2026, 4, 28)))
    receive_and_drain(db, [structs.replace(order, ruleset=version) for order in crowd])
    for job in (rfm_job, lifetime_job):
        job.start(db, id_=job.KIND, by="x", by_name="Mia", now=utc_now(), as_of=AS_OF)
        run_jobs(db)
    yield db
    db.client.admin.command("setParameter", 1, minSnapshotHistoryWindowInSeconds=0)


def computed(db, folder):
    """The names that the code of the docs leaves, run beside the files that its commands write."""
    _, _, content = written(db, Export("activities", "parquet", types=("order_completed",)))
    (folder / "orders.parquet").write_bytes(content)
    model = valuation._model(lifetime_models.latest(db), db)
    (folder / "clv.json").write_text(json.dumps({"model": model}))
    names = {}
    blocks = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 3
    for block in blocks:
        exec(compile(block, DOCS.name, "exec"), names)
    return names


def test_pandas_finds_the_figures_of_all_sheets_in_an_export(figured, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    names = computed(figured, tmp_path)

    contacts = {row["_id"]: row for row in figured.contacts.find({"commerce.orders": {"$gt": 0}})}
    assert len(contacts) == 297
    found = {row.Index: _figures(row) for row in names["figures"].itertuples()}
    assert found == {id_: _commerce(row["commerce"]) for id_, row in contacts.items()}
    by_hand = {"merged": "50.35", "corrected": "7059.74", "refunded": "131.51", "abroad": "77.84"}
    emails = {row["email"].partition("@")[0]: id_ for id_, row in contacts.items()}
    assert {name: str(found[emails[name]][1]) for name in by_hand} == by_hand
    assert names["customers"]["code"].to_dict() == {
        id_: row["rfm"]["code"] for id_, row in contacts.items() if "rfm" in row
    }
    assert names["expected"].index.tolist() == sorted(id_ for id_, row in contacts.items() if "clv" in row)
    for row in names["expected"].itertuples():
        clv = contacts[row.Index]["clv"]
        # kept with four digits, and to the cent
        assert (row.alive, row.purchases) == pytest.approx((clv["alive"], clv["purchases"]), abs=0.000051)
        assert row.average == pytest.approx(float(clv["average"]), abs=0.0051)


def _figures(row):
    average = None if pd.isna(row.average) else row.average
    return row.orders, row.spent, row.refunded, average, row.first_order, row.last_order


def _commerce(found):
    amounts = [found.get(name, Decimal(0)) for name in ("spent", "refunded")]
    return (found["orders"], *amounts, found.get("average"), found["first_order_at"], found["last_order_at"])
