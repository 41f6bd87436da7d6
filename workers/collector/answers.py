"""The collector's responses: Segment's own on success, else the invalid field and the reason."""

from __future__ import annotations

import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Protocol, runtime_checkable

from starlette.responses import JSONResponse, Response

from engine.errors import ContactSheetsError
from engine.http_status import http_status
from workers.collector.errors import BodyTimeout, RateLimited, UnsupportedEncoding
from workers.collector.intake import SortedEvents
from workers.collector.limits import MAX_ERRORS

RETRY_AFTER = 5
"""Seconds after which a sender may try again while MongoDB is away."""

FINER: Mapping[type[ContactSheetsError], int] = {BodyTimeout: 408, UnsupportedEncoding: 415}
"""Errors for which HTTP has a status of their own, besides that of their family."""


def answer_to(taken: SortedEvents) -> Response:
    """200 if anything was kept, with the list of what was not; 429 or 400 if nothing was."""
    left_out = sorted([*taken.refused, *taken.turned_away], key=lambda r: r.index)
    errors = [one.as_json() for one in left_out[:MAX_ERRORS]]
    if not errors:
        return JSONResponse({"success": True})
    if taken.activities:
        counts = {"accepted": len(taken.activities), "refused": len(left_out)}
        return JSONResponse({"success": True, **counts, "errors": errors})
    if taken.turned_away:
        return refused(429, errors, headers=retry_after(taken.wait))
    return refused(400, errors)


def status_of(error: ContactSheetsError) -> int:
    """Return the status of the answer to a request that failed with an error."""
    return FINER.get(type(error)) or http_status(error)


def failure(error: ContactSheetsError) -> JSONResponse:
    """Answer a request that failed as a whole."""
    status = status_of(error)
    if status >= 500:  # what is wrong here is for our log, and the events are to come again
        return unavailable(status)
    # No WWW-Authenticate with 401: a browser would ask the shop's visitors for a password.
    field = error.field if isinstance(error, _HasField) else ""
    return refusal(status, field, str(error), headers=_headers(error))


def refusal(status: int, field: str, message: str, *, headers: dict[str, str] | None = None) -> JSONResponse:
    """Answer with one field and what is wrong with it."""
    return refused(status, [{"field": field, "message": message}], headers=headers)


def refused(
    status: int, errors: list[dict[str, Any]], *, headers: dict[str, str] | None = None
) -> JSONResponse:
    """The body of every refusal: clients of others read `code` and `message`, or send again for minutes."""
    first = errors[0]
    body = {
        "success": False,
        "code": HTTPStatus(status).name.lower(),
        "message": f"{first['field']} {first['message']}".strip(),
        "errors": errors,
    }
    return JSONResponse(body, status_code=status, headers=headers)


def unavailable(status: int = 503) -> JSONResponse:
    """Ask for the events once more, later."""
    retry = {"Retry-After": str(RETRY_AFTER)}
    return refusal(status, "", "the events could not be kept now; send them again", headers=retry)


def _headers(error: ContactSheetsError) -> dict[str, str]:
    return retry_after(error.wait) if isinstance(error, RateLimited) else {}


def retry_after(wait: float) -> dict[str, str]:
    """The header that says when to send again, in whole seconds."""
    return {"Retry-After": str(max(1, math.ceil(wait)))}


@runtime_checkable
class _HasField(Protocol):
    field: str
