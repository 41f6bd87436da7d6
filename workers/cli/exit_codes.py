"""The exit codes of `sheets`: which of four things a script has to do next.

| code | means | a script should |
|---|---|---|
| 0 | done | go on |
| 1 | not done: the message says what to correct; or a check found something | stop, or ask a person |
| 2 | the command was not written as `--help` says (Typer's own) | correct the script |
| 3 | not done now: a server is away, or a concurrent change came first | run the same command again |
| 70 | a fault of ours: the traceback says where (EX_SOFTWARE of sysexits.h) | report it |

Everything that a person has to settle is 1, and not a code for each family: scripts test
`sheets contact show` and the others for 1, and the message has the details.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Mapping

import typer

from engine import errors
from engine.errors import ContactSheetsError, Family, family_of

REFUSED, AGAIN, FAULT = 1, 3, 70

EXIT_CODES: Mapping[Family, int] = {
    errors.NotFound: REFUSED,
    errors.Invalid: REFUSED,
    errors.Conflict: REFUSED,
    errors.NotAllowed: REFUSED,
    errors.Unauthenticated: REFUSED,
    errors.LimitExceeded: REFUSED,
    errors.Misconfigured: REFUSED,
    errors.TooManyRequests: AGAIN,
    errors.Unavailable: AGAIN,
    errors.Aborted: AGAIN,
    errors.InternalFault: FAULT,
}


FINER: Mapping[type[ContactSheetsError], int] = {
    errors.NoInstance: REFUSED,  # the same command again does not help: an instance has to be started first
}
"""Errors that mean something else to a script than their family."""


def report(error: Exception) -> int:
    """Print the error of a command to standard error; return the exit code.

    What can be expected is one line, a fault of ours the traceback.
    """
    if _is_of_mongodb(error):
        error = errors.Unavailable(f"MongoDB does not answer: {str(error)[:300]}")
    code = exit_code(error)
    if code == FAULT:
        traceback.print_exception(error)
    typer.echo(f"sheets: {_in_words(error)}", err=True)
    return code


def exit_code(error: Exception) -> int:
    """Return what a command that ended with an error exits with."""
    if not isinstance(error, ContactSheetsError):
        return FAULT
    return FINER.get(type(error)) or EXIT_CODES[family_of(error)]


def _in_words(error: Exception) -> str:
    return str(error) if isinstance(error, ContactSheetsError) else "a fault of ours: please report the above"


def _is_of_mongodb(error: Exception) -> bool:
    mongodb = sys.modules.get("pymongo.errors")  # a command that never needed it has not imported it
    return mongodb is not None and isinstance(error, mongodb.PyMongoError)
