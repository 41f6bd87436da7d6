"""Commands for API keys and for signing in."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

import typer

from engine.accounts import key_service, users
from workers.cli.session import AsJson, DataDir, cli_actor, open_db, print_json, print_table, zone_of

app = typer.Typer()
keys_app = typer.Typer(help="Create, list and revoke API keys.")
app.add_typer(keys_app, name="keys")


UNNAMED = "from the command line"
"""The default name of a key, with a number if it is taken."""


class Kind(StrEnum):
    """A browser's key, which everybody can read, or one of the server's."""

    write = "write"
    secret = "secret"
    identity = "identity"


@keys_app.command("create")
def create(
    kind: Annotated[
        Kind,
        typer.Option(
            help="write: for browsers; secret: for the shop's server; identity: to sign user ids with."
        ),
    ],
    data_dir: DataDir = None,
    label: Annotated[str, typer.Option(help="A label, unique among the active keys.")] = "",
    as_json: AsJson = False,
) -> None:
    """Create a key; its token is shown only once."""
    _, db = open_db(data_dir, app="keys")
    called = label or key_service.free_label(db, UNNAMED)
    key = key_service.create(cli_actor(db), kind.value, label=called)
    if as_json:
        print_json({**asdict(key), "key": key.token})
        return
    typer.echo(f"{key.kind} key {key.id}: {key.token}\nKeep it: it is not shown again.")


@keys_app.command("list")
def list_keys(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List all keys, without their tokens."""
    _, db = open_db(data_dir, app="keys")
    found = key_service.all_keys(cli_actor(db))
    if as_json:
        print_json([asdict(key) for key in found])
        return
    rows = ((k.id, k.kind, k.label, k.created_at, k.last_used_at, k.revoked_at) for k in found)
    print_table("Keys", ("id", "kind", "label", "created", "last used", "revoked"), rows, zone=zone_of(db))


@keys_app.command("revoke")
def revoke(key: str, data_dir: DataDir = None) -> None:
    """Revoke a key, effective within five seconds."""
    _, db = open_db(data_dir, app="keys")
    key_service.revoke(cli_actor(db), key)
    typer.echo("revoked")


@app.command()
def link(data_dir: DataDir = None) -> None:
    """Print a one-time sign-in link for the local admin."""
    instance, db = open_db(data_dir, app="link")
    token = users.local_link(cli_actor(db))
    typer.echo(f"{instance.dashboard_url or ''}/signin?link={token}")
