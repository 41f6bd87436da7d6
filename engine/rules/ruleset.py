"""A ruleset: all YAML files of one version, checked together and compiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from engine.core.rulebook import Ruleset
from engine.errors import InvalidRules, Problem
from engine.rules import files as read
from engine.rules.circles import ENOUGH, circle_of
from engine.rules.rule_tests import RuleTest, read_tests
from engine.rules.scoring_file import read_scoring
from engine.rules.segments_file import read_segments, segment_kinds
from engine.rules.source import File, Node
from engine.rules.vocabulary import Vocabulary

FILES = (
    "activities.yaml",
    "fields.yaml",
    "settings.yaml",
    "transitions.yaml",
    "segments.yaml",
    "scoring.yaml",
)
"""What a ruleset is made of, in the order in which it is read."""


@dataclass(frozen=True)
class Standing:
    """What a version's history says of it (see `Ruleset`): it is not in the files.

    `since` are the times from which the conditions of dynamic segments hold.
    """

    version: int = 1
    published_at: datetime | None = None
    since: Mapping[str, datetime] = field(default_factory=dict)
    upkeep: int = 1
    kept_from: int = 1
    recomputed: int = 1


def read_folder(folder: Path) -> dict[str, str]:
    """The files' texts by name; a file that the folder lacks is an empty one.

    Raises InvalidRules for a file that cannot be read as text.
    """
    return dict.fromkeys(FILES, "") | read_present(folder)


def read_present(folder: Path) -> dict[str, str]:
    """The texts of the files that a folder has; raise InvalidRules for one that is no text."""
    texts, problems = {}, []
    for name in FILES:
        path = folder / name
        try:
            if path.exists():
                texts[name] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            problems.append(Problem(name, 1, 1, f"the file is not UTF-8 at byte {error.start}"))
    if problems:
        raise InvalidRules(problems)
    return texts


def compile_ruleset(texts: Mapping[str, str], standing: Standing | None = None) -> Ruleset:
    """Check and compile the files; raise InvalidRules with every problem found."""
    return _compile(texts, standing or Standing())[0]


def rule_tests_of(texts: Mapping[str, str]) -> list[RuleTest]:
    """The tests written beside the rules; raise InvalidRules."""
    return _compile(texts, Standing())[1]


def _compile(texts: Mapping[str, str], standing: Standing) -> tuple[Ruleset, list[RuleTest]]:
    problems: list[Problem] = []
    roots = {name: File(name, problems).parse(texts.get(name, "")) for name in FILES}
    words = _vocabulary(roots)
    segments = read_segments(roots["segments.yaml"], words)
    scoring = roots["scoring.yaml"]
    rules = read_scoring(scoring, words)
    ruleset = Ruleset(
        version=standing.version,
        account=words.account,
        catalog=words.catalog,
        rules=rules,
        machines=read.read_transitions(roots["transitions.yaml"], words),
        fields=words.fields,
        segments={id_: replace(s, since=standing.since.get(id_)) for id_, s in segments.items()},
        published_at=standing.published_at,
        upkeep=standing.upkeep,
        kept_from=standing.kept_from,
        recomputed=standing.recomputed,
        webhooks=words.webhooks,
    )
    tests = [
        test
        for name in ("scoring.yaml", "segments.yaml", "transitions.yaml")
        for test in read_tests(roots[name], name, words)
    ]
    for root in roots.values():
        root.finish()
    circle = circle_of(rules, segments)
    if circle:
        round_ = " → ".join([*circle, circle[0]])
        hint = f"give one of them a `limit` of at most {ENOUGH} times"
        scoring.fail(f"rules set each other off without end: {round_}; {hint}", "rules")
    if problems:
        unique = dict.fromkeys(problems)
        raise InvalidRules(sorted(unique, key=lambda p: (FILES.index(p.file), p.line, p.column)))
    return ruleset, tests


def _vocabulary(roots: Mapping[str, Node]) -> Vocabulary:
    static, dynamic = segment_kinds(roots["segments.yaml"])
    catalog = read.read_activities(roots["activities.yaml"])
    return Vocabulary(
        catalog=catalog,
        fields=read.read_fields(roots["fields.yaml"]),
        machines=read.machine_states(roots["transitions.yaml"]),
        reached=read.reached_states(roots["transitions.yaml"]),
        static=static,
        dynamic=dynamic,
        account=read.read_account(roots["settings.yaml"]),
        webhooks=read.read_webhooks(roots["settings.yaml"]),
    )
