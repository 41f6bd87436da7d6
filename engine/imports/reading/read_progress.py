"""Count the bytes that are read of a file."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import BinaryIO, cast

from engine.imports.reading.formats import Opener

PIECE = 1024**2


class ReadProgress:
    """An `Opener` that counts the bytes read, over all times that it opened the file."""

    def __init__(self, open_: Opener) -> None:
        self._open = open_
        self.read = 0

    def __call__(self) -> BinaryIO:
        return cast(BinaryIO, io.BufferedReader(_CountedStream(self._open(), self._count), PIECE))

    def _count(self, number: int) -> None:
        self.read += number


class _CountedStream(io.RawIOBase):
    """A stream that reports what is read of it."""

    def __init__(self, stream: BinaryIO, on_read: Callable[[int], None]) -> None:
        self._stream, self._on_read = stream, on_read

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        found = self._stream.read(len(buffer))
        buffer[: len(found)] = found
        self._on_read(len(found))
        return len(found)

    def close(self) -> None:
        self._stream.close()
        super().close()
