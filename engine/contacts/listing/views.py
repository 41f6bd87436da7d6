"""Saved views: a list of contacts by a name, its owner's own or the whole team's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, NewType

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from engine.contacts.listing.listing import Listing
from engine.errors import EditConflict, NameTaken

Document = dict[str, Any]
ViewId = NewType("ViewId", str)


@dataclass(frozen=True)
class View:
    """A list that was given a name.

    Parameters:
      owner: Who made it; only they and, if it is `shared`, those who may change contacts change it.
      columns: What its list shows, by name; none for what each person usually sees.
      size: Rows of a page.
      changes: How often it was changed, by which two editors are told apart.
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


@dataclass(frozen=True)
class Usual:
    """How somebody usually sees the list: its columns, and the view that it opens with."""

    columns: tuple[str, ...] = ()
    view: ViewId | None = None


def of(db: Database[Document], user: str) -> list[View]:
    """The views that somebody can choose: their own and the shared ones, by name."""
    rows = db.views.find({"$or": [{"owner": user}, {"shared": True}]}).sort([("key", 1), ("_id", 1)])
    return [_view(row) for row in rows]


def every(db: Database[Document]) -> Iterator[View]:
    """All views of everybody."""
    return (_view(row) for row in db.views.find())


def view(db: Database[Document], id_: str) -> View | None:
    """One view; unset if there is none of that id."""
    row = db.views.find_one({"_id": id_})
    return None if row is None else _view(row)


def add(db: Database[Document], new: View) -> None:
    """Keep a new view; the same id again changes nothing.  Raises NameTaken."""
    try:
        db.views.update_one({"_id": new.id}, {"$setOnInsert": _row(new)}, upsert=True)
    except DuplicateKeyError:
        raise _taken(new.name) from None


def change(db: Database[Document], changed: View) -> View:
    """Write a view that was read with the same `changes`; return it as it is then.

    Raises NameTaken, and EditConflict if somebody else changed or deleted it since.
    """
    row = {**_row(changed), "changes": changed.changes + 1}
    try:
        found = db.views.replace_one({"_id": changed.id, "changes": changed.changes}, row)
    except DuplicateKeyError:
        raise _taken(changed.name) from None
    if not found.matched_count:
        raise EditConflict(
            f"{changed.name} was changed or deleted by somebody else meanwhile: load the page again"
        )
    return _view({"_id": changed.id, **row})


def delete(db: Database[Document], id_: ViewId) -> None:
    """Take a view away; `add` brings it back."""
    db.views.delete_one({"_id": id_})


def count(db: Database[Document], owner: str) -> int:
    """How many views somebody has made."""
    return int(db.views.count_documents({"owner": owner}))


# What each person usually sees


def usual(db: Database[Document], user: str) -> Usual:
    """How somebody usually sees the list."""
    row = db.preferences.find_one({"_id": user}) or {}
    return Usual(tuple(row.get("columns", ())), row.get("view"))


def remember(db: Database[Document], user: str, **said: Any) -> None:
    """Remember `columns` or the opening `view` for somebody; nothing forgets it."""
    kept = {name: value for name, value in said.items() if value}
    gone = {name: "" for name, value in said.items() if not value}
    update = {operator: part for operator, part in (("$set", kept), ("$unset", gone)) if part}
    db.preferences.update_one({"_id": user}, update, upsert=True)


def name_key(name: str) -> str:
    """What two names have in common that a person would take for the same."""
    return " ".join(name.split()).casefold()


def _taken(name: str) -> NameTaken:
    return NameTaken("a view of yours", name)


def _row(view: View) -> Document:
    """A view as it is kept: conditions as text, for they may have keys that MongoDB would read as its own."""
    row = {name: getattr(view, name) for name in _PLAIN}
    said = json.dumps(asdict(view.listing))
    return {**row, "columns": list(view.columns), "listing": said, "key": name_key(view.name)}


def _view(row: Mapping[str, Any]) -> View:
    said = {name: row.get(name) for name in _PLAIN}
    listing = Listing(**json.loads(row["listing"]))
    return View(id=ViewId(row["_id"]), listing=listing, columns=tuple(row["columns"]), **said)  # type: ignore[arg-type]


_PLAIN: Sequence[str] = ("name", "owner", "owner_name", "shared", "size", "changes", "changed_at")
