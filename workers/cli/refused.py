"""`sheets refused`: what keys send that is refused, and why."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from workers.cli.session import AsJson, DataDir, cli_actor, open_db, print_json, print_table, zone_of

app = typer.Typer()
refused_app = typer.Typer(help="See which events are refused, by key, with the reason and the event.")
app.add_typer(refused_app, name="refused")


@refused_app.command("list")
def list_refused(
    key: Annotated[
        str | None, typer.Option(help="Of one key: its id, as `sheets keys list` prints it.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many refused events.")] = 50,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List how many events each key sent in the last hour, and the latest refused ones.

    Of events beyond a limit of their key a sample is kept; all are counted.
    """
    from engine.operations import incoming

    _, db = open_db(data_dir, app="refused")
    found = incoming.refused_by_key(cli_actor(db), key=key, limit=limit)
    if as_json:
        print_json(asdict(found))
        return
    zone = zone_of(db)
    arrived = ((a.label, a.accepted, a.refused, a.key) for a in found.last_hour)
    print_table("The last hour", ("key", "accepted", "refused", "id"), arrived)
    labels = {a.key: a.label for a in found.last_hour}
    rows = ((r.id, r.received_at, labels.get(r.source, r.source), r.field, r.reason) for r in found.refused)
    print_table("Refused events", ("id", "received", "key", "field", "reason"), rows, zone=zone)


@refused_app.command()
def show(
    event: Annotated[str, typer.Argument(metavar="ID", help="As `sheets refused list` prints it.")],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show a refused event as it was sent, and why it was refused."""
    from engine.operations import incoming

    _, db = open_db(data_dir, app="refused")
    found = incoming.refused_event(cli_actor(db), event)
    if as_json:
        print_json(asdict(found))
        return
    rows = [("received", found.received_at), ("key", found.source), (found.field, found.reason)]
    print_table("Refused", ("", ""), rows, zone=zone_of(db))
    typer.echo(found.event)
