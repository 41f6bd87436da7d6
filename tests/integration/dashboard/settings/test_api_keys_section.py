"""The keys section of the settings, for each role."""

from functools import partial

import pytest

from engine.accounts import keys
from engine.db.connection import utc_now
from tests.integration.dashboard.test_pages import shown


@pytest.fixture
def open_as(open_as):
    return partial(open_as, page="settings", section="keys")


def test_an_admin_makes_a_key_sees_it_once_and_finds_it_in_the_list(db, open_as):
    app = open_as("admin")
    assert "No API keys yet" in shown(app)

    app.text_input(key="keys.label").set_value("Web shop")
    app.button(key="keys.make").click().run()

    [token] = [block.value for block in app.code]
    assert keys.authenticate(db, token).label == "Web shop"
    app.button(key="keys.kept").click().run()
    assert not app.code
    assert "Web shop" in shown(app)
    assert db.audit.find_one()["act"] == "created an API key"


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

    assert "Enter a name." in shown(app)
    assert keys.all_keys(db) == []


@pytest.mark.parametrize("role", ["viewer", "marketer"])
def test_others_are_told_that_keys_are_not_for_them(open_as, role):
    app = open_as(role)

    assert "cannot manage API keys" in shown(app)
    assert not app.text_input
