"""The segments page: the list, a segment's page, and its editor."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st
from markupsafe import Markup

from dashboard import formats, wording
from dashboard.rules.rollout_bar import rollout_bar
from dashboard.running_instance import instance, time_zone
from dashboard.segments import condition_editor, delete_segment
from dashboard.segments.edit_by_filters import change_button
from dashboard.segments.segment_members import members
from dashboard.ui import charts
from dashboard.ui.markup import badge, empty_state, figures, joined, link, page_title, quiet, show, table, tag
from dashboard.ui.problems import problem_box, show_errors
from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission
from engine.domain.rulebook import Segment
from engine.errors import Problem
from engine.publishing import publish_service, publishing
from engine.rules.language import editing
from engine.rules.rule_service import current_rules
from engine.segments import segment_service
from engine.segments.segments import SegmentSummary

NEW = "new"

FILE = "segments.yaml"

_OF_TESTS = "Rule tests failed. Fix it under Rules or ask an admin."


def render(actor: Actor) -> None:
    """The segment that the address names, or the list."""
    wanted = st.query_params.get("segment")
    if wanted == NEW:
        _edit(actor, None)
    elif wanted and st.query_params.get("edit"):
        _edit(actor, wanted)
    elif wanted:
        _one(actor, wanted)
    else:
        _all(actor)


def _go(**params: str) -> None:
    st.query_params.from_dict({"page": "segments", **params})


def _may_edit(actor: Actor) -> bool:
    return actor.may(Permission.EDIT_SEGMENTS)


# The list


def _all(actor: Actor) -> None:
    delete_segment.just_deleted(actor)
    found = segment_service.summaries(actor)
    with st.container(horizontal=True, vertical_alignment="center", key="segments-top"):
        with st.container(width="stretch"):
            number = formats.counted(len(found), "segment")
            show(page_title("Segments", number))
        if _may_edit(actor):
            new = partial(_go, segment=NEW)
            st.button("New segment", icon=":material/add:", type="primary", key="segments.new", on_click=new)
    if not found:
        empty_state("No segments yet", "A segment is a named group of contacts. Create your first one.")
        return
    rollout_bar(actor)
    with st.container(key="segments-list"):
        headings = ("Segment", "Type", "Last 30 days", "Updated", "Contacts")
        show(table(headings, [_row(summary) for summary in found]))
    _nightly_look(actor, {summary.id: summary.name for summary in found})


def _nightly_look(actor: Actor, names: dict[str, str]) -> None:
    """The result of the last nightly check of memberships."""
    report = segment_service.nightly_report(actor)
    if report is None:
        return
    at = formats.moment(report["at"], time_zone())
    wrong = ", ".join(names.get(id_, id_) for id_ in report["differences"])
    if wrong:
        words = f" On {at}, members did not match the conditions of: {wrong}. Run sheets doctor for details."
        show(joined([badge("mismatch", "bad"), quiet(words)]))
    else:
        show(quiet(f"Checked on {at}: all memberships match their conditions."))


def _row(summary: SegmentSummary) -> tuple[object, ...]:
    name = link(f"?page=segments&segment={summary.id}", tag("b", summary.name))
    about = tag("div", summary.description or summary.words, "cs-quiet cs-small")
    return (
        joined([name, about]),
        badge("dynamic", "info") if summary.dynamic else badge("static"),
        _moves(summary),
        formats.day(summary.changed_at, time_zone()),
        formats.count(summary.size),
    )


def _moves(summary: SegmentSummary) -> Markup:
    """How many contacts entered and left in the last 30 days."""
    if not summary.entered and not summary.left:
        return quiet(formats.NOTHING)
    entered = tag("span", f"+{formats.count(summary.entered)}", "cs-plus")
    left = tag("span", f"{formats.MINUS}{formats.count(summary.left)}", "cs-minus")
    return joined([entered, " ", left])


# One segment


def _one(actor: Actor, wanted: str) -> None:
    st.button("Segments", icon=":material/arrow_back:", key="segments.back", type="tertiary", on_click=_go)
    summary = segment_service.summary(actor, wanted)
    if summary is None:
        empty_state("Segment not found", "It may have been deleted.", whole="page")
        return
    left, right = st.columns([3, 2], vertical_alignment="center")
    with left:
        kind = badge("dynamic", "info") if summary.dynamic else badge("static")
        show(page_title(joined([summary.name, kind], " "), summary.description))
    if _may_edit(actor):
        with right.container(horizontal=True, horizontal_alignment="right"):
            change_button(actor, wanted)
            edit = partial(_go, segment=wanted, edit="1")
            st.button("Edit", icon=":material/edit:", key="segments.edit", on_click=edit)
            delete_segment.offer(wanted)
    if delete_segment.is_asked(wanted) and delete_segment.confirmed(actor, wanted):
        _go()
        st.rerun()
    if summary.dynamic:
        rollout_bar(actor)
    _figures(summary, in_depth=actor.may(Permission.EDIT_RULES))
    charts.area(
        segment_service.trend(actor, wanted, zone=time_zone()),
        x="day",
        y="members",
        title="Members",
    )
    members(actor, wanted)


def _figures(summary: SegmentSummary, *, in_depth: bool) -> None:
    """Size and changes of the segment; `in_depth` adds the cost of its condition."""
    counts = (
        ("contacts", formats.count(summary.size)),
        ("entered in 30 days", formats.count(summary.entered)),
        ("left in 30 days", formats.count(summary.left)),
    )
    show(figures(counts))
    if summary.dynamic:
        show(tag("div", f"Condition: {summary.words}", "cs-sub"))
        contacts = wording.plural(summary.waiting, "contact", "contacts")
        waits = f"{formats.count(summary.waiting)} {contacts} still to be evaluated"
        fresh = waits if summary.waiting else "Up to date"
        cost = f" Evaluating one contact takes {summary.cost_us or 0:.1f} µs." if in_depth else ""
        show(tag("div", f"{fresh}.{cost}", "cs-quiet cs-small"))


# Making and changing


def _edit(actor: Actor, wanted: str | None) -> None:
    if not _may_edit(actor):
        empty_state("Only marketers and admins can edit segments", "Ask one of them.", whole="page")
        return
    st.button(
        "Back",
        icon=":material/arrow_back:",
        key="segments.leave",
        type="tertiary",
        on_click=_leave,
        args=(wanted,),
    )
    present = current_rules(actor)
    segment = present.segments.get(wanted or "")
    show(page_title(f"Edit {segment.name}" if segment else "New segment"))
    texts = segment_service.files_in_force(actor)
    base = st.session_state.setdefault(f"segments.base.{wanted}", present.version)
    draft = _form(actor, segment, texts[FILE], wanted)
    if draft is None:
        return
    id_, entry = draft
    changed = {**texts, FILE: editing.with_entry(texts[FILE], "segments", id_, entry)}
    problems = _problems(changed)
    problem_box(f"{problem.file}, line {problem.line}: {problem.message}" for problem in problems)
    if any(" fails: " in problem.message for problem in problems):
        show(quiet(_OF_TESTS))
    if not problems:
        _preview(actor, changed, id_)
    message = f"Changed the segment {entry['name']}" if segment else f"New segment {entry['name']}"
    _publish(actor, changed, base, id_, wanted, message=message, disabled=bool(problems))


def _leave(wanted: str | None) -> None:
    """Go back to the previous page and forget the draft."""
    condition_editor.forget(wanted)
    st.session_state.pop(f"segments.base.{wanted}", None)
    _go(**({"segment": wanted} if wanted else {}))


def _form(
    actor: Actor, segment: Segment | None, text: str, wanted: str | None
) -> tuple[str, dict[str, Any]] | None:
    """Ask for the segment; return its id and its entry in the file, unset while incomplete."""
    name = st.text_input(
        "Name", value=segment.name if segment else "", key=f"segments.name.{wanted}", max_chars=80
    )
    description = st.text_input(
        "Description",
        value=segment.description if segment else "",
        key=f"segments.about.{wanted}",
        max_chars=200,
    )
    kinds = {
        "dynamic": "Dynamic: all contacts that match the condition",
        "static": "Static: members are added manually, by import or by a rule",
    }
    if segment is None:
        kind = st.radio(
            "Type", list(kinds), format_func=kinds.__getitem__, key="segments.kind", horizontal=True
        )
    else:
        kind = "dynamic" if segment.dynamic else "static"
    if not name.strip():
        show(quiet("Enter a name to continue."))
        return None
    id_ = segment.id if segment else editing.id_of(name, taken=segment_service.ids_in_use(actor))
    entry: dict[str, Any] = {"id": id_, "name": name.strip()}
    if description.strip():
        entry["description"] = description.strip()
    if kind == "static":
        return id_, {**entry, "static": True}
    found = condition_editor.condition(
        current_rules(actor), wanted, editing.entry_text(text, "segments", id_, "when")
    )
    return None if found is None else (id_, {**entry, "when": found})


@st.cache_data(show_spinner=False, max_entries=50)
def _problems(texts: dict[str, str]) -> list[Problem]:
    return publishing.check(texts)


def _preview(actor: Actor, texts: dict[str, str], segment: str) -> None:
    with st.container(border=True), st.spinner("Counting matching contacts…"):
        found = segment_service.preview(actor, texts, segment, uri=instance().mongodb_uri)
        about = (
            f"about {formats.count(found.count)} (±{formats.count(found.error)})"
            if found.error
            else formats.count(found.count)
        )
        show(joined([tag("div", about, "cs-figure"), tag("div", "contacts match now", "cs-sub")]))
        if found.examples:
            rows = [
                (
                    link(f"?contact={row.id}", row.name or row.email or wording.ANONYMOUS),
                    formats.count(row.points),
                )
                for row in found.examples
            ]
            show(table(("Example", "Points"), rows))


def _publish(
    actor: Actor,
    texts: dict[str, str],
    base: int,
    id_: str,
    wanted: str | None,
    *,
    message: str,
    disabled: bool,
) -> None:
    if not st.button("Publish", type="primary", key="segments.publish", disabled=disabled):
        return
    with show_errors():
        publish_service.publish(
            actor,
            texts,
            message=message,
            base=base,
        )
        _leave(wanted)
        _go(segment=id_)
        st.rerun()
