"""A child process that ends when its parent does, and writes its words into a file."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

LOG_BYTES = 10_000_000
"""A log that is longer than this when a process starts is set aside as `….1`."""

_PR_SET_PDEATHSIG = 1


def spawn(
    command: Sequence[str],
    *,
    log: Path,
    stdin: bytes | None = None,
    environment: Mapping[str, str] | None = None,
    at_parents_death: signal.Signals = signal.SIGKILL,
) -> subprocess.Popen[bytes]:
    """Start `command` in a session of its own, its output appended to `log`.

    On Linux it gets `at_parents_death` should this process be killed, so that nothing
    is left behind.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    _rotate(log)
    with log.open("ab") as output:
        child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
            preexec_fn=_follow_parent(at_parents_death),
        )
    if stdin is not None and child.stdin is not None:
        _feed(child.stdin, stdin)
    return child


def terminate(child: subprocess.Popen[bytes], *, grace: float) -> int:
    """End a child politely; after `grace` seconds kill it and all it started.  Returns its status."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(timeout=grace)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
    return child.wait()


def _feed(stdin: IO[bytes], content: bytes) -> None:
    with contextlib.suppress(BrokenPipeError):
        stdin.write(content)
        stdin.close()


def _rotate(log: Path) -> None:
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))


def _follow_parent(signal_: signal.Signals) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)

    def ask() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(signal_))

    return ask
