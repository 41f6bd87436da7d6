"""Names of processes and threads that hold leases, which show whether the holder still runs."""

from __future__ import annotations

import os
import socket
import threading

import uuid_utils


def process_name() -> str:
    """The name of this process for others: its host and process id."""
    return f"{socket.gethostname()}:{os.getpid()}"


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
    import psutil  # the processes that only say who they are need not load it

    host, _, rest = holder.partition(":")
    pid = rest.partition(":")[0]
    return host == socket.gethostname() and pid.isdigit() and not psutil.pid_exists(int(pid))
