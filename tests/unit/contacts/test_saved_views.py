"""Saved views and preferences as they are kept."""

import pytest
from pymongo.errors import DuplicateKeyError

from engine.contacts.listing import views
from engine.contacts.listing.listing import Listing
from engine.contacts.listing.views import EditConflict, SavedView, Usual, View, ViewId
from engine.errors import InvalidDocument
from tests.builders import NOON


def a_view(id_="v1", name="Keen", **values):
    return View(ViewId(id_), name, "u1", "Ana", Listing(), changed_at=NOON, **values)


def test_a_view_is_read_back_as_it_was_kept(mock_db):
    view = a_view(columns=("email", "points"), shared=True, size=100)

    views.add(mock_db, view)

    assert views.view(mock_db, "v1") == view
    assert list(views.every(mock_db)) == [view]


def test_the_same_view_again_makes_no_second_one(mock_db):
    for name in ("Keen", "Other"):
        views.add(mock_db, a_view(name=name))

    assert [view.name for view in views.of(mock_db, "u1")] == ["Keen"]


def test_names_are_compared_as_a_person_would(mock_db):
    mock_db.views.create_index([("owner", 1), ("key", 1)], unique=True)
    views.add(mock_db, a_view())

    with pytest.raises(views.NameTaken):
        views.add(mock_db, a_view("v2", " KEEN"))
    with pytest.raises(DuplicateKeyError):
        SavedView.on(mock_db).insert(views._document(a_view("v2", " KEEN")))


def test_of_two_editors_who_saw_the_same_the_second_is_refused(mock_db):
    views.add(mock_db, a_view())
    seen = views.view(mock_db, "v1")

    changed = views.change(mock_db, seen)

    assert (changed.changes, views.view(mock_db, "v1").changes) == (1, 1)
    with pytest.raises(EditConflict):
        views.change(mock_db, seen)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": "x" * 81}, "name"),
        ({"name": ""}, "name"),
        ({"size": 0}, "size"),
        ({"columns": ["email", 3]}, "columns.1"),
        ({"shared": "yes"}, "shared"),
        ({"key": "other"}, "key"),
    ],
    ids=str,
)
def test_a_view_that_makes_no_sense_is_refused_by_its_field(mock_db, values, field):
    document = views._document(a_view())
    for name, value in values.items():
        setattr(document, name, value)

    with pytest.raises(InvalidDocument) as caught:
        SavedView.on(mock_db).insert(document)

    assert caught.value.field == field


def test_what_somebody_usually_sees_is_remembered_piece_by_piece(mock_db):
    assert views.usual(mock_db, "u1") == Usual()

    views.remember(mock_db, "u1", columns=["email"])
    views.remember(mock_db, "u1", view="v1")
    assert views.usual(mock_db, "u1") == Usual(("email",), ViewId("v1"))

    views.remember(mock_db, "u1", columns=[])
    assert views.usual(mock_db, "u1") == Usual((), ViewId("v1"))
