"""Errors of merges, splits and suggestions."""

from __future__ import annotations

from engine.errors import Conflict, Invalid, NotFound


class InvalidMerge(Invalid):
    """A merge or split that cannot be made, with the reason."""


class MergeNotFound(NotFound):
    """No contact of this id is merged into another: it never was, or the merge was undone since."""

    def __init__(self, loser: str) -> None:
        self.loser = loser
        super().__init__(f"no contact {loser!r} is merged into another: see `sheets merges list`")


class SuggestionNotFound(NotFound):
    """There is no suggested merge of this id, or no longer."""

    def __init__(self, id_: str) -> None:
        self.id = id_
        super().__init__(
            "this suggestion no longer exists: the contacts were merged, deleted or changed since"
        )


class SuggestionDecided(Conflict):
    """The suggestion was accepted or dismissed before."""

    def __init__(self, id_: str, by: str) -> None:
        self.id = id_
        self.by = by
        super().__init__(f"this suggestion was decided before{f', by {by}' if by else ''}")
