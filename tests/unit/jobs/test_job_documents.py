"""Jobs as they are kept: who may go on with one, and in which state."""

from datetime import timedelta

import pytest

from engine.db import leases
from engine.errors import InvalidDocument
from engine.jobs import job_lease, jobs
from engine.jobs.job_document import StoredJob
from engine.jobs.job_lease import CLAIM, MAX_ATTEMPTS
from engine.jobs.jobs import Job, JobState, Step
from tests.builders import NOON

LATER = NOON + CLAIM


def a_job(id_="j1", **values):
    return Job(id_, "tidy", "Tidy up", "u1", "Ana", NOON, **values)


@pytest.fixture
def db(mock_db):
    jobs.add(mock_db, a_job(wanted={"contact": "c1", "how": {"deep": [1, 2]}}))
    return mock_db


def claim(db, *, now=NOON, holder="w1"):
    return job_lease.claim(db, ["tidy"], now=now, holder=holder)


def state(db):
    return jobs.job(db, "j1").state


def test_a_job_is_read_back_as_plain_values(db):
    job = jobs.job(db, "j1")

    assert job == a_job(wanted={"contact": "c1", "how": {"deep": [1, 2]}})
    assert (type(job.wanted), type(job.wanted["how"]), type(job.wanted["how"]["deep"])) == (dict, dict, list)


def test_a_job_is_kept_once_for_its_id(db):
    assert not jobs.add(db, a_job())
    assert jobs.job(db, "j1").wanted["contact"] == "c1"


def test_a_claimed_job_is_left_to_its_holder_until_that_falls_silent(db):
    claimed = claim(db)

    assert (claimed.state, claimed.started_at) == (JobState.RUNNING, NOON)
    assert claim(db, holder="w2") is None
    assert claim(db, holder="w1") is not None
    assert claim(db, now=LATER, holder="w2").id == "j1"


def test_the_job_that_has_waited_longest_comes_first(db):
    jobs.add(db, Job("j0", "tidy", "Before", "u1", "Ana", NOON - timedelta(hours=1)))

    assert [claim(db).id, claim(db, holder="w2").id] == ["j0", "j1"]


def test_a_step_is_noted_once(db):
    job = claim(db)

    advanced = job_lease.advance(db, job, Step("1", 3, refused=1, made={"files": 2}), now=NOON)

    assert (advanced.cursor, advanced.done, advanced.refused, advanced.made) == ("1", 3, 1, {"files": 2})
    assert job_lease.advance(db, job, Step("1", 3), now=NOON) is None
    assert jobs.job(db, "j1").done == 3


def test_a_stopped_job_keeps_the_step_that_was_under_way_and_goes_no_further(db):
    job = claim(db)
    jobs.stop(db, "j1", now=NOON)

    assert not job_lease.keep(db, "j1", now=NOON)
    assert not job_lease.reach(db, job, 2, now=NOON)
    assert job_lease.advance(db, job, Step("1", 3), now=NOON) is None
    assert (state(db), jobs.job(db, "j1").done) == (JobState.STOPPED, 3)


@pytest.mark.parametrize("end", [job_lease.finish, jobs.stop])
def test_what_has_ended_does_not_end_again(db, end):
    claim(db)
    end(db, "j1", now=NOON)
    ended = jobs.job(db, "j1")

    job_lease.fail(db, "j1", "too late", now=LATER)

    assert jobs.job(db, "j1") == ended
    assert claim(db, now=LATER) is None


def test_a_job_that_failed_goes_on_from_where_it_was(db):
    job_lease.advance(db, claim(db), Step("1", 3), now=NOON)
    job_lease.fail(db, "j1", "x" * 600, now=NOON)
    failed = jobs.job(db, "j1")

    jobs.resume(db, "j1")

    resumed = jobs.job(db, "j1")
    assert (failed.state, len(failed.failure), failed.finished_at) == (JobState.FAILED, 500, NOON)
    assert (resumed.state, resumed.cursor, resumed.failure, resumed.finished_at) == (
        JobState.WAITING, "1", None, None,
    )  # fmt: skip


def test_a_job_that_is_under_way_is_not_begun_anew(db):
    claim(db)

    jobs.resume(db, "j1")

    assert state(db) is JobState.RUNNING


def test_a_job_over_which_every_worker_dies_is_given_up(db):
    for number in range(MAX_ATTEMPTS):
        assert claim(db, now=NOON + number * CLAIM) is not None

    assert claim(db, now=NOON + MAX_ATTEMPTS * CLAIM) is None
    assert state(db) is JobState.FAILED


def test_a_job_of_a_dead_worker_is_free_at_once(db):
    claim(db, holder="dead")

    assert leases.release_dead(db.jobs, job_lease.HELD, lambda holder: holder == "dead") == ["j1"]
    assert leases.release_dead(db.jobs, job_lease.HELD, lambda holder: holder == "dead") == []
    assert claim(db, holder="w2").id == "j1"


def test_a_job_that_takes_another_back_is_known_by_that(db):
    jobs.add(db, a_job("undo", undoes="j1"))

    assert jobs.job(db, "j1").undone_by == "undo"


def test_jobs_are_found_by_what_they_want(db):
    assert [job.id for job in jobs.wanting(db, "tidy", "contact", "c1")] == ["j1"]
    assert jobs.wanting(db, "tidy", "contact", "c2") == []


def test_a_job_of_an_older_version_is_read(mock_db):
    mock_db.jobs.insert_one(
        {
            "_id": "old", "kind": "tidy", "title": "t", "by": "u1", "by_name": "Ana", "created_at": NOON,
            "state": "waiting", "done": 0, "attempts": 0, "wanted": {}, "colour": "red",
        }
    )  # fmt: skip

    job = job_lease.claim(mock_db, ["tidy"], now=NOON)
    job_lease.advance(mock_db, job, Step("1", 1), now=NOON)

    assert jobs.job(mock_db, "old").done == 1
    assert mock_db.jobs.find_one()["colour"] == "red"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"state": "asleep"}, "state"),
        ({"done": -1}, "done"),
        ({"wanted": {"$where": "1"}}, "wanted"),
        ({"failure": "x" * 501}, "failure"),
        ({"undoes": "j9"}, "undoes"),
    ],
    ids=str,
)
def test_a_job_that_makes_no_sense_is_refused_by_its_field(mock_db, values, field):
    job = {
        "id": "j9", "kind": "tidy", "title": "t", "by": "u1", "by_name": "Ana", "created_at": NOON,
        "wanted": {}, "state": JobState.WAITING, "done": 0, "attempts": 0, **values,
    }  # fmt: skip

    with pytest.raises(InvalidDocument) as caught:
        StoredJob.on(mock_db).insert(StoredJob(**job))

    assert (caught.value.document, caught.value.field) == ("StoredJob", field)


def test_no_job_is_put_into_a_state_that_there_is_not(db):
    with pytest.raises(InvalidDocument, match=r"^StoredJob\.state: "):
        StoredJob.on(db, id="j1").update_one(set__state="asleep")
