"""Importing is for those who may, and is in the audit log."""

import io

import pytest

from engine.accounts.current_user import CurrentUser
from engine.db.connection import utc_now
from engine.errors import NotAllowed
from engine.imports import import_service
from engine.imports.mapping.columns import InvalidMapping
from engine.imports.mapping.import_settings import ImportSettings
from engine.jobs import job_service
from engine.pipeline import activity_steps
from engine.publishing import publishing
from tests.builders import acting
from tests.integration.drained import drain_all
from tests.integration.job_runs import run_next_job

MIA = CurrentUser("u1", "mia@x.com", "Mia", "marketer")
VI = CurrentUser("u2", "v@x.com", "Vi", "viewer")
CONTENT = b"email,ciudad,credit\na@x.com,Roma,5\nbad,=1+1,7\n"


def a_file():
    return io.BytesIO(CONTENT)


def settled(**columns):
    return ImportSettings(columns={"email": "email", "ciudad": "", "credit": ""} | columns)


def test_a_marketer_imports_and_takes_back_and_all_of_it_is_logged(db, monkeypatch):
    monkeypatch.setattr(activity_steps, "APPLY_TIMEOUT", 0)  # nobody drains beside the job
    found = import_service.inspect(acting(db, MIA), a_file, name="people.csv")
    assert [column.target for column in found.columns] == ["email", "custom.city", ""]
    assert import_service.preview(acting(db, MIA), a_file, settled()).refused == 1

    import_service.start(acting(db, MIA), a_file(), settled(ciudad="custom.city"), name="p.csv", id_="job-1")
    while run_next_job(db, clock=utc_now, stopped=lambda: False):
        drain_all(db)
    [job] = job_service.recent(acting(db, MIA))
    assert job_service.recent(acting(db, VI)) == []
    for ask in (
        lambda: job_service.undo(acting(db, VI), "job-1"),
        lambda: job_service.stop(acting(db, VI), "job-1"),
        lambda: job_service.job(acting(db, VI), "job-1"),
    ):
        with pytest.raises(NotAllowed, match="a viewer cannot import contacts"):
            ask()
    job_service.undo(acting(db, MIA), "job-1")

    assert (job.created, job.refused, job.title, job.by_name) == (1, 1, "Import of p.csv", "Mia")
    name, lines = import_service.refused_file(acting(db, MIA), job.id)
    assert name == "p-refused.csv"
    header, row = "".join(lines).removeprefix("\ufeff").splitlines()
    assert header == "email,ciudad,credit,Line in the file,Why it was refused"
    assert row.startswith("bad,'=1+1,7,3,")
    assert {entry["act"]: entry["by_name"] for entry in db.audit.find()} == {
        "imported a file": "Mia",
        "undid an import": "Mia",
        "downloaded refused rows": "Mia",
    }
    remembered = import_service.inspect(
        acting(db, MIA), lambda: io.BytesIO(b"EMAIL,Ciudad\na@x.com,x\n"), name="more.csv"
    )
    assert [(column.target, column.because) for column in remembered.columns] == [
        ("email", "remembered"), ("custom.city", "remembered"),
    ]  # fmt: skip


def test_who_may_not_import_does_not_and_nobody_fills_what_is_not_theirs(db):
    for ask in (
        lambda: import_service.inspect(acting(db, VI), a_file, name="people.csv"),
        lambda: import_service.preview(acting(db, VI), a_file, settled()),
        lambda: import_service.start(acting(db, VI), a_file(), settled(), name="p.csv", id_="job-1"),
    ):
        with pytest.raises(NotAllowed, match="a viewer cannot import contacts"):
            ask()

    fields = "fields:\n  - {id: credit, label: Credit, type: number, edit: [admin]}\n"
    publishing.publish(
        db, publishing.completed(db, {"fields.yaml": fields}), by="ana", message="credit", now=utc_now()
    )
    with pytest.raises(InvalidMapping, match="Credit can only be changed by an admin"):
        import_service.start(
            acting(db, MIA), a_file(), settled(credit="custom.credit"), name="p.csv", id_="job-1"
        )
    with pytest.raises(InvalidMapping, match=r"a contact has no field 'custom\.gone'"):
        import_service.start(
            acting(db, MIA), a_file(), settled(credit="custom.gone"), name="p.csv", id_="job-1"
        )
    assert db.jobs.count_documents({}) == db["imports.files"].count_documents({}) == 0
