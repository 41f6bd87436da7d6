"""The keys section of the settings, for each role."""

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import installation
from dashboard.settings import keys as section
from dashboard.signin import signing_in
from engine.accounts import keys
from engine.accounts.accounts import CurrentUser
from engine.db.connection import utc_now
from tests.integration.dashboard.test_pages import SCRIPT, shown


@pytest.fixture
def open_as(db, monkeypatch):
    for module in (installation, signing_in, section):
        monkeypatch.setattr(module, "database", lambda: db)

    def opened(role):
        user = CurrentUser("u1", "eva@x.com", "Eva", role)
        monkeypatch.setattr(signing_in, "session_token", lambda: "token")
        monkeypatch.setattr(signing_in.accounts, "whoami", lambda *_, **__: user)
        app = AppTest.from_file(str(SCRIPT))
        app.query_params.update({"page": "settings", "section": "keys"})
        return app.run()

    return opened


def test_an_admin_makes_a_key_sees_it_once_and_finds_it_in_the_list(db, open_as):
    app = open_as("admin")
    assert "No keys yet" in shown(app)

    app.text_input(key="keys.label").set_value("Web shop")
    app.button(key="keys.make").click().run()

    [token] = [block.value for block in app.code]
    assert keys.authenticate(db, token).label == "Web shop"
    app.button(key="keys.kept").click().run()
    assert not app.code
    assert "Web shop" in shown(app)
    assert db.audit.find_one()["act"] == "made a key"


def test_a_key_is_revoked_once_its_name_is_typed(db, open_as):
    key = keys.create_key(db, "secret", label="Old shop", now=utc_now())
    app = open_as("admin")

    app.button(key=f"keys.revoke.{key.id}").click().run()
    assert app.button(key="keys.sure").disabled
    app.text_input(key="keys.typed").set_value("Old shop").run()
    app.button(key="keys.sure").click().run()

    assert keys.authenticate(db, key.token) is None
    assert "revoked on" in shown(app)


def test_a_key_without_a_name_is_refused_with_the_reason(db, open_as):
    app = open_as("admin")

    app.button(key="keys.make").click().run()

    assert "what is it for?" in shown(app)
    assert keys.all_keys(db) == []


@pytest.mark.parametrize("role", ["viewer", "marketer"])
def test_others_are_told_that_keys_are_not_for_them(open_as, role):
    app = open_as(role)

    assert "may not manage keys" in shown(app)
    assert not app.text_input
