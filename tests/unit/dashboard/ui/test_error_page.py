"""What a page shows that could not go on: words for its reader, and for the log the rest."""

import logging

from pymongo.errors import AutoReconnect
from streamlit.error_util import handle_user_script_exception
from streamlit.testing.v1 import AppTest
from structlog.testing import capture_logs

from dashboard.ui.error_page import silence_streamlit_errors
from engine.errors import ContactSheetsError


def failing(error):
    from dashboard.ui.error_page import handle_script_error

    handle_script_error(error)


def shown_for(error):
    with capture_logs() as logged:
        app = AppTest.from_function(failing, args=(error,), default_timeout=30).run()
    assert not app.exception
    assert [button.label for button in app.button] == ["Try again"]
    return " ".join(element.proto.body for element in app.get("html")), logged


def test_what_nobody_expected_is_logged_under_the_number_that_the_page_shows():
    words, [logged] = shown_for(KeyError("ana@x.com <b>"))

    assert "Something went wrong" in words
    assert f"<code>{logged['number']}</code>" in words
    assert "ana@x.com" not in words
    assert "KeyError: 'ana@x.com <b>'" in logged["traceback"]


def test_what_is_meant_for_readers_and_a_database_that_is_away_are_said():
    assert "The list &lt;b&gt; is gone." in shown_for(ContactSheetsError("the list <b> is gone"))[0]
    assert "The database is not responding" in shown_for(AutoReconnect("127.0.0.1 refused"))[0]


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
