"""Which HTTP status stands for each family of errors, for all that answers HTTP."""

from __future__ import annotations

from collections.abc import Mapping

from engine import errors
from engine.errors import ContactSheetsError, Family, family_of

HTTP_STATUS: Mapping[Family, int] = {
    errors.Invalid: 400,
    errors.Unauthenticated: 401,
    errors.NotAllowed: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.LimitExceeded: 413,
    errors.TooManyRequests: 429,
    errors.InternalFault: 500,
    errors.Unavailable: 503,
    errors.Aborted: 503,
    errors.Misconfigured: 503,
}


def http_status(error: ContactSheetsError) -> int:
    """Return the status that answers a request which failed with an error."""
    return HTTP_STATUS[family_of(error)]
