"""The pages over a real database, by Streamlit's own test."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import current_user
from engine.accounts import accounts
from engine.contacts import contact_lookup
from engine.db.connection import utc_now
from tests.builders import an_activity, bought, identified, minutes
from tests.integration.drained import receive_and_drain

SCRIPT = Path(__file__).parents[3] / "dashboard" / "app.py"


@pytest.fixture
def session(db, over_db, monkeypatch):
    """Somebody who signed in by a link."""
    token = accounts.redeem(db, accounts.first_link(db, now=utc_now()), now=utc_now())
    monkeypatch.setattr(current_user, "session_token", lambda: token)
    return token


def keys(app):
    """The buttons of a page, by their keys."""
    return {button.key for button in app.button}


def shown(app):
    assert not app.exception
    return " ".join(element.proto.body for element in app.get("html"))


def test_a_shop_without_contacts_is_told_how_to_get_some(session):
    assert "No contacts yet" in shown(AppTest.from_file(str(SCRIPT), default_timeout=30).run())


def test_the_sheet_shows_what_is_known(db, session):
    receive_and_drain(
        db,
        [
            identified(minutes(0), email="ana@x.com", traits={"name": "Ana Ruiz", "city": "<b>Roma</b>"}),
            bought("12.10", minutes(1), email="ana@x.com", order_id="A-1", currency="EUR"),
        ],
    )
    app = AppTest.from_file(str(SCRIPT), default_timeout=30)
    app.query_params["contact"] = contact_lookup.find_contact(db, "ana@x.com")
    app.session_state["points.why"] = True

    text = shown(app.run())

    for words in ("Ana Ruiz", "identified", "€12.10", "A-1", "First order", "&lt;b&gt;Roma&lt;/b&gt;"):
        assert words in text
    assert "<b>Roma</b>" not in text


def test_a_search_that_finds_nobody_says_so(db, session):
    receive_and_drain(db, [an_activity(tracker="t1")])
    app = AppTest.from_file(str(SCRIPT), default_timeout=30)
    app.query_params["q"] = "zz"

    assert "No contacts found" in shown(app.run())


def test_a_session_that_ended_is_none(db, session):
    accounts.sign_out(db, session)

    assert "Sign in to your account" in shown(AppTest.from_file(str(SCRIPT), default_timeout=30).run())


def test_a_user_who_was_disabled_is_out_at_once(db, session):
    db.users.update_many({}, {"$set": {"disabled_at": utc_now()}})

    assert "Sign in to your account" in shown(AppTest.from_file(str(SCRIPT), default_timeout=30).run())
