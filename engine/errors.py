"""The one hierarchy of errors.

A message is for its reader: what is wrong, where, and what to do about it.
"""

from __future__ import annotations

from dataclasses import dataclass


class ContactSheetsError(Exception):
    """The root of all errors that this product raises on purpose."""


class InvalidIdentity(ContactSheetsError):
    """An email, phone number, external id or tracker that can identify nobody."""

    def __init__(self, field: str, reason: str) -> None:
        self.field = field
        self.reason = reason
        super().__init__(f"{field}: {reason}")


class InvalidActivity(ContactSheetsError):
    """An activity that cannot be kept, with the field at fault."""

    def __init__(self, field: str, reason: str) -> None:
        self.field = field
        self.reason = reason
        super().__init__(f"{field}: {reason}")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in a YAML file; `line` and `column` count from 1."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class InvalidRules(ContactSheetsError):
    """A ruleset that was refused, with every problem found and not the first only."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


class FoldFailed(ContactSheetsError):
    """One activity made the fold fail; it is to be set aside, alone."""

    def __init__(self, activity_id: str, reason: str) -> None:
        self.activity_id = activity_id
        self.reason = reason
        super().__init__(f"activity {activity_id}: {reason}")


class Conflict(ContactSheetsError):
    """Somebody else changed what a commit was decided on: read again and decide again."""


class LeaseLost(ContactSheetsError):
    """Another worker holds the lane or job now; what was decided under the old lease is void."""


class NoInstance(ContactSheetsError):
    """No running instance was found and no setting names a server."""


class Unavailable(ContactSheetsError):
    """A server does not answer; the message says which, and what to do."""


class InvalidDocument(ContactSheetsError):
    """A document that cannot be kept: `field` has a value that its declaration does not allow."""

    def __init__(self, document: str, field: str, reason: str) -> None:
        self.document = document
        self.field = field
        self.reason = reason
        super().__init__(f"{document}.{field}: {reason}")
