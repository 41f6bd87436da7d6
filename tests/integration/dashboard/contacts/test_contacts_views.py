"""Saved views and chosen columns on the page of all contacts."""

import json

from engine.accounts.current_user import CurrentUser
from engine.contacts.listing import view_service
from engine.contacts.listing.listing import Listing
from engine.contacts.listing.views import ViewId
from tests.browser.conftest import HOSTILE
from tests.builders import acting, minutes
from tests.integration.dashboard.contacts.test_contacts_page import names, the_list, where
from tests.integration.dashboard.test_pages import keys, shown

EVA = CurrentUser("u1", "eva@x.com", "Eva", "marketer")
IVO = CurrentUser("u2", "ivo@x.com", "Ivo", "marketer")

BUYERS = Listing(where={"orders": {"gte": 1}}, sort="spent")


def saved(db, user=EVA, name="Buyers", **said):
    kept = {"columns": (), "size": 50, "shared": False, "id_": name, **said}
    return view_service.save(acting(db, user, at=minutes(0)), name, BUYERS, **kept)


def headings(app):
    return [column["label"] for column in the_list(app)["columns"]]


def test_the_list_that_is_shown_is_saved_under_a_name_and_opened_again(shop, open_as):
    app = open_as("marketer", where=where(newsletter="subscribed"), sort="name")
    app.button(key="contacts.views.save").click().run()
    app.text_input(key="views.save.name").set_value("Readers")
    app.button(key="views.save.sure").click().run()

    [view] = view_service.all_views(acting(shop, EVA))
    assert (view.name, view.listing.where, view.listing.sort) == (
        "Readers",
        {"newsletter": "subscribed"},
        "name",
    )
    assert app.query_params["view"] == view.id
    assert names(app) == ["Bo Li"]


def test_a_name_that_is_taken_is_said_in_the_dialog(shop, open_as):
    saved(shop)
    app = open_as("marketer", where=where(identified=True))
    app.button(key="contacts.views.save").click().run()
    app.text_input(key="views.save.name").set_value("buyers")
    app.button(key="views.save.sure").click().run()

    assert "A view of yours is called buyers already" in shown(app)
    assert len(view_service.all_views(acting(shop, EVA))) == 1


def test_a_view_that_was_changed_says_so_and_is_saved_or_left(shop, open_as):
    view = saved(shop)
    app = open_as("marketer", view=view.id, where=json.dumps(BUYERS.where), sort="-spent")
    assert "contacts.views.another" not in keys(app)

    app = open_as("marketer", view=view.id, where=where(identified=True), sort="-spent")
    assert "contacts.views.another" in keys(app)
    app.button(key="contacts.views.update").click().run()

    assert view_service.all_views(acting(shop, EVA))[0].listing.where == {"identified": True}
    assert "contacts.views.another" not in keys(app)


def test_a_view_is_renamed_and_shared_and_deleted_and_brought_back(shop, open_as):
    view = saved(shop)
    app = open_as("marketer", view=view.id, where=json.dumps(BUYERS.where), sort="-spent")
    app.button(key="contacts.views.edit").click().run()
    app.text_input(key="views.edit.name").set_value("Who bought")
    app.checkbox(key="views.edit.shared").check()
    app.button(key="views.edit.sure").click().run()
    assert [(v.name, v.shared) for v in view_service.all_views(acting(shop, IVO))] == [("Who bought", True)]

    app.button(key="contacts.views.delete").click().run()
    assert "for the whole team" in shown(app)
    app.button(key="views.delete.sure").click().run()
    assert view_service.all_views(acting(shop, IVO)) == []
    assert len(names(app)) == 3

    app.button(key="views.deleted.undo").click().run()
    assert [v.name for v in view_service.all_views(acting(shop, IVO))] == ["Who bought"]
    assert names(app) == ["Ana Ruiz"]


def test_contacts_open_with_the_view_that_somebody_chose_until_they_want_all(shop, open_as):
    view = saved(shop)
    app = open_as("marketer", view=view.id, where=json.dumps(BUYERS.where), sort="-spent")
    app.button(key="contacts.views.open").click().run()

    assert names(open_as("marketer")) == ["Ana Ruiz"]
    assert len(names(open_as("marketer", view="all"))) == 3


def test_somebody_elses_view_is_looked_at_and_not_changed_by_a_viewer(shop, open_as):
    view = saved(shop, IVO, name=HOSTILE[:60], shared=True, id_="ivos")
    app = open_as("viewer", view=view.id, where=where(identified=True))

    assert not {"contacts.views.update", "contacts.views.edit", "contacts.views.delete"} & keys(app)
    assert "contacts.views.another" in keys(app)


def test_columns_are_remembered_for_a_person_and_not_for_others(shop, open_as):
    app = open_as("marketer")
    chooser = next(box for box in app.multiselect if box.key.startswith("contacts.columns."))
    chooser.set_value(["segments", "email"]).run()

    assert headings(app) == ["Contact", "Segments", "Email"]
    assert headings(open_as("marketer")) == ["Contact", "Segments", "Email"]
    assert view_service.usual(acting(shop, IVO)).columns == ()

    app.button(key="contacts.columns.reset").click().run()
    assert "Points" in headings(app)


def test_columns_of_a_view_are_kept_with_the_view_alone(shop, open_as):
    view = saved(shop, columns=("spent", "orders"))
    address = {"view": view.id, "where": json.dumps(BUYERS.where), "sort": "-spent"}
    app = open_as("marketer", **address)
    assert headings(app) == ["Contact", "Spent", "Orders"]

    next(box for box in app.multiselect if box.key.startswith("contacts.columns.")).set_value(["spent"]).run()
    assert headings(app) == ["Contact", "Spent"]
    app.button(key="contacts.views.update").click().run()

    assert view_service.all_views(acting(shop, EVA))[0].columns == ("spent",)
    assert "Points" in headings(open_as("marketer"))


def test_a_view_that_is_gone_leaves_the_list_as_the_address_says(shop, open_as):
    app = open_as("marketer", view=ViewId("gone"), where=where(newsletter="subscribed"))

    assert names(app) == ["Bo Li"]
