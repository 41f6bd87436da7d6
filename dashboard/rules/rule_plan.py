"""The plan: the effect of changed rules on all contacts, if they had always applied."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st
from markupsafe import Markup

from dashboard import formats
from dashboard.running_instance import instance
from dashboard.ui import charts
from dashboard.ui.markup import card_title, figures, joined, link, quiet, show, table, tag
from engine.accounts.actor import Actor
from engine.domain.rulebook import Ruleset
from engine.errors import WorkStopped
from engine.publishing import publish_service
from engine.rules.plan import STEPS
from engine.rules.ruleset import compile_ruleset

_PLAN = "rules.plan"
_SHARE = "rules.plan.share"

_SHARES = {1.0: "all contacts", 0.1: "10% of contacts", 0.01: "1% of contacts"}

MANY = 20_000
"""The number of contacts above which a sample is offered."""

REASONS = 4
"""Reasons shown of an example; further ones are counted."""

EXAMPLES = 5
"""Example contacts shown at once; the others are in an expander."""

MINUS = "\N{MINUS SIGN}"


def ask_sample_size(actor: Actor) -> None:
    """Ask for a sample size if calculating all contacts takes long."""
    if publish_service.contacts_to_plan(actor) > MANY:
        st.selectbox(
            "Contacts to calculate",
            list(_SHARES),
            format_func=_SHARES.__getitem__,
            key=_SHARE,
            label_visibility="collapsed",
            width=220,
            on_change=drop,
        )


def ask() -> None:
    """Calculate the plan in the next run."""
    st.session_state[_PLAN] = {}


def drop() -> None:
    """Discard the plan: the draft has changed."""
    st.session_state.pop(_PLAN, None)


def shown(actor: Actor, draft: dict[str, str]) -> None:
    """Show the plan of a draft if it was requested; it is calculated once."""
    plan = st.session_state.get(_PLAN)
    if plan is None:
        return
    if not plan:
        _make(actor, draft)
        return
    with st.container(border=True):
        show(card_title("Impact if these rules had always applied"))
        if "sample" in plan:
            folded = formats.count(plan["sample"]["contacts"])
            show(quiet(f"Estimated from {folded} contacts, ± with 95% confidence."))
        _in_figures(plan)
        _in_detail(plan, compile_ruleset(draft))


def _make(actor: Actor, draft: dict[str, str]) -> None:
    share = st.session_state.get(_SHARE, 1.0)
    bar = st.progress(0.0, f"Calculating the impact on {_SHARES[share]}…")
    st.button("Stop", key="rules.plan.stop", on_click=drop)

    def show_progress(done: int, total: int) -> None:
        bar.progress(done / total, f"Calculating the impact: {formats.percent(done / total)}")

    try:
        found = publish_service.plan(
            actor, draft, uri=instance().mongodb_uri, share=share, report_progress=show_progress
        )
    except WorkStopped:
        return
    st.session_state[_PLAN] = found.as_json(share=share)
    st.rerun()


def _in_figures(plan: Mapping[str, Any]) -> None:
    points = plan["points"]
    sample = plan.get("sample", {})
    counts = (
        ("contacts", formats.count(plan["contacts"])),
        ("gain points", formats.count(points["gain"]) + _margin(sample, "gain_error")),
        ("lose points", formats.count(points["lose"]) + _margin(sample, "lose_error")),
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
    """The label of a column of the distribution: `+5 to +9`."""
    if first == 0:
        return "no change"
    size = abs(first)
    beyond = next((step for step in STEPS if step > size), None)
    sign = "+" if first > 0 else MINUS
    if beyond is None:
        return f"{sign}{formats.count(size)} and more"
    return f"{sign}{size}" if beyond == size + 1 else f"{sign}{size} to {sign}{beyond - 1}"


def _in_detail(plan: Mapping[str, Any], ruleset: Ruleset) -> None:
    examples = [_example(example) for example in plan["examples"]]
    by_rule, segments, moves = _rules(plan), _segments(plan, ruleset), _moves(plan, ruleset)
    for headings, rows in (
        (("Rule", "Contacts", "Points"), by_rule),
        (("Segment", "Enter", "Leave"), segments),
        (("Status", "Move", "Contacts"), moves),
        (("Example", "Change"), examples[:EXAMPLES]),
    ):
        if rows:
            show(table(headings, rows))
    if examples[EXAMPLES:]:
        with st.expander(f"{len(examples) - EXAMPLES} more examples", key="rules.plan.examples"):
            show(table(("Example", "Change"), examples[EXAMPLES:]))
    if not (by_rule or segments or moves):
        show(quiet("No contact would change."))


def _rules(plan: Mapping[str, Any]) -> list[Sequence[object]]:
    """Points by rule, the largest change first."""
    largest = sorted(plan["points"]["by_rule"].values(), key=lambda counts: -abs(counts["points"]))
    return [
        (counts["name"], formats.count(counts["contacts"]), formats.signed(counts["points"]))
        for counts in largest
    ]


def _segments(plan: Mapping[str, Any], ruleset: Ruleset) -> list[Sequence[object]]:
    return [
        (
            ruleset.segments[id_].name if id_ in ruleset.segments else id_,
            f"+{formats.count(c['enter'])}{_margin(c, 'enter_error')}",
            f"{MINUS}{formats.count(c['leave'])}{_margin(c, 'leave_error')}",
        )
        for id_, c in plan["segments"].items()
    ]


def _moves(plan: Mapping[str, Any], ruleset: Ruleset) -> list[Sequence[object]]:
    return [
        (ruleset.machines[id_].label if id_ in ruleset.machines else id_, move, formats.count(n))
        for id_, counts in plan["statuses"].items()
        for move, n in counts.items()
    ]


def _example(example: Mapping[str, Any]) -> tuple[Markup, str]:
    """An example contact, with the reasons below the name so that they fit on a phone."""
    name = link(f"?contact={example['contact']}", tag("b", example["name"]))
    return joined([name, _reasons(example["reasons"])]), _with_minus(example["what"])


def _reasons(found: Sequence[str]) -> Markup:
    reasons = [_with_minus(reason.strip()) for reason in found if not reason.endswith(" all of these")]
    more = len(reasons) - REASONS
    shown = [*reasons[:REASONS], *([f"and {formats.count(more)} more"] if more > 0 else [])]
    return tag("div", " · ".join(shown), "cs-quiet cs-small")


def _with_minus(words: str) -> str:
    """Text with minus signs instead of the hyphens that a plan of the command line has."""
    return re.sub(r"(?<!\S)-(?=\d)", MINUS, words)


def _margin(counts: Mapping[str, int], error: str) -> str:
    """The margin of error of an estimated count; empty for an exact one."""
    return f" ±{formats.count(counts[error])}" if counts.get(error) else ""
