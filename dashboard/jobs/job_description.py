"""Jobs in words: kinds, progress, outcome, duration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from babel.dates import format_timedelta

from dashboard import formats
from dashboard.exports import export_description
from engine.contacts.bulk import bulk_change
from engine.contacts.valuation import lifetime_job, rfm_job
from engine.domain.rulebook import Ruleset
from engine.exports import exporting
from engine.imports import import_request, preview_job
from engine.imports.mapping import kinds
from engine.jobs.jobs import Job, JobState
from engine.privacy import erasing
from engine.shops.fetching import fetch_job

ESTIMATE_FROM = 0.03
"""The share of a job after which the remaining time is estimated."""


@dataclass(frozen=True)
class KindWords:
    """The words for a kind of job.

    Parameters:
      sign: The icon before the title.
      one: The noun for one item.
      done: The participle for a processed item.
      undo: The label of its undo button.
      became: The counts of its outcome, where `done` is not enough.
      outcome: The whole outcome, where it is not a count of items.
      about: Details besides the title.
      reached: The progress, where it is not counted in items.
    """

    sign: Callable[[Job], str]
    one: str
    done: Callable[[Job], str]
    undo: Callable[[Job], str] = lambda _job: "Undo"
    became: Callable[[Job], list[str]] | None = None
    outcome: Callable[[Job], str] | None = None
    about: Callable[[Job, Ruleset], str] = lambda _job, _ruleset: ""
    reached: Callable[[Job], str] | None = None


def _import_outcome(job: Job) -> list[str]:
    """`1,000 created`, `204 changed`."""
    counts = ((job.created, "created"), (job.changed - job.created, "changed"))
    return [f"{formats.count(number)} {word}" for number, word in counts if number] or ["nothing changed"]


def _erasure_outcome(job: Job) -> str:
    if job.state == JobState.DONE:
        return "erased everywhere"
    return "not finished: erase the contact again to continue"


def _preview_outcome(job: Job) -> str:
    """`would create 300, change 4, refuse 2`."""
    verbs = (("create", "created"), ("change", "updated"), ("refuse", "refused"))
    counts = [f"{verb} {formats.count(job.made[name])}" for verb, name in verbs if job.made.get(name)]
    if job.state != JobState.DONE or not job.made:
        return "not finished"
    return f"would {', '.join(counts)}" if counts else "would change nothing"


def _lifetime_outcome(job: Job) -> str:
    """`10,412 customers valued`; without a figure there was no model."""
    if job.state != JobState.DONE:
        return "not finished"
    return f"{formats.counted(job.done, 'customer')} valued" if job.done else "not enough orders for a model"


KINDS: dict[str, KindWords] = {
    bulk_change.KIND: KindWords(
        sign=lambda job: "🗑️" if bulk_change.deletes(job) else "✏️",
        one="contact",
        done=lambda job: "deleted" if bulk_change.deletes(job) else "changed",
        undo=lambda job: "Restore" if bulk_change.deletes(job) else "Undo",
    ),
    import_request.KIND: KindWords(
        sign=lambda _job: "📥", one="row", done=lambda _job: "imported", became=_import_outcome
    ),
    preview_job.KIND: KindWords(
        sign=lambda _job: "🔎",
        one="byte",
        done=lambda _job: "read",
        outcome=_preview_outcome,
        reached=lambda job: f"{formats.percent(job.share)} read",
    ),
    erasing.KIND: KindWords(
        sign=lambda _job: "🧹", one="stage", done=lambda _job: "done", outcome=_erasure_outcome
    ),
    rfm_job.KIND: KindWords(sign=lambda _job: "📊", one="customer", done=lambda _job: "scored"),
    lifetime_job.KIND: KindWords(
        sign=lambda _job: "📈",
        one="customer",
        done=lambda _job: "valued",
        outcome=_lifetime_outcome,
    ),
    fetch_job.KIND: KindWords(sign=lambda _job: "🛍️", one="record", done=lambda _job: "fetched"),
    exporting.KIND: KindWords(
        sign=lambda _job: "📤",
        one="contact",
        done=lambda _job: "exported",
        outcome=export_description.outcome,
        about=export_description.about,
    ),
}
"""By the kinds of `engine.jobs.job_service`."""

STATES: dict[JobState, tuple[str, str]] = {
    JobState.WAITING: ("waiting", "quiet"),
    JobState.RUNNING: ("running", "info"),
    JobState.DONE: ("done", "good"),
    JobState.STOPPED: ("stopped", "quiet"),
    JobState.FAILED: ("failed", "bad"),
}
"""The word for each state, and the tone of its badge."""


def sign(job: Job) -> str:
    """The icon of a job."""
    return "↩️" if job.undoes is not None else KINDS[job.kind].sign(job)


def progress(job: Job, *, now: datetime) -> str:
    """`1,200 of 12,345 contacts · 3 refused · about 2 minutes left`."""
    if job.state == JobState.WAITING or job.total is None:
        return "waiting" if job.state == JobState.WAITING else "counting"
    kind = KINDS[job.kind]
    counted = f"{formats.count(job.done)} of {_counted(job, job.total)}"
    parts = [counted if kind.reached is None else kind.reached(job)]
    if job.refused:
        parts.append(_refused(job))
    left = remaining(job, now=now)
    if left is not None:
        parts.append(f"about {_duration_text(left)} left")
    return " · ".join(parts)


def outcome(job: Job) -> str:
    """`1,204 contacts changed · 3 refused · 20 unchanged`."""
    kind = KINDS[job.kind]
    if kind.outcome is not None:
        return kind.outcome(job)
    if kind.became is not None and job.undoes is None:
        parts = kind.became(job)
    else:
        done = "restored" if job.undoes is not None else kind.done(job)
        parts = [f"{_counted(job, job.changed)} {done}"]
    if job.refused:
        parts.append(_refused(job))
    if job.unchanged:
        parts.append(f"{formats.count(job.unchanged)} unchanged")
    if job.state == JobState.STOPPED and job.total is not None:
        parts.append(f"stopped with {formats.count(max(0, job.total - job.done))} remaining")
    return " · ".join(parts)


def _counted(job: Job, number: int) -> str:
    """`1,204 contacts`; of an import what its file has."""
    if job.kind != import_request.KIND:
        return formats.counted(number, KINDS[job.kind].one)
    words = kinds.KINDS[import_request.kind_of(job)]
    return formats.counted(number, words.one, words.rows)


def remaining(job: Job, *, now: datetime) -> timedelta | None:
    """The estimated remaining time; unset while it cannot be estimated."""
    if job.started_at is None or not job.total or job.share < ESTIMATE_FROM:
        return None
    passed = now - job.started_at
    return passed * ((1 - job.share) / job.share)


def duration(job: Job) -> str:
    """How long it took; empty while it is running."""
    if job.started_at is None or job.finished_at is None:
        return ""
    return _duration_text(job.finished_at - job.started_at)


def _refused(job: Job) -> str:
    return f"{formats.count(job.refused)} refused"


def _duration_text(time: timedelta) -> str:
    return format_timedelta(max(time, timedelta(seconds=1)), threshold=1, locale=formats.locale())
