"""A ruleset: all YAML files of one version, checked together and compiled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path

from engine.domain.rulebook import MAX_REPEATS, Rule, Ruleset, Segment
from engine.errors import InvalidRules, Problem
from engine.rules.conditions.vocabulary import Vocabulary, own_initial
from engine.rules.files.activities_file import ActivitiesFile, read_activities
from engine.rules.files.cycles import rule_cycles
from engine.rules.files.fields_file import FieldsFile, read_fields
from engine.rules.files.lifetime_entry import read_lifetime
from engine.rules.files.mailbox_entry import read_mailboxes
from engine.rules.files.preferences_entry import read_preferences
from engine.rules.files.rfm_file import RfmFile, read_rfm
from engine.rules.files.rule_tests import RuleTest, read_tests
from engine.rules.files.scoring_file import ScoringFile, read_scoring
from engine.rules.files.segments_file import SegmentsFile, read_segments
from engine.rules.files.settings_file import (
    SettingsFile,
    read_account,
    read_double_opt_in,
    read_services,
    read_webhooks,
)
from engine.rules.files.topics_entry import TOPIC_INITIAL, topic_states, with_topics
from engine.rules.files.transitions_file import TransitionsFile, read_topics, read_transitions
from engine.rules.language.nodes import File, Problems

FILES = (
    "activities.yaml",
    "fields.yaml",
    "settings.yaml",
    "transitions.yaml",
    "segments.yaml",
    "scoring.yaml",
    "rfm.yaml",
)
"""The files of a ruleset, in reading order."""


@dataclass(frozen=True)
class VersionMetadata:
    """The metadata of a version (see `Ruleset`) that is not in its files.

    `since` are the times from which the conditions of dynamic segments hold.
    """

    version: int = 1
    published_at: datetime | None = None
    since: Mapping[str, datetime] = field(default_factory=dict)
    upkeep: int = 1
    kept_from: int = 1
    recomputed: int = 1


def read_folder(folder: Path) -> dict[str, str]:
    """The files' texts by name; a file that the folder lacks is an empty one."""
    return dict.fromkeys(FILES, "") | read_present(folder)


def read_present(folder: Path) -> dict[str, str]:
    """The texts of the files that a folder has; bytes that are no UTF-8 are reported by the checks."""
    paths = ((name, folder / name) for name in FILES)
    return {
        name: path.read_text(encoding="utf-8", errors="surrogateescape")
        for name, path in paths
        if path.exists()
    }


def unknown_files(folder: Path) -> list[Problem]:
    """Files whose names resemble those of rule files, or that a folder has no rule file at all."""
    names = sorted(path.name for path in folder.iterdir() if path.suffix in (".yaml", ".yml"))
    found = []
    for name in names:
        close = get_close_matches(name, FILES, n=1, cutoff=0.8)
        if name not in FILES and close:
            found.append(Problem(name, 1, 1, f"no file of this name is read, did you mean {close[0]!r}?"))
    if not found and not set(names) & set(FILES):
        return [Problem(str(folder), 1, 1, f"none of the files of rules is here: {', '.join(FILES)}")]
    return found


def compile_ruleset(texts: Mapping[str, str], standing: VersionMetadata | None = None) -> Ruleset:
    """Check and compile the files; raise InvalidRules with every problem found."""
    return _compile(texts, standing or VersionMetadata())[0]


def compile_published(texts: Mapping[str, str], standing: VersionMetadata) -> tuple[Ruleset, list[Problem]]:
    """Compile a published version, and report what today's checks find wrong with it.

    Checks are added with time; what they find in an older version does not stop the workers.
    """
    ruleset, _, problems = _build(texts, standing)
    return ruleset, _in_order(problems)


def warnings_of(texts: Mapping[str, str]) -> list[Problem]:
    """What is allowed in the files and may not be meant, in order."""
    return _in_order(_build(texts, VersionMetadata())[2].warnings)


def rule_tests_of(texts: Mapping[str, str]) -> list[RuleTest]:
    """The tests written beside the rules; raise InvalidRules."""
    return _compile(texts, VersionMetadata())[1]


def _compile(texts: Mapping[str, str], standing: VersionMetadata) -> tuple[Ruleset, list[RuleTest]]:
    ruleset, tests, problems = _build(texts, standing)
    if problems:
        raise InvalidRules(_in_order(problems))
    return ruleset, tests


