"""The dashboard's script without a server: who is not signed in, and no database."""

from pathlib import Path

import pytest
from pymongo.errors import ServerSelectionTimeoutError
from streamlit.testing.v1 import AppTest

from dashboard import current_user
from dashboard.signin.sign_in_routes import safe_next
from engine.errors import NoInstance, Unavailable

SCRIPT = Path(__file__).parents[3] / "dashboard" / "app.py"


def shown(app):
    return " ".join(element.proto.body for element in app.get("html"))


def test_nobody_sees_how_to_sign_in(monkeypatch):
    monkeypatch.setattr(current_user, "session_token", lambda: None)

    app = AppTest.from_file(str(SCRIPT), default_timeout=30).run()

    assert not app.exception
    assert "Sign in to your account" in shown(app)


@pytest.mark.parametrize(
    "error", [ServerSelectionTimeoutError("away"), Unavailable("away"), NoInstance("none")]
)
def test_without_its_database_a_page_says_what_to_do(monkeypatch, error):
    def away():
        raise error

    monkeypatch.setattr(current_user, "session_token", lambda: "token")
    monkeypatch.setattr(current_user, "database", away)

    app = AppTest.from_file(str(SCRIPT), default_timeout=30).run()

    assert not app.exception
    assert "The database is not responding" in shown(app)
    assert [button.label for button in app.button] == ["Try again"]


@pytest.mark.parametrize(
    ("wanted", "goes"),
    [
        ("/?contact=abc", "/?contact=abc"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/?x=\nSet-Cookie: a", "/"),
        ("", "/"),
    ],
)
def test_signing_in_leads_nowhere_else(wanted, goes):
    assert safe_next(wanted) == goes
