"""Error responses of the dashboard's own routes: the status of the error's family, and a message."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog
from pymongo.errors import PyMongoError
from starlette.requests import Request
from starlette.responses import Response

from dashboard.ui.problems import lines_of
from engine.errors import ContactSheetsError, Unavailable
from engine.http_status import http_status

Handler = Callable[[Request], Awaitable[Response]]
Refuse = Callable[[str, int], Response]
"""Makes the answer out of words for a person and the status."""

log = structlog.get_logger()


def answering(handler: Handler, refuse: Refuse) -> Handler:
    """Return a handler that answers its errors instead of raising them, as far as they can be expected."""

    async def answered(request: Request) -> Response:
        try:
            return await handler(request)
        except PyMongoError as error:
            return _failed(Unavailable(str(error)), refuse)
        except ContactSheetsError as error:
            return _failed(error, refuse)

    return answered


def _failed(error: ContactSheetsError, refuse: Refuse) -> Response:
    status = http_status(error)
    if status >= 500:
        log.warning("a request failed", error=type(error).__name__, reason=str(error)[:300])
    return refuse(" ".join(lines_of(error)), status)
