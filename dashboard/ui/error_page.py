"""The message that replaces a failed page or part, by the family of the error."""

from __future__ import annotations

import logging
import secrets
from typing import Literal

import streamlit as st
import structlog
from markupsafe import Markup
from pymongo.errors import PyMongoError
from streamlit import config

from dashboard.ui.markup import empty_state, joined, tag
from dashboard.ui.problems import ErrorDisplay, logged, show_error, shown_as
from dashboard.wording import sentence
from engine.errors import Unavailable

NO_DATABASE = (PyMongoError, Unavailable)
"""The errors of an unavailable database."""

Whole = Literal["page", "part"]

log = structlog.get_logger()


def handle_script_error(error: Exception) -> bool:
    """Show the failure on the page instead of Streamlit's own box; always true.

    It is called for pages, parts of pages, dialogs and what a click does.  Errors that are made for
    readers are shown; what another says is for the log alone, as it may name people.
    """
    show_failure(error, whole="part")
    return True


def show_failure(error: Exception, *, whole: Whole, link: Markup | None = None) -> None:
    """Show an error instead of the page or part that it kept from being shown, with a `link` on."""
    shown = shown_as(error)
    if shown is not ErrorDisplay.FAULT:
        what = "had no database" if shown is ErrorDisplay.AWAY else "was refused"
        log.warning(f"a page {what}", error=type(error).__name__)
    match shown:
        case ErrorDisplay.PROBLEM:
            show_error(error)
            _try_again(secrets.token_hex(4))
        case ErrorDisplay.NOT_FOUND:
            empty_state("Not found", _advice(error, link), whole=whole)
        case ErrorDisplay.NOT_FOR_YOU:
            empty_state("No access", _advice(error, link), whole=whole)
        case ErrorDisplay.SIGN_IN:
            empty_state("Please sign in", _advice(error, link), whole=whole)
        case ErrorDisplay.AWAY:
            empty_state("The database is not responding", _AWAY, whole=whole)
            _try_again("database")
        case ErrorDisplay.NOT_SET_UP:
            empty_state("Not set up", _advice(error, link), whole=whole)
            _try_again("settings")
        case ErrorDisplay.FAULT:
            number = logged(error)
            empty_state("Something went wrong", _number(number), whole=whole)
            _try_again(number)


def silence_streamlit_errors() -> None:
    """Keep Streamlit from logging, without the number, what `handle_script_error` logs."""
    config.set_option("logger.enableRich", False)  # else it is printed past the logger
    logging.getLogger("streamlit.error_util").addFilter(lambda record: record.msg != _STREAMLITS)


_STREAMLITS = "Uncaught app execution"

_AWAY = joined(["No data is lost. On the server, run ", tag("code", "sheets doctor"), " to find the cause."])


def _advice(error: Exception, link: Markup | None) -> Markup:
    words = sentence(error)
    return joined([words] if link is None else [words, " ", link])


def _number(number: str) -> Markup:
    words = "Try again. If it keeps happening, give your administrator this error number: "
    return joined([words, tag("code", number), ". The dashboard's log has the details."])


def _try_again(name: str) -> None:
    st.button("Try again", icon=":material/refresh:", key=f"app.retry.{name}")
