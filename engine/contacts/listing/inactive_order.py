"""A list of contacts who were not seen for long, in the order of their last activity.

That filter and that order run against each other: contacts with recent activity were mostly
seen recently, and an index in the order begins with all of those.  So the order is cut in two.
After the cut, the index begins with contacts of the list.  Before it, a contact of the list was
not seen for long and has activity since: that is a facet of its own (`findable.AWAY_AFTER`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from engine.db.search_keys import AWAY_AFTER
from engine.domain.conditions import All, Compare, Not, Tree
from engine.domain.document import Document

WHOLE: Sequence[Document] = ({},)
"""An order that is not cut."""


def cuts(tree: Tree | None, *, ascending: bool, now: datetime) -> Sequence[Document]:
    """The parts of the order by `active_at` that a list which meets a tree is read in, one after another."""
    until = None if tree is None else unseen_since(tree, now=now)
    if until is None:
        return WHOLE
    cut = until + AWAY_AFTER
    later: Document = {"active_at": {"$gt": cut}, "facets.away": True}
    sooner: Document = {"active_at": {"$not": {"$gt": cut}}}
    return (sooner, later) if ascending else (later, sooner)


def unseen_since(tree: Tree, *, now: datetime) -> datetime | None:
    """A moment after which no contact that meets a tree was seen; unset if the tree does not say.

    (A contact that was seen after `now`, by another machine's clock, was not seen.)
    """
    if isinstance(tree, All):
        found = [unseen_since(part, now=now) for part in tree.parts]
        return min((moment for moment in found if moment is not None), default=None)
    if isinstance(tree, Not):
        span = _last_seen_operand(tree.part, "within")
    else:
        span = _last_seen_operand(tree, "older_than")
    moment: datetime | None = _last_seen_operand(tree, "before", "lt", "lte")
    return moment if span is None else now - span


def _last_seen_operand(tree: Tree, *operators: str) -> Any:
    """The operand of a comparison of `last_seen` by one of some operators; None without one."""
    if not isinstance(tree, Compare) or (tree.path.source, tree.path.name) != ("contact", "last_seen"):
        return None
    return tree.operand if tree.operator in operators else None
