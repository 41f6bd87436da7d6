"""The custom fields section of the settings, for each role."""

from functools import partial

import pytest

from engine.accounts.current_user import CurrentUser
from engine.db.connection import utc_now
from engine.domain.rulebook import CustomField
from engine.insights import census
from engine.publishing import custom_fields
from engine.rules import versions
from tests.builders import acting, identified, minutes
from tests.integration.dashboard.test_pages import shown
from tests.integration.drained import receive_and_drain

EVA = CurrentUser("u1", "eva@x.com", "Eva", "admin")
HOSTILE = '<img src=x onerror="hacked()">'


@pytest.fixture
def open_as(open_as):
    return partial(open_as, page="settings", section="fields")


def widget(widgets, ending):
    [found] = [widget for widget in widgets if widget.key.endswith(ending)]
    return found


def test_an_admin_makes_a_field_with_choices_for_admins_alone(db, open_as):
    app = open_as("admin")

    app.button(key="fields.new").click().run()
    widget(app.text_input, ".label").set_value("Kundenstufe Übersicht").run()
    widget(app.text_area, ".options").set_value("gold\nsilver\n\ngold").run()
    widget(app.radio, ".edit").set_value(frozenset({"admin"})).run()
    app.button(key="fields.save").click().run()

    made = versions.current(db).fields["kundenstufe_ubersicht"]
    assert (made.options, made.edit) == (("gold", "silver"), frozenset({"admin"}))
    assert "Published" in app.success[0].value
    assert "admins only" in shown(app)


def test_a_change_of_type_says_what_would_no_longer_convert(db, open_as):
    cities = ["Roma", HOSTILE, "12"]
    receive_and_drain(
        db,
        [identified(minutes(n), email=f"p{n}@x.com", traits={"city": city}) for n, city in enumerate(cities)],
    )
    app = open_as("admin")

    app.button(key="fields.edit.city").click().run()
    widget(app.selectbox, ".type").set_value("number").run()

    text = shown(app)
    assert "2 contacts have a value that is not a number" in text
    assert "“Roma”" in text
    assert "<img" not in text
    assert app.button(key="fields.save").label == "Publish anyway"
    app.button(key="fields.save").click().run()
    assert versions.current(db).fields["city"].type == "number"


def test_a_field_moves_and_its_usage_is_shown(db, open_as):
    receive_and_drain(db, [identified(minutes(0), email="a@x.com", traits={"city": "Roma"})])
    census.take(db, now=utc_now())
    app = open_as("admin")
    assert "1 contact has a value" in shown(app)

    first = next(iter(versions.current(db).fields))
    assert app.button(key=f"fields.up.{first}").disabled
    app.button(key=f"fields.down.{first}").click().run()

    assert list(versions.current(db).fields)[1] == first


def test_a_field_is_deleted_once_its_name_is_typed(db, open_as):
    app = open_as("admin")

    app.button(key="fields.delete.gender").click().run()
    assert app.button(key="fields.gender.sure").disabled
    app.text_input(key="fields.gender.typed").set_value("Gender").run()
    app.button(key="fields.gender.sure").click().run()

    assert "gender" not in versions.current(db).fields


def test_who_was_overtaken_is_told_by_whom(db, open_as):
    app = open_as("admin")
    app.button(key="fields.new").click().run()
    widget(app.text_input, ".label").set_value("Size").run()
    custom_fields.create(acting(db, EVA), CustomField("tier", "Tier", "text"), base=1)

    app.button(key="fields.save").click().run()

    assert "published version 2 meanwhile" in shown(app)
    assert widget(app.text_input, ".label").value == "Size"


def test_a_label_of_markup_is_text(db, open_as):
    custom_fields.create(acting(db, EVA), CustomField("evil", HOSTILE, "text", (HOSTILE,)), base=1)

    text = shown(open_as("admin"))

    assert "<img" not in text
    assert "&lt;img" in text


@pytest.mark.parametrize("role", ["viewer", "marketer"])
def test_others_are_told_that_it_is_not_for_them(open_as, role):
    app = open_as(role)

    assert "cannot edit account settings and custom fields" in shown(app)
    assert not app.text_input
