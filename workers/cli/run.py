"""`sheets up`, and each process on its own."""

from __future__ import annotations

import os
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from engine.db.connection import connect
from engine.settings import Instance, InvalidSettings
from workers.cli.environment import begin, environment_of_process, rule_secrets, settings_of, warn
from workers.cli.session import DataDir, console, log_events, open_db
from workers.cli.shop_access import shop_access_of

if TYPE_CHECKING:
    from engine.pipeline.waker import Waker

app = typer.Typer()

WORKERS = min(4, max(1, (os.cpu_count() or 1) // 2))
"""MongoDB needs about as much of the processors as the workers do."""

Host = Annotated[str, typer.Option(help="Address to listen on.")]


@app.command()
def up(
    data_dir: DataDir = None,
    dashboard_port: Annotated[int, typer.Option(help="Port of the dashboard.")] = 8501,
    collector_port: Annotated[int, typer.Option(help="Port of the collector.")] = 8511,
    workers: Annotated[
        int,
        typer.Option(min=1, max=64, help="Worker processes; default: one for two processors, four at most."),
    ] = WORKERS,
    demo: Annotated[bool, typer.Option("--demo", help="Send the data of a demo shop.")] = False,
    no_dashboard: Annotated[bool, typer.Option("--no-dashboard", help="Run without the dashboard.")] = False,
    host: Host = "127.0.0.1",
) -> None:
    """Start everything on this machine and keep it running until Ctrl-C."""
    from workers.embedded.supervisor import Options, stop_on_signals
    from workers.embedded.supervisor import up as run_all

    environment = environment_of_process()
    settings = settings_of(environment)
    options = Options(
        data_dir=data_dir if data_dir is not None else settings.data_dir,
        dashboard_port=dashboard_port,
        collector_port=collector_port,
        workers=workers,
        demo=demo,
        dashboard=not no_dashboard,
        host=host,
    )
    try:
        run_all(options, environment, stop=stop_on_signals(), out=console)
    except InvalidSettings:
        warn(environment)  # a slip in a name may be why
        raise


@app.command()
def collector(data_dir: DataDir = None, host: Host = "127.0.0.1", port: int = 8511) -> None:
    """Run only the collector, which receives events over HTTP."""
    from engine.shops.sealing import sealer_of
    from workers.collector.limits import api_limit_of, limit_of
    from workers.collector.serve import serve

    log_events()
    settings, instance = begin(data_dir)
    db = connect(instance.mongodb_uri, instance.database, app="collector")
    serve(
        db,
        _waker(instance),
        rule_secrets(),
        host=host,
        port=port,
        limit=limit_of(settings),
        api_limit=api_limit_of(settings),
        proxies=settings.collector_trusted_proxies,
        sealer=partial(sealer_of, settings, instance),
    )


@app.command()
def worker(
    data_dir: DataDir = None,
    threads: int = 2,
    metrics_port: Annotated[
        int | None,
        typer.Option(help="Port of /metrics for Prometheus; 0: any free port; default: no metrics."),
    ] = None,
    metrics_host: Annotated[str, typer.Option(help="Address that /metrics listens on.")] = "127.0.0.1",
) -> None:
    """Run one worker process; start as many as you need."""
    from engine.db.connection import utc_now
    from engine.garbage import collect_seldom
    from engine.http_client import HttpClient
    from workers.embedded.supervisor import stop_on_signals
    from workers.tasks.broker import make_broker
    from workers.tasks.metrics import WorkerMetrics
    from workers.tasks.worker import run

    log_events()
    settings, instance = begin(data_dir)
    db = connect(instance.mongodb_uri, instance.database, app="worker")
    metrics = WorkerMetrics()
    if metrics_port is not None:
        metrics.serve(metrics_host, metrics_port)
    collect_seldom()
    broker, secrets = make_broker(instance.broker_url), rule_secrets()
    run(
        db,
        broker,
        secrets,
        client=HttpClient(allow_private=settings.allow_private_addresses),
        shop_access=shop_access_of(settings, instance),
        clock=utc_now,
        stop=stop_on_signals(),
        threads=threads,
        metrics=metrics,
    )


@app.command()
def scheduler(data_dir: DataDir = None) -> None:
    """Run only the scheduler, which wakes lanes with waiting work."""
    from engine.db.connection import utc_now
    from workers.embedded.supervisor import stop_on_signals
    from workers.tasks.scheduler import run

    log_events()
    settings, instance = begin(data_dir)
    db = connect(instance.mongodb_uri, instance.database, app="scheduler")
    run(
        db,
        _waker(instance).wake,
        clock=utc_now,
        stop=stop_on_signals(),
        environment=rule_secrets(),
        shop_access=shop_access_of(settings, instance),
        poll_every=timedelta(minutes=settings.shops_poll_minutes),
    )


@app.command()
def dashboard(data_dir: DataDir = None, host: Host = "127.0.0.1", port: int = 8501) -> None:
    """Run only the dashboard."""
    from dashboard.serve import serve

    settings, instance = begin(data_dir)
    waker = _waker(instance) if instance.broker_url else None
    serve(instance, settings, waker, host=host, port=port)


@app.command()
def demo(
    data_dir: DataDir = None,
    contacts: Annotated[int, typer.Option(min=1, help="Contacts of the demo shop.")] = 400,
    days: Annotated[int, typer.Option(min=1, help="Days of history, up to now.")] = 90,
    seed: int = 7,
    live: Annotated[bool, typer.Option("--live/--no-live", help="Keep sending events.")] = False,
) -> None:
    """Send the history of a demo shop to the collector; repeating it changes nothing."""
    from workers.demo.shop import run
    from workers.embedded.supervisor import stop_on_signals

    instance, db = open_db(data_dir, app="demo")
    run(
        instance,
        db,
        seed=seed,
        contacts=contacts,
        days=days,
        live=live,
        stop=stop_on_signals(),
        say=typer.echo,
    )


def _waker(instance: Instance) -> Waker:
    """Hint to the workers over the instance's broker."""
    from engine.pipeline.waker import Waker
    from workers.tasks.actors import drain_actor
    from workers.tasks.broker import make_broker

    return Waker(drain_actor(make_broker(instance.broker_url)).send)
