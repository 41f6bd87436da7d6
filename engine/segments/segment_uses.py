"""Uses of a segment, which would be invalid without it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import lru_cache

from engine.contacts.bulk import bulk_change
from engine.contacts.listing import views
from engine.db import Db
from engine.domain.conditions import Compare, leaves
from engine.domain.rulebook import AddToSegment, RemoveFromSegment, Rule, Ruleset
from engine.domain.segments import ADD_TO, REMOVE_FROM
from engine.errors import InvalidRules
from engine.jobs import jobs
from engine.publishing.field_uses import Use
from engine.rules import versions
from engine.rules.conditions.filter_reader import read_filters
from engine.rules.conditions.vocabulary import Vocabulary
from engine.rules.files.rule_tests import RuleTest
from engine.rules.files.segments_file import mentioned, named_in
from engine.rules.language import editing
from engine.rules.ruleset import rule_tests_of

_UNDER = {"segments.yaml": "segments", "scoring.yaml": "rules", "transitions.yaml": "machines"}


def uses_of(db: Db, segment: str) -> list[Use]:
    """The uses of a segment: rules, segments, statuses and tests in force, saved views, running jobs."""
    version = versions.stored_version(db, versions.current_number(db))
    named = [
        Use(name, file, editing.lines_of(version.texts.get(file, ""), _UNDER[file]).get(id_))
        for name, file, id_ in _named(versions.current(db), segment)
    ]
    tests = _tests(_tests_of(db, version.number), segment)
    return [*named, *tests, *_views(db, segment), *_jobs(db, segment)]


def _named(ruleset: Ruleset, segment: str) -> Iterator[tuple[str, str, str]]:
    """A use of a segment: its name, its file, and its id there."""
    for other in ruleset.dynamic:
        if segment in mentioned(other.condition):
            yield f"the segment “{other.name}”", "segments.yaml", other.id
    for rule in (rule for rules in ruleset.rules.values() for rule in rules):
        if segment in _segments_of_rule(rule):
            yield f"the rule “{rule.name}”", "scoring.yaml", rule.id
    for machine in ruleset.machines.values():
        moves = (move for transitions in machine.transitions.values() for move in transitions)
        if any(segment in mentioned(move.when) for move in moves):
            yield f"the status “{machine.label}”", "transitions.yaml", machine.id


def _segments_of_rule(rule: Rule) -> set[str]:
    changed = {
        effect.segment for effect in rule.effects if isinstance(effect, AddToSegment | RemoveFromSegment)
    }
    return changed | set(_waited_for(rule)) | set(mentioned(rule.when))


def _waited_for(rule: Rule) -> Iterator[str]:
    """The segments that a rule on entering or leaving names, whichever way."""
    if rule.on not in ("segment_entered", "segment_left"):
        return
    for leaf in leaves(rule.when.tree):
        if isinstance(leaf, Compare) and str(leaf.path) == "activity.segment":
            yield from map(str, leaf.operand if isinstance(leaf.operand, tuple) else (leaf.operand,))


@lru_cache(maxsize=8)
def _tests_of(db: Db, number: int) -> list[RuleTest]:
    return rule_tests_of(versions.stored_version(db, number).texts)


def _tests(tests: Iterable[RuleTest], segment: str) -> Iterator[Use]:
    for test in tests:
        if segment in (*test.expect.get("segments", ()), *test.expect.get("not_segments", ())):
            yield Use(f"the test “{test.name}”", test.file, test.place[0])


def _views(db: Db, segment: str) -> Iterator[Use]:
    """Saved views; of one that is not shared only whose it is."""
    words = Vocabulary.of(versions.current(db))
    for view in views.every(db):
        with suppress(InvalidRules):  # it names something that is gone already
            if segment in named_in(read_filters(view.listing.where, words)):
                name = f"the view “{view.name}”" if view.shared else "a view"
                yield Use(f"{name} of {view.owner_name}", "Contacts", None)


def _jobs(db: Db, segment: str) -> Iterator[Use]:
    """Changes of many contacts that are not at their end."""
    for job in jobs.under_way(db, [bulk_change.KIND]):
        change = job.wanted.get("change", {})  # one that takes another back has none
        if segment in (*change.get(ADD_TO, ()), *change.get(REMOVE_FROM, ())):
            yield Use(f"“{job.title}”, which is under way", "Contacts", None)
