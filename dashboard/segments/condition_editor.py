"""The editor of a dynamic segment's condition: a form for simple conditions, and YAML for all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from dashboard.segments import condition_form
from dashboard.segments.condition_rows import read
from dashboard.ui.markup import quiet, show
from dashboard.ui.problems import problem_box
from dashboard.ui.yaml_editor import yaml_editor
from engine.domain.rulebook import Ruleset
from engine.rules.conditions.condition_reader import problems_of
from engine.rules.conditions.vocabulary import Vocabulary
from engine.rules.language import editing

_FORM, _YAML = "Form", "YAML"
_BEGIN = "contact.points: {gte: 10}\n"


@dataclass
class _Draft:
    """The condition being edited: its text, the open tab, and a counter that resets the editor."""

    text: str
    shown: str = ""
    edition: int = 0


def forget(segment: str | None) -> None:
    """Forget the draft: it was published or discarded."""
    for name in [name for name in st.session_state if str(name).startswith(_key(segment))]:
        del st.session_state[name]


def condition(ruleset: Ruleset, segment: str | None, written: str) -> dict[str, Any] | None:
    """Ask for a condition, initially the one in the file; unset while it is incomplete."""
    key = _key(segment)
    draft: _Draft = st.session_state.setdefault(f"{key}draft", _Draft(written))
    simple = not written or read(editing.read(written), ruleset) is not None
    form, yaml = st.tabs(
        [_FORM, _YAML], key=f"{key}as", default=_FORM if simple else _YAML, on_change="rerun"
    )
    if form.open:
        with form:
            return _as_form(draft, ruleset, key=f"{key}form")
    with yaml:
        return _as_yaml(draft, ruleset, key=f"{key}when")


def _key(segment: str | None) -> str:
    return f"segments.condition.{segment}."


def _as_form(draft: _Draft, ruleset: Ruleset, *, key: str) -> dict[str, Any] | None:
    if draft.shown != _FORM:
        if draft.text and problems_of(draft.text, Vocabulary.of(ruleset)):
            show(quiet("The YAML has a problem. Fix it there first."))
            return None
        written: Mapping[str, Any] = editing.read(draft.text) if draft.text else {}
        simple = read(written, ruleset)
        if written and simple is None:
            show(quiet("This condition is too complex for the form. Edit it as YAML."))
            return dict(written)
        condition_form.begin(simple, key=key)
        draft.shown = _FORM
    found = condition_form.condition_form(ruleset, key=key)
    if found is not None:
        draft.text = editing.as_yaml(found)
    return found


def _as_yaml(draft: _Draft, ruleset: Ruleset, *, key: str) -> dict[str, Any] | None:
    if draft.shown != _YAML:
        draft.shown, draft.edition = _YAML, draft.edition + 1
        draft.text = draft.text or _BEGIN
    problems = problems_of(draft.text, Vocabulary.of(ruleset))
    show(quiet("See docs/write-a-rule.md for all conditions."))
    text = yaml_editor(
        draft.text, document=f"when.{draft.edition}", label="Condition", problems=problems, key=key
    )
    if text != draft.text:
        draft.text = text
        st.rerun()
    problem_box(f"Line {problem.line}: {problem.message}" for problem in problems)
    return None if problems else dict(editing.read(draft.text))
