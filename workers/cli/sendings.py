"""Commands on sendings that failed as a whole."""

from __future__ import annotations

from dataclasses import asdict

import typer

from engine.operations import operating
from engine.pipeline import outages
from workers.cli.session import AsJson, DataDir, cli_actor, open_db, print_json, print_table, zone_of

app = typer.Typer()
sendings_app = typer.Typer(help="Review suspected outages, whose bounces do not count.")
app.add_typer(sendings_app, name="sendings")


@sendings_app.command("list")
def list_sendings(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Suspected outages, the newest first."""
    _, db = open_db(data_dir, app="sendings")
    found = outages.suspected(db)
    if as_json:
        print_json([asdict(sending) for sending in found])
        return
    rows = ((d.id, d.failed, d.attempts, d.noticed_at, d.counted_by, d.left_by) for d in found)
    names = ("id", "failed", "attempts", "noticed", "counted after all by", "left uncounted by")
    print_table("Sendings", names, rows, zone=zone_of(db))


@sendings_app.command()
def count(sending: str, data_dir: DataDir = None) -> None:
    """Count the bounces of a sending: its addresses are dead."""
    _, db = open_db(data_dir, app="sendings")
    operating.count_sending(cli_actor(db), sending)
    typer.echo("its bounces count; the workers fold its contacts again")


@sendings_app.command()
def leave(sending: str, data_dir: DataDir = None) -> None:
    """Ignore the bounces of a sending permanently: doctor and the pages stop asking."""
    _, db = open_db(data_dir, app="sendings")
    operating.leave_sending(cli_actor(db), sending)
    typer.echo("its bounces stay uncounted")
