"""Why a job cannot be shown, undone or stopped."""

from __future__ import annotations

from engine.errors import Conflict, NotFound


class JobNotFound(NotFound):
    """No job has this id, or none of the kind that was asked for."""

    def __init__(self, id_: str, what: str = "job") -> None:
        self.id = id_
        super().__init__(f"there is no {what} {id_!r}: it is not in the history, or not any more")


class CannotUndo(Conflict):
    """A job that cannot be undone: never, not yet, or not any more; the message says which."""


class CannotStop(Conflict):
    """A job of a kind that is done whole or not at all."""
