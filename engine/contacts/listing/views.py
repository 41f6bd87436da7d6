"""Saved views: a list of contacts by a name, its owner's own or the whole team's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, NewType

import mongoengine as me
from mongoengine.queryset import Q
from pymongo.errors import DuplicateKeyError

from engine.contacts.listing.listing import Listing
from engine.db import Db
from engine.db.documents.fields import Moment
from engine.db.documents.stored import Stored
from engine.errors import EditConflict, NameTaken

ViewId = NewType("ViewId", str)

MAX_NAME = 80
"""Characters of a view's name."""


@dataclass(frozen=True)
class View:
    """A list that was given a name.

    Parameters:
      owner: Who made it; only they and, if it is `shared`, those who may change contacts change it.
      columns: What its list shows, by name; none for what each person usually sees.
      size: Rows of a page.
      changes: The number of changes; it detects concurrent edits.
    """

    id: ViewId
    name: str
    owner: str
    owner_name: str
    listing: Listing
    shared: bool = False
    columns: tuple[str, ...] = ()
    size: int = 50
    changes: int = 0
    changed_at: datetime | None = None


class SavedView(Stored):
    """A view as it is kept.

    `key` is the name by which names are compared; `listing` is JSON, as conditions may have
    keys that MongoDB would read as its own.
    """

    meta = {
        "collection": "views",
        "indexes": [
            {"fields": ["owner", "key"], "unique": True},
            {"fields": ["key"], "partialFilterExpression": {"shared": True}},
        ],
    }
    id: ViewId = me.StringField(primary_key=True)
    name: str = me.StringField(required=True, min_length=1, max_length=MAX_NAME)
    key: str = me.StringField(required=True)
    owner: str = me.StringField(required=True)
    owner_name: str = me.StringField(required=True)
    listing: str = me.StringField(required=True)
    shared: bool = me.BooleanField(required=True)
    columns: list[str] = me.ListField(me.StringField())
    size: int = me.IntField(required=True, min_value=1)
    changes: int = me.IntField(required=True, min_value=0)
    changed_at: datetime | None = Moment()

    def clean(self) -> None:
        if self.key != name_key(self.name):
            self.refuse("key", f"a view called {self.name!r} is compared by {name_key(self.name)!r}")


class Preferences(Stored):
    """A user's stored preferences for the list of contacts."""

    meta = {"collection": "preferences"}
    id: str = me.StringField(primary_key=True)
    columns: list[str] = me.ListField(me.StringField())
    view: ViewId | None = me.StringField()


@dataclass(frozen=True)
class Usual:
    """A user's preferences for the list: its columns, and the view that it opens with."""

    columns: tuple[str, ...] = ()
    view: ViewId | None = None


def of(db: Db, user: str) -> list[View]:
    """The views of a user: their own and the shared ones, by name."""
    found = SavedView.on(db, Q(owner=user) | Q(shared=True)).order_by("key", "id")
    return [_view(document) for document in found]


def every(db: Db) -> Iterator[View]:
    """All views of everybody."""
    return (_view(document) for document in SavedView.on(db))


def view(db: Db, id_: str) -> View | None:
    """One view; unset if there is none of that id."""
    document = SavedView.on(db, id=id_).one()
    return None if document is None else _view(document)


def add(db: Db, new: View) -> None:
    """Keep a new view; the same id again changes nothing.  Raises NameTaken."""
    try:
        SavedView.on(db, id=new.id).insert_once(_document(new))
    except DuplicateKeyError:
        raise _taken(new.name) from None


def change(db: Db, changed: View) -> View:
    """Write a view that was read with the same `changes`; return it as it is then.

    Raises NameTaken, and EditConflict if it was changed or deleted since.
    """
    after = replace(changed, changes=changed.changes + 1)
    try:
        replaced = SavedView.on(db, id=changed.id, changes=changed.changes).replace(_document(after))
    except DuplicateKeyError:
        raise _taken(changed.name) from None
    if not replaced:
        raise EditConflict(f"{changed.name} was changed or deleted by someone else: reload the page")
    return after


def delete(db: Db, id_: ViewId) -> None:
    """Delete a view; `add` restores it."""
    SavedView.on(db, id=id_).delete()


def count(db: Db, owner: str) -> int:
    """The number of views of a user."""
    return int(SavedView.on(db, owner=owner).count())


# What each person usually sees


def usual(db: Db, user: str) -> Usual:
    """A user's preferences for the list."""
    found = Preferences.on(db, id=user).one()
    return Usual() if found is None else Usual(tuple(found.columns), found.view)


def remember(db: Db, user: str, **values: Any) -> None:
    """Store a user's `columns` or opening `view`; an empty value deletes it."""
    changes = {f"set__{name}" if value else f"unset__{name}": value for name, value in values.items()}
    Preferences.on(db, id=user).upsert_one(**changes)


def name_key(name: str) -> str:
    """The normalised form of a name: equal for names that users would confuse."""
    return " ".join(name.split()).casefold()


def _taken(name: str) -> NameTaken:
    return NameTaken("a view of yours", name)


def _document(view: View) -> SavedView:
    return SavedView(
        id=view.id,
        key=name_key(view.name),
        listing=json.dumps(asdict(view.listing)),
        columns=list(view.columns),
        **{name: getattr(view, name) for name in _PLAIN},
    )


def _view(document: SavedView) -> View:
    return View(
        id=document.id,
        listing=Listing(**json.loads(document.listing)),
        columns=tuple(document.columns),
        **{name: getattr(document, name) for name in _PLAIN},
    )


_PLAIN: Sequence[str] = ("name", "owner", "owner_name", "shared", "size", "changes", "changed_at")
