"""Children of `sheets up`: what to run, when it is ready, and when to start it again."""

from __future__ import annotations

import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from workers.embedded.process import terminate

BACK_OFF = (0.2, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds before a child that died is started again: longer each time it dies soon."""

STEADY = 60.0
"""A child that ran for so many seconds is forgiven its earlier deaths."""


@dataclass
class Child:
    """One process to keep alive.

    Parameters:
      name(str): What it is called in the table and in messages.
      start(callable): Starts it and returns the process.
      log(Path): Where its words go.
      address(str): Where it listens, for the table.
      health(str): An address that answers 200 once it is ready; empty: ready once started.
      grace(float): Seconds to end politely.
    """

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    log: Path
    address: str = ""
    health: str = ""
    grace: float = 20.0
    process: subprocess.Popen[bytes] | None = None
    deaths: int = 0
    started: float = 0.0
    start_at: float = field(default=0.0)

    def begin(self) -> None:
        self.process = self.start()
        self.started = time.monotonic()

    def end(self) -> None:
        if self.process is not None:
            terminate(self.process, grace=self.grace)
            self.process = None

    def is_ready(self) -> bool:
        """Whether it runs and answers."""
        if self.process is None or self.process.poll() is not None:
            return False
        return not self.health or _answers(self.health)

    def tend(self, say: Callable[[str], None]) -> None:
        """Start the child again if it has died, after its back-off."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.start_at:
                self.begin()
            return
        status = self.process.poll()
        if status is None:
            return
        self.deaths = 1 if now - self.started > STEADY else self.deaths + 1
        wait = back_off(self.deaths)
        self.process, self.start_at = None, now + wait
        say(f"{self.name} ended ({ending(status)}); starting it again in {wait:g} s; its log: {self.log}")


def back_off(deaths: int) -> float:
    """Seconds to wait after so many deaths in a row."""
    return BACK_OFF[min(deaths, len(BACK_OFF)) - 1]


def ending(status: int) -> str:
    """A description of how a process ended."""
    return f"killed by signal {-status}" if status < 0 else f"exit status {status}"


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
