"""What is kept of long work for a while only."""

import io
from datetime import timedelta

import pytest

from engine.accounts.current_user import CurrentUser
from engine.contacts import contact_lookup
from engine.contacts.bulk import bulk_service
from engine.contacts.bulk.selection import Selection
from engine.contacts.editing.edit import Edit
from engine.db.connection import utc_now
from engine.imports import expiry, import_service
from engine.imports.mapping import inspection
from engine.imports.mapping.import_settings import ImportSettings
from engine.jobs import job_lease, job_service, jobs
from engine.jobs.errors import CannotUndo
from engine.pipeline import activity_steps
from engine.privacy import erasing, erasure_job, files
from engine.rules import versions
from tests.builders import acting, identified, minutes
from tests.integration.drained import receive_and_drain, run_jobs

MIA = CurrentUser("u1", "mia@shop.com", "Mia", "admin")
CONTENT = b"email,first name\neva@x.com,Eva\nno-email,Bad\n"


@pytest.fixture
def shop(db, monkeypatch):
    monkeypatch.setattr(activity_steps, "APPLY_TIMEOUT", 0)
    monkeypatch.setattr(erasure_job, "PATIENCE", 0)
    monkeypatch.setattr(erasure_job, "SETTLED_AFTER", timedelta(0))
    receive_and_drain(db, [identified(minutes(0), email="bob@x.com")])
    return db


def import_(db, id_="import-1"):
    found = inspection.inspect(lambda: io.BytesIO(CONTENT), versions.current(db))
    wanted = ImportSettings(format=found.format, columns={c.heading: c.target for c in found.columns})
    import_service.start(acting(db, MIA), io.BytesIO(CONTENT), wanted, name="p.csv", id_=id_)


def kept(db):
    names = ("imports.files", "imports.chunks", "import_refusals", "job_items")
    return {name for name in names if db[name].count_documents({})}


def test_after_its_time_a_job_cannot_be_taken_back_and_nothing_is_kept_but_that_it_was(shop):
    import_(shop)
    bob = contact_lookup.find_contact(shop, "bob@x.com")
    bulk_service.start(acting(shop, MIA), Selection(ids=(bob,)), Edit(fields={"first_name": "Bo"}), id_="b")
    run_jobs(shop)
    before, after = (utc_now() + jobs.UNDO_FOR + timedelta(hours=hours) for hours in (-1, 1))

    assert expiry.expire(shop, now=before) == 0
    assert kept(shop) == {"imports.files", "imports.chunks", "import_refusals", "job_items"}
    assert job_service.can_be_undone(acting(shop, MIA, at=before), jobs.job(shop, "b"))
    assert expiry.expire(shop, now=after) == 2
    assert expiry.expire(shop, now=after) == 0
    assert kept(shop) == set()
    for id_ in ("import-1", "b"):
        assert not job_service.can_be_undone(acting(shop, MIA, at=after), jobs.job(shop, id_))
        with pytest.raises(CannotUndo, match="30 days"):
            job_service.undo(acting(shop, MIA, at=after), id_)
    assert jobs.job(shop, "import-1").refused == 1


def test_a_file_that_is_imported_while_somebody_in_it_is_erased_goes_at_its_end(shop):
    receive_and_drain(shop, [identified(minutes(0), email="eva@x.com")])
    import_(shop)
    shop.jobs.update_one({"_id": "import-1"}, {"$set": {"claimed_until": utc_now() + timedelta(hours=1)}})
    eva = contact_lookup.find_contact(shop, "eva@x.com")
    erasing.start(shop, eva, id_="e", by="u1", by_name="Mia", now=utc_now())
    run_jobs(shop)
    assert shop.erasures.find_one({"_id": "e"})["pending"] == ["import-1"]
    assert files.remove_pending(shop) == 0

    job_lease.let_go(shop, "import-1")
    run_jobs(shop)

    assert files.remove_pending(shop) == 1
    assert kept(shop) == {"import_refusals"}
    assert contact_lookup.find_contact(shop, "eva@x.com") is None
    refused = {row["line"]: row["cells"] for row in shop.import_refusals.find()}
    assert refused == {2: [], 3: ["no-email", "Bad"]}
    assert shop.erasures.find_one({"_id": "e"})["pending"] == []
