"""The answer to a request that failed: the collector's uniform body, with each field and what is wrong."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import JSONResponse

from engine.accounts.api_requests import IdempotencyKeyReused
from engine.contacts.editing.edit import InvalidEdit
from engine.contacts.listing.listing import InvalidFilter
from engine.errors import ContactNotFound, ContactSheetsError
from engine.imports.mapping.columns import InvalidMapping
from engine.jobs.errors import JobNotFound
from workers.collector import answers
from workers.collector.api.errors import ApiRateLimited, InvalidParameters, PreconditionFailed, TooSlow
from workers.collector.errors import BodyTimeout, UnsupportedEncoding

STATUSES: Mapping[type[ContactSheetsError], int] = {
    PreconditionFailed: 412,
    IdempotencyKeyReused: 422,
    BodyTimeout: 408,
    UnsupportedEncoding: 415,
}
"""Errors for which HTTP has a status of their own, besides that of their family."""

_FIELDS: Mapping[type[ContactSheetsError], str] = {
    ContactNotFound: "key",
    InvalidFilter: "where",
    JobNotFound: "id",
}
"""The part of a request that errors of the engine are about."""


def failure(error: ContactSheetsError) -> JSONResponse:
    """Answer a request that failed."""
    status = STATUSES.get(type(error)) or answers.status_of(error)
    if status >= 500:  # what is wrong here is for our log
        words = str(error) if isinstance(error, TooSlow) else "cannot be answered now; send it again"
        return answers.refusal(status, "", words, headers={"Retry-After": str(answers.RETRY_AFTER)})
    headers = answers.retry_after(error.wait) if isinstance(error, ApiRateLimited) else {}
    return answers.refused(status, errors_of(error), headers=headers)


def errors_of(error: ContactSheetsError) -> list[dict[str, str]]:
    """Return the fields at fault, each with the reason."""
    if isinstance(error, InvalidParameters | InvalidEdit) and error.problems:
        return [{"field": field, "message": message} for field, message in error.problems.items()]
    if isinstance(error, InvalidMapping):
        return [{"field": "settings", "message": problem} for problem in error.problems]
    field = next((name for kind, name in _FIELDS.items() if isinstance(error, kind)), "")
    return [{"field": getattr(error, "field", "") or field, "message": str(error)}]
