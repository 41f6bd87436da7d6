"""What is said of a file that was imported before."""

import io

import pytest

from engine.imports import import_request, stored_files
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
        (before(undone_by="2"), f"{SAID}; that was taken back since"),
        (before(JobState.STOPPED), f"{SAID}; that was stopped half-way"),
        (before(JobState.STOPPED, undone_by="2"), f"{SAID}; that was taken back since"),
        (before(JobState.FAILED), f"{SAID}; that broke off"),
        (before(JobState.WAITING), "Mia is importing the very same file right now, as fair.csv, since 2 Mar"),
    ],
    ids=["done", "taken back", "stopped", "stopped and taken back", "failed", "under way"],
)
def test_an_import_of_the_same_file_is_told_in_one_sentence(job, words):
    assert import_request.describe_earlier(job, when="2 Mar") == words


def test_a_digest_is_that_of_the_content_and_of_this_installation():
    digest = stored_files.digest_of(io.BytesIO(b"email\n"), secret=b"ours")

    assert digest == stored_files.digest_of(io.BytesIO(b"email\n"), secret=b"ours")
    assert digest != stored_files.digest_of(io.BytesIO(b"email\r\n"), secret=b"ours")
    assert digest != stored_files.digest_of(io.BytesIO(b"email\n"), secret=b"theirs")
