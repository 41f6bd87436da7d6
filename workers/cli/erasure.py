"""Commands for the data of a person: export and permanent erasure."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
import uuid_utils

from engine.db import Db
from engine.db.connection import utc_now
from engine.domain.document import Document
from engine.jobs.jobs import JobState
from engine.operations import pulses
from engine.privacy import privacy_service
from workers.cli.contact_key import contact_of
from workers.cli.errors import FileNotWritable, NotConfirmed
from workers.cli.jobs import await_job
from workers.cli.session import AsJson, DataDir, cli_actor, open_db, print_json, print_table

app = typer.Typer()


@app.command()
def data(
    key: Annotated[str, typer.Argument(help="The ID, email, phone, external ID or tracker of the contact.")],
    to: Annotated[
        Path | None, typer.Option(help="The archive to write; default: data-of-ID.zip in this folder.")
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Export all data of a person as an archive: JSON and a readable page."""
    _, db = open_db(data_dir, app="data")
    contact = contact_of(db, key)
    path = to or Path.cwd() / f"data-of-{contact}.zip"
    unfinished = path.with_name(f"{path.name}.part")
    try:
        with unfinished.open("wb") as out:
            unfinished.chmod(0o600)  # before anything of the person is in it
            counts = privacy_service.hand_out(cli_actor(db), contact, out)
    except OSError as error:
        raise FileNotWritable(path, error) from None
    unfinished.replace(path)
    if as_json:
        print_json({"file": str(path), "rows": counts})
        return
    print_table("Known of this person", ("where", "rows"), counts.items())
    typer.echo(f"written to {path}")


@app.command()
def erase(
    key: Annotated[str, typer.Argument(help="The ID, email, phone, external ID or tracker of the contact.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until it is done.")] = True,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Erase a person permanently; only an anonymous record of the erasure is kept.

    On a terminal it asks first.  This cannot be undone.
    """
    _, db = open_db(data_dir, app="erase")
    contact = contact_of(db, key)
    if not yes and sys.stdin.isatty():
        typer.echo("All data of this person is erased permanently, and late events about them are refused.")
        if typer.prompt(f"Type {key} to erase them", default="", show_default=False) != key:
            raise NotConfirmed(f"nothing was erased: that was not {key}")
    id_ = privacy_service.erase(cli_actor(db), contact, id_=uuid_utils.uuid7().hex)
    if not any(pulse.kind == "worker" for pulse in pulses.alive(db, utc_now())):
        typer.echo("no worker is running: the job waits for one", err=True)
    if not wait:
        print_json({"job": id_, "state": "waiting"}) if as_json else typer.echo(f"job {id_}")
        return
    job = await_job(db, id_, quietly=as_json)
    outcome = {"job": id_, "state": job.state.value, "failure": job.failure, **_report(db, id_)}
    if as_json:
        print_json(outcome)
    else:
        _print_outcome(outcome)
    if job.state != JobState.DONE:
        raise typer.Exit(1)


def _report(db: Db, job: str) -> Document:
    report = privacy_service.report(cli_actor(db), job)
    return {} if report is None else asdict(report)


def _print_outcome(outcome: Document) -> None:
    if outcome["failure"]:
        typer.echo(f"the erasure failed: {outcome['failure']}; run the command again to resume it", err=True)
        return
    places = sorted({*outcome["removed"], *outcome["cleaned"]})
    rows = ((place, outcome["removed"].get(place, 0), outcome["cleaned"].get(place, 0)) for place in places)
    print_table("Erased", ("where", "removed", "mentions removed"), rows)
    if outcome["webhook_calls"]:
        systems = ", ".join(f"{name} ({count:,} calls)" for name, count in outcome["webhook_calls"].items())
        typer.echo(f"other systems received this person's data and must be asked to erase it: {systems}")
    if outcome["pending"]:
        typer.echo(f"files of {len(outcome['pending'])} running jobs are erased when those end")
