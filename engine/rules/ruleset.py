"""A ruleset: all YAML files of one version, checked together and compiled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from engine.core.rulebook import Ruleset
from engine.errors import InvalidRules, Problem
from engine.rules import files as read
from engine.rules.source import File, Node

FILES = ("activities.yaml", "fields.yaml", "settings.yaml", "scoring.yaml", "transitions.yaml")
"""What a ruleset is made of, in the order in which it is read."""


def read_folder(folder: Path) -> dict[str, str]:
    """The files' texts by name; a file that the folder lacks is an empty one.

    Raises InvalidRules for a file that cannot be read as text.
    """
    texts, problems = {}, []
    for name in FILES:
        path = folder / name
        try:
            texts[name] = path.read_text(encoding="utf-8") if path.exists() else ""
        except UnicodeDecodeError as error:
            problems.append(Problem(name, 1, 1, f"the file is not UTF-8 at byte {error.start}"))
    if problems:
        raise InvalidRules(problems)
    return texts


def compile_ruleset(
    texts: Mapping[str, str], *, version: int, published_at: datetime | None = None
) -> Ruleset:
    """Check and compile the files; raise InvalidRules with every problem found."""
    problems: list[Problem] = []

    def parse(name: str) -> Node:
        return File(name, problems).parse(texts.get(name, ""))

    catalog = read.read_activities(parse("activities.yaml"))
    ruleset = Ruleset(
        version=version,
        account=read.read_settings(parse("settings.yaml")),
        catalog=catalog,
        scoring=read.read_scoring(parse("scoring.yaml"), catalog),
        machines=read.read_transitions(parse("transitions.yaml"), catalog),
        fields=read.read_fields(parse("fields.yaml")),
        published_at=published_at,
    )
    if problems:
        raise InvalidRules(sorted(problems, key=lambda p: (p.file, p.line, p.column)))
    return ruleset
