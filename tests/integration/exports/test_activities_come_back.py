"""An export of activities, imported: where they are known nothing changes, elsewhere they are the same."""

import io
import os

import pytest

from engine.contacts.valuation import rfm_job
from engine.db.connection import connect, utc_now
from engine.exports.exporting import Export
from engine.imports import import_request, refused_rows
from engine.imports.mapping import inspection
from engine.imports.mapping.import_settings import ImportSettings
from engine.jobs import jobs
from engine.operations.preparation import prepare
from engine.pipeline import activity_steps
from engine.rules import versions
from engine.settings import CONFIG_DIR
from tests.integration.drained import drain_all, run_jobs
from tests.integration.exports import every_order
from tests.integration.exports.test_exporting import rows_of, written

FIGURES = ("orders", "summed", "spent", "refunded", "average", "currency", "first_order_at", "last_order_at",
           "foreign", "unclear")  # fmt: skip


@pytest.fixture
def here(db, monkeypatch):
    """The shop whose activities are exported, on a server that remembers how things were."""
    monkeypatch.setattr(activity_steps, "APPLY_TIMEOUT", 0)
    db.client.admin.command("setParameter", 1, minSnapshotHistoryWindowInSeconds=60)
    every_order.with_settings(db)
    every_order.fill(db)
    yield db
    db.client.admin.command("setParameter", 1, minSnapshotHistoryWindowInSeconds=0)


@pytest.fixture
def elsewhere(mongod):
    """An empty instance with the same rules."""
    db = connect(mongod.uri, f"elsewhere_{os.getpid()}", app="tests")
    prepare(db, config_dir=CONFIG_DIR, now=utc_now())
    every_order.with_settings(db)
    yield db
    db.client.drop_database(db.name)
    db.client.close()


def imported(db, content, id_):
    opener = lambda: io.BytesIO(content)  # noqa: E731
    ruleset = versions.current(db)
    found = inspection.inspect(opener, ruleset)
    columns = {column.heading: column.target for column in found.columns}
    readings, undecided = inspection.cell_formats(found, columns, ruleset)
    assert (found.kind, undecided) == ("activities", [])
    settings = ImportSettings(found.format, columns, readings, kind=found.kind)
    import_request.start(db, opener(), settings, name="a", id_=id_, by="u1", by_name="Mia", now=utc_now())
    run_jobs(db)
    drain_all(db)
    job = jobs.job(db, id_)
    assert job.failure is None
    return job


def refusals(db, id_):
    """The reasons of refused rows, without those that an export marks."""
    reasons = {reason for _, reason, _ in refused_rows.rows_of(db, id_)}
    return {reason for reason in reasons if "the export marks it as" not in reason}


def figures(db):
    """Of each contact with orders its figures and its code of RFM, by its email."""
    rfm_job.start(db, id_=f"rfm-{utc_now().timestamp()}", by="x", by_name="Mia", now=utc_now())
    run_jobs(db)
    return {
        row["email"]: [row["commerce"].get(name) for name in FIGURES] + [row.get("rfm", {}).get("code")]
        for row in db.contacts.find({"commerce.orders": {"$gt": 0}})
    }


def sent(db):
    """The activities that were sent, by their ids, as they are compared."""
    rows = db.activities.find(
        {"derived": {"$ne": True}, "source": {"$ne": "dashboard"}, "bot": {"$ne": True}}
    )
    return {
        row["_id"]: (
            row["type"],
            row["happened_at"],
            plain(row.get("properties", {})),
            row.get("trusted", False),
        )
        for row in rows
    }


def plain(value):
    """Numbers as text without trailing zeros: a Decimal may come back as a float."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value if value is None or isinstance(value, str) else f"{float(value):.6f}"


@pytest.mark.parametrize("format_", ["csv", "xlsx", "parquet"])
def test_an_empty_instance_has_the_same_activities_and_figures_afterwards(here, elsewhere, format_):
    _, _, content = written(here, Export("activities", format_))

    job = imported(elsewhere, content, "there")

    assert refusals(elsewhere, "there") == set()
    assert (sent(elsewhere), job.changed) == (sent(here), len(sent(here)))
    assert {trusted for _, _, _, trusted in sent(here).values()} == {True, False}
    assert figures(elsewhere) == figures(here) != {}
    again = imported(elsewhere, content, "again")
    assert (again.created, again.changed) == (0, 0)


@pytest.mark.parametrize("format_", ["csv", "xlsx", "parquet"])
def test_where_the_activities_are_known_nothing_changes(here, format_):
    _, _, content = written(here, Export("activities", format_))
    before = list(here.contacts.find().sort("_id")), here.activities.count_documents({})

    job = imported(here, content, "back")

    assert (job.created, job.changed, job.refused + job.unchanged) == (0, 0, job.done)
    assert refusals(here, "back") == set()
    assert (list(here.contacts.find().sort("_id")), here.activities.count_documents({})) == before


def test_an_undone_import_leaves_nothing_and_may_be_repeated(here, elsewhere):
    _, _, content = written(here, Export("activities"))
    imported(elsewhere, content, "there")

    import_request.undo(elsewhere, "there", by="u1", by_name="Mia", now=utc_now())
    run_jobs(elsewhere)
    drain_all(elsewhere)
    assert figures(elsewhere) == {}
    _, made, empty = written(elsewhere, Export("activities", types=("order_completed",)), "undone")
    assert [row["Can be imported"] for row in rows_of(empty)] == ["no"] * made.rows

    imported(elsewhere, content, "anew")
    assert figures(elsewhere) == figures(here)
