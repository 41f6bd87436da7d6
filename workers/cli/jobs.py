"""`sheets jobs`: long work that people started, and taking it back."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from engine.db import Db
from engine.domain.document import Document
from engine.jobs import job_service, jobs
from engine.jobs.jobs import Job
from engine.operations.job_kinds import find_job_kinds
from workers.cli.session import AsJson, DataDir, cli_actor, open_db, print_json, print_table, zone_of

app = typer.Typer()
jobs_app = typer.Typer(help="List, stop and undo imports, exports and bulk changes.")
app.add_typer(jobs_app, name="jobs")


LOOK_EVERY = 0.5
"""Seconds between two checks of a job's progress."""


@jobs_app.callback(invoke_without_command=True)
def list_jobs(context: typer.Context, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the last jobs, the newest first."""
    find_job_kinds()
    if context.invoked_subcommand is not None:
        return
    _, db = open_db(data_dir, app="jobs")
    found = job_service.recent(cli_actor(db))
    if as_json:
        print_json([job_summary(job) for job in found])
        return
    headings = ("id", "what", "by", "started", "state", "result")
    rows = ((j.id, j.title, j.by_name, j.created_at, j.state.value, _result(j)) for j in found)
    print_table("Jobs", headings, rows, zone=zone_of(db))


def _result(job: Job) -> str:
    """Show the result of a job, or its progress."""
    counts = {
        "created": job.created,
        "changed": job.changed - job.created,
        "unchanged": job.unchanged,
        "refused": job.refused,
    }
    done = [f"{count:,} {what}" for what, count in counts.items() if count]
    return ", ".join([f"{job.share:.0%}", *done] if job.under_way else done)


@jobs_app.command()
def undo(
    job: str,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it is done.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Undo the changes of a job, and no later ones."""
    _, db = open_db(data_dir, app="jobs")
    id_ = job_service.undo(cli_actor(db), job)
    if wait:
        await_job(db, id_, quietly=False)
    typer.echo(f"job {id_}")


@jobs_app.command()
def stop(job: str, data_dir: DataDir = None) -> None:
    """Stop a job where it is; what it has done stays."""
    _, db = open_db(data_dir, app="jobs")
    job_service.stop(cli_actor(db), job)


def await_job(db: Db, id_: str, *, quietly: bool) -> Job:
    """Wait until a job ends; print its progress unless `quietly`."""
    shown = ""
    while (job := jobs.job(db, id_)) is None or job.under_way:
        share = "" if job is None else f"{job.title}: {job.share:.0%}"
        if share != shown and not quietly:
            typer.echo(share, err=True)
        shown = share
        time.sleep(LOOK_EVERY)
    return job


def job_summary(job: Job) -> Document:
    """A job as `--json` prints it."""
    return {
        "job": job.id,
        "kind": job.kind,
        "title": job.title,
        "by": job.by_name,
        "state": job.state.value,
        "created_at": job.created_at,
        "rows": job.done,
        "created": job.created,
        "updated": job.changed - job.created,
        "unchanged": job.unchanged,
        "refused": job.refused,
        "failure": job.failure,
        "undone_by": job.undone_by,
    }
