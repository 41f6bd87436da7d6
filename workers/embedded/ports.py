"""Ports on this machine's loopback: whether one is free, and some that are."""

from __future__ import annotations

import json
import socket
from pathlib import Path

from engine.errors import Conflict

LOOPBACK = "127.0.0.1"


class PortTaken(Conflict):
    """A port that was asked for is taken by another program."""

    def __init__(self, port: int, *, of: str, option: str) -> None:
        self.port = port
        super().__init__(f"port {port} for the {of} is taken by another program: choose one with {option}")


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen on `port` now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port that is free now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def remembered(data_dir: Path, name: str) -> int:
    """The port that a server of this folder had before, if it is free; else a new one, remembered."""
    file = data_dir / "ports.json"
    known: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
    if name not in known or not is_free(known[name]):
        known[name] = free_port()
        file.write_text(json.dumps(known))
    return known[name]
