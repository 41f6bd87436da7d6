"""The status of jobs on a page: progress while they run, then the outcome."""

from __future__ import annotations

import streamlit as st
from markupsafe import Markup

from dashboard import wait_for_workers, wording
from dashboard.current_user import fragment
from dashboard.exports import export_description
from dashboard.jobs import job_description as words
from dashboard.ui.dialog_state import open_dialog
from dashboard.ui.markup import joined, show, tag
from dashboard.ui.problems import show_errors
from dashboard.ui.router import go_to
from engine.accounts.actor import Actor
from engine.db.connection import utc_now
from engine.imports import preview_job
from engine.jobs import job_service
from engine.jobs.jobs import Job, JobState

HISTORY = "history"
"""The dialog with the job history, or with one job."""

FOLLOWED = 1.0
"""Seconds between refreshes while a job is running."""

IDLE = 15.0
"""Seconds between refreshes while no job is running."""

_UNDER_WAY = "jobs.under_way"


def job_status_bar(actor: Actor) -> None:
    """Show all running jobs, and the user's own finished ones until they are dismissed.

    It refreshes by itself; when a job ends, the whole page is rerun to show its effect.
    """
    found = job_service.at_hand(actor)
    st.session_state[_UNDER_WAY] = _under_way(found)
    fragment(run_every=FOLLOWED if st.session_state[_UNDER_WAY] else IDLE)(_refresh)(actor)


def _refresh(actor: Actor) -> None:
    with show_errors():
        found = job_service.at_hand(actor)
        if _under_way(found) != st.session_state.get(_UNDER_WAY):
            st.rerun()
        for job in found:
            _status(actor, job)


def _under_way(found: list[Job]) -> frozenset[str]:
    return frozenset(job.id for job in found if job.under_way)


def _status(actor: Actor, job: Job) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"job-strip-{job.id}"):
        with st.container(width="stretch"):
            show(_content(actor, job))
        with show_errors():
            _buttons(actor, job)


def _content(actor: Actor, job: Job) -> Markup:
    whose = "" if job.by == actor.user.id else f" · by {job.by_name}"
    title = tag("div", joined([tag("b", f"{words.sign(job)} {job.title}"), tag("span", whose, "cs-quiet")]))
    if job.under_way:
        done = f"{job.share:.4f}"
        bar = tag("progress", "", "cs-progress", max="1", value=done, aria_label="Progress")
        return joined([title, bar, tag("div", _progress_text(job), "cs-small")])
    ended = words.outcome(job)
    if job.state == JobState.FAILED:
        ended = f"{ended} · {job.failure}"
    return tag("div", title + tag("div", ended, "cs-small"), role="status")


def _progress_text(job: Job) -> str:
    """The progress, and a notice if no worker runs to start the job."""
    alone = job.state == JobState.WAITING and not wait_for_workers.has_live_worker()
    text = words.progress(job, now=utc_now())
    return f"{text} · {wording.NO_WORKER}" if alone else text


def _buttons(actor: Actor, job: Job) -> None:
    if job.under_way:
        if job_service.can_be_stopped(job) and st.button(
            "Stop", icon=":material/stop_circle:", key=f"job.stop.{job.id}"
        ):
            job_service.stop(actor, job.id)
            st.rerun()
        return
    export_description.download(actor, job)
    if (
        job.kind == preview_job.KIND
        and job.by == actor.user.id
        and st.button("View result", key=f"job.found.{job.id}")
    ):
        job_service.dismiss(actor, job.id)
        go_to(f"?page=import&file={job.wanted['draft']}&step=check")
        st.rerun()
    if job.refused and st.button("View reasons", key=f"job.why.{job.id}"):
        open_dialog(HISTORY, job.id)
        st.rerun()
    if job_service.can_be_undone(actor, job) and _undo(job):
        job_service.undo(actor, job.id)
        st.rerun()
    if st.button("Close", key=f"job.close.{job.id}"):
        job_service.dismiss(actor, job.id)
        st.rerun()


def _undo(job: Job) -> bool:
    return st.button("Undo", icon=":material/undo:", key=f"job.undo.{job.id}")
