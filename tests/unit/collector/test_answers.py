"""What the collector answers to a request that failed as a whole."""

import json
from http import HTTPStatus

import pytest

from engine.errors import FoldFailed, InvalidActivity, Unavailable
from workers.collector.answers import failure
from workers.collector.errors import (
    BodyTimeout,
    BodyTooLarge,
    InvalidRequest,
    RateLimited,
    UnknownCall,
    UnknownWriteKey,
    UnsupportedEncoding,
)


@pytest.mark.parametrize(
    ("error", "status", "field"),
    [
        (InvalidRequest("batch", "is empty"), 400, "batch"),
        (InvalidActivity("sentAt", "is no time"), 400, "sentAt"),
        (UnknownWriteKey(), 401, "writeKey"),
        (UnknownCall("no such call"), 404, "path"),
        (BodyTimeout("body", "did not arrive"), 408, "body"),
        (BodyTooLarge("is longer"), 413, "body"),
        (UnsupportedEncoding("Content-Encoding", "is not understood"), 415, "Content-Encoding"),
        (RateLimited(1.2), 429, "writeKey"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_refusal_names_the_field_and_the_reason(error, status, field):
    answer = failure(error)

    assert answer.status_code == status
    body = json.loads(answer.body)
    assert (body["success"], body["errors"]) == (False, [{"field": field, "message": str(error)}])
    assert body["code"] == HTTPStatus(status).name.lower()
    assert body["message"] == f"{field} {error}"


def test_who_sends_too_fast_is_told_when_to_come_again():
    assert failure(RateLimited(1.2)).headers["Retry-After"] == "2"
    assert failure(RateLimited(0.001)).headers["Retry-After"] == "1"


@pytest.mark.parametrize(
    ("error", "status"), [(Unavailable("db1:27017 is away"), 503), (FoldFailed("a1", "ana@x.com"), 500)]
)
def test_what_is_wrong_here_is_not_told_and_the_events_are_to_come_again(error, status):
    answer = failure(error)

    assert (answer.status_code, answer.headers["Retry-After"]) == (status, "5")
    [told] = json.loads(answer.body)["errors"]
    assert told == {"field": "", "message": "the events could not be kept now; send them again"}
