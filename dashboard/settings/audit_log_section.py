"""The section "Audit log": who changed what, when, with the values before and after."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from functools import partial

import streamlit as st
from markupsafe import Markup

from dashboard import formats
from dashboard.running_instance import time_zone
from dashboard.ui.markup import badge, empty_state, joined, link, quiet, show, tag
from dashboard.wording import sentence
from engine.accounts import audit
from engine.accounts.actor import Actor
from engine.accounts.audit import Change, Cursor, Entry, Filters
from engine.accounts.current_user import COMMAND_LINE
from engine.contacts.editing.edit import label_of
from engine.contacts.editing.edit_service import TAKEN_BACK
from engine.domain.fields import CUSTOM, FIELDS
from engine.domain.rulebook import Ruleset
from engine.imports.reading.formula_escape import escape_formula
from engine.rules.rule_service import current_rules

EXPORT = 100_000
"""Entries per exported file."""

_TRAIL = "audit.trail"
_FILTERED = "audit.filtered"


def render(actor: Actor) -> None:
    """Filters, entries, paging and export."""
    filters = _filters(actor)
    if st.session_state.get(_FILTERED) != filters:
        st.session_state[_FILTERED], st.session_state[_TRAIL] = filters, []
    trail: list[Cursor] = st.session_state[_TRAIL]
    page = audit.page(actor, filters, after=trail[-1] if trail else None)
    if not page.entries:
        _nothing(filters)
        return
    ruleset = current_rules(actor)
    show(joined(_line(entry, ruleset) for entry in page.entries))
    with st.container(horizontal=True, horizontal_alignment="right"):
        if trail:
            st.button(
                "Newer", icon=":material/chevron_left:", key="audit.newer", on_click=partial(_back, trail)
            )
        if page.next is not None:
            st.button(
                "Older", icon=":material/chevron_right:", key="audit.older",
                on_click=partial(trail.append, page.next),
            )  # fmt: skip
        st.download_button(
            "Export CSV", data=partial(csv_of, actor, filters), file_name="audit.csv", mime="text/csv",
            icon=":material/download:", key="audit.export",
        )  # fmt: skip


def _back(trail: list[Cursor]) -> None:
    trail.pop()


def _filters(actor: Actor) -> Filters:
    choices = audit.choices(actor)
    who, act, kind, subject, dates = st.columns([1.1, 1.2, 0.9, 1.2, 1.4], gap="small")
    by = who.selectbox(
        "User", list(choices.people), format_func=choices.people.__getitem__, index=None,
        placeholder="All users", key="audit.by",
    )  # fmt: skip
    done = act.selectbox("Action", choices.acts, index=None, placeholder="All actions", key="audit.act")
    about = kind.selectbox("Object", choices.kinds, index=None, placeholder="All objects", key="audit.kind")
    named = subject.text_input("Name or ID", key="audit.subject", placeholder="Email, name or ID")
    span = dates.date_input("Dates", value=[], format=formats.date_entry(), key="audit.days")
    since, until = _between(span if isinstance(span, tuple | list) else [span])
    return Filters(
        by=by, act=done, kind=about, subject=(named or "").strip() or None, since=since, until=until
    )


def _between(days: Sequence[date | None]) -> tuple[datetime | None, datetime | None]:
    """From the start of the first day to the end of the last, in the account's time zone."""
    chosen = [day for day in days if day is not None]
    if not chosen:
        return None, None
    first, last = chosen[0], chosen[-1] + timedelta(days=1)
    begins, ends = (datetime.combine(day, time(), tzinfo=time_zone()) for day in (first, last))
    return begins, ends


def _nothing(filters: Filters) -> None:
    if filters == Filters():
        empty_state(
            "No entries yet", "Changes are recorded here: who changed what, when, and from what to what."
        )
    else:
        empty_state("No entries found", "No entry matches these filters.")


def _line(entry: Entry, ruleset: Ruleset) -> Markup:
    when = tag("span", formats.moment(entry.at, time_zone()), "cs-when")
    what = joined([_author(entry), f" {entry.act} ", _subject(entry), " ", _ending(entry)])
    changes = joined(_change(change, ruleset, of=entry.subject.kind) for change in entry.changes)
    reason = tag("div", quiet(f"“{entry.reason}”"), "cs-small") if entry.reason else ""
    refused = tag("div", sentence(entry.refusal), "cs-small cs-refusal") if entry.refusal else ""
    return tag("div", tag("div", joined([what, changes, reason, refused])) + when, "cs-act")


def _author(entry: Entry) -> Markup:
    by_command = quiet(" (command line)") if entry.by == COMMAND_LINE else Markup()
    return joined([tag("b", entry.by_name), by_command])


def _subject(entry: Entry) -> Markup:
    kind, id_ = entry.subject.kind, entry.subject.id
    if kind == "contact":
        return link(f"?contact={id_}", id_[:8])
    if kind == "segment":
        return link(f"?page=segments&segment={id_}", id_)
    if kind == "job":
        return quiet(id_)
    return tag("span", _SUBJECTS.get(kind, "{}").format(id_))


_SUBJECTS = {"rules": "version {}", "key": "“{}”", "activity": "({})", "webhook call": "({})"}
"""The text for an entry's object, by kind, where it is not the plain id."""


def _ending(entry: Entry) -> Markup:
    if entry.ending == "refused":
        return badge("refused", "bad")
    return badge("unfinished") if entry.ending == "begun" else Markup()


def _change(change: Change, ruleset: Ruleset, *, of: str) -> Markup:
    """`Newsletter: subscribed → unsubscribed`; for a created object, `file: people.csv`."""
    if change.what == TAKEN_BACK:
        return tag("div", "undid an earlier change", "cs-small")
    if change.before is None and of in _MADE:
        return tag("div", f"{_what(change.what, ruleset)}: {change.after}", "cs-small")
    before, after = (formats.NOTHING if side is None else side for side in (change.before, change.after))
    return tag("div", f"{_what(change.what, ruleset)}: {before} → {after}", "cs-small")


_MADE = frozenset({"job", "key"})
"""Objects without a value before their creation."""


def _what(name: str, ruleset: Ruleset) -> str:
    """The label of what changed."""
    if name in ruleset.machines:
        return ruleset.machines[name].label
    return label_of(name, ruleset) if name in FIELDS or name.startswith(CUSTOM) else name


def csv_of(actor: Actor, filters: Filters) -> str:
    """The entries as CSV, with times in UTC and spreadsheet formulas escaped."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("at", "by", "act", "kind", "subject", "changes", "reason", "ending", "refusal"))
    for entry in audit.walk(actor, filters, limit=EXPORT):
        changes = "; ".join(f"{c.what}: {c.before or ''} -> {c.after or ''}" for c in entry.changes)
        cells = (
            entry.at.isoformat(), entry.by_name, entry.act, entry.subject.kind, entry.subject.id,
            changes, entry.reason, entry.ending, entry.refusal,
        )  # fmt: skip
        writer.writerow([escape_formula(cell) for cell in cells])
    return out.getvalue()
