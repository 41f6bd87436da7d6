"""Saved views for a person: everybody has their own; what is shared is changed by who may change contacts."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

from engine.accounts import audit
from engine.accounts.actor import Actor
from engine.accounts.audit import Change, Subject
from engine.accounts.permissions import Permission, PermissionDenied
from engine.contacts.listing import listing as listings
from engine.contacts.listing import views
from engine.contacts.listing.list_service import reveals_masked
from engine.contacts.listing.listing import Listing
from engine.contacts.listing.views import MAX_NAME as MAX_NAME
from engine.contacts.listing.views import Usual, View, ViewId
from engine.contacts.viewer_mask import masks
from engine.errors import EditConflict, Invalid, LimitExceeded, NotAllowed

MAX_VIEWS = 200
"""Views that one person may have."""


class InvalidView(Invalid):
    """A view with this name cannot be kept; the message says why."""


def all_views(actor: Actor) -> list[View]:
    """The actor's views, by name.

    Under the mask those are left out that would tell what it hides.  Raises NotAllowed.
    """
    actor.require(Permission.SEE)
    found = views.of(actor.db, actor.user.id)
    if not masks(actor):
        return found
    return [
        view
        for view in found
        if not reveals_masked(actor.db, listings.without_unknown(actor.db, view.listing)[0])
    ]


def save(
    actor: Actor,
    name: str,
    listing: Listing,
    *,
    columns: Sequence[str],
    size: int,
    shared: bool,
    id_: str,
) -> View:
    """Keep a new view of `user`; the same `id_` again makes no second one.

    Raises NotAllowed, InvalidView, NameTaken, and LimitExceeded at MAX_VIEWS.
    """
    actor.require(Permission.SAVE_VIEWS)
    name = _checked(name)
    if views.count(actor.db, actor.user.id) >= MAX_VIEWS:
        raise LimitExceeded(f"you have reached the limit of {MAX_VIEWS} views: delete one first")
    new = View(
        ViewId(id_),
        name,
        actor.user.id,
        actor.user.name,
        listing,
        shared,
        tuple(columns),
        size,
        changed_at=actor.now,
    )
    if shared:
        actor.require(Permission.EDIT_CONTACTS)
    with _recorded(actor, "saved a view", new, [Change("view", None, name)], id_=f"view:{id_}"):
        views.add(actor.db, new)
    return new


def change(actor: Actor, view: View, **values: Any) -> View:
    """Change fields of a view (name, listing, columns, size, shared), as the actor read it.

    Raises NotAllowed, InvalidView, NameTaken, and EditConflict.
    """
    _require_changing(actor, view)
    if "name" in values:
        values["name"] = _checked(values["name"])
    if view.owner != actor.user.id and values.get("shared") is False:
        raise NotAllowed(f"only {view.owner_name} can stop sharing this view")
    changed = replace(view, **values, changed_at=actor.now)
    if changed.shared:
        actor.require(Permission.EDIT_CONTACTS)
    changes = [
        Change(name, _words(getattr(view, name)), _words(value))
        for name, value in values.items()
        if getattr(view, name) != value
    ]
    with _recorded(actor, "changed a view", changed if changed.shared else view, changes):
        return views.change(actor.db, changed)


def delete(actor: Actor, view: View) -> None:
    """Delete a view; `restore` brings it back.  Raises NotAllowed."""
    _require_changing(actor, view)
    with _recorded(actor, "deleted a view", view, [Change("view", view.name, None)]):
        views.delete(actor.db, view.id)


def restore(actor: Actor, view: View) -> None:
    """Bring a deleted view back as it was.  Raises NotAllowed and NameTaken."""
    actor.require(Permission.SAVE_VIEWS)
    if not may_change(actor, view):
        raise PermissionDenied(actor.user, Permission.SAVE_VIEWS)
    with _recorded(actor, "restored a view", view, [Change("view", None, view.name)]):
        views.add(actor.db, view)


def may_change(actor: Actor, view: View) -> bool:
    """Whether the actor may change or delete a view that they can see."""
    return view.owner == actor.user.id or (view.shared and actor.may(Permission.EDIT_CONTACTS))


def usual(actor: Actor) -> Usual:
    """The actor's preferences for the list.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    return views.usual(actor.db, actor.user.id)


def remember_columns(actor: Actor, columns: Sequence[str]) -> None:
    """Remember the actor's columns; none for the default ones."""
    actor.require(Permission.SEE)
    views.remember(actor.db, actor.user.id, columns=list(columns))


def open_with(actor: Actor, view: ViewId | None) -> None:
    """Remember the view that the list opens with; None for all contacts."""
    actor.require(Permission.SEE)
    views.remember(actor.db, actor.user.id, view=view)


def _require_changing(actor: Actor, view: View) -> None:
    """Raise unless the actor may change the stored view; the caller's copy is not trusted."""
    actor.require(Permission.SAVE_VIEWS)
    kept = views.view(actor.db, view.id)
    if kept is None:
        raise EditConflict(f"{view.name} was deleted in the meantime: reload the page")
    if not may_change(actor, kept):
        raise PermissionDenied(actor.user, Permission.SAVE_VIEWS)


def _checked(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise InvalidView("give the view a name")
    if len(name) > MAX_NAME:
        raise InvalidView(f"a view's name can have at most {MAX_NAME} characters")
    return name


def _recorded(
    actor: Actor,
    act: str,
    view: View,
    changes: Sequence[Change],
    *,
    id_: str | None = None,
) -> AbstractContextManager[None]:
    """Record a change of a shared view in the audit log; personal views are not recorded."""
    if not view.shared:
        return nullcontext()
    return audit.recorded(actor, act, subject=Subject("view", view.id), changes=changes, id_=id_)


def _words(value: Any) -> str:
    if isinstance(value, Listing):
        return str(value.in_address())
    return ", ".join(value) if isinstance(value, tuple) else str(value)
