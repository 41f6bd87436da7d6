"""`sheets status` and `sheets wait`: what is waiting.  Scripts call them often, so they import little."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Annotated, Any

import typer

from engine.db.connection import utc_now
from engine.notices import mailbox_states
from engine.operations import pulses
from engine.pipeline import lanes, new_contacts
from engine.publishing import upkeep
from workers.cli.session import AsJson, DataDir, console, open_db, print_json, print_table, shown

app = typer.Typer()

POLL = 0.1
"""Seconds between two looks while waiting."""


@app.command()
def status(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show counts, the backlog and lag of each lane, failures and running processes."""
    _, db = open_db(data_dir, app="status")
    now = utc_now()
    by_state = {row["_id"]: row["n"] for row in db.activities.aggregate(_COUNT_STATES)}
    backlog = lanes.backlog(db, now)
    alive, rules = pulses.alive(db, now), upkeep.upkeep(db)
    keys, mailboxes = new_contacts.today(db, now=now), mailbox_states.watched(db)
    report: dict[str, Any] = {
        "contacts": db.contacts.estimated_document_count(),
        "activities": {state: by_state.get(state, 0) for state in ("received", "applied", "failed")},
        "lanes": [
            {"lane": lane.lane, "waiting": lane.waiting, "due": lane.due, "oldest_seconds": _age(lane, now)}
            for lane in backlog
        ],
        "failed": by_state.get("failed", 0),
        "rules": {**asdict(rules), "done": round(rules.done, 3)},
        "new_contacts": [{**asdict(key), "reached": key.is_reached} for key in keys],
        "mailboxes": [asdict(mailbox) for mailbox in mailboxes],
        "alive": [{"kind": p.kind, "host": p.host, "pid": p.pid, "metrics": p.metrics} for p in alive],
        "workers": sum(p.kind == "worker" for p in alive),
    }
    if as_json:
        print_json(report)
        return
    console.print(f"{report['contacts']:,} contacts; activities: " + ", ".join(
        f"{count:,} {state}" for state, count in report["activities"].items()
    ))  # fmt: skip
    if not rules.finished:
        console.print(
            f"rules of version {rules.version}: {rules.done:.0%} done, {rules.outdated:,} contacts remaining"
        )
    for key in keys:
        if key.is_reached:
            console.print(
                f"key {key.label!r} has reached its {key.ceiling:,} new contacts of today; more are refused",
                markup=False,
            )
    for mailbox in mailboxes:
        if mailbox.error is not None:
            since = shown(mailbox.failing_since)
            console.print(
                f"mailbox {mailbox.id!r} cannot be read since {since}: {mailbox.error}", markup=False
            )
    busy = [lane for lane in report["lanes"] if lane["waiting"] or lane["due"]]
    if busy:
        print_table(
            "Backlog", ("lane", "activities", "due contacts", "oldest, s"), (lane.values() for lane in busy)
        )
    print_table("Running", ("process", "host", "pid", "metrics"), (p.values() for p in report["alive"]))


_COUNT_STATES = [{"$group": {"_id": "$state", "n": {"$sum": 1}}}]


def _age(lane: lanes.LaneBacklog, now: Any) -> float | None:
    oldest = lane.oldest_received_at
    return None if oldest is None else round((now - oldest).total_seconds(), 1)


@app.command()
def wait(data_dir: DataDir = None, timeout: Annotated[float, typer.Option(help="Seconds.")] = 60.0) -> None:
    """Wait until no lane has waiting work; exit 1 after the timeout."""
    _, db = open_db(data_dir, app="wait")
    deadline = time.monotonic() + timeout
    while not lanes.idle(db, now=utc_now()):
        if time.monotonic() > deadline:
            busy = [lane for lane in lanes.backlog(db, utc_now()) if not lane.idle]
            waiting = sum(lane.waiting for lane in busy)
            due = sum(lane.due for lane in busy)
            typer.echo(
                f"after {timeout:g} s {waiting} activities and {due} due contacts still wait", err=True
            )
            raise typer.Exit(1)
        time.sleep(POLL)
