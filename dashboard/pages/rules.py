"""Rules: the files in an editor, what they give, and their versions."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import streamlit as st

from dashboard import formats
from dashboard.components import charts
from dashboard.components.editor import yaml_editor
from dashboard.components.problems import problem_box
from dashboard.components.text import (
    Html,
    badge,
    card_title,
    empty_state,
    figures,
    joined,
    link,
    page_title,
    plain_label,
    quiet,
    show,
    table,
    tag,
)
from dashboard.components.upkeep import upkeep_bar
from dashboard.installation import database, instance, time_zone
from dashboard.wording import sentence
from engine.access import rules as access
from engine.access.accounts import CurrentUser
from engine.access.permissions import Permission, may
from engine.core.rulebook import Rule, Ruleset
from engine.errors import ContactSheetsError, Problem
from engine.rules.explain import words
from engine.rules.plan import STEPS
from engine.rules.rehearsal import rehearse
from engine.rules.ruleset import FILES, compile_ruleset, rule_tests_of
from engine.store import planning, publishing, rule_stats, rulesets
from engine.store.connection import utc_now
from engine.store.planning import PlanStopped
from engine.store.rulesets import Version

_DRAFT = "rules.draft"
_BASE = "rules.base"
_PLAN = "rules.plan"
_EDITION = "rules.edition"

_SHARE = "rules.plan.share"

_SHARES = {1.0: "every contact", 0.1: "a tenth of the contacts", 0.01: "a hundredth of the contacts"}

_MANY = 20_000
"""Contacts from which on a plan of everybody takes so long that a sample is offered."""

_ABOUT = {
    "scoring.yaml": "Points, and other effects of what contacts do",
    "segments.yaml": "Segments",
    "transitions.yaml": "Statuses",
    "activities.yaml": "What contacts can do",
    "fields.yaml": "Your own fields",
    "settings.yaml": "The account",
}


def render(user: CurrentUser) -> None:
    """One rule's own page if the address names it, else all of them."""
    rule = st.query_params.get("rule")
    if rule:
        _one(rule)
        return
    ruleset = rulesets.current(database())
    show(page_title("Rules", f"Version {ruleset.version} is in force"))
    upkeep_bar()
    given, edit, history = st.tabs(["What they give", "Edit", "History"], key="rules.tab", on_change="rerun")
    if given.open:
        with given:
            _given(ruleset)
    if edit.open:
        with edit:
            _edit(user)
    if history.open:
        with history:
            _history(user)


# What rules give


def _given(ruleset: Ruleset) -> None:
    found = rule_stats.summaries(database(), now=utc_now())
    rows = []
    for rule in (rule for rules in ruleset.rules.values() for rule in rules):
        gave = found.get(rule.id)
        rows.append(
            (
                joined(
                    [
                        link(f"?page=rules&rule={rule.id}", tag("b", rule.name)),
                        tag("div", _says(rule, ruleset), "cs-quiet cs-small"),
                    ]
                ),
                formats.count(gave.contacts) if gave else formats.NOTHING,
                formats.signed(gave.points) if gave else formats.NOTHING,
            )
        )
    if not rows:
        empty_state("No rules yet", "Write the first one under “Edit”: docs/write-a-rule.md has examples.")
        return
    show(table(("Rule", "Contacts in 30 days", "Points"), rows))


def _says(rule: Rule, ruleset: Ruleset) -> str:
    when = "" if rule.when.tree is None else f", when {words(rule.when.tree, ruleset)}"
    return f"On “{ruleset.catalog.label(rule.on)}”{when}"


def _one(id_: str) -> None:
    st.button("Rules", icon=":material/arrow_back:", key="rules.back", type="tertiary", on_click=_leave)
    ruleset = rulesets.current(database())
    rule = next((rule for rules in ruleset.rules.values() for rule in rules if rule.id == id_), None)
    if rule is None:
        empty_state("No such rule", "It is not among the rules in force.", whole="page")
        return
    show(page_title(rule.name, _says(rule, ruleset)))
    gave = rule_stats.summaries(database(), now=utc_now()).get(rule.id)
    if gave is None:
        empty_state("Nothing in 30 days", "No activity met this rule in the last 30 days.")
        return
    counts = (
        ("points in 30 days", formats.signed(gave.points)),
        ("times", formats.count(gave.entries)),
        ("contacts", formats.count(gave.contacts)),
    )
    show(figures(counts))
    trend = rule_stats.trend(database(), id_, now=utc_now(), zone=time_zone())
    charts.by_day(
        [_on_day(row) for row in trend], title="Points on each day", colours={"points": charts.PINE}
    )
    show(card_title("To whom it gave the most"))
    rows = [
        (
            link(f"?contact={contact.id}", contact.name or contact.email or "Anonymous visitor"),
            formats.count(entries),
            formats.signed(points),
        )
        for contact, points, entries in rule_stats.top(database(), id_, now=utc_now())
    ]
    show(table(("Contact", "Times", "Points"), rows))


