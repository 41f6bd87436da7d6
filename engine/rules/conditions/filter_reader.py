"""Filters of lists: conditions on contacts as plain data, in which `contact.` is left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.domain.conditions import Tree
from engine.errors import InvalidRules
from engine.rules.conditions.comparisons import COMBINING, CONTACT
from engine.rules.conditions.condition_reader import read_tree
from engine.rules.conditions.vocabulary import Subject, Vocabulary
from engine.rules.language.nodes import File, Problems


def read_filters(filters: Mapping[str, Any], words: Vocabulary) -> Tree | None:
    """Read a condition on contacts out of plain data, where `contact.` may be left out.

    Raises InvalidRules; the past (`did`) cannot be filtered by.
    """
    problems = Problems()
    tree = read_tree(File("filter", problems).data(dict(filters)), Subject(words, place="filter"))
    if problems:
        raise InvalidRules(problems)
    return tree


def qualified(filters: Mapping[str, Any]) -> dict[str, Any]:
    """Filters with `contact.` before each field, as conditions stand in files."""
    return _renamed(
        filters, lambda key: key if key in COMBINING or key.startswith(CONTACT) else f"{CONTACT}{key}"
    )


def unqualified(condition: Mapping[str, Any]) -> dict[str, Any]:
    """A condition as it stands in a file, with `contact.` left out: as filters are written."""
    return _renamed(condition, lambda key: key.removeprefix(CONTACT))


def _renamed(condition: Mapping[str, Any], rename: Callable[[str], str]) -> dict[str, Any]:
    return {
        rename(key): _renamed_within(value, rename) if key in ("all", "any", "not") else value
        for key, value in condition.items()
    }


def _renamed_within(value: Any, rename: Callable[[str], str]) -> Any:
    if isinstance(value, Mapping):
        return _renamed(value, rename)
    return [_renamed_within(item, rename) for item in value] if isinstance(value, list) else value
