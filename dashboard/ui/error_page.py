"""What stands where a page could not go on: what to do, and a number under which the log has the cause."""

from __future__ import annotations

import logging
import secrets
import traceback
from typing import Literal

import streamlit as st
import structlog
from markupsafe import Markup
from pymongo.errors import PyMongoError
from streamlit import config

from dashboard.ui.markup import empty_state, joined, tag
from dashboard.ui.problems import problem_box
from dashboard.wording import sentence
from engine.errors import ContactSheetsError, NoInstance, Unavailable

AWAY = (PyMongoError, Unavailable, NoInstance)
"""What is raised when the database does not answer."""

log = structlog.get_logger()


def handle_script_error(error: Exception) -> bool:
    """Say on the page that it failed, in the place of Streamlit's own box; always true.

    It is called for pages, parts of pages, dialogs and what a click does.  Errors that are made for
    readers are shown; what another says is for the log alone, as it may name people.
    """
    if isinstance(error, AWAY):
        log.warning("a page had no database", error=type(error).__name__)
        database_unavailable(whole="part")
    elif isinstance(error, ContactSheetsError):
        log.warning("a page was refused", error=type(error).__name__)
        problem_box([sentence(error)])
        _try_again(secrets.token_hex(4))
    else:
        number = secrets.token_hex(4)
        told = "".join(traceback.format_exception(error))
        log.error("a page failed", number=number, error=type(error).__name__, traceback=told)
        empty_state("Something went wrong", _advice(number))
        _try_again(number)
    return True


def silence_streamlit_errors() -> None:
    """Keep Streamlit from logging, without the number, what `handle_script_error` logs."""
    config.set_option("logger.enableRich", False)  # else it is printed past the logger
    logging.getLogger("streamlit.error_util").addFilter(lambda record: record.msg != _STREAMLITS)


_STREAMLITS = "Uncaught app execution"


def database_unavailable(*, whole: Literal["page", "part"]) -> None:
    """Say that the database does not answer."""
    advice = joined(
        ["No data is lost. On the server, run ", tag("code", "sheets doctor"), " to find the cause."]
    )
    empty_state("The database is not responding", advice, whole=whole)
    _try_again("database")


def _advice(number: str) -> Markup:
    words = "Try again. If it keeps happening, give your administrator this error number: "
    return joined([words, tag("code", number), ". The dashboard's log has the details."])


def _try_again(name: str) -> None:
    st.button("Try again", icon=":material/refresh:", key=f"app.retry.{name}")
