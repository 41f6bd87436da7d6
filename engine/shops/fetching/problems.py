"""Why a shop cannot be read, in words for the admin who connected it."""

from __future__ import annotations

from enum import StrEnum

from engine.errors import Misconfigured, Unavailable


class ProblemKind(StrEnum):
    """What keeps a shop from being read."""

    KEY = "key"
    PERMISSION = "permission"
    ROUTE = "route"
    LIMIT = "limit"
    SERVER = "server"
    CONNECTION = "connection"
    CONTENT = "content"
    REPEATS = "repeats"
    ADDRESS = "address"


class ShopRefuses(Misconfigured):
    """A shop that will answer the same until something is changed there or in its settings here."""

    def __init__(self, kind: ProblemKind, reason: str) -> None:
        self.kind = kind
        super().__init__(reason)


class ShopUnavailable(Unavailable):
    """A shop that cannot be read now; `wait` is how many seconds it asks to be left alone."""

    def __init__(self, kind: ProblemKind, reason: str, *, wait: float | None = None) -> None:
        self.kind = kind
        self.wait = wait
        super().__init__(reason)