def _build(texts: Mapping[str, str], standing: VersionMetadata) -> tuple[Ruleset, list[RuleTest], Problems]:
    """The parsed files, as far as they are valid, and all problems."""
    problems = Problems()
    files = _Files.read(texts, problems)
    words = files.vocabulary()
    segments = read_segments(files.segments, words)
    rules = read_scoring(files.scoring, words)
    machines = read_transitions(files.transitions, words)
    topics = read_topics(files.transitions, machines, words)
    ruleset = Ruleset(
        version=standing.version,
        account=words.account,
        catalog=words.catalog,
        rules=rules,
        machines=with_topics(machines, topics.values()),
        fields=words.fields,
        segments={id_: replace(s, since=standing.since.get(id_)) for id_, s in segments.items()},
        published_at=standing.published_at,
        upkeep=standing.upkeep,
        kept_from=standing.kept_from,
        recomputed=standing.recomputed,
        webhooks=words.webhooks,
        services=read_services(files.settings),
        topics=topics,
        mailboxes=read_mailboxes(files.settings),
        preferences=read_preferences(files.settings.preferences),
        double_opt_in=read_double_opt_in(files.settings),
        rfm=read_rfm(files.rfm),
        lifetime=read_lifetime(files.settings.lifetime_value),
    )
    tests = [
        *read_tests("scoring.yaml", files.scoring.tests, words),
        *read_tests("segments.yaml", files.segments.tests, words),
        *read_tests("transitions.yaml", files.transitions.tests, words),
    ]
    _refuse_cycles(files.scoring, rules, segments)
    return ruleset, tests, problems


def _in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Each problem once, in the order of the files and their lines."""
    return sorted(dict.fromkeys(problems), key=lambda p: (FILES.index(p.file), p.line, p.column))


def _refuse_cycles(
    file: ScoringFile, rules: Mapping[str, tuple[Rule, ...]], segments: Mapping[str, Segment]
) -> None:
    """Report rules that could set each other off without end."""
    nodes = {entry.id: entry.node for entry in file.rules}
    for cycle in rule_cycles(rules, segments):
        path = " → ".join([*cycle, cycle[0]])
        hint = f"give one of them a `limit` of at most {MAX_REPEATS} times"
        nodes[cycle[0]].fail(f"rules set each other off without end: {path}; {hint}", "on")


@dataclass(frozen=True)
class _Files:
    """The files, each read as far as it needs no other."""

    activities: ActivitiesFile
    fields: FieldsFile
    settings: SettingsFile
    transitions: TransitionsFile
    segments: SegmentsFile
    scoring: ScoringFile
    rfm: RfmFile

    @classmethod
    def read(cls, texts: Mapping[str, str], problems: Problems) -> _Files:
        roots = {name: File(name, problems).parse(texts.get(name, "")) for name in FILES}
        return cls(
            activities=ActivitiesFile(roots["activities.yaml"]),
            fields=FieldsFile(roots["fields.yaml"]),
            settings=SettingsFile(roots["settings.yaml"]),
            transitions=TransitionsFile(roots["transitions.yaml"]),
            segments=SegmentsFile(roots["segments.yaml"]),
            scoring=ScoringFile(roots["scoring.yaml"]),
            rfm=RfmFile(roots["rfm.yaml"]),
        )

    def vocabulary(self) -> Vocabulary:
        """The names that conditions and effects can use."""
        machines = self.transitions.machines
        of_topics = topic_states(self.transitions.topics)
        return Vocabulary(
            catalog=read_activities(self.activities),
            fields=read_fields(self.fields),
            machines={id_: entry.names() for id_, entry in machines.items()} | of_topics,
            reached={
                name: frozenset(move.to for move in entry.transitions) for name, entry in machines.items()
            }
            | of_topics,
            initial=own_initial({id_: entry.initial for id_, entry in machines.items()})
            | dict.fromkeys(of_topics, TOPIC_INITIAL),
            static=frozenset(entry.id for entry in self.segments.segments if entry.id and not entry.when),
            dynamic=frozenset(entry.id for entry in self.segments.segments if entry.id and entry.when),
            account=read_account(self.settings),
            webhooks=read_webhooks(self.settings),
            categories=frozenset(self.rfm.categories),
        )
