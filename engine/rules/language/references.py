"""Names that files give to things, and names that they refer to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from engine.domain.activity_types import ActivityCatalog
from engine.rules.language.nodes import Node

ID = re.compile(r"[a-z][a-z0-9_-]{0,63}")


def identifier(node: Node, key: str) -> str:
    """The `id` of a rule or field: small letters, digits, dashes and underscores."""
    value = node.text(key)
    if value and not ID.fullmatch(value):
        node.fail(f"{value!r} cannot be an id: small letters, digits, - and _, a letter first", key)
    return value


def known_activities(
    names: Sequence[str], catalog: ActivityCatalog, *, node: Node, key: str
) -> tuple[str, ...]:
    """The declared ones of some activity types; any other is a problem at its key."""
    known = set(catalog.types())
    for name in names:
        if name and name not in known:
            node.fail_undeclared(f"no activity {name!r}", key, name=name, known=known, file="activities.yaml")
    return tuple(name for name in names if name in known)


def refuse_repeats(nodes: Iterable[Node], what: str) -> None:
    """Report every id that an earlier node has already."""
    lines: dict[str, int] = {}
    for node in nodes:
        id_ = str(node.raw("id"))
        if id_ in lines:
            node.fail(f"another {what} has the id {id_!r}, on line {lines[id_]}", "id")
        lines.setdefault(id_, node.place()[0])
