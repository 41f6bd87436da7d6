"""Errors of a request to the API; `field` is the invalid part, `problems` are several of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.errors import Conflict, Invalid, NotFound, TooManyRequests, Unavailable


class NoSuchOperation(NotFound):
    """The path names no operation of the API."""

    field = "path"

    def __init__(self) -> None:
        super().__init__("names no operation; see /v1/docs")


class InvalidParameters(Invalid):
    """Parameters or fields of a body that cannot be accepted, each with the reason."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__("; ".join(f"{field} {message}" for field, message in problems.items()))


class PreconditionFailed(Conflict):
    """What `If-Match` names is not what is there now."""

    field = "If-Match"

    def __init__(self, reason: str = "it was changed since you read it: read it again") -> None:
        super().__init__(reason)


class ApiRateLimited(TooManyRequests):
    """The key asks more than it may; after `wait` seconds it may again."""

    field = "Authorization"

    def __init__(self, wait: float) -> None:
        self.wait = wait
        super().__init__("the key sends more requests than it may; slow down")


class ApiBusy(Unavailable):
    """All threads of the API are at work, and enough requests wait."""

    def __init__(self) -> None:
        super().__init__("too many requests are under way; send it again")


class TooSlow(Unavailable):
    """A request took longer than it may."""

    def __init__(self, seconds: float, *, advice: str) -> None:
        super().__init__(f"took longer than {seconds:g} seconds; {advice}")


def unknown(names: Iterable[str], allowed: Iterable[str]) -> dict[str, str]:
    """Return the problem of each name that is not among the allowed ones."""
    known = ", ".join(allowed) or "none"
    return dict.fromkeys(names, f"is unknown; there are: {known}")
