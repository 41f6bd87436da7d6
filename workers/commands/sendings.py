"""Commands on sendings that failed as a whole."""

from __future__ import annotations

import getpass
from dataclasses import asdict

import typer

from engine.store import sendings
from workers.commands.session import AsJson, DataDir, open_db, print_json, print_table

app = typer.Typer(help="Sendings that failed as a whole: their bounces do not count.")


@app.command("list")
def list_sendings(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """All that were doubted, the newest first."""
    _, db = open_db(data_dir, app="sendings")
    found = sendings.doubted(db)
    if as_json:
        print_json([asdict(sending) for sending in found])
        return
    rows = ((d.id, d.failed, d.attempts, d.noticed_at, d.counted_by) for d in found)
    print_table("Sendings", ("id", "failed", "attempts", "noticed", "counted after all by"), rows)


@app.command()
def count(sending: str, data_dir: DataDir = None) -> None:
    """Let the bounces of a sending count after all: its addresses are dead indeed."""
    _, db = open_db(data_dir, app="sendings")
    sendings.count_after_all(db, sending, by=getpass.getuser())
    typer.echo("its bounces count; the workers fold its contacts again")
