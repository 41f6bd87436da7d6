"""Whether a file can be read in bounded memory and time, tried by a process of its own.

calamine makes room for every cell between the first and the last of a sheet, and ends its process if there
is none: a stray cell in the last corner takes 500 GB.  A Parquet file of a kilobyte may unpack to as much.
So a child with limits reads a file first.  This file is what the child runs, too: it imports nothing of
ours.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from typing import IO

MAX_MEMORY = 1_500 * 1024**2
"""Bytes that the child may take: twice what the largest workbook that we read needs."""

MAX_SECONDS = 120
"""Seconds of processor time of the child; the largest workbook takes ten."""

MAX_SHEETS = 50
"""Sheets that are tried; those after them cannot be chosen."""

LONGEST_NAME = 1_000
"""Characters of a sheet's name (Excel: 31): it is an argument of the child."""

MAX_BATCH = 100 * 1024**2
"""Bytes of the rows of a Parquet file that are in memory at a time."""

DONE = b"."


def readable_sheets(packed: bytes, names: Sequence[str]) -> list[str]:
    """Return those of the sheets of a workbook that a process with limits can read, in their order."""
    readable: list[str] = []
    left = [name for name in names if len(name) <= LONGEST_NAME and "\0" not in name][:MAX_SHEETS]
    with tempfile.TemporaryFile() as file:
        file.write(packed)
        while left:
            done = _run(file, "workbook", *left)
            readable += left[:done]
            left = left[done + 1 :]  # the one after those ended the child
    return readable


def is_readable_parquet(file: IO[bytes], *, batch: int) -> bool:
    """Return whether a process with limits can read a Parquet file, `batch` rows at a time."""
    return bool(_run(file, "parquet", str(batch)))


def _run(file: IO[bytes], *arguments: str) -> int:
    """How many things, in their order, a child has read before it ended."""
    file.flush()
    file.seek(0)
    command = [sys.executable, "-I", __file__, *arguments]
    try:
        child = subprocess.run(command, stdin=file, capture_output=True, timeout=2 * MAX_SECONDS, check=False)
        report = child.stdout
    except subprocess.TimeoutExpired as error:
        report = error.stdout or b""
    return report.count(DONE)


def main() -> None:
    """Read the file on standard input; write `DONE` after each thing that was read."""
    kind, *arguments = sys.argv[1:]
    _limit()
    if kind == "workbook":
        _read_workbook(arguments)
    else:
        _read_parquet(int(arguments[0]))


def _read_workbook(names: Sequence[str]) -> None:
    import io

    from python_calamine import CalamineError, CalamineWorkbook

    workbook = CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
    for name in names:
        with contextlib.suppress(CalamineError, ValueError):  # the reader finds the reason again
            workbook.get_sheet_by_name(name)
        _report()


def _read_parquet(batch: int) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pa.set_cpu_count(1)
    try:
        for rows in pq.ParquetFile(sys.stdin.buffer).iter_batches(batch_size=batch, use_threads=False):
            plain = (
                one.dictionary_decode() if isinstance(one, pa.DictionaryArray) else one
                for one in rows.columns
            )
            if sum(one.nbytes for one in plain) > MAX_BATCH:
                return
    except MemoryError:  # Arrow's is one of its other errors, too
        return
    except (pa.ArrowException, OSError):  # the reader finds the reason again
        pass
    _report()


def _report() -> None:
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
