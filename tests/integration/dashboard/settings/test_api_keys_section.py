"""The keys section of the settings, for each role."""

from datetime import timedelta
from functools import partial

import pytest

from engine.accounts import keys
from engine.accounts.key_limits import NEW_KEY, NO_LIMITS, KeyLimits
from engine.accounts.scopes import Scope
from engine.db.connection import utc_now
from engine.pipeline import new_contacts
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


def test_a_new_write_key_has_the_limits_of_the_form_and_a_secret_key_none(db, open_as):
    app = open_as("admin")
    app.text_input(key="keys.label").set_value("Web shop")
    app.text_area(key="keys.limits.origins").set_value("https://Shop.example/\nhttps://*.shop.example")
    app.button(key="keys.make").click().run()

    app.radio(key="keys.kind").set_value("secret").run()
    assert not app.text_area
    app.text_input(key="keys.label").set_value("Server")
    app.button(key="keys.make").click().run()

    server, shop = keys.all_keys(db)
    origins = ("https://shop.example", "https://*.shop.example")
    assert shop.limits == KeyLimits(origins, NEW_KEY.address_rate, NEW_KEY.new_contacts)
    assert server.limits == NO_LIMITS


def test_the_limits_of_a_key_are_changed_and_audited(db, open_as):
    key = keys.create_key(db, "write", label="Web shop", now=utc_now())
    app = open_as("admin")
    assert "any origin · no limit per IP address · no daily limit" in shown(app)

    app.button(key=f"keys.limit.{key.id}").click().run()
    app.text_area(key=f"keys.limits.{key.id}.origins").set_value("https://shop.example")
    app.number_input(key=f"keys.limits.{key.id}.rate").set_value(2.5)
    app.number_input(key=f"keys.limits.{key.id}.ceiling").set_value(500)
    app.button(key=f"keys.save.{key.id}").click().run()

    assert keys.all_keys(db)[0].limits == KeyLimits(("https://shop.example",), 2.5, 500)
    assert "https://shop.example · 2.5 events/s per IP address · 0 of 500 new contacts today" in shown(app)
    assert db.audit.find_one()["act"] == "changed the limits of an API key"
    assert not app.text_area(key="keys.limits.origins").value


def test_a_secret_key_has_the_scopes_that_were_chosen(db, open_as):
    app = open_as("admin")
    app.radio(key="keys.kind").set_value("secret").run()
    assert app.multiselect(key="keys.scopes").value == ["events", "reachability"]

    app.text_input(key="keys.label").set_value("CRM")
    app.multiselect(key="keys.scopes").set_value(["contacts:read", "exports"])
    app.button(key="keys.make").click().run()

    [key] = keys.all_keys(db)
    assert key.scopes == (Scope.READ_CONTACTS, Scope.EXPORTS)
    assert "Can read contacts, their activities, points and consent; export contacts" in shown(app)
    assert {"what": "scopes", "before": None, "after": "contacts:read, exports"} in db.audit.find_one()[
        "changes"
    ]


def test_the_scopes_of_a_key_are_changed_and_audited(db, open_as):
    key = keys.create_key(db, "secret", label="CRM", now=utc_now())
    app = open_as("admin")
    assert "Can send events; ask who can be written to" in shown(app)

    app.button(key=f"keys.scope.{key.id}").click().run()
    app.multiselect(key=f"keys.scopes.{key.id}").set_value(["privacy"])
    app.button(key=f"keys.save.{key.id}").click().run()

    assert keys.all_keys(db)[0].scopes == (Scope.PRIVACY,)
    assert "Can export and erase the data of a person" in shown(app)
    assert db.audit.find_one()["act"] == "changed the scopes of an API key"


def test_a_secret_key_without_any_scope_is_refused(db, open_as):
    key = keys.create_key(db, "secret", label="CRM", now=utc_now())
    app = open_as("admin")

    app.button(key=f"keys.scope.{key.id}").click().run()
    app.multiselect(key=f"keys.scopes.{key.id}").set_value([])
    app.button(key=f"keys.save.{key.id}").click().run()

    assert "Choose at least one scope." in shown(app)
    assert keys.all_keys(db)[0].scopes == (Scope.EVENTS, Scope.REACHABILITY)


def test_an_invalid_origin_is_refused_with_what_to_write(db, open_as):
    key = keys.create_key(db, "write", label="Web shop", now=utc_now())
    app = open_as("admin")

    app.button(key=f"keys.limit.{key.id}").click().run()
    app.text_area(key=f"keys.limits.{key.id}.origins").set_value("shop.example")
    app.button(key=f"keys.save.{key.id}").click().run()

    assert "write it with its scheme: https://shop.example" in shown(app)
    assert keys.all_keys(db)[0].limits == NO_LIMITS


def test_a_reached_daily_limit_shows_on_the_key_and_on_everybodys_overview(db, open_as):
    key = keys.create_key(db, "write", label="Web shop", now=utc_now(), limits=KeyLimits(new_contacts=2))
    new_contacts.admit(db, key.id, wanted=3, ceiling=2, until=utc_now() + timedelta(hours=1))

    assert "daily limit reached" in shown(open_as("admin"))
    assert "2 of 2 new contacts today" in shown(open_as("admin"))
    words = "<b>Web shop</b> reached the daily limit of new contacts"
    assert words in shown(open_as("admin", page="overview"))
    assert "An admin can raise the limit." in shown(open_as("viewer", page="overview"))


@pytest.mark.parametrize("role", ["viewer", "marketer"])
def test_others_are_told_that_keys_are_not_for_them(open_as, role):
    app = open_as(role)

    assert "cannot manage API keys" in shown(app)
    assert not app.text_input
