"""The check of a whole file is done by the workers, whoever of them is killed, and is kept with the file."""

from dataclasses import replace

import pytest

from engine.accounts.current_user import CurrentUser
from engine.db.connection import utc_now
from engine.imports import draft_service, drafts, preview_job
from engine.imports.mapping.columns import InvalidMapping
from engine.imports.mapping.import_settings import ImportSettings
from engine.jobs import job_lease, job_service, jobs, kinds
from engine.jobs.job_lease import CLAIM
from engine.jobs.jobs import JobState
from engine.publishing import publishing
from tests.builders import acting, identified, minutes
from tests.integration.drained import receive_and_drain
from tests.integration.job_runs import run_next_job

MIA = CurrentUser("u1", "mia@x.com", "Mia", "marketer")
FILE = b"email,city\nana@x.com,Roma\n" + b"bad,x\n" + b"c@x.com," + b"x" * 1_000 + b"\n"
SETTLED = ImportSettings(columns={"email": "email", "city": "custom.city"})


def a_draft(db, content=FILE, wanted=SETTLED):
    id_ = drafts.expect(db, by="u1", session=None, now=utc_now())
    coming = drafts.receive(db, id_, "people.csv")
    coming.write(content)
    coming.finish()
    draft_service.store_settings(acting(db, MIA), id_, wanted)
    return id_


def check(db, id_):
    return draft_service.preview(acting(db, MIA), id_)


def run(db, clock=utc_now):
    return run_next_job(db, clock=clock, stopped=lambda: False)


def test_what_a_check_found_is_kept_and_writes_nothing_of_the_file(db):
    receive_and_drain(db, [identified(minutes(0), email="ana@x.com")])
    id_ = a_draft(db)
    assert check(db, id_).job.state == JobState.WAITING
    assert check(db, id_).job.id == check(db, id_).job.id
    assert run(db)
    assert not run(db)

    found = check(db, id_)
    assert (found.job.state, found.job.share) == (JobState.DONE, 1.0)
    assert found.result.outcomes == {"created": 1, "updated": 1, "unchanged": 0}
    assert [(one.kind, one.examples[0].line) for one in found.result.problems] == [("email", 3)]
    assert [len(row.values["custom.city"]) for row in found.result.preview] == [4, preview_job.MAX_SHOWN + 1]
    assert db.activities.count_documents({"source": "import"}) == 0
    assert db.contacts.count_documents({}) == 1
    assert job_service.recent(acting(db, MIA)) == []
    assert [job.kind for job in job_service.at_hand(acting(db, MIA))] == [preview_job.KIND]


def test_a_check_begins_anew_with_other_settings_or_rules_and_ends_with_the_file(db):
    id_ = a_draft(db)
    first = check(db, id_).job.id
    draft_service.store_settings(acting(db, MIA), id_, replace(SETTLED, mode="create"))
    second = check(db, id_).job.id
    fields = publishing.completed(db, {"fields.yaml": "fields:\n  - {id: city, label: Town, type: text}\n"})
    publishing.publish(db, fields, by="ana", message="town", now=utc_now())
    third = check(db, id_).job.id
    assert len({first, second, third}) == 3
    assert [row["_id"] for row in db.jobs.find({"kind": preview_job.KIND})] == [third]

    draft_service.discard(acting(db, MIA), id_)
    assert db.jobs.count_documents({"kind": preview_job.KIND}) == 0


def test_a_check_that_a_killed_worker_left_is_done_by_the_next(db):
    id_ = a_draft(db)
    job = check(db, id_).job
    assert job_lease.claim(db, list(kinds.registered()), now=utc_now()).id == job.id
    assert not run(db)

    assert run(db, clock=lambda: utc_now() + 2 * CLAIM)
    assert check(db, id_).result.refused == 1


def test_a_check_stops_when_nobody_wants_it_and_says_why_it_could_not_go_on(db, monkeypatch):
    monkeypatch.setattr(preview_job, "REPORT_EVERY", 0)
    rows = b"".join(b"p%d@x.com,Roma\n" % n for n in range(5_000))
    id_ = a_draft(db, b"email,city\n" + rows)
    stopped = check(db, id_).job
    reach = job_lease.reach
    monkeypatch.setattr(
        job_lease,
        "reach",
        lambda *args, **more: jobs.stop(db, stopped.id, now=utc_now()) or reach(*args, **more),
    )
    run(db)
    assert (check(db, id_).job.state, check(db, id_).result) == (JobState.STOPPED, None)
    monkeypatch.setattr(job_lease, "reach", reach)
    draft_service.resume_preview(acting(db, MIA), id_)
    run(db)
    assert check(db, id_).result.rows == 5_000

    broken = a_draft(db, b"email,city\n" + rows, ImportSettings(columns={"Mail": "email"}))
    job = check(db, broken).job
    run(db)
    assert "there is no column 'Mail'" in jobs.job(db, job.id).failure

    theirs = "fields:\n  - {id: city, label: City, type: text, edit: [admin]}\n"
    publishing.publish(
        db, publishing.completed(db, {"fields.yaml": theirs}), by="a", message="m", now=utc_now()
    )
    with pytest.raises(InvalidMapping):
        check(db, id_)
