"""What the dashboard's own routes answer when they cannot."""

import pytest
from pymongo.errors import AutoReconnect
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from dashboard.failed_requests import answering
from dashboard.wording import sentence
from engine.errors import Conflict, FoldFailed, LimitExceeded, NotAllowed, NotFound


def answer_for(error):
    async def fails(_request):
        raise error

    def refuse(words, status):
        return JSONResponse(words, status_code=status)

    app = Starlette(routes=[Route("/", answering(fails, refuse))])
    answer = TestClient(app, raise_server_exceptions=False).get("/")
    return answer.status_code, answer.json()


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotAllowed("a viewer may not export contacts"), 403),
        (NotFound("the file is gone: run the export again"), 404),
        (Conflict("this file is being sent already"), 409),
        (LimitExceeded("the file is over 1 GB"), 413),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_for_readers_is_answered_in_its_words(error, status):
    assert answer_for(error) == (status, sentence(error))


def test_a_database_that_is_away_is_said_without_its_address():
    assert answer_for(AutoReconnect("10.0.0.7:27017 refused")) == (
        503,
        "The database is not responding, so nothing was changed. Try again in a moment.",
    )


def test_a_fault_is_answered_with_a_number_and_without_its_words():
    status, words = answer_for(FoldFailed("a1", "ana@x.com"))

    assert status == 500
    assert "ana@x.com" not in words and "error number: " in words
