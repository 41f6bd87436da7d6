"""The one hierarchy of errors: a root, its families, and the errors that several rooms share.

A family says what kind of thing went wrong.  It decides the exit code of `sheets`
(`workers.cli.exit_codes`), the HTTP status (`engine.http_status`) and how a page shows the
error (`dashboard.ui.problems`).  An error belongs to exactly one family; raise the family
itself where no caller has to distinguish the error from others of it.

A message is for its reader: what is wrong, where, and what to do about it.  What code may
want to know of it besides (a field, a file, an id) is an attribute.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class ContactSheetsError(Exception):
    """The root of all errors that this product raises on purpose."""

    def __reduce__(self) -> tuple[object, ...]:
        # An error of another process comes here by pickle, which would call `__init__` with the message.
        return _rebuilt, (type(self), self.args, self.__dict__)


def _rebuilt(
    kind: type[ContactSheetsError], args: tuple[object, ...], data: dict[str, object]
) -> ContactSheetsError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(data)
    return error


# The families


class NotFound(ContactSheetsError):
    """The requested object does not exist, or no longer."""


class Invalid(ContactSheetsError):
    """The input is invalid: correct it and try again."""


class Conflict(ContactSheetsError):
    """The request is fine, but what exists stands against it: a name is taken, something was changed
    meanwhile, is in use, or is not in a state for it."""


class NotAllowed(ContactSheetsError):
    """The user is known and may not do this."""


class Unauthenticated(ContactSheetsError):
    """The request carries no valid credentials."""


class LimitExceeded(ContactSheetsError):
    """More than is taken at once, kept, or fits: bytes, rows, columns, entries."""


class TooManyRequests(ContactSheetsError):
    """More often than is allowed: the same is accepted later."""


class Unavailable(ContactSheetsError):
    """A server does not answer now; the message says which.  The same may succeed later."""


class Misconfigured(ContactSheetsError):
    """A setting, or the machine itself, does not let this run: it has to be changed first."""


class Aborted(ContactSheetsError):
    """The work ended early for a reason outside of it, and nothing of it was written.

    These are signals between parts of the engine, which repeat the work or leave it to the
    process that has it now; a person only meets one if that was not possible.
    """


class InternalFault(ContactSheetsError):
    """Our own code failed: the log has the cause."""


Family = type[ContactSheetsError]

FAMILIES: tuple[Family, ...] = (
    NotFound,
    Invalid,
    Conflict,
    NotAllowed,
    Unauthenticated,
    LimitExceeded,
    TooManyRequests,
    Unavailable,
    Misconfigured,
    Aborted,
    InternalFault,
)


def family_of(error: ContactSheetsError) -> Family:
    """Return the family of an error."""
    return next((family for family in FAMILIES if isinstance(error, family)), InternalFault)


# Not found


class ContactNotFound(NotFound):
    """No contact has this id or key: it never did, or was merged, deleted or erased since."""

    def __init__(self, key: str, reason: str = "") -> None:
        self.key = key
        super().__init__(reason or f"no contact has the id, email, phone, external id or tracker {key!r}")


class StoredFileNotFound(NotFound):
    """A file of an import or export that is not kept yet, or any more."""

    def __init__(self, id_: str, reason: str) -> None:
        self.id = id_
        super().__init__(reason)


# Invalid


class InvalidIdentity(Invalid):
    """An email, phone number, external id or tracker that cannot identify a person."""

    def __init__(self, field: str, reason: str) -> None:
        self.field = field
        self.reason = reason
        super().__init__(f"{field}: {reason}")


class InvalidActivity(Invalid):
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


class InvalidRules(Invalid):
    """A ruleset that was refused, with every problem found and not the first only."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


# Conflicts


class NameTaken(Conflict):
    """A thing of this kind is called so already."""

    def __init__(self, thing: str, name: str) -> None:
        self.name = name
        super().__init__(f"{thing} is called {name} already: choose another name")


class EditConflict(Conflict):
    """Another user changed or deleted it after this one had read it: read it again."""


class StillInUse(Conflict):
    """Something cannot be deleted while others use it; `uses` says which, in words."""

    def __init__(self, name: str, uses: Sequence[object]) -> None:
        self.name = name
        self.uses = list(uses)
        users = ", ".join(map(str, uses))
        super().__init__(f"{name} cannot be deleted while it is used: {users}. Remove it there first")


# Unavailable


class NoInstance(Unavailable):
    """No running instance was found and no setting names a server."""


# Signals inside the engine


class CommitConflict(Aborted):
    """The basis of a commit has changed: read again and decide again.

    `content` is what was decided and on what, if the database was found otherwise: a second
    conflict over the same content is no race, and would come again however often it is tried.
    """

    def __init__(self, reason: str, *, content: object = None) -> None:
        self.content = content
        super().__init__(reason)


class WriteRefused(Aborted):
    """MongoDB cannot store what was decided, however often it is tried: some activity is to be set aside."""


class LeaseLost(Aborted):
    """Another worker holds the lane or job now; what was decided under the old lease is void."""


class WorkStopped(Aborted):
    """The work is no longer wanted: its job was stopped, or another has done it."""


# Faults


class FoldFailed(InternalFault):
    """One activity made the fold fail; it is to be set aside, alone."""

    def __init__(self, activity_id: str, reason: str) -> None:
        self.activity_id = activity_id
        self.reason = reason
        super().__init__(f"activity {activity_id}: {reason}")


class InvalidDocument(Invalid):
    """A document that cannot be kept: `field` has a value that its declaration does not allow."""

    def __init__(self, document: str, field: str, reason: str) -> None:
        self.document = document
        self.field = field
        self.reason = reason
        super().__init__(f"{document}.{field}: {reason}")
