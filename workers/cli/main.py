"""The command `sheets`."""

from __future__ import annotations

import faulthandler
import sys

import typer

from workers.cli.exit_codes import report
from workers.cli.lazy import Deferred, LazyGroup


class Sheets(LazyGroup):
    """All commands, in the order in which `sheets --help` lists them."""

    deferred = {
        "up": Deferred(
            "workers.cli.run", "Start everything on this machine and keep it running until Ctrl-C."
        ),
        "collector": Deferred("workers.cli.run", "Run the collector alone: it takes events over HTTP."),
        "worker": Deferred("workers.cli.run", "Run one worker process alone; start as many as you like."),
        "scheduler": Deferred(
            "workers.cli.run", "Run the scheduler alone: it wakes lanes that have work waiting."
        ),
        "dashboard": Deferred("workers.cli.run", "Run the dashboard alone."),
        "demo": Deferred(
            "workers.cli.run",
            "Send the history of a made-up shop to the collector; sent again it changes nothing.",
        ),
        "status": Deferred(
            "workers.cli.status",
            "Counts, what waits in each lane and for how long, what failed, who is alive.",
        ),
        "doctor": Deferred(
            "workers.cli.look",
            "Check servers, versions, indexes, clock and disk; exit 1 if something is broken.",
        ),
        "wait": Deferred(
            "workers.cli.status", "Return when no lane has work waiting; exit 1 after the timeout."
        ),
        "activities": Deferred(
            "workers.cli.look",
            "Print a contact's activities, the newest first; with --json one object a line.",
        ),
        "link": Deferred("workers.cli.keys", "Print a one-time link by which the local admin signs in."),
        "import": Deferred(
            "workers.cli.import_command",
            "Import contacts from a file: columns are guessed by their headings.",
        ),
        "data": Deferred(
            "workers.cli.erasure",
            "Write all that is known of a person into an archive: JSON, and a page to be read.",
        ),
        "erase": Deferred(
            "workers.cli.erasure",
            "Erase a person permanently; only an anonymous record of the erasure is kept.",
        ),
        "settings": Deferred(
            "workers.cli.settings",
            "Show every setting: its value here, its default, where it comes from, and its meaning.",
        ),
        "contact": Deferred("workers.cli.look", "One contact."),
        "contacts": Deferred("workers.cli.look", "All contacts."),
        "failed": Deferred("workers.cli.look", "Activities that were set aside."),
        "webhooks": Deferred("workers.cli.look", "Calls to other systems."),
        "keys": Deferred("workers.cli.keys", "Keys that events are sent with."),
        "jobs": Deferred(
            "workers.cli.jobs", "Long work that people started: imports, exports, changes of many."
        ),
        "export": Deferred("workers.cli.export", "Write contacts or their activities to a file."),
        "rules": Deferred("workers.cli.rules", "The rules: YAML in a folder, or as published."),
        "sendings": Deferred(
            "workers.cli.sendings", "Sendings that failed as a whole: their bounces do not count."
        ),
    }


app = typer.Typer(
    cls=Sheets,
    callback=lambda: None,
    help="Contact Sheets: every contact of a shop on one sheet.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run a command; exit as `workers.cli.exit_codes` says.

    A crash in native code says in the log where each thread was.
    """
    faulthandler.enable()
    try:
        app()
    except Exception as error:  # noqa: BLE001  the process's edge: it is reported, whatever it is
        sys.exit(report(error))


if __name__ == "__main__":
    main()
