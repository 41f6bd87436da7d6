"""`sheets shops check|fetch|poll|enter`: reading a shop's orders and customers."""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.cli.environment import begin
from workers.cli.session import AsJson, DataDir, cli_actor, open_db, print_json
from workers.cli.shop_access import shop_access_of

if TYPE_CHECKING:
    from engine.jobs.jobs import Job

app = typer.Typer()

ShopId = Annotated[str, typer.Argument(metavar="ID", help="As `sheets shops list` prints it.")]
LOOK_EVERY = 0.5
"""Seconds between two looks at a fetch."""


@app.command()
def enter(
    shop: ShopId,
    fields: Annotated[
        list[str],
        typer.Option(
            "--set",
            metavar="FIELD=VALUE",
            help="`url`, and the credential of the API; `-` as the value reads it from standard input.",
        ),
    ],
    data_dir: DataDir = None,
) -> None:
    """Enter the address and API credentials by which a shop is read."""
    from engine.shops.fetching import fetch_service
    from workers.cli.shops import entered_fields

    actor, access = _actor_and_access(data_dir)
    fetch_service.enter(actor, shop, entered_fields(fields), access)
    typer.echo("entered; try it with `sheets shops check`")


@app.command()
def check(shop: ShopId, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Try the credentials of a shop; fails with what to do."""
    from engine.shops.fetching import fetch_service

    actor, access = _actor_and_access(data_dir)
    streams = fetch_service.check(actor, shop, access)
    if as_json:
        print_json({"shop": shop, "readable": streams})
    else:
        typer.echo(f"the shop answers; can be read: {', '.join(streams)}")


@app.command()
def fetch(
    shop: ShopId,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it is done.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Fetch the past orders and customers of a shop, as a job; repeating it doubles nothing."""
    from engine.jobs import job_service
    from engine.shops.fetching import fetch_service

    actor, access = _actor_and_access(data_dir)
    job = fetch_service.start_fetch(actor, shop, access)
    while wait and job.under_way:
        time.sleep(LOOK_EVERY)
        job = job_service.job(actor, job.id)
    if as_json:
        print_json(_summary(job))
    else:
        result = f": {job.failure}" if job.failure else ""
        typer.echo(f"{job.id}: {job.state.value}, {job.done:,} records read{result}")
    if job.failure:
        raise typer.Exit(1)


@app.command()
def poll(shop: ShopId, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Read what changed in a shop that has no webhooks, now; the scheduler does it every few minutes."""
    from engine.shops import shops
    from engine.shops.fetching import fetch_service
    from engine.shops.fetching.poll_state import poll_state

    settings, _ = begin(data_dir)
    actor, access = _actor_and_access(data_dir)
    every = timedelta(minutes=settings.shops_poll_minutes)
    done = fetch_service.poll(actor, shop, access, lambda _lanes: None, every=every)  # the scheduler wakes
    state = poll_state(shops.find(actor.db, shop))
    if as_json:
        print_json({"shop": shop, **asdict(done), "next_at": state.next_at, "failures": state.failures})
    elif not done.problem:
        typer.echo(f"{done.records:,} records read, {done.new:,} new activities")
    if done.problem:
        typer.echo(done.problem, err=True)
        raise typer.Exit(1)


def _summary(job: Job) -> dict[str, Any]:
    names = ("id", "title", "total", "done", "refused", "failure")
    return {**{name: getattr(job, name) for name in names}, "state": job.state.value}


def _actor_and_access(data_dir: Path | None) -> tuple[Any, Any]:
    settings, instance = begin(data_dir)
    _, db = open_db(data_dir, app="shops")
    return cli_actor(db), shop_access_of(settings, instance)
