"""Whether the sheets of a workbook can be held in memory, tried by a process of its own.

calamine makes room for every cell between the first and the last, and ends its process if there is none:
a stray cell in the last corner of a sheet takes 500 GB.  So a child with limits of memory and time reads
a sheet first.  This file is what the child runs, too: it imports nothing of ours.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

MAX_MEMORY = 1_500 * 1024**2
"""Bytes that the child may take: twice what the largest workbook that we read needs."""

MAX_SECONDS = 120
"""Seconds of processor time of the child; the largest workbook takes ten."""


DONE = b"."


def readable_sheets(packed: bytes, names: Sequence[str]) -> list[str]:
    """Return those of the sheets that a process with limits can read, in their order."""
    readable: list[str] = []
    left = list(names)
    while left:
        done = _run(packed, left)
        readable += left[:done]
        left = left[done + 1 :]  # the one after those ended the child
    return readable


def _run(packed: bytes, names: Sequence[str]) -> int:
    """How many sheets, in their order, a child has read before it ended."""
    command = [sys.executable, "-I", __file__, *names]
    try:
        child = subprocess.run(
            command, input=packed, capture_output=True, timeout=2 * MAX_SECONDS, check=False
        )
        report = child.stdout
    except subprocess.TimeoutExpired as error:
        report = error.stdout or b""
    return report.count(DONE)


def main() -> None:
    """Read a workbook from standard input; write `DONE` after each sheet that is named."""
    import contextlib
    import io

    from python_calamine import CalamineError, CalamineWorkbook

    _limit()
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
    for name in sys.argv[1:]:
        with contextlib.suppress(CalamineError, ValueError):  # the reader finds the reason again
            workbook.get_sheet_by_name(name)
        sys.stdout.buffer.write(DONE)
        sys.stdout.buffer.flush()


def _limit() -> None:
    try:
        import resource
    except ImportError:  # no such limits on this system; the child still ends alone
        return
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_SECONDS, MAX_SECONDS))


if __name__ == "__main__":
    main()
