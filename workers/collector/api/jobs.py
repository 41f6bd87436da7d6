"""Jobs: imports, exports, erasures and bulk changes, with their progress."""

from __future__ import annotations

from datetime import datetime

import msgspec

from engine.accounts.scopes import Scope
from engine.jobs import job_service
from engine.jobs.errors import CannotStop
from engine.jobs.jobs import Job, Place
from workers.collector.api import parameters
from workers.collector.api.operation import Call, Example, Operation, Outcome, Reply
from workers.collector.api.parameters import CURSOR

TAG = "Jobs"
ANY = frozenset({Scope.IMPORTS, Scope.EXPORTS, Scope.PRIVACY, Scope.WRITE_CONTACTS})


class JobView(msgspec.Struct):
    """A job. `done` of `total` are finished, of which `unchanged` needed no change; `created` are new.

    `state` is `waiting`, `running`, `done`, `failed` or `stopped`; `failure` says why it failed.
    `undone_by` is the job that took it back, `undoes` the one that it takes back itself.
    """

    id: str
    kind: str
    title: str
    state: str
    by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    total: int | None
    done: int
    created: int
    unchanged: int
    refused: int
    failure: str | None
    undoes: str | None
    undone_by: str | None
    can_be_undone: bool


class JobsView(msgspec.Struct):
    """A page of jobs, the newest first."""

    jobs: list[JobView]
    next: str | None


class Started(msgspec.Struct):
    """A job that was started, or asked for before: see it under its `job` id."""

    job: str


def job_view(call: Call, job: Job) -> JobView:
    """Return a job as the API shows it."""
    same = {name: getattr(job, name) for name in _SAME}
    undoable = job_service.can_be_undone(call.actor, job)
    return JobView(state=str(job.state), by=job.by_name, can_be_undone=undoable, **same)


_SAME = [
    field.name
    for field in msgspec.structs.fields(JobView)
    if field.name not in ("state", "by", "can_be_undone")
]


def started(job: str) -> Reply:
    """Return the answer to a request that started a job."""
    return Reply(Started(job), 202, headers={"Location": f"/v1/jobs/{job}"})


def _list(call: Call) -> Outcome:
    limit = call.query["limit"]
    found = job_service.recent(
        call.actor, before=_place(call.cursors.read(call.query["cursor"])), limit=limit + 1
    )
    last = found[limit - 1] if len(found) > limit else None
    place = None if last is None else f"{last.created_at.isoformat()}~{last.id}"
    return Reply(JobsView([job_view(call, job) for job in found[:limit]], call.cursors.sign(place)))


def _place(cursor: str | None) -> Place | None:
    if cursor is None:
        return None
    at, _, id_ = cursor.partition("~")
    return datetime.fromisoformat(at), id_


def _get(call: Call) -> Outcome:
    return Reply(job_view(call, job_service.job(call.actor, call.path["job"])))


def _cancel(call: Call) -> Outcome:
    job = job_service.job(call.actor, call.path["job"])
    if job.under_way:
        job_service.stop(call.actor, job.id)
    elif job.state != "stopped":
        raise CannotStop(f"the job is over: {job.state}")
    return Reply(job_view(call, job_service.job(call.actor, job.id)))


OPERATIONS = (
    Operation(
        id="listJobs",
        method="GET",
        path="/v1/jobs",
        tag=TAG,
        summary="List jobs, the newest first",
        about="Those of all users that the key's scopes let it see.",
        scopes=ANY,
        query=(parameters.limit(20), CURSOR),
        answer=JobsView,
        run=_list,
        example=Example(query={"limit": "5"}),
    ),
    Operation(
        id="getJob",
        method="GET",
        path="/v1/jobs/{job}",
        tag=TAG,
        summary="Get a job and its progress",
        scopes=ANY,
        answer=JobView,
        run=_get,
        example=Example(path={"job": "$JOB"}),
    ),
    Operation(
        id="cancelJob",
        method="POST",
        path="/v1/jobs/{job}/cancel",
        tag=TAG,
        summary="Stop a job",
        about="It ends after its present step; what it has done stays. An import can then be undone. "
        "A job that was stopped before answers alike; one that is over answers 409.",
        scopes=ANY,
        answer=JobView,
        run=_cancel,
        example=Example(path={"job": "$JOB"}),
    ),
)
