"""The command `sheets`."""

from __future__ import annotations

import faulthandler
import sys

import typer
from pymongo.errors import PyMongoError

from engine.errors import ContactSheetsError
from workers.cli import erasure, export, import_command, jobs, keys, look, rules, run, sendings, settings

app = typer.Typer(
    help="Contact Sheets: every contact of a shop on one sheet.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for commands in (
    run.app,
    look.app,
    keys.app,
    import_command.app,
    jobs.app,
    erasure.app,
    export.app,
    settings.app,
):
    app.registered_commands += commands.registered_commands
    app.registered_groups += commands.registered_groups
app.add_typer(rules.app, name="rules")
app.add_typer(sendings.app, name="sendings")


def main() -> None:
    """Run a command; what can be expected to go wrong is one line, and exit 1.

    A crash in native code says in the log where each thread was.
    """
    faulthandler.enable()
    try:
        app()
    except ContactSheetsError as error:
        typer.echo(f"sheets: {error}", err=True)
        sys.exit(1)
    except PyMongoError as error:
        typer.echo(f"sheets: MongoDB does not answer: {str(error)[:300]}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
