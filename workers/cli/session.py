"""Shared by all commands: the instance, its database and the output.

Functions import what only some commands need: `sheets status` needs none of it.
"""

from __future__ import annotations

import atexit
import getpass
import json
import logging
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer
from pymongo.synchronous import monitor
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from engine.db import Db
from engine.db.connection import connect
from engine.settings import Instance
from workers.cli.environment import begin

if TYPE_CHECKING:
    from engine.accounts.actor import Actor

DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", help="The instance's folder; default: SHEETS_DATA_DIR or ./.sheets."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

PYMONGO_EXIT = "_shutdown_resources"
"""PyMongo's handler of the end of a process."""

console = Console()


def open_db(data_dir: Path | None, *, app: str) -> tuple[Instance, Db]:
    """The running instance and its database; raise NoInstance, InvalidSettings."""
    _, instance = begin(data_dir)
    # PyMongo's exit waits for its monitors, which sleep half a second: longer than a command takes.
    # It has no public name, nor has a client one without monitors; where it is gone, commands are slower.
    with suppress(AttributeError):
        atexit.unregister(getattr(monitor, PYMONGO_EXIT))
    return instance, connect(instance.mongodb_uri, instance.database, app=app)


def cli_actor(db: Db, name: str | None = None) -> Actor:
    """Return the actor of a command: an admin, named by the account on this machine or by `name`."""
    from engine.accounts.actor import Actor
    from engine.accounts.current_user import COMMAND_LINE, CurrentUser
    from engine.operations.job_kinds import find_job_kinds

    find_job_kinds()
    return Actor(db, CurrentUser(COMMAND_LINE, "", name or getpass.getuser(), "admin"))


def zone_of(db: Db) -> ZoneInfo:
    """The account's time zone, in which people read times."""
    from engine.rules import versions

    return versions.current(db).account.time_zone


WHOLE_ID = 36
"""An id of up to so many characters stands in one line of a table, however narrow the terminal is."""


def print_json(value: object) -> None:
    typer.echo(json.dumps(value, default=_written, ensure_ascii=False))


def _written(value: object) -> str:
    """A value that JSON does not know; a time as in ISO 8601."""
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else str(value)


def print_table(
    title: str,
    headings: Iterable[str],
    rows: Iterable[Iterable[object]],
    *,
    zone: tzinfo = UTC,
) -> None:
    """Print rows under a title and headings, times in a zone; whatever visitors wrote stays as it is."""
    table = Table(title=escape(title), title_justify="left")
    cells = [[shown(cell, zone) for cell in row] for row in rows]
    for number, heading in enumerate(headings):
        longest = max((len(row[number]) for row in cells), default=0)
        whole = heading == "id" and longest <= WHOLE_ID  # people copy it
        table.add_column(heading, overflow="fold", no_wrap=whole)
    for row in cells:
        table.add_row(*map(escape, row))
    console.print(table)


def shown(cell: object, zone: tzinfo = UTC) -> str:
    """A cell of a table; a time to the second, with its zone."""
    if isinstance(cell, datetime):
        return f"{cell.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"
    return "" if cell is None else str(cell)


def log_events() -> None:
    """Logs of a process: one JSON object a line, on standard output."""
    import structlog

    logging.basicConfig(level=logging.WARNING)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ]
    )
