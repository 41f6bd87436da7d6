"""Who holds a lane or a job: a worker, or a thread of one, by a name that tells whether it still runs."""

from __future__ import annotations

import socket
import threading

import psutil
import uuid_utils

from engine.db.connection import process_name


def worker_name() -> str:
    """A name of this process, unlike any other."""
    return f"{process_name()}:{uuid_utils.uuid7().hex[-8:]}"


def holder_name(worker: str) -> str:
    """The name under which the present thread of a worker holds a lane."""
    return f"{worker}:{threading.get_ident()}"


def is_gone(holder: str) -> bool:
    """Whether the holder was a process of this machine that runs no more.

    Nothing is known of other machines: their leases end by themselves.
    """
    host, _, rest = holder.partition(":")
    pid = rest.partition(":")[0]
    return host == socket.gethostname() and pid.isdigit() and not psutil.pid_exists(int(pid))
