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
        "collector": Deferred("workers.cli.run", "Run only the collector, which receives events over HTTP."),
        "worker": Deferred("workers.cli.run", "Run one worker process; start as many as you need."),
        "scheduler": Deferred(
            "workers.cli.run", "Run only the scheduler, which wakes lanes with waiting work."
        ),
        "dashboard": Deferred("workers.cli.run", "Run only the dashboard."),
        "demo": Deferred(
            "workers.cli.run",
            "Send the history of a demo shop to the collector; repeating it changes nothing.",
        ),
        "status": Deferred(
            "workers.cli.status",
            "Show counts, the backlog and lag of each lane, failures and running processes.",
        ),
        "doctor": Deferred(
            "workers.cli.look",
            "Check servers, versions, indexes, clock and disk; exit 1 if something is broken.",
        ),
        "wait": Deferred(
            "workers.cli.status", "Wait until no lane has waiting work; exit 1 after the timeout."
        ),
        "activities": Deferred(
            "workers.cli.look",
            "Print a contact's activities, the newest first; with --json one object a line.",
        ),
        "link": Deferred("workers.cli.keys", "Print a one-time sign-in link for the local admin."),
        "import": Deferred(
            "workers.cli.import_command",
            "Import contacts, orders or activities from a file; columns are matched by their headings.",
        ),
        "data": Deferred(
            "workers.cli.erasure",
            "Export all data of a person as an archive: JSON and a readable page.",
        ),
        "erase": Deferred(
            "workers.cli.erasure",
            "Erase a person permanently; only an anonymous record of the erasure is kept.",
        ),
        "settings": Deferred(
            "workers.cli.settings",
            "Show every setting with its value, default, source and meaning.",
        ),
        "contact": Deferred("workers.cli.look", "Show a contact, and its consent."),
        "contacts": Deferred("workers.cli.look", "List contacts."),
        "merge": Deferred(
            "workers.cli.merges", "Merge two contacts into one; `sheets merges undo` takes it back."
        ),
        "merges": Deferred("workers.cli.merges", "List and undo merges; accept and dismiss suggested ones."),
        "failed": Deferred("workers.cli.look", "List and retry failed activities."),
        "refused": Deferred(
            "workers.cli.refused", "See which events are refused, by key, with the reason and the event."
        ),
        "webhooks": Deferred("workers.cli.look", "Show and retry webhook calls."),
        "keys": Deferred("workers.cli.keys", "Create, list, change and revoke API keys."),
        "shops": Deferred("workers.cli.shops", "Connect, list and disconnect shops."),
        "jobs": Deferred("workers.cli.jobs", "List, stop and undo imports, exports and bulk changes."),
        "export": Deferred("workers.cli.export", "Export contacts or activities to a file."),
        "rfm": Deferred("workers.cli.valuation", "Score all contacts by recency, frequency, money."),
        "clv": Deferred("workers.cli.valuation", "Fit lifetime value; predict a contact's purchases."),
        "rules": Deferred("workers.cli.rules", "Check, test, plan, publish and inspect rules."),
        "webhook": Deferred(
            "workers.cli.webhook", "See what webhooks of sending services mean, and run them again."
        ),
        "preferences": Deferred("workers.cli.preferences", "Print the link to a contact's preference page."),
        "sendings": Deferred("workers.cli.sendings", "Review suspected outages, whose bounces do not count."),
        "bounces": Deferred(
            "workers.cli.bounces", "Read mails that came back, and show the notice of a bounce."
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
