"""What is said of long work."""

from datetime import timedelta

import pytest

from dashboard.contacts.bulk_changes import is_typed, status_outlook
from dashboard.jobs import job_description
from engine.contacts.bulk import bulk_change
from engine.exports import exporting
from engine.jobs.jobs import Job, JobState
from tests.builders import NOON, SHIPPED


def a_job(**more):
    said = (
        {"change": '{"delete": ""}'}
        if more.pop("deletes", False)
        else {"change": '{"points": 1, "until": null}'}
    )
    return Job("j", bulk_change.KIND, "Title", "u1", "Mia", created_at=NOON, wanted=said, **more)


RUNNING = JobState.RUNNING


@pytest.mark.parametrize(
    ("job", "says"),
    [
        (a_job(), "waiting"),
        (a_job(state=RUNNING), "counting"),
        (a_job(state=RUNNING, total=12_345, done=0), "0 of 12,345 contacts"),
        (
            a_job(state=RUNNING, total=1_000, done=500, refused=3, started_at=NOON),
            "500 of 1,000 contacts · 3 refused · about 1 minute left",
        ),
    ],
)
def test_while_it_is_under_way_it_is_said_how_far_it_is_and_how_long_it_takes(job, says):
    assert job_description.progress(job, now=NOON + timedelta(minutes=1)) == says


@pytest.mark.parametrize(
    ("job", "says"),
    [
        (a_job(state=JobState.DONE, total=1, done=1), "1 contact changed"),
        (
            a_job(state=JobState.DONE, total=1_227, done=1_227, refused=3, unchanged=20),
            "1,204 contacts changed · 3 refused · 20 unchanged",
        ),
        (a_job(state=JobState.DONE, total=2, done=2, deletes=True), "2 contacts deleted"),
        (a_job(state=JobState.DONE, total=2, done=2, undoes="other"), "2 contacts restored"),
        (
            a_job(state=JobState.STOPPED, total=900, done=500, unchanged=1),
            "499 contacts changed · 1 unchanged · stopped with 400 remaining",
        ),
    ],
)
def test_at_its_end_it_is_said_what_it_came_to(job, says):
    assert job_description.outcome(job) == says


def test_nobody_guesses_how_long_it_takes_from_its_first_moments():
    begun = a_job(state=RUNNING, total=100_000, done=500, started_at=NOON)

    assert job_description.remaining(begun, now=NOON + timedelta(seconds=5)) is None
    assert job_description.duration(begun) == ""


@pytest.mark.parametrize(
    ("typed", "wanted", "enough"),
    [
        ("1,204", "1,204", True),
        (" 1204 ", "1,204", True),
        ("1.204", "1,204", False),
        ("", "1,204", False),
        ("Delete", "delete", True),
        ("", "delete", False),
    ],
)
def test_a_number_is_typed_with_or_without_its_separators(typed, wanted, enough):
    assert is_typed(typed, wanted) is enough


def test_what_setting_a_status_comes_to_is_said_before_it_is_done():
    email = SHIPPED.present.machines["email_status"]
    states = {"active": 38, "blocked": 111, "paused": 1}

    assert status_outlook(email, states, "paused") == [
        "1 contact is already paused.",
        "111 contacts will be refused: “blocked” cannot be changed to “paused” manually.",
    ]


@pytest.mark.parametrize(
    ("what", "rows", "state", "says"),
    [
        ("contacts", 1_204, JobState.DONE, "1,204 contacts · 3.4\u00a0MB"),
        ("activities", 1, JobState.DONE, "1 activity of 1,204 contacts · 3.4\u00a0MB"),
        ("contacts", 0, JobState.STOPPED, "no file"),
    ],
)
def test_of_an_export_it_is_said_what_is_in_the_file(what, rows, state, says):
    made = {"file": "j:1", "name": "c.csv", "bytes": 3_400_000, "rows": rows, "as_of": NOON}
    wanted = {"export": f'{{"what": "{what}"}}'}
    job = Job(
        "j",
        exporting.KIND,
        "Export",
        "u1",
        "Mia",
        NOON,
        wanted,
        state,
        done=1_204,
        made=made,
        finished_at=NOON,
    )

    assert job_description.outcome(job) == says
