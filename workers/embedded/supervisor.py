"""`sheets up`: starts, watches and stops everything on one machine."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from rich.console import Console
from rich.table import Table

from engine.accounts import accounts, keys, openid
from engine.db.connection import connect, utc_now
from engine.domain.webhook_secrets import variables
from engine.environment import Environment
from engine.errors import Conflict, Unavailable
from engine.operations.preparation import prepare
from engine.rules import versions
from engine.settings import CONFIG_DIR, Instance, remove_instance, write_instance
from workers.embedded.children import Child
from workers.embedded.mongod import Mongod, fitting_cache
from workers.embedded.ports import LOOPBACK, PortTaken, is_free, remembered
from workers.embedded.process import spawn
from workers.embedded.valkey import Valkey

NOTIFY_AFTER = 3.0
"""Seconds after which a slow start prints its reason."""

READY_TIMEOUT = 90.0
WATCH = 0.5
"""Seconds between two looks at the children."""


class AlreadyRunning(Conflict):
    """Another `sheets up` holds the data folder."""


@dataclass(frozen=True)
class Options:
    """The processes to run, and their addresses (`sheets up --help`)."""

    data_dir: Path
    dashboard_port: int
    collector_port: int
    workers: int
    demo: bool
    dashboard: bool
    host: str = LOOPBACK


def up(options: Options, environment: Environment, *, stop: threading.Event, out: Console) -> None:
    """Run everything until `stop` is set; then end it all, in the reverse order.

    Raises InvalidSettings, AlreadyRunning, PortTaken or Unavailable before anything is left running.
    """
    os.umask(0o077)  # the database, logs and queues are nobody else's on this machine
    options.data_dir.mkdir(parents=True, exist_ok=True)
    _close_to_others(options.data_dir)
    with _only_one(options.data_dir):
        _check_ports(options)
        _Supervisor(options, environment, stop, out).run()


def _close_to_others(data_dir: Path) -> None:
    """Take the rights of others from the folders that hold data; the one around them may be anything."""
    for name in ("mongodb", "valkey", "logs"):
        folder = data_dir / name
        folder.mkdir(exist_ok=True)
        folder.chmod(0o700)


class _Supervisor:
    def __init__(
        self, options: Options, environment: Environment, stop: threading.Event, out: Console
    ) -> None:
        self._options = options
        self._environment = environment
        self._stop = stop
        self._out = out
        self._settings = environment.settings()
        cache = fitting_cache()
        self._mongod = None if self._settings.mongodb_uri else Mongod(options.data_dir, cache_gb=cache)
        self._valkey = None if self._settings.broker_url else Valkey(options.data_dir)
        self._instance = self._describe()
        if options.dashboard:  # which would end at once, again and again
            openid.provider_of(self._settings, address=self._instance.dashboard_url)
        self._running: list[Child] = []

    def run(self) -> None:
        write_instance(self._instance)
        try:
            self._start()
            self._watch()
        finally:
            remove_instance(self._options.data_dir)
            for child in reversed(self._running):
                child.end()
            self._out.print("stopped")

    def _describe(self) -> Instance:
        options, host = self._options, _reachable(self._options.host)
        return Instance(
            mongodb_uri=self._mongod.uri if self._mongod else self._settings.mongodb_uri,
            broker_url=self._valkey.url if self._valkey else self._settings.broker_url,
            database=self._settings.database,
            data_dir=options.data_dir.resolve(),
            dashboard_url=f"http://{host}:{options.dashboard_port}" if options.dashboard else None,
            collector_url=f"http://{host}:{options.collector_port}",
            pid=os.getpid(),
        )

    def _start(self) -> None:
        servers = [*self._servers()]
        processes = self._processes()
        for child in servers:
            self._begin(child)
        # Its start is the longest, and it asks nothing of the servers before a page is opened.
        for child in processes:
            if child.name == "dashboard":
                self._begin(child)
        self._wait_servers()
        db = connect(self._instance.mongodb_uri, self._instance.database, app="up")
        with notify_if_slow(self._say):
            prepare(db, config_dir=CONFIG_DIR, now=utc_now())
        self._warn_of_unknown(db)
        for child in processes:
            if child not in self._running:
                self._begin(child)
        self._out.print(self._table([*servers, *processes]))
        self._wait_ready(processes)
        self._welcome(db)

    def _warn_of_unknown(self, db: Any) -> None:
        secrets = variables(versions.current(db).webhooks.values())
        for warning in self._environment.warnings(besides=secrets):
            self._plain(f"sheets: {warning}")

    def _begin(self, child: Child) -> None:
        self._running.append(child)
        child.begin()

    def _servers(self) -> Iterator[Child]:
        if self._mongod is not None:
            yield _server("mongodb", self._mongod, f"{LOOPBACK}:{self._mongod.port}")
        if self._valkey is not None:
            yield _server("valkey", self._valkey, f"{LOOPBACK}:{self._valkey.port}")

    def _wait_servers(self) -> None:
        embedded: list[Mongod | Valkey] = [s for s in (self._mongod, self._valkey) if s is not None]
        for child, server in zip(self._running, embedded, strict=False):
            server.wait_ready()
            child.process = server.process

    def _processes(self) -> list[Child]:
        options, instance = self._options, self._instance
        collector = f"{instance.collector_url}/healthz"
        children = [self._worker(number + 1) for number in range(options.workers)]
        children.append(self._own("scheduler", "scheduler"))
        children.append(
            self._own(
                "collector", "collector", "--host", options.host, "--port", str(options.collector_port),
                address=instance.collector_url or "", health=collector,
            )
        )  # fmt: skip
        if options.dashboard:
            children.append(
                self._own(
                    "dashboard", "dashboard", "--host", options.host, "--port", str(options.dashboard_port),
                    address=instance.dashboard_url or "", health=f"{instance.dashboard_url}/_stcore/health",
                )
            )  # fmt: skip
        if options.demo:
            children.append(self._own("demo", "demo", "--live"))
        return children

    def _worker(self, number: int) -> Child:
        name = "worker" if self._options.workers == 1 else f"worker-{number}"
        port = remembered(self._options.data_dir, f"metrics of worker {number}")
        address = f"http://{LOOPBACK}:{port}/metrics"
        return self._own(name, "worker", "--metrics-port", str(port), address=address)

    def _own(self, name: str, *arguments: str, address: str = "", health: str = "") -> Child:
        log = self._options.data_dir / "logs" / f"{name}.log"
        command = [
            sys.executable,
            "-m",
            "workers.cli.main",
            *arguments,
            "--data-dir",
            str(self._options.data_dir),
        ]
        return Child(name, lambda: spawn(command, log=log), log, address=address, health=health)

    def _wait_ready(self, processes: Sequence[Child]) -> None:
        deadline = time.monotonic() + READY_TIMEOUT
        waiting = [child for child in processes if child.health]
        while waiting and not self._stop.is_set():
            if time.monotonic() > deadline:
                names = ", ".join(f"{child.name} (log: {child.log})" for child in waiting)
                raise Unavailable(f"not ready after {READY_TIMEOUT:.0f} s: {names}")
            for child in self._running:
                child.tend(self._say)
            waiting = [child for child in waiting if not child.is_ready()]
            self._stop.wait(0.05)

    def _watch(self) -> None:
        while not self._stop.wait(WATCH):
            for child in self._running:
                child.tend(self._say)

    def _table(self, children: Sequence[Child]) -> Table:
        table = Table(title="Contact Sheets", title_justify="left")
        for heading in ("what", "where", "log"):
            table.add_column(heading, overflow="fold")
        if self._mongod is None:
            table.add_row("mongodb", "yours, by MONGODB_URI", "")
        if self._valkey is None:
            table.add_row("broker", "yours, by BROKER_URL", "")
        for child in children:
            table.add_row(child.name, child.address or "-", str(child.log))
        return table

    def _welcome(self, db: Any) -> None:
        if self._stop.is_set():
            return
        instance = self._instance
        if self._options.demo:
            key = keys.create_key(db, "write", label="Demo (sheets up --demo)", now=utc_now())
            self._plain(f"Write key for testing: {key.token}")
        if instance.dashboard_url:
            token = accounts.first_link(db, now=utc_now())
            self._plain(
                f"One-time sign-in link (valid for 1 hour): {instance.dashboard_url}/signin?link={token}"
            )
        where = f"dashboard={instance.dashboard_url} " if instance.dashboard_url else ""
        self._plain(f"ready {where}collector={instance.collector_url}")

    def _plain(self, line: str) -> None:
        """Print a line as it is: not wrapped to the terminal, not styled."""
        self._out.file.write(line + "\n")
        self._out.file.flush()

    def _say(self, message: str) -> None:
        self._plain(f"{time.strftime('%H:%M:%S')} {message}")


@contextmanager
def notify_if_slow(say: Callable[[str], None], after: float = NOTIFY_AFTER) -> Iterator[None]:
    """Print a message if the upgrade of an older database takes long."""
    timer = threading.Timer(
        after, say, ["bringing the database up to date: with a million contacts, some minutes"]
    )
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _server(name: str, server: Mongod | Valkey, address: str) -> Child:
    def start() -> subprocess.Popen[bytes]:
        server.start()
        assert server.process is not None
        return server.process

    return Child(name, start, server.log, address=address, grace=30.0)


def _check_ports(options: Options) -> None:
    if options.dashboard and not is_free(options.dashboard_port, options.host):
        raise PortTaken(options.dashboard_port, of="dashboard", option="--dashboard-port")
    if not is_free(options.collector_port, options.host):
        raise PortTaken(options.collector_port, of="collector", option="--collector-port")


def _reachable(host: str) -> str:
    return LOOPBACK if host in ("0.0.0.0", "::") else host


@contextmanager
def _only_one(data_dir: Path) -> Iterator[None]:
    """Hold the folder's lock; it goes with the process, however that ends."""
    with (data_dir / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(_running_message(lock, data_dir)) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _running_message(lock: IO[str], data_dir: Path) -> str:
    lock.seek(0)
    return (
        f"`sheets up` runs already in {data_dir} (process {lock.read().strip() or 'unknown'}): "
        "use it, stop it, or give another folder with --data-dir"
    )


def stop_on_signals() -> threading.Event:
    """An event that Ctrl-C and SIGTERM set."""
    stop = threading.Event()
    handler: Callable[[int, Any], None] = lambda _number, _frame: stop.set()  # noqa: E731
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)
    return stop
