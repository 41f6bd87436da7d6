"""The job history: bulk changes, imports, exports and erasures, with their results and Undo."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

import streamlit as st
import uuid_utils
from markupsafe import Markup, escape

from dashboard import formats, wording
from dashboard.current_user import fragment
from dashboard.exports import export_description
from dashboard.jobs import job_description as words
from dashboard.jobs.erasure_details import erasure_details
from dashboard.jobs.import_details import import_details
from dashboard.jobs.job_status_bar import HISTORY
from dashboard.listing.contact_columns import name_of
from dashboard.running_instance import account
from dashboard.ui.dialog_state import dialog, open_dialog
from dashboard.ui.markup import (
    badge,
    bullet_list,
    card_title,
    empty_state,
    facts,
    joined,
    link,
    quiet,
    show,
    tag,
)
from dashboard.ui.problems import problem_box, show_errors
from engine.accounts.actor import Actor
from engine.contacts.contact_rows import ContactRow
from engine.contacts.listing import list_service
from engine.domain.activities import ContactId
from engine.exports import export_service, exporting
from engine.imports.import_request import is_import
from engine.jobs import job_service
from engine.jobs.jobs import Job, Refused
from engine.privacy import erasing
from engine.rules.rule_service import current_rules

PAGE = 10
LIVE = 2.0
"""Seconds between refreshes while a job is running."""

MAX_REFUSED = 200
"""Refused contacts or rows that are listed."""

_SHOWN = "history.shown"


@dialog("History", width="medium")
def open_history(actor: Actor, job: str | None) -> None:
    """The history as a dialog: all jobs, or one."""
    history(actor, job)


def history(actor: Actor, job: str | None) -> None:
    """All jobs, newest first, or one in detail."""
    with show_errors():
        if job is None:
            _all(actor)
        else:
            _one(actor, job_service.job(actor, job))


# All


def _all(actor: Actor) -> None:
    wanted: int = st.session_state.setdefault(_SHOWN, PAGE)
    found = job_service.recent(actor, limit=wanted + 1)
    if not found:
        empty_state(
            "Nothing yet",
            "Imports, exports and bulk changes appear here with their results. Changes can be undone.",
        )
        return
    under_way = any(job.under_way for job in found)
    fragment(run_every=LIVE if under_way else None)(_list)(actor, wanted)
    if len(found) > wanted and st.button("Show older", key="history.more", width="stretch"):
        st.session_state[_SHOWN] = wanted + PAGE
        st.rerun(scope="fragment")


def _list(actor: Actor, limit: int) -> None:
    zone = account().time_zone
    with show_errors():
        for job in job_service.recent(actor, limit=limit):
            _row(actor, job, zone)


def _row(actor: Actor, job: Job, zone: ZoneInfo) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"history-row-{job.id}"):
        with st.container(width="stretch"):
            show(_line(actor, job, zone))
        with show_errors():
            _buttons(actor, job)


def _line(actor: Actor, job: Job, zone: ZoneInfo) -> Markup:
    state, tone = words.STATES[job.state]
    taken_back = [badge("undone")] if job.undone_by else []
    title = joined([tag("b", f"{words.sign(job)} {job.title}"), badge(state, tone), *taken_back], " ")
    when = [job.by_name, formats.moment(job.created_at, zone), words.duration(job), _kept(actor, job, zone)]
    how = words.progress(job, now=actor.now) if job.under_way else words.outcome(job)
    about = words.KINDS[job.kind].about(job, current_rules(actor)) if job.undoes is None else ""
    lines = [
        tag("div", title),
        *([tag("div", about, "cs-small")] if about else []),
        tag("div", how, "cs-small"),
        tag("div", " · ".join(filter(None, when)), "cs-small cs-quiet"),
    ]
    if job.failure:
        lines.insert(-1, tag("div", f"Failed: {job.failure}", "cs-small"))
    return joined(lines)


def _kept(actor: Actor, job: Job, zone: ZoneInfo) -> str:
    """Until when it can be undone, or until when its refused rows are kept."""
    if job.kept_until is None:
        return ""
    until = f"until {formats.day(job.kept_until, zone)}"
    if job_service.can_be_undone(actor, job):
        return f"{words.KINDS[job.kind].undo(job).lower()} {until}"
    return f"refused rows available {until}" if job.refused and actor.now < job.kept_until else ""


def _buttons(actor: Actor, job: Job) -> None:
    if job.under_way:
        if job_service.can_be_stopped(job) and st.button("Stop", key=f"history.stop.{job.id}"):
            job_service.stop(actor, job.id)
            st.rerun()
        return
    export_description.download(actor, job)
    if job.kind == exporting.KIND and st.button("Run again", key=f"history.again.{job.id}"):
        export_service.again(actor, job.id, id_=uuid_utils.uuid7().hex)
        st.rerun()
    kept = job.kept_until is None or actor.now < job.kept_until
    refused = f"{formats.count(job.refused)} refused" if job.refused and kept else ""
    more = refused or ("Details" if is_import(job) else "")
    if more and st.button(more, key=f"history.why.{job.id}"):
        open_dialog(HISTORY, job.id)
        st.rerun()
    if job.kind == erasing.KIND and st.button("Details", key=f"history.what.{job.id}"):
        open_dialog(HISTORY, job.id)
        st.rerun()
    if job_service.can_be_undone(actor, job) and _undo(job):
        job_service.undo(actor, job.id)
        st.rerun()


def _undo(job: Job) -> bool:
    words_for_it = words.KINDS[job.kind].undo(job)
    return st.button(words_for_it, icon=":material/undo:", key=f"history.undo.{job.id}")


# One


def _one(actor: Actor, job: Job) -> None:
    zone = account().time_zone
    if st.button("All history", icon=":material/arrow_back:", type="tertiary", key="history.all"):
        open_dialog(HISTORY)
        st.rerun()
    show(tag("h2", job.title, "cs-card-title"))
    show(facts(_facts(job, zone)))
    if job.failure:
        problem_box([f"Failed: {job.failure}"])
    if is_import(job):
        import_details(actor, job)
    if job.kind == erasing.KIND:
        erasure_details(actor, job.id)
    refused = job_service.refusals(actor, job.id, limit=MAX_REFUSED)
    if refused:
        _refused(actor, refused, job.refused)


def _facts(job: Job, zone: ZoneInfo) -> list[tuple[str, object]]:
    state, tone = words.STATES[job.state]
    return [
        ("By", job.by_name),
        ("Started", formats.moment(job.created_at, zone)),
        ("Status", badge(state, tone)),
        ("Duration", words.duration(job) or formats.NOTHING),
        ("Result", words.outcome(job)),
    ]


def _refused(actor: Actor, refused: list[Refused], total: int) -> None:
    """The refused contacts or rows, grouped by reason."""
    known = list_service.rows(actor, [one.contact for one in refused if one.contact is not None])
    by_reason: dict[str, list[Markup]] = {}
    for one in refused:
        by_reason.setdefault(one.reason, []).append(_about(one, known))
    show(card_title("Refused, with the reason"))
    show(bullet_list(_reason(reason, people) for reason, people in by_reason.items()))
    if total > len(refused):
        show(quiet(f"The first {formats.count(len(refused))} of {formats.count(total)}."))


def _about(one: Refused, known: Mapping[ContactId, ContactRow]) -> Markup:
    if one.line is not None:
        return escape(f"line {formats.count(one.line)}")
    return _contact_link(None if one.contact is None else known.get(one.contact))


def _contact_link(row: ContactRow | None) -> Markup:
    return quiet("a deleted contact") if row is None else link(f"?contact={row.id}", name_of(row))


def _reason(reason: str, people: list[Markup]) -> Markup:
    names = tag("div", joined(people, ", "), "cs-small")
    return tag("b", wording.sentence(reason)) + names