def _on_day(row: Mapping[str, Any]) -> dict[str, Any]:
    """The points that a rule gave on a day, as a bar."""
    says = f"{formats.short_day(date.fromisoformat(row['day']))}: {formats.points(row['points'])}"
    return {"day": row["day"], "what": "points", "value": row["points"], "says": says}


# Editing


def _edit(user: CurrentUser) -> None:
    if not may(user, Permission.EDIT_RULES):
        show(quiet("Only admins publish rules; you can look at them, check a change and plan it."))
    published = rulesets.stored_version(database(), rulesets.current_number(database()))
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
        st.session_state.pop(_PLAN, None)
        st.rerun()
    _verdict(problems, draft)
    if not changed:
        return
    show(tag("div", f"Changed: {', '.join(changed)}", "cs-sub"))
    with st.container(horizontal=True, vertical_alignment="center"):
        _whom_to_plan()
        st.button(
            "Plan",
            icon=":material/query_stats:",
            key="rules.plan.go",
            disabled=bool(problems),
            on_click=_want_plan,
        )
        st.button(
            "Discard changes", icon=":material/undo:", key="rules.discard", type="tertiary", on_click=_discard
        )
    if st.session_state.get(_PLAN) is not None and not problems:
        _show_plan(draft)
    if may(user, Permission.EDIT_RULES):
        _publish(user, draft, disabled=bool(problems))


def _draft(published: Version) -> dict[str, str]:
    """What is being edited, begun on the version in force."""
    if _DRAFT not in st.session_state:
        st.session_state[_DRAFT] = publishing.completed_from(published)
        st.session_state[_BASE] = published.number
    draft: dict[str, str] = st.session_state[_DRAFT]
    return draft


def _discard() -> None:
    for key in (_DRAFT, _BASE, _PLAN):
        st.session_state.pop(key, None)
    st.session_state[_EDITION] = st.session_state.get(_EDITION, 0) + 1


@st.cache_data(show_spinner=False, max_entries=100)
def _problems(texts: dict[str, str]) -> list[Problem]:
    return publishing.check(texts)


@st.cache_data(show_spinner=False, max_entries=100)
def _tests(texts: dict[str, str]) -> int:
    return len(rehearse(rule_tests_of(texts), compile_ruleset(texts)))


def _verdict(problems: list[Problem], draft: dict[str, str]) -> None:
    if not problems:
        show(joined([badge("in order", "good"), quiet(f" {_tests(draft)} tests pass")]))
        return
    rows = [(f"{p.file}, line {p.line}", p.message) for p in problems]
    count = len(problems)
    show(card_title(f"{count} problem{'' if count == 1 else 's'}"))
    lines = "".join(tag("div", joined([tag("b", where), " ", what])) for where, what in rows)
    show(Html(f'<div class="cs-problems">{lines}</div>'))


def _whom_to_plan() -> None:
    """Let a part of the contacts stand for all, where folding everybody takes long."""
    if database().contacts.estimated_document_count() > _MANY:
        st.selectbox(
            "Whom to fold",
            list(_SHARES),
            format_func=_SHARES.__getitem__,
            key=_SHARE,
            label_visibility="collapsed",
            width=220,
            on_change=_drop_plan,
        )


def _want_plan() -> None:
    st.session_state[_PLAN] = {}


def _drop_plan() -> None:
    st.session_state.pop(_PLAN, None)


def _leave() -> None:
    st.query_params.pop("rule", None)


def _show_plan(draft: dict[str, str]) -> None:
    """Fold everybody under the draft, once, and show what it would do."""
    if not st.session_state[_PLAN]:
        share = st.session_state.get(_SHARE, 1.0)
        bar = st.progress(0.0, f"Folding the history of {_SHARES[share]}…")
        st.button("Stop", key="rules.plan.stop", on_click=_drop_plan)

        def tell(done: int, total: int) -> None:
            bar.progress(done / total, f"Folding history: {formats.percent(done / total)}")

        change = planning.proposed(database(), draft, now=utc_now())
        try:
            found = planning.plan(database(), change, uri=instance().mongodb_uri, share=share, progress=tell)
        except PlanStopped:
            return
        st.session_state[_PLAN] = found.told(share=share)
        st.rerun()
    told = st.session_state[_PLAN]
    with st.container(border=True):
        show(card_title("What it would do, had the rules always been so"))
        if "sample" in told:
            folded = formats.count(told["sample"]["contacts"])
            show(quiet(f"Estimated from {folded} contacts; ± is how far it may be off, 19 times out of 20."))
        _plan_figures(told)
        _plan_details(told, compile_ruleset(draft))


