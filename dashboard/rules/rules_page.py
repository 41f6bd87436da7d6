"""The rules page: performance, the editor of the files, and the version history."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from datetime import date
from typing import Any

import streamlit as st

from dashboard import formats
from dashboard.rules import rule_plan
from dashboard.rules.rollout_bar import rollout_bar
from dashboard.running_instance import time_zone
from dashboard.ui import charts
from dashboard.ui.markup import (
    badge,
    card_title,
    empty_state,
    escape_label,
    figures,
    joined,
    link,
    page_title,
    quiet,
    show,
    table,
    tag,
)
from dashboard.ui.problems import show_errors
from dashboard.ui.yaml_editor import yaml_editor
from dashboard.wording import ANONYMOUS, plural
from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission
from engine.domain.rulebook import Ruleset
from engine.errors import Problem
from engine.publishing import publish_service, publishing
from engine.rules.rehearsal import rehearse
from engine.rules.rule_service import all_versions, current_rules, published_version
from engine.rules.rule_words import brings, reacts_to
from engine.rules.ruleset import FILES, compile_ruleset, rule_tests_of
from engine.rules.versions import Version

_DRAFT = "rules.draft"
_BASE = "rules.base"
_EDITION = "rules.edition"

_FROM_NOW = "Applies from now on: points already given stay, and segments are re-evaluated immediately."
_AS_ALWAYS = "Points, segments and statuses are recalculated as if these rules had always applied."

_ABOUT = {
    "scoring.yaml": "Scoring and effects",
    "segments.yaml": "Segments",
    "transitions.yaml": "Statuses",
    "activities.yaml": "Activity types",
    "fields.yaml": "Custom fields",
    "settings.yaml": "Account",
    "rfm.yaml": "RFM",
}


def render(actor: Actor) -> None:
    """The rule that the address names, or the tabs."""
    rule = st.query_params.get("rule")
    if rule:
        _one(actor, rule)
        return
    ruleset = current_rules(actor)
    show(page_title("Rules", f"Version {ruleset.version} is live"))
    rollout_bar(actor)
    given, edit, history = st.tabs(["Performance", "Edit", "History"], key="rules.tab", on_change="rerun")
    if given.open:
        with given:
            _given(actor, ruleset)
    if edit.open:
        with edit:
            _edit(actor)
    if history.open:
        with history:
            _history(actor)


# What rules give


def _given(actor: Actor, ruleset: Ruleset) -> None:
    found = publish_service.rule_summaries(actor)
    rows = []
    for rule in (rule for rules in ruleset.rules.values() for rule in rules):
        gave = found.get(rule.id)
        rows.append(
            (
                joined(
                    [
                        link(f"?page=rules&rule={rule.id}", tag("b", rule.name)),
                        tag("div", reacts_to(rule, ruleset), "cs-quiet cs-small"),
                        tag("div", brings(rule, ruleset), "cs-small"),
                    ]
                ),
                formats.count(gave.contacts) if gave else formats.NOTHING,
                formats.signed(gave.points) if gave else formats.NOTHING,
            )
        )
    if not rows:
        empty_state("No rules yet", "Create the first one under Edit. See docs/write-a-rule.md for examples.")
        return
    show(table(("Rule", "Contacts in 30 days", "Points"), rows))


def _one(actor: Actor, id_: str) -> None:
    st.button("Rules", icon=":material/arrow_back:", key="rules.back", type="tertiary", on_click=_leave)
    ruleset = current_rules(actor)
    rule = next((rule for rules in ruleset.rules.values() for rule in rules if rule.id == id_), None)
    if rule is None:
        empty_state("Rule not found", "It is not part of the published rules.", whole="page")
        return
    show(page_title(rule.name, reacts_to(rule, ruleset)))
    show(tag("div", brings(rule, ruleset), "cs-small"))
    gave = publish_service.rule_summaries(actor).get(rule.id)
    if gave is None:
        empty_state("No results in 30 days", "No activity matched this rule in the last 30 days.")
        return
    counts = (
        ("points in 30 days", formats.signed(gave.points)),
        ("times", formats.count(gave.entries)),
        ("contacts", formats.count(gave.contacts)),
    )
    show(figures(counts))
    trend = publish_service.rule_trend(actor, id_, zone=time_zone())
    charts.by_day(
        [_on_day(row) for row in trend], title="Points on each day", colours={"points": charts.PINE}
    )
    show(card_title("Top contacts"))
    rows = [
        (
            link(f"?contact={contact.id}", contact.name or contact.email or ANONYMOUS),
            formats.count(entries),
            formats.signed(points),
        )
        for contact, points, entries in publish_service.rule_top(actor, id_)
    ]
    show(table(("Contact", "Times", "Points"), rows))


def _on_day(row: Mapping[str, Any]) -> dict[str, Any]:
    """The points of a rule on a day, as a bar."""
    says = f"{formats.short_day(date.fromisoformat(row['day']))}: {formats.points(row['points'])}"
    return {"day": row["day"], "what": "points", "value": row["points"], "says": says}


# Editing


def _edit(actor: Actor) -> None:
    if not actor.may(Permission.EDIT_RULES):
        show(quiet("Only admins can plan and publish rules. You can read them and check a change."))
    published = published_version(actor)
    draft = _draft(published)
    as_published = publishing.completed_from(published)
    changed = [name for name in FILES if draft[name] != as_published[name]]
    chosen = st.selectbox(
        "File",
        list(_ABOUT),
        key="rules.file",
        label_visibility="collapsed",
        format_func=lambda name: f"{_ABOUT[name]} · {name}{' (changed)' if name in changed else ''}",
    )
    problems = _problems(draft)
    here = [problem for problem in problems if problem.file == chosen]
    edition = st.session_state.setdefault(_EDITION, 0)
    text = yaml_editor(
        draft[chosen], document=f"{chosen}.{edition}", label=chosen, problems=here, key="rules.editor"
    )
    if text != draft[chosen]:
        draft[chosen] = text
        rule_plan.drop()
        st.rerun()
    _verdict(problems, draft)
    if not changed:
        return
    show(tag("div", f"Changed: {', '.join(changed)}", "cs-sub"))
    if not actor.may(Permission.EDIT_RULES):
        _discard_button()
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        rule_plan.ask_sample_size(actor)
        st.button(
            "Plan",
            icon=":material/query_stats:",
            key="rules.plan.go",
            disabled=bool(problems),
            on_click=rule_plan.ask,
        )
        _discard_button()
    if not problems:
        rule_plan.shown(actor, draft)
    _publish(actor, draft, disabled=bool(problems))


def _discard_button() -> None:
    st.button(
        "Discard changes", icon=":material/undo:", key="rules.discard", type="tertiary", on_click=_discard
    )


def _draft(published: Version) -> dict[str, str]:
    """The edited files, initially those of the published version."""
    if _DRAFT not in st.session_state:
        st.session_state[_DRAFT] = publishing.completed_from(published)
        st.session_state[_BASE] = published.number
    draft: dict[str, str] = st.session_state[_DRAFT]
    return draft


def _discard() -> None:
    for key in (_DRAFT, _BASE):
        st.session_state.pop(key, None)
    rule_plan.drop()
    st.session_state[_EDITION] = st.session_state.get(_EDITION, 0) + 1


@st.cache_data(show_spinner=False, max_entries=100)
def _problems(texts: dict[str, str]) -> list[Problem]:
    return publishing.check(texts)


@st.cache_data(show_spinner=False, max_entries=100)
def _tests(texts: dict[str, str]) -> int:
    return len(rehearse(rule_tests_of(texts), compile_ruleset(texts)))


def _verdict(problems: list[Problem], draft: dict[str, str]) -> None:
    if not problems:
        tests = _tests(draft)
        passed = f" {tests} {plural(tests, 'test passes', 'tests pass')}"
        show(joined([badge("Valid", "good"), quiet(passed)]))
        return
    rows = [(f"{p.file}, line {p.line}", p.message) for p in problems]
    count = len(problems)
    show(card_title(f"{count} {plural(count, 'problem')}"))
    lines = joined(tag("div", joined([tag("b", where), " ", what])) for where, what in rows)
    show(tag("div", lines, "cs-problems"))


def _leave() -> None:
    st.query_params.pop("rule", None)


def _publish(actor: Actor, draft: dict[str, str], *, disabled: bool) -> None:
    with st.container(border=True):
        message = st.text_input("Describe the change", key="rules.message", max_chars=200)
        recompute = st.checkbox(
            "Recalculate all history with these rules, as shown in the plan", key="rules.recompute"
        )
        show(quiet(_AS_ALWAYS if recompute else _FROM_NOW))
        ready = bool(message.strip()) and not disabled
        if not st.button("Publish", type="primary", key="rules.publish", disabled=not ready):
            return
        with show_errors():
            publish_service.publish(
                actor, draft, message=message.strip(),
                base=st.session_state[_BASE], recompute=recompute,
            )  # fmt: skip
            _discard()
            st.toast("Published. It takes effect within seconds.", icon=":material/check:")
            st.rerun()


# Versions


def _history(actor: Actor) -> None:
    versions = all_versions(actor)
    zone = time_zone()
    for version, before in zip(versions, [*versions[1:], None], strict=True):
        title = f"Version {version.number} · {version.message}"
        with st.expander(escape_label(title), expanded=version is versions[0]):
            recomputed = version.number > 1 and version.recomputed == version.number
            about = f"{version.published_by}, {formats.moment(version.published_at, zone)}"
            show(joined([quiet(about), " ", badge("history recalculated", "info") if recomputed else ""]))
            difference = _difference(before, version)
            if difference:
                st.code(difference, language="diff", wrap_lines=True)
            if actor.may(Permission.EDIT_RULES) and version is not versions[0]:
                _roll_back(actor, version)


def _difference(before: Version | None, version: Version) -> str:
    if before is None:
        return ""
    old, new = publishing.completed_from(before), publishing.completed_from(version)
    lines: list[str] = []
    for name in FILES:
        lines += difflib.unified_diff(
            old[name].splitlines(), new[name].splitlines(), name, name, lineterm="", n=2
        )
    return "\n".join(lines)


def _roll_back(actor: Actor, version: Version) -> None:
    with st.popover(f"Restore version {version.number}", icon=":material/history:"):
        show(quiet("Publishes these files again as a new version."))
        if st.button("Restore", key=f"rules.back.{version.number}", type="primary"):
            with show_errors():
                publish_service.roll_back(actor, version.number)
                _discard()
                st.rerun()
