"""What a page shows that could not go on: words for its reader, and for the log the rest."""

import logging

import pytest
from pymongo.errors import AutoReconnect
from streamlit.error_util import handle_user_script_exception
from streamlit.testing.v1 import AppTest
from structlog.testing import capture_logs

from dashboard.ui.error_page import silence_streamlit_errors
from engine.errors import Conflict, FoldFailed, NotAllowed, NotFound, Unauthenticated


def failing(error):
    from dashboard.ui.error_page import handle_script_error

    handle_script_error(error)


def shown_for(error, buttons=("Try again",)):
    with capture_logs() as logged:
        app = AppTest.from_function(failing, args=(error,), default_timeout=30).run()
    assert not app.exception
    assert [button.label for button in app.button] == list(buttons)
    return " ".join(element.proto.body for element in app.get("html")), logged


def test_what_nobody_expected_is_logged_under_the_number_that_the_page_shows():
    words, [logged] = shown_for(KeyError("ana@x.com <b>"))

    assert "Something went wrong" in words
    assert f"<code>{logged['number']}</code>" in words
    assert "ana@x.com" not in words
    assert "KeyError: 'ana@x.com <b>'" in logged["traceback"]


def test_what_is_meant_for_readers_and_a_database_that_is_away_are_said():
    assert "The list &lt;b&gt; is gone." in shown_for(Conflict("the list <b> is gone"))[0]
    assert "The database is not responding" in shown_for(AutoReconnect("127.0.0.1 refused"))[0]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (NotFound("the segment is gone"), "<h2>Not found</h2><div>The segment is gone.</div>"),
        (NotAllowed("a viewer may not <b>"), "No access</h2><div>A viewer may not &lt;b&gt;."),
        (Unauthenticated("your session has ended"), "Please sign in</h2><div>Your session has ended."),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_not_there_or_not_allowed_stands_as_an_empty_state(error, words):
    assert words in shown_for(error, buttons=[])[0]


def test_a_fault_of_ours_has_a_number_and_its_message_is_for_the_log_alone():
    words, [logged] = shown_for(FoldFailed("a1", "ana@x.com"))

    assert f"<code>{logged['number']}</code>" in words
    assert "ana@x.com" not in words


def saying():
    import streamlit as st

    from dashboard.ui.problems import keep_errors, show_errors, show_kept
    from engine import errors

    show_kept("kept")
    if "kept" not in st.session_state:
        with keep_errors("kept"):
            problems = [errors.Problem("a.yaml", 1, 2, "one"), errors.Problem("b.yaml", 3, 4, "two")]
            raise errors.InvalidRules(problems)
    with show_errors():
        raise errors.NotFound("the view is gone")
    with show_errors():
        raise errors.Unavailable("10.0.0.7 is away")


def test_at_its_place_an_error_is_said_line_by_line_and_what_is_kept_in_the_next_run():
    app = AppTest.from_function(saying, default_timeout=30).run()
    first = " ".join(element.proto.body for element in app.get("html"))
    again = " ".join(element.proto.body for element in app.run().get("html"))

    assert "The view is gone." in first and "The database is not responding" in first
    assert "10.0.0.7" not in first and "yaml" not in first
    assert "<div>A.yaml:1:2: one.</div><div>B.yaml:3:4: two.</div>" in again


def test_it_is_not_logged_a_second_time_by_streamlit(caplog):
    streamlits = logging.getLogger("streamlit.error_util")
    streamlits.addHandler(caplog.handler)
    silence_streamlit_errors()
    try:
        raise KeyError("ana@x.com")
    except KeyError as error:
        handle_user_script_exception(error, lambda _error: True)

    streamlits.removeHandler(caplog.handler)
    assert not caplog.records
