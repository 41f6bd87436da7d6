"""A file that says how far it has been read."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import BinaryIO, cast

from engine.imports.reading.formats import Opener

PIECE = 1024**2


class Watched:
    """Opens a file, each time anew, and counts the bytes that were read of it in all."""

    def __init__(self, open_: Opener) -> None:
        self._open = open_
        self.read = 0

    def __call__(self) -> BinaryIO:
        return cast(BinaryIO, io.BufferedReader(_Counted(self._open(), self._count), PIECE))

    def _count(self, number: int) -> None:
        self.read += number


class _Counted(io.RawIOBase):
    """A stream that tells of what is read of it."""

    def __init__(self, stream: BinaryIO, tell: Callable[[int], None]) -> None:
        self._stream, self._tell = stream, tell

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        found = self._stream.read(len(buffer))
        buffer[: len(found)] = found
        self._tell(len(found))
        return len(found)

    def close(self) -> None:
        self._stream.close()
        super().close()
