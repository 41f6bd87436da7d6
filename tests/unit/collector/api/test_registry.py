"""The operations of the API as data: each is documented, guarded and reachable, and collides with nothing."""

import inspect
from itertools import combinations

import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from engine.accounts.scopes import Scope
from workers.collector.api import openapi, routing
from workers.collector.api.curl import curl
from workers.collector.api.registry import OPERATIONS
from workers.collector.intake import CALLS

each = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)


@each
def test_an_operation_is_documented_and_needs_a_scope(operation):
    assert operation.summary and not operation.summary.endswith(".")
    assert operation.scopes <= set(Scope) and operation.scopes
    assert operation.scopes.isdisjoint({Scope.EVENTS, Scope.REACHABILITY, Scope.SEE_PERSONAL})
    assert operation.statuses and all(operation.statuses.values())
    assert all(parameter.about.endswith((".", "`.")) for parameter in operation.query)
    assert set(operation.path_parameters) == set(operation.example.path) <= set(openapi.PATH_PARAMETERS)
    assert set(operation.example.query) <= {parameter.name for parameter in operation.query}


@each
def test_a_write_can_be_sent_again_and_a_read_takes_no_body(operation):
    if operation.method == "GET":
        assert operation.body is None and operation.upload is None and not operation.creates
        assert not operation.matches
    if operation.method == "POST" and set(operation.statuses) & {201, 202}:
        # A preview is started once for its settings, whoever asks.
        assert operation.creates or operation.id == "previewImport"


@each
def test_every_struct_of_a_body_and_an_answer_is_explained(operation):
    for kind in (operation.body, operation.answer):
        assert kind is None or not inspect.getdoc(kind).startswith(kind.__name__ + "(")
    if operation.body is not None:
        assert operation.body.__struct_config__.forbid_unknown_fields
        if operation.example.body is not None:
            msgspec.convert(operation.example.body, operation.body)


def test_no_two_operations_are_at_one_place_or_have_one_name():
    assert len({operation.id for operation in OPERATIONS}) == len(OPERATIONS)
    for one, other in combinations(OPERATIONS, 2):
        assert (one.method, one.path) != (other.method, other.path)
        if one.method == other.method and len(one.parts) == len(other.parts):
            differs = any(
                mine != its and not mine.startswith("{") and not its.startswith("{")
                for mine, its in zip(one.parts, other.parts, strict=True)
            )
            assert differs, f"{one.path} and {other.path} match the same requests"


def test_every_operation_is_below_a_root_of_the_api_and_none_is_a_tracking_call():
    assert {operation.parts[1] for operation in OPERATIONS} <= routing.ROOTS
    assert routing.ROOTS.isdisjoint({*CALLS, "m", "projects"})


def test_the_openapi_document_is_valid_and_has_every_operation():
    document = openapi.document()

    OpenAPIV31SpecValidator(document).validate()
    found = {one["operationId"] for path in document["paths"].values() for one in path.values()}
    assert found == {operation.id for operation in OPERATIONS}
    for operation in OPERATIONS:
        described = document["paths"][operation.path][operation.method.lower()]
        assert {str(status) for status in operation.statuses} <= described["responses"].keys()
        assert {p["name"] for p in described["parameters"]} >= {p.name for p in operation.query}


def test_no_two_values_have_one_name():
    names = {}
    for operation in OPERATIONS:
        for kind in (operation.body, operation.answer):
            if kind is not None:
                assert names.setdefault(kind.__name__, kind) is kind


def test_an_example_is_a_command_whose_quotes_close():
    commands = [curl(operation) for operation in OPERATIONS]

    assert all(command.count("'") % 2 == 0 for command in commands)
    assert all('"$URL/v1/' in command and "Bearer $KEY" in command for command in commands)
