"""Names that files give, and names that they refer to."""

from __future__ import annotations

import re
from collections.abc import Iterable

from engine.domain.activity_types import ActivityCatalog
from engine.rules.language.nodes import Node
from engine.rules.language.suggestions import did_you_mean

ID = re.compile(r"[a-z][a-z0-9_-]{0,63}")


def identifier(node: Node) -> str:
    """The `id` of a rule or field: small letters, digits, dashes and underscores."""
    value = node.text("id")
    if value and not ID.fullmatch(value):
        node.fail(f"{value!r} cannot be an id: small letters, digits, - and _, a letter first", "id")
    return value


def activity_name(node: Node, catalog: ActivityCatalog) -> str:
    """The type of activity that `on` names; empty if there is none such."""
    name = node.text("on")
    known = set(catalog.types())
    if name and name not in known:
        said = f"no activity {name!r}{did_you_mean(name, known)} (declare it in activities.yaml)"
        node.fail(said, "on", needs="activities.yaml")
        return ""
    return name


def no_repeats(nodes: Iterable[Node], what: str) -> None:
    """Note every id that an earlier one has already."""
    seen: dict[str, int] = {}
    for node in nodes:
        id_ = str(node.raw("id"))
        if id_ in seen:
            node.fail(f"another {what} has the id {id_!r}, on line {seen[id_]}", "id")
        seen.setdefault(id_, node.place()[0])
