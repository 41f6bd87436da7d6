"""An earlier import of the same file, in words."""

import pytest

from engine.imports import import_request
from engine.jobs.jobs import Job, JobState
from tests.builders import NOON

SAID = "Mia imported the same file on 2 Mar, as fair.csv"


def before(state=JobState.DONE, **more):
    wanted = {"file": "fair.csv"}
    return Job("1", "import", "Import of fair.csv", "u1", "Mia", NOON, wanted=wanted, state=state, **more)


@pytest.mark.parametrize(
    ("job", "words"),
    [
        (before(), "Mia imported the same file on 2 Mar, as fair.csv"),
        (before(undone_by="2"), f"{SAID}; it was undone"),
        (before(JobState.STOPPED), f"{SAID}; it was stopped"),
        (before(JobState.STOPPED, undone_by="2"), f"{SAID}; it was undone"),
        (before(JobState.FAILED), f"{SAID}; it failed"),
        (before(JobState.WAITING), "Mia is importing the same file now, as fair.csv, since 2 Mar"),
    ],
    ids=["done", "taken back", "stopped", "stopped and taken back", "failed", "under way"],
)
def test_an_import_of_the_same_file_is_told_in_one_sentence(job, words):
    assert import_request.describe_earlier(job, when="2 Mar") == words