def _plan_figures(told: Mapping[str, Any]) -> None:
    points = told["points"]
    sample = told.get("sample", {})
    counts = (
        ("contacts", formats.count(told["contacts"])),
        ("gain points", formats.count(points["gain"]) + _give_or_take(sample, "gain_error")),
        ("lose points", formats.count(points["lose"]) + _give_or_take(sample, "lose_error")),
    )
    show(figures(counts))
    rows = [
        {
            "change": _column(row["from"]),
            "contacts": row["contacts"],
            "tone": "gain" if row["from"] > 0 else "lose" if row["from"] < 0 else "same",
        }
        for row in points["distribution"]
    ]
    order = [_column(row["from"]) for row in points["distribution"]]
    if any(row["tone"] != "same" for row in rows):
        charts.columns(rows, x="change", y="contacts", title="Contacts", order=order)


def _column(first: int) -> str:
    """The name of a column of the distribution: `+5 to +9`."""
    if first == 0:
        return "no change"
    size = abs(first)
    beyond = next((step for step in STEPS if step > size), None)
    sign = "+" if first > 0 else "\N{MINUS SIGN}"
    if beyond is None:
        return f"{sign}{formats.count(size)} and more"
    return f"{sign}{size}" if beyond == size + 1 else f"{sign}{size} to {sign}{beyond - 1}"


def _plan_details(told: Mapping[str, Any], ruleset: Ruleset) -> None:
    by_rule = [
        (counts["name"], formats.count(counts["contacts"]), formats.signed(counts["points"]))
        for counts in told["points"]["by_rule"].values()
    ]
    if by_rule:
        show(table(("Rule", "Contacts", "Points"), by_rule))
    segments = [
        (
            ruleset.segments[id_].name if id_ in ruleset.segments else id_,
            f"+{formats.count(c['enter'])}{_give_or_take(c, 'enter_error')}",
            f"\N{MINUS SIGN}{formats.count(c['leave'])}{_give_or_take(c, 'leave_error')}",
        )
        for id_, c in told["segments"].items()
    ]
    if segments:
        show(table(("Segment", "Enter", "Leave"), segments))
    moves = [
        (machine, move, formats.count(n))
        for machine, counts in told["statuses"].items()
        for move, n in counts.items()
    ]
    if moves:
        show(table(("Status", "Move", "Contacts"), moves))
    examples = [
        (
            link(f"?contact={example['contact']}", example["name"]),
            _reasons(example["reasons"]),
            example["what"],
        )
        for example in told["examples"]
    ]
    if examples:
        show(table(("For example", "Why", "What"), examples))
    if not (by_rule or segments or moves):
        show(quiet("It would change nothing for anybody."))


REASONS = 5
"""Reasons told of an example; of more it is said how many."""


def _reasons(found: Sequence[str]) -> Html:
    more = len(found) - REASONS
    told = [*found[:REASONS], *([f"and {formats.count(more)} more"] if more > 0 else [])]
    return joined(tag("div", reason, "cs-small") for reason in told)


def _give_or_take(counts: Mapping[str, int], error: str) -> str:
    """How far an estimated count may be off, if it was estimated."""
    return f" ±{formats.count(counts[error])}" if counts.get(error) else ""


def _publish(user: CurrentUser, draft: dict[str, str], *, disabled: bool) -> None:
    with st.container(border=True):
        message = st.text_input("What is changed, and why", key="rules.message", max_chars=200)
        recompute = st.checkbox(
            "Judge all history by these rules, as the plan shows it", key="rules.recompute"
        )
        ready = bool(message.strip()) and not disabled
        if not st.button("Publish", type="primary", key="rules.publish", disabled=not ready):
            return
        try:
            access.publish(
                database(), user, draft, message=message.strip(), now=utc_now(),
                base=st.session_state[_BASE], recompute=recompute,
            )  # fmt: skip
        except ContactSheetsError as error:
            problem_box([sentence(error)])
            return
    _discard()
    st.toast("Published. The workers take it with their next batch.", icon=":material/check:")
    st.rerun()


# Versions


def _history(user: CurrentUser) -> None:
    versions = rulesets.history(database())
    zone = time_zone()
    for version, before in zip(versions, [*versions[1:], None], strict=True):
        title = f"Version {version.number} · {version.message}"
        with st.expander(plain_label(title), expanded=version is versions[0]):
            recomputed = version.number > 1 and version.recomputed == version.number
            about = f"{version.published_by}, {formats.moment(version.published_at, zone)}"
            show(joined([quiet(about), " ", badge("history recomputed", "info") if recomputed else ""]))
            difference = _difference(before, version)
            if difference:
                st.code(difference, language="diff", wrap_lines=True)
            if may(user, Permission.EDIT_RULES) and version is not versions[0]:
                _roll_back(user, version)


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


def _roll_back(user: CurrentUser, version: Version) -> None:
    with st.popover(f"Go back to version {version.number}", icon=":material/history:"):
        show(quiet("Its files are published again, as a new version. Nothing is lost."))
        if st.button("Publish it again", key=f"rules.back.{version.number}", type="primary"):
            try:
                access.roll_back(database(), user, version.number, now=utc_now())
            except ContactSheetsError as error:
                problem_box([sentence(error)])
                return
            _discard()
            st.rerun()
