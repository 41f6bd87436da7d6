"""The OpenAPI 3.1 document, made of the registry."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

from engine.accounts.scopes import GRANTED
from workers.collector.api.operation import Operation, Parameter
from workers.collector.api.registry import OPERATIONS

VERSION = "1.0.0"
"""The version of the API: the first number changes when a client must."""

ERRORS: Mapping[int, str] = {
    400: "The request is invalid; `errors` names each field",
    401: "The key is missing, unknown or revoked",
    403: "The key has not the scope",
    404: "There is no such thing",
    409: "What exists stands against it",
    412: "It was changed since it was read",
    413: "More than is accepted at once",
    422: "The `Idempotency-Key` came with another request before",
    429: "The key sends more requests than it may; see `Retry-After`",
    503: "It cannot be answered now; see `Retry-After`",
}
"""The statuses of refusals."""


class FieldError(msgspec.Struct):
    """A field at fault; empty if the request as a whole is."""

    field: str
    message: str


class Refusal(msgspec.Struct):
    """Every refusal has this body: `code` is the status in words, `message` the first of `errors`."""

    success: bool
    code: str
    message: str
    errors: list[FieldError]


def pages() -> dict[str, Response]:
    """Return the document as the page that serves it."""
    content = json.dumps(document(), ensure_ascii=False)
    headers = {"Cache-Control": "public, max-age=300", "X-Content-Type-Options": "nosniff"}
    return {"/v1/openapi.json": Response(content, 200, headers, "application/json")}


def document() -> dict[str, Any]:
    """Return the OpenAPI document."""
    types = [kind for one in OPERATIONS for kind in (one.body, one.answer) if kind is not None]
    unique = list({kind.__name__: kind for kind in [*types, Refusal]}.values())
    _, schemas = msgspec.json.schema_components(unique, ref_template="#/components/schemas/{name}")
    paths = dict[str, dict[str, Any]]()
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Contact Sheets",
            "version": VERSION,
            "description": "Read and write contacts, segments, imports and exports with a secret key.",
        },
        "servers": [{"url": "/", "description": "The collector that served this document"}],
        "security": [{"key": []}],
        "tags": [{"name": tag} for tag in dict.fromkeys(one.tag for one in OPERATIONS)],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A secret key with the scopes of the operation. Scopes: "
                    + "; ".join(f"`{scope.value}`: {granted.label}" for scope, granted in GRANTED.items()),
                }
            },
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": describe(operation),
        "security": [{"key": [scope.value]} for scope in sorted(operation.scopes)],
        "parameters": [*map(_path, operation.path_parameters), *map(_query, operation.query)],
        "responses": {**_answers(operation), **_refusals(operation)},
    }
    found["parameters"] += _headers(operation)
    if operation.body is not None:
        content = {"schema": _ref(operation.body)}
        if operation.example.body is not None:
            content["example"] = operation.example.body
        found["requestBody"] = {"required": True, "content": {"application/json": content}}
    if operation.upload is not None:
        file = {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}
        found["requestBody"] = {"required": True, "content": {"application/octet-stream": file}}
    return found


def describe(operation: Operation) -> str:
    """Return what there is to know of an operation, with the scope that it needs."""
    scopes = " or ".join(f"`{scope.value}`" for scope in sorted(operation.scopes))
    return f"{operation.about} Scope: {scopes}.".strip()


def _path(name: str) -> dict[str, Any]:
    about = PATH_PARAMETERS[name]
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": about,
        "schema": {"type": "string"},
    }


PATH_PARAMETERS: Mapping[str, str] = {
    "key": "The id, email, mobile phone, external id or tracker of a contact, percent-encoded.",
    "segment": "The id of a segment.",
    "import": "The id of an import.",
    "export": "The id of an export.",
    "job": "The id of a job.",
}
"""What the parts of paths are."""


def _query(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": "query",
        "required": parameter.required,
        "description": parameter.about,
        "schema": dict(parameter.schema),
    }


def _headers(operation: Operation) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "header", "required": False, "description": about, "schema": {"type": "string"}}
        for name, about in headers_of(operation).items()
    ]


def headers_of(operation: Operation) -> dict[str, str]:
    """Return the headers that an operation takes besides `Authorization`, and what they do."""
    found = dict[str, str]()
    if operation.method == "GET" and operation.answer is not None:
        found["If-None-Match"] = "The ETag of what you have: unless it has changed, the answer is 304."
    if operation.matches:
        found["If-Match"] = "The ETag with which it was read: if it has changed since, the answer is 412."
    if operation.creates:
        found["Idempotency-Key"] = (
            "A text of your own for this request: sent again within 24 hours, it is done once and answered "
            "alike."
        )
    return found


def _answers(operation: Operation) -> dict[str, Any]:
    found = dict[str, Any]()
    for status, meaning in operation.statuses.items():
        answer: dict[str, Any] = {"description": meaning}
        if status != 204:
            answer["content"] = {operation.media_type: {"schema": _schema(operation)}}
        if (operation.method == "GET" and operation.answer is not None) or operation.matches:
            answer["headers"] = {"ETag": {"schema": {"type": "string"}}}
        found[str(status)] = answer
    if operation.method == "GET" and operation.answer is not None:
        found["304"] = {"description": "It has not changed"}
    return found


def _schema(operation: Operation) -> dict[str, Any]:
    if operation.answer is None:
        return {"type": "string", "contentMediaType": operation.media_type}
    return _ref(operation.answer)


def _refusals(operation: Operation) -> dict[str, Any]:
    left_out = {412} if not operation.matches else set()
    left_out |= set() if operation.creates else {422}
    left_out |= {409} if operation.method == "GET" else set()
    return {
        str(status): {
            "description": meaning,
            "content": {"application/json": {"schema": _ref(Refusal)}},
        }
        for status, meaning in ERRORS.items()
        if status not in left_out
    }


def _ref(kind: type) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{kind.__name__}"}
