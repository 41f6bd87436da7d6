"""Errors shown in place on a page; visitors' text in them is escaped.

How each family of errors is shown is decided here (`SHOWN_AS`), also for what stands in the
place of a whole page or part (`error_page`).
"""

from __future__ import annotations

import secrets
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from enum import Enum, auto

import streamlit as st
import structlog
from markupsafe import Markup
from pymongo.errors import PyMongoError

from dashboard.ui.markup import joined, show, tag
from dashboard.wording import sentence
from engine import errors
from engine.errors import ContactSheetsError, Family, family_of

AWAY = "The database is not responding, so nothing was changed. Try again in a moment."

log = structlog.get_logger()


class ErrorDisplay(Enum):
    """How a page shows an error: in place, and instead of a page or part that failed."""

    PROBLEM = auto()
    """Its message, with a way to try again."""

    NOT_FOUND = auto()
    """An empty state with its message."""

    NOT_FOR_YOU = auto()
    """An empty state that says what the user may not do."""

    SIGN_IN = auto()
    """An empty state that asks to sign in."""

    AWAY = auto()
    """The database does not answer; the message is for the log."""

    NOT_SET_UP = auto()
    """The missing configuration."""

    FAULT = auto()
    """A number under which the log has the cause; the message may name people and is not shown."""


SHOWN_AS: Mapping[Family, ErrorDisplay] = {
    errors.Invalid: ErrorDisplay.PROBLEM,
    errors.Conflict: ErrorDisplay.PROBLEM,
    errors.LimitExceeded: ErrorDisplay.PROBLEM,
    errors.TooManyRequests: ErrorDisplay.PROBLEM,
    errors.Aborted: ErrorDisplay.PROBLEM,
    errors.NotFound: ErrorDisplay.NOT_FOUND,
    errors.NotAllowed: ErrorDisplay.NOT_FOR_YOU,
    errors.Unauthenticated: ErrorDisplay.SIGN_IN,
    errors.Unavailable: ErrorDisplay.AWAY,
    errors.Misconfigured: ErrorDisplay.NOT_SET_UP,
    errors.InternalFault: ErrorDisplay.FAULT,
}


def shown_as(error: Exception) -> ErrorDisplay:
    """Return how a page shows an error."""
    if isinstance(error, PyMongoError):
        return SHOWN_AS[errors.Unavailable]
    return SHOWN_AS[family_of(error)] if isinstance(error, ContactSheetsError) else ErrorDisplay.FAULT


def problem(words: object, way: Markup | None = None) -> Markup:
    """A problem in a line, announced by screen readers, with an optional link."""
    parts = [tag("span", words)] if way is None else [tag("span", words), ". ", way]
    return tag("div", joined(parts), "cs-problem", role="alert")


def problem_box(lines: Iterable[object]) -> None:
    """Problems that belong to no field."""
    found = joined(tag("div", line) for line in lines)
    if found:
        show(tag("div", found, "cs-problems", role="alert"))


def notice_box(lines: Iterable[object]) -> None:
    """Notices that are not problems."""
    found = joined(tag("div", sentence(line)) for line in lines)
    if found:
        show(tag("div", found, "cs-notice", role="status"))


def lines_of(error: Exception) -> list[str]:
    """Return what a page shows of an error at its place, a sentence for each thing that is wrong."""
    match shown_as(error):
        case ErrorDisplay.AWAY:
            return [AWAY]
        case ErrorDisplay.FAULT:
            return [f"Something went wrong. Give your administrator this error number: {logged(error)}."]
        case _:
            return [sentence(line) for line in str(error).splitlines()]


def show_error(error: Exception) -> None:
    """Show an error in place."""
    problem_box(lines_of(error))


@contextmanager
def show_errors() -> Iterator[None]:
    """Run the block; show a refusal or an unavailable database instead of raising.

    For what runs in a dialog or a fragment, where the page's own handling does not reach.
    """
    try:
        yield
    except (ContactSheetsError, PyMongoError) as error:
        show_error(error)


@contextmanager
def keep_errors(key: str) -> Iterator[None]:
    """Run the block in a callback; keep its error for `show_kept` in the next run."""
    try:
        yield
    except (ContactSheetsError, PyMongoError) as error:
        st.session_state[key] = lines_of(error)


def show_kept(key: str) -> None:
    """Show the error of the previous run, once."""
    problem_box(st.session_state.pop(key, []))


def logged(error: Exception) -> str:
    """Log a fault with its cause; return the number that it has there."""
    number = secrets.token_hex(4)
    cause = "".join(traceback.format_exception(error))
    log.error("a page failed", number=number, error=type(error).__name__, traceback=cause)
    return number
