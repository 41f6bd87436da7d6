"""A tree as a MongoDB query that an index can answer.

`query(tree)` matches what `{"$expr": expression(tree)}` matches, which no index helps with.
A comparison whose native form is provably the same becomes that; of any other the native
form only narrows down, and the expression decides.  A test compares the two on a real server.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from engine.domain.conditions import All, Compare, Either, Not, Tree
from engine.domain.document import Document
from engine.domain.fields import CUSTOM, FIELDS, Field
from engine.domain.fields import field as contact_field
from engine.rules.conditions.expression import expression
from engine.rules.conditions.operators import OPERATORS, earlier, test_value
from engine.rules.language.references import ID

_LAST_CHARACTER = 0x10FFFF
_SURROGATES = (0xD800, 0xE000)


def query(tree: Tree, *, now: datetime) -> Document:
    """The query that the contacts meet that meet a tree at `now`."""
    if isinstance(tree, All):
        return {"$and": [query(part, now=now) for part in tree.parts]}
    if isinstance(tree, Either):
        return {"$or": [query(part, now=now) for part in tree.parts]}
    if isinstance(tree, Not):
        return _not(tree.part, now)
    found = _contact_field(tree)
    if isinstance(tree, Compare) and found is not None:
        return _comparison(tree, found, now)
    return {"$expr": expression(tree, now=now)}


def _not(part: Tree, now: datetime) -> Document:
    found = _contact_field(part)
    if isinstance(part, Compare) and part.operator == "within" and found is not None and _is_plain(found):
        start = earlier(now, part.operand)  # in a form for which the index has bounds
        return {"$or": [{found.stored: {"$not": {"$gt": start}}}, {found.stored: {"$gt": now}}]}
    return {"$nor": [query(part, now=now)]}


def _contact_field(tree: Tree) -> Field | None:
    if not isinstance(tree, Compare) or tree.path.source != "contact":
        return None
    return contact_field(tree.path.name, type_=tree.path.type, absent=tree.path.absent)


def _comparison(tree: Compare, found: Field, now: datetime) -> Document:
    operator = OPERATORS[tree.operator]
    if operator.negated:
        return {"$nor": [_comparison(replace(tree, operator=_POSITIVE[tree.operator]), found, now)]}
    exact = {"$expr": expression(tree, now=now)}
    if found.stored == "segments":
        return _membership(tree) or exact
    native = _native(tree, found, now)
    if native is None:
        return exact
    return native if _is_plain(found) else {"$and": [native, exact]}


_POSITIVE = {"ne": "eq", "not_in": "in"}


def _is_plain(found: Field) -> bool:
    """Whether what is stored is one value of the field's type, or nothing.

    Not known of custom fields: they may have been declared otherwise when it was stored.
    """
    return not found.name.startswith(CUSTOM) and found.type not in ("list", "any") and not found.counted


def _membership(tree: Compare) -> Document | None:
    """In segments: each is a key, and its being there is in the index."""
    ids = tree.operand
    if tree.operator not in _HAS or not all(isinstance(id_, str) and ID.fullmatch(id_) for id_ in ids):
        return None
    inside: list[Document] = [{f"segments.{id_}": {"$exists": True}} for id_ in ids]
    return inside[0] if len(inside) == 1 else {_HAS[tree.operator]: inside}


_HAS = {"has": "$and", "has_all": "$and", "has_any": "$or"}


def _native(tree: Compare, found: Field, now: datetime) -> Document | None:
    """A query implied by a comparison, and for plain fields equivalent to it; None without one."""
    if found.counted:
        return _length(tree, found, now)
    if tree.operator == "exists":
        return _presence(tree, found)
    make = _OPERATORS.get(tree.operator)
    if make is None or (OPERATORS[tree.operator].whole and found.type not in ("list", "any")):
        return None  # of one value, MongoDB's own operators for lists are met by that value
    has_facet = bool(found.facet) and found.type != "text"
    where = found.facet if has_facet else found.stored
    native: Document = {where: make(tree.operand, now)}
    is_there = has_facet and found.name in FIELDS  # a status of the shop's own is, once a contact has met it
    absent = None if is_there else found.absent
    if absent is not None and test_value(OPERATORS[tree.operator], absent, tree.operand, now):
        return {"$or": [native, {where: None}]}
    return native


def _length(tree: Compare, found: Field, now: datetime) -> Document | None:
    """What a comparison with the length of a list implies, if it leaves out those with nothing in it."""
    make = _OPERATORS.get(tree.operator)
    if make is None or not found.facet or test_value(OPERATORS[tree.operator], 0, tree.operand, now):
        return None
    return {found.facet: make(tree.operand, now)}


def _presence(tree: Compare, found: Field) -> Document | None:
    if found.absent is not None:
        return None
    if found.facet and found.type == "text":
        return {found.facet: tree.operand}
    if _is_plain(found):
        return {found.stored: {"$ne": None} if tree.operand else None}
    return {found.stored: {"$exists": True}} if tree.operand else None


def _beginning(text: str, _now: datetime) -> Document:
    """The texts from one to the next that does not begin with it."""
    after = _next_text(text)
    return {"$gte": text, "$lt": after} if after else {"$gte": text}


def _next_text(text: str) -> str:
    """The least text after all those that begin with `text`, in the order of code points."""
    kept = text.rstrip(chr(_LAST_CHARACTER))
    if not kept:
        return ""
    code = ord(kept[-1]) + 1
    return kept[:-1] + chr(_SURROGATES[1] if code == _SURROGATES[0] else code)


_OPERATORS: dict[str, Callable[[Any, datetime], Any]] = {
    "eq": lambda operand, _now: {"$eq": operand},
    "in": lambda operand, _now: {"$in": list(operand)},
    "gt": lambda operand, _now: {"$gt": operand},
    "gte": lambda operand, _now: {"$gte": operand},
    "lt": lambda operand, _now: {"$lt": operand},
    "lte": lambda operand, _now: {"$lte": operand},
    "before": lambda operand, _now: {"$lt": operand},
    "after": lambda operand, _now: {"$gt": operand},
    "within": lambda span, now: {"$gt": earlier(now, span), "$lte": now},
    "older_than": lambda span, now: {"$lte": earlier(now, span)},
    "starts_with": _beginning,
    "has": lambda operand, _now: {"$all": list(operand)},
    "has_all": lambda operand, _now: {"$all": list(operand)},
    "has_any": lambda operand, _now: {"$in": list(operand)},
}
"""The native form of each operator on one value; for a list, one matching item is enough."""
