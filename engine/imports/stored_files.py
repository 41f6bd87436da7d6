"""What a file holds, byte by byte, as a digest: by that the very same file is known again.

The digest is keyed, so that it tells nobody whether a file that they have was imported here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import partial
from hashlib import blake2b
from typing import BinaryIO

from gridfs import GridFSBucket, GridIn

from engine.jobs.jobs import Job, JobState

PIECE = 4 * 1024**2
"""Bytes that are held in memory of a file."""

_ENDS = {JobState.STOPPED: "; that was stopped half-way", JobState.FAILED: "; that broke off"}


class Keeping:
    """A file while it is kept, piece by piece, with the digest of its content."""

    def __init__(self, bucket: GridFSBucket, id_: str, name: str, *, secret: bytes) -> None:
        self._file: GridIn = bucket.open_upload_stream_with_id(id_, name)
        self._digest = _digest(secret)

    def write(self, piece: bytes) -> None:
        """Keep a piece."""
        self._digest.update(piece)
        self._file.write(piece)

    def finish(self) -> None:
        """The file is whole."""
        self._file.metadata = {"digest": self._digest.hexdigest()}
        self._file.close()

    def write_all(self, stream: BinaryIO) -> None:
        """Keep the whole of a stream, or nothing of it."""
        try:
            for piece in _pieces(stream):
                self.write(piece)
        except BaseException:
            self.give_up()
            raise
        self.finish()

    def give_up(self) -> None:
        """Keep nothing of it."""
        self._file.abort()


def digest_of(stream: BinaryIO, *, secret: bytes) -> str:
    """The digest of what a stream holds; reads all of it."""
    found = _digest(secret)
    for piece in _pieces(stream):
        found.update(piece)
    return found.hexdigest()


def in_words(before: Job, *, when: str) -> str:
    """Say of an import that it was of the very same file; `when` it began, as the reader writes times."""
    name, by = before.wanted["file"], before.by_name
    if before.under_way:
        return f"{by} is importing the very same file right now, as {name}, since {when}"
    end = "; that was taken back since" if before.undone_by else _ENDS.get(before.state, "")
    return f"{by} imported the very same file on {when}, as {name}{end}"


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    return iter(partial(stream.read, PIECE), b"")


def _digest(secret: bytes) -> blake2b:
    return hashlib.blake2b(key=secret, person=b"file", digest_size=16)
