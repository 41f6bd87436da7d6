"""Routing by raw paths, signed cursors, preconditions, and how parameters and bodies are read."""

import msgspec
import pytest

from workers.collector.api import parameters, routing
from workers.collector.api.conditional import IfMatch, etag_of, is_unchanged, tags_of
from workers.collector.api.cursors import Cursors
from workers.collector.api.errors import InvalidParameters, PreconditionFailed
from workers.collector.api.parameters import read_body, read_query
from workers.collector.api.registry import OPERATIONS

ROUTES = [(operation.method, operation.parts) for operation in OPERATIONS]
BY_ID = {operation.id: operation for operation in OPERATIONS}


@pytest.mark.parametrize(
    ("method", "path", "operation", "found"),
    [
        ("GET", "/v1/contacts", "listContacts", {}),
        ("HEAD", "/v1/contacts/", "listContacts", {}),
        ("GET", "/v1/contacts/ana@example.com", "getContact", {"key": "ana@example.com"}),
        ("GET", "/v1/contacts/a%2Factivities", "getContact", {"key": "a/activities"}),
        ("GET", "/v1/contacts/a/activities", "listActivities", {"key": "a"}),
        ("GET", "/v1/contacts/%2B34600", "getContact", {"key": "+34600"}),
        ("GET", "/v1/contacts/jos%C3%A9", "getContact", {"key": "josé"}),
        ("DELETE", "/v1/contacts/7", "deleteContact", {"key": "7"}),
        ("POST", "/v1/segments/fair/members/remove", "removeMembers", {"segment": "fair"}),
    ],
)
def test_a_request_leads_to_its_operation(method, path, operation, found):
    matched = routing.match(ROUTES, method, path)

    assert OPERATIONS[matched.index].id == operation
    assert matched.path == found


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/contacts/ana", ("GET", "PATCH", "DELETE")),
        ("DELETE", "/v1/contacts/ana/activities", ("GET",)),
        ("GET", "/v1/exports", ("POST",)),
    ],
)
def test_another_method_is_answered_with_those_that_there_are(method, path, allowed):
    assert routing.match(ROUTES, method, path).allowed == allowed


@pytest.mark.parametrize("path", ["/v1/contacts/a/b/c", "/v1/contacts/%20", "/v1/jobs/1/2/3", "/v1"])
def test_a_path_of_nothing_leads_nowhere(path):
    assert routing.match(ROUTES, "GET", path) is None


def test_a_cursor_is_read_where_it_was_signed_and_nowhere_else():
    cursors = Cursors(b"secret", "/v1/contacts\n[]")
    signed = cursors.sign("2026-03-02T12:00:00+00:00~é/1")

    assert cursors.read(signed) == "2026-03-02T12:00:00+00:00~é/1"
    assert cursors.sign(None) is None and cursors.read(None) is None
    flipped = ("B" if signed[5] != "B" else "C") + signed[1:5] + signed[5:]
    for other in (flipped, signed[:-2], signed + "AA", "x", "🂡", "=", " "):
        with pytest.raises(InvalidParameters, match="cursor"):
            cursors.read(other)
    for elsewhere in (Cursors(b"secret", "/v1/contacts\n[q]"), Cursors(b"other", "/v1/contacts\n[]")):
        with pytest.raises(InvalidParameters):
            elsewhere.read(signed)


def test_what_is_read_is_compared_by_its_tags():
    etag = etag_of(b"{}")

    assert is_unchanged(f'"other", W/{etag}', etag) and is_unchanged("*", etag)
    assert not is_unchanged("", etag) and not is_unchanged('"other"', etag)
    IfMatch(tags_of(etag)).check(etag)
    IfMatch(tags_of("*")).check(etag)
    IfMatch().check(etag)
    with pytest.raises(PreconditionFailed):
        IfMatch(tags_of('"other"')).check(etag)


def test_everything_that_is_wrong_with_an_address_is_named_at_once():
    given = [("limit", "0"), ("where", "[1]"), ("sort", "age"), ("offset", "5"), ("q", "a"), ("q", "b")]

    with pytest.raises(InvalidParameters) as refused:
        read_query(BY_ID["listContacts"], given)

    problems = refused.value.problems
    assert problems["limit"] == "must be a whole number from 1 to 200"
    assert "must be a JSON object" in problems["where"]
    assert problems["sort"].startswith("must be one of -active_at")
    assert problems["offset"] == "is unknown; there are: where, q, sort, limit, cursor"
    assert problems["q"] == "is given twice"


def test_what_is_left_out_has_its_default():
    found = read_query(BY_ID["listContacts"], [])

    assert found == {"where": {}, "q": "", "sort": "-active_at", "limit": 50, "cursor": None}


@pytest.mark.parametrize("text", ["x" * 8_001, "[" * 8_000])
def test_a_parameter_is_bounded(text):
    with pytest.raises(InvalidParameters, match="where"):
        read_query(BY_ID["listContacts"], [("where", text)])


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    """Inside."""

    name: str


class Outer(msgspec.Struct, forbid_unknown_fields=True):
    """Outside."""

    count: int
    inner: Inner | None = None
    many: list[Inner] = []


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        (b"{", "body", "no JSON"),
        (b"\xff", "body", "no JSON"),
        (b"[]", "body", "expected `object`"),
        (b"[" * 100_000, "body", ""),
        (b"{}", "count", "is missing"),
        (b'{"count": "1"}', "count", "expected `int`"),
        (b'{"count": 1, "cuont": 2}', "cuont", "there are: count, inner, many"),
        (b'{"count": 1, "inner": {"nam": "x"}}', "inner.nam", "there are: name"),
        (b'{"count": 1, "many": [{"name": "x"}, {"name": 5}]}', "many[1].name", "expected `str`"),
    ],
)
def test_a_body_that_cannot_be_accepted_names_its_field(body, field, words):
    with pytest.raises(InvalidParameters) as refused:
        read_body(Outer, body)

    [(named, message)] = refused.value.problems.items()
    assert named == field and words in message


def test_a_limit_of_a_page_is_whole():
    assert parameters.limit().read("200") == 200
