"""What could not be done, and why: said on the page, whatever a visitor's words are in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from markupsafe import Markup
from pymongo.errors import PyMongoError

from dashboard.ui.markup import joined, show, tag
from dashboard.wording import sentence
from engine.errors import ContactSheetsError, Unavailable

AWAY = "The database is not responding, so nothing was changed. Try again in a moment."


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
