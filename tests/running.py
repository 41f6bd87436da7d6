"""A whole instance in a folder of its own, as `sheets up` runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from workers.embedded.ports import free_port

READY_WITHIN = 90.0


@dataclass
class Running:
    """An instance under test."""

    data_dir: Path
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    _keys: dict[str, str] = field(default_factory=dict)

    @property
    def collector(self) -> str:
        return self._address("collector")

    @property
    def dashboard(self) -> str:
        return self._address("dashboard")

    @property
    def link(self) -> str:
        """The one-time link that was printed."""
        [line] = [line for line in self.lines if "/signin?link=" in line]
        return line.split(": ", 1)[1].strip()

    def sheets(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command against this instance."""
        return sheets(*arguments, data_dir=self.data_dir, check=check)

    def json(self, *arguments: str) -> Any:
        return json.loads(self.sheets(*arguments, "--json").stdout)

    def key(self, kind: str = "secret") -> str:
        """The token of an API key, which is made when it is first asked for."""
        if kind not in self._keys:
            self._keys[kind] = str(self.json("keys", "create", "--kind", kind)["token"])
        return self._keys[kind]

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def child(self, name: str) -> psutil.Process:
        [found] = [c for c in self.children() if name in c.cmdline()]
        return found

    def wait_line(self, words: str, timeout: float = READY_WITHIN) -> str:
        """Wait until a line with these words was printed."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            for line in self.lines:
                if words in line:
                    return line
            line = self.process.stdout.readline() if self.process.stdout else ""
            if not line and self.process.poll() is not None:
                break
            self.lines.append(line)
        raise AssertionError(f"no line with {words!r} in:\n{''.join(self.lines)}")

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def _address(self, name: str) -> str:
        [line] = [line for line in self.lines if line.startswith("ready ")]
        return dict(pair.split("=", 1) for pair in line.split()[1:])[name]


def sheets(*arguments: str, data_dir: Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "workers.cli.main", *arguments]
    environment = {**os.environ, "SHEETS_DATA_DIR": str(data_dir)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=check, timeout=120)


@contextmanager
def running(data_dir: Path, *options: str) -> Iterator[Running]:
    """Start an instance on free ports, wait until it is ready, and end it afterwards."""
    instance = start(data_dir, *options)
    try:
        instance.wait_line("ready ")
        yield instance
    finally:
        if instance.process.poll() is None:
            instance.stop()


def start(data_dir: Path, *options: str) -> Running:
    ports = ("--dashboard-port", str(free_port()), "--collector-port", str(free_port()))
    command = [sys.executable, "-m", "workers.cli.main", "up", "--data-dir", str(data_dir), *ports, *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return Running(data_dir, process)
