"""An earlier import of the same file, in words."""

import pytest

from engine.imports import import_request
from engine.jobs.jobs import Job, JobState
from tests.builders import NOON

SAID = "Mia imported the very same file on 2 Mar, as fair.csv"


def before(state=JobState.DONE, **more):
    wanted = {"file": "fair.csv"}
    return Job("1", "import", "Import of fair.csv", "u1", "Mia", NOON, wanted=wanted, state=state, **more)


@pytest.mark.parametrize(
    ("job", "words"),
    [
        (before(), "Mia imported the very same file on 2 Mar, as fair.csv"),
        (before(undone_by="2"), f"{SAID}; that was undone since"),
        (before(JobState.STOPPED), f"{SAID}; that was stopped half-way"),
        (before(JobState.STOPPED, undone_by="2"), f"{SAID}; that was undone since"),
        (before(JobState.FAILED), f"{SAID}; that broke off"),
        (before(JobState.WAITING), "Mia is importing the very same file right now, as fair.csv, since 2 Mar"),
    ],
    ids=["done", "taken back", "stopped", "stopped and taken back", "failed", "under way"],
)
def test_an_import_of_the_same_file_is_told_in_one_sentence(job, words):
    assert import_request.describe_earlier(job, when="2 Mar") == words
