"""Which HTTP status stands for each family of errors, for all that answers HTTP."""

from __future__ import annotations

from collections.abc import Mapping

from engine.errors import (
    Aborted,
    Conflict,
    ContactSheetsError,
    Family,
    InternalFault,
    Invalid,
    LimitExceeded,
    Misconfigured,
    NotAllowed,
    NotFound,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    family_of,
)

HTTP_STATUS: Mapping[Family, int] = {
    Invalid: 400,
    Unauthenticated: 401,
    NotAllowed: 403,
    NotFound: 404,
    Conflict: 409,
    LimitExceeded: 413,
    TooManyRequests: 429,
    InternalFault: 500,
    Unavailable: 503,
    Aborted: 503,
    Misconfigured: 503,
}


def http_status(error: ContactSheetsError) -> int:
    """Return the status that answers a request which failed with an error."""
    return HTTP_STATUS[family_of(error)]
