"""The routes of the API: paths are matched part by part before they are decoded.

So an external id with a slash is one part, `a%2F1`, and never another operation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from starlette.types import Scope

ROOTS = frozenset({"contacts", "segments", "imports", "exports", "jobs", "openapi.json", "docs", "docs.css"})
"""The first parts below /v1 that are the API's; the tracking calls have others."""


@dataclass(frozen=True)
class Match:
    """The index of a request's route and the parts of its path; without one the methods that there are."""

    index: int | None
    path: Mapping[str, str]
    allowed: tuple[str, ...] = ()


def raw_path(scope: Scope) -> str:
    """Return the path of a request as it was sent, still encoded."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.partition(b"?")[0].decode("ascii", "replace")


def is_api(path: str) -> bool:
    """Return whether a raw path is the API's."""
    parts = parts_of(path)
    return len(parts) >= 2 and parts[0] == "v1" and parts[1] in ROOTS


def parts_of(path: str) -> list[str]:
    """Return the parts of a raw path, still encoded."""
    return path.strip("/").split("/")


def match(routes: Iterable[tuple[str, tuple[str, ...]]], method: str, path: str) -> Match | None:
    """Return the first route of a request; None if no route has this path."""
    parts = parts_of(path)
    allowed = list[str]()
    for index, (its_method, its_parts) in enumerate(routes):
        found = _matched(its_parts, parts)
        if found is None:
            continue
        if its_method == method or (method == "HEAD" and its_method == "GET"):
            return Match(index, found)
        allowed.append(its_method)
    return Match(None, {}, tuple(allowed)) if allowed else None


def _matched(declared: tuple[str, ...], parts: list[str]) -> dict[str, str] | None:
    if len(declared) != len(parts):
        return None
    found = dict[str, str]()
    for name, part in zip(declared, parts, strict=True):
        if name.startswith("{"):
            value = unquote(part)
            if not value.strip():
                return None
            found[name[1:-1]] = value
        elif name != part:
            return None
    return found
