"""What the collector answers: Segment's own words when all went well, else which field and why."""

from __future__ import annotations

import math
from typing import Any

from starlette.responses import JSONResponse, Response

from workers.collector.intake import Taken

RETRY_AFTER = 5
"""Seconds after which a sender may try again while MongoDB is away."""


def answer_to(taken: Taken) -> Response:
    """200 if anything was kept, with the list of what was not; 400 if nothing was."""
    errors = [refused.as_json() for refused in taken.refused]
    if not errors:
        return JSONResponse({"success": True})
    if taken.activities:
        return JSONResponse({"success": True, "accepted": len(taken.activities), "errors": errors})
    return JSONResponse({"success": False, "errors": errors}, status_code=400)


def refusal(status: int, field: str, message: str, *, headers: dict[str, str] | None = None) -> JSONResponse:
    """A request that was refused as a whole."""
    errors: list[dict[str, Any]] = [{"field": field, "message": message}]
    return JSONResponse({"success": False, "errors": errors}, status_code=status, headers=headers)


def unknown_key() -> JSONResponse:
    # No WWW-Authenticate: a browser would ask the shop's visitors for a password.
    message = "is missing, unknown or revoked; send a key as the user name of Basic authentication"
    return refusal(401, "writeKey", message)


def too_fast(seconds: float) -> JSONResponse:
    retry = {"Retry-After": str(max(1, math.ceil(seconds)))}
    return refusal(429, "writeKey", "sends more events than it may; slow down", headers=retry)


def unavailable() -> JSONResponse:
    retry = {"Retry-After": str(RETRY_AFTER)}
    return refusal(503, "", "the events could not be kept now; send them again", headers=retry)
