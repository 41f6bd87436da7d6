"""What could not be done, and why: said on the page, whatever a visitor's words are in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from pymongo.errors import PyMongoError

from dashboard.ui.markup import Html, joined, show, tag
from dashboard.wording import sentence
from engine.errors import ContactSheetsError, Unavailable

AWAY = "The database does not answer now, so nothing was changed. Try again in a moment."


def problem(words: object, way: Html | None = None) -> Html:
    """A problem in a line, read aloud as it appears, and a way out of it, if there is one."""
    out = "" if way is None else f". {way}"
    return Html(f'<div class="cs-problem" role="alert">{tag("span", words)}{out}</div>')


def problem_box(lines: Iterable[object]) -> None:
    """Problems that belong to no field."""
    found = joined(tag("div", line) for line in lines)
    if found:
        show(Html(f'<div class="cs-problems" role="alert">{found}</div>'))


def notice_box(lines: Iterable[object]) -> None:
    """What somebody should know before they go on, though nothing is wrong."""
    found = joined(tag("div", sentence(line)) for line in lines)
    if found:
        show(Html(f'<div class="cs-notice" role="status">{found}</div>'))


@contextmanager
def show_errors() -> Iterator[None]:
    """Do something; if it is refused or the database is away, say so and go on.

    For what runs in a dialog or a fragment, where the page's own handling does not reach.
    """
    try:
        yield
    except Unavailable:
        problem_box([AWAY])
    except ContactSheetsError as error:
        problem_box([sentence(error)])
    except PyMongoError:
        problem_box([AWAY])
