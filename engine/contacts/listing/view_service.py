"""Saved views for a person: everybody has their own; what is shared is changed by who may change contacts."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import datetime
from typing import Any

from pymongo.database import Database

from engine.accounts import audit
from engine.accounts.accounts import CurrentUser
from engine.accounts.audit import Change, Subject
from engine.accounts.permissions import NotAllowed, Permission, may, require
from engine.contacts.listing import listing as listings
from engine.contacts.listing import views
from engine.contacts.listing.listing import Listing
from engine.contacts.listing.views import Usual, View, ViewId
from engine.contacts.sheet import reading
from engine.errors import ContactSheetsError

Document = dict[str, Any]

MAX_VIEWS = 200
"""Views that one person may have."""

MAX_NAME = 80
"""Characters of a view's name."""


class InvalidView(ContactSheetsError):
    """A view that cannot be kept; the message says why."""


def all_views(db: Database[Document], user: CurrentUser) -> list[View]:
    """The views that somebody can choose, by name.

    Under the mask those are left out that would tell what it hides.  Raises NotAllowed.
    """
    require(user, Permission.SEE)
    found = views.of(db, user.id)
    if not reading.masks(db, user):
        return found
    return [view for view in found if not reading.reveals(db, listings.known(db, view.listing)[0])]


def save(
    db: Database[Document],
    user: CurrentUser,
    name: str,
    listing: Listing,
    *,
    columns: Sequence[str],
    size: int,
    shared: bool,
    id_: str,
    now: datetime,
) -> View:
    """Keep a new view of `user`; the same `id_` again makes no second one.

    Raises NotAllowed, InvalidView, and NameTaken.
    """
    require(user, Permission.SAVE_VIEWS)
    name = _checked(name)
    if views.count(db, user.id) >= MAX_VIEWS:
        raise InvalidView(f"you have {MAX_VIEWS} views: delete one that you no longer need")
    new = View(ViewId(id_), name, user.id, user.name, listing, shared, tuple(columns), size, changed_at=now)
    if shared:
        require(user, Permission.EDIT_CONTACTS)
    with _noted(db, user, "saved a view", new, [Change("view", None, name)], now=now, id_=f"view:{id_}"):
        views.add(db, new)
    return new


def change(db: Database[Document], user: CurrentUser, view: View, *, now: datetime, **said: Any) -> View:
    """Change what is `said` (name, listing, columns, size, shared) of a view as `user` read it.

    Raises NotAllowed, InvalidView, NameTaken, and ChangedMeanwhile.
    """
    _require_changing(db, user, view)
    if "name" in said:
        said["name"] = _checked(said["name"])
    if view.owner != user.id and said.get("shared") is False:
        raise InvalidView(f"only {view.owner_name} can keep this view from the team")
    changed = replace(view, **said, changed_at=now)
    if changed.shared:
        require(user, Permission.EDIT_CONTACTS)
    changes = [
        Change(name, _words(getattr(view, name)), _words(value))
        for name, value in said.items()
        if getattr(view, name) != value
    ]
    with _noted(db, user, "changed a view", changed if changed.shared else view, changes, now=now):
        return views.change(db, changed)


def delete(db: Database[Document], user: CurrentUser, view: View, *, now: datetime) -> None:
    """Take a view away; `restore` brings it back.  Raises NotAllowed."""
    _require_changing(db, user, view)
    with _noted(db, user, "deleted a view", view, [Change("view", view.name, None)], now=now):
        views.delete(db, view.id)


def restore(db: Database[Document], user: CurrentUser, view: View, *, now: datetime) -> None:
    """Bring a deleted view back as it was.  Raises NotAllowed and NameTaken."""
    require(user, Permission.SAVE_VIEWS)
    if not may_change(user, view):
        raise NotAllowed(user, Permission.SAVE_VIEWS)
    with _noted(db, user, "restored a view", view, [Change("view", None, view.name)], now=now):
        views.add(db, view)


def may_change(user: CurrentUser, view: View) -> bool:
    """Whether somebody may change or delete a view that they can see."""
    return view.owner == user.id or (view.shared and may(user, Permission.EDIT_CONTACTS))


def usual(db: Database[Document], user: CurrentUser) -> Usual:
    """How somebody usually sees the list.  Raises NotAllowed."""
    require(user, Permission.SEE)
    return views.usual(db, user.id)


def remember_columns(db: Database[Document], user: CurrentUser, columns: Sequence[str]) -> None:
    """Remember which columns somebody usually sees; none for those that everybody begins with."""
    require(user, Permission.SEE)
    views.remember(db, user.id, columns=list(columns))


def open_with(db: Database[Document], user: CurrentUser, view: ViewId | None) -> None:
    """Remember the view that the list opens with for somebody; unset for all contacts."""
    require(user, Permission.SEE)
    views.remember(db, user.id, view=view)


def _require_changing(db: Database[Document], user: CurrentUser, view: View) -> None:
    """Let pass who may change the view as it is kept, whatever the caller says of its owner."""
    require(user, Permission.SAVE_VIEWS)
    kept = views.view(db, view.id)
    if kept is None:
        raise views.ChangedMeanwhile(f"{view.name} was deleted meanwhile")
    if not may_change(user, kept):
        raise NotAllowed(user, Permission.SAVE_VIEWS)


def _checked(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise InvalidView("give the view a name")
    if len(name) > MAX_NAME:
        raise InvalidView(f"a view's name has at most {MAX_NAME} characters")
    return name


def _noted(
    db: Database[Document],
    user: CurrentUser,
    act: str,
    view: View,
    changes: Sequence[Change],
    *,
    now: datetime,
    id_: str | None = None,
) -> AbstractContextManager[None]:
    """In the audit log, if it is the team's; one's own views are nobody else's business."""
    if not view.shared:
        return nullcontext()
    return audit.noted(db, user, act, subject=Subject("view", view.id), changes=changes, now=now, id_=id_)


def _words(value: Any) -> str:
    if isinstance(value, Listing):
        return str(value.in_address())
    return ", ".join(value) if isinstance(value, tuple) else str(value)
