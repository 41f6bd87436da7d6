"""The files of imports in GridFS, each with a digest of its content, by which the same file is recognised.

The digest is keyed, so that it does not reveal whether a given file was imported here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from hashlib import blake2b
from typing import BinaryIO, cast

from bson import ObjectId
from gridfs import GridFSBucket, GridIn, NoFile

from engine.db import Db
from engine.db.installation import namespace
from engine.domain.document import Document
from engine.imports.reading.formats import Opener

CHUNK = 4 * 1024**2
"""Bytes of a file that are in memory at a time."""

UPLOADED_WITHIN = timedelta(days=1)
"""The longest time that an upload takes."""


class FileWriter:
    """A file while it is stored, chunk by chunk."""

    def __init__(self, db: Db, id_: str, name: str) -> None:
        self._file: GridIn = bucket(db).open_upload_stream_with_id(id_, name)
        self._digest = _new_digest(namespace(db))

    def write(self, chunk: bytes) -> None:
        """Store a chunk."""
        self._digest.update(chunk)
        self._file.write(chunk)

    def finish(self) -> None:
        """Store the end of the file and its digest."""
        self._file.metadata = {"digest": self._digest.hexdigest()}
        self._file.close()

    def write_all(self, stream: BinaryIO) -> None:
        """Store a whole stream, or nothing of it."""
        try:
            for chunk in _chunks(stream):
                self.write(chunk)
        except BaseException:
            self.abort()
            raise
        self.finish()

    def abort(self) -> None:
        """Remove what is stored of the file."""
        self._file.abort()


def bucket(db: Db) -> GridFSBucket:
    """Return the bucket of the files."""
    return GridFSBucket(db, bucket_name="imports")


def opener(db: Db, id_: str) -> Opener:
    """Return the opener of a file."""

    def open_file() -> BinaryIO:
        return cast(BinaryIO, bucket(db).open_download_stream(id_))

    return open_file


def delete(db: Db, id_: str) -> None:
    """Delete a file, if it is there."""
    with suppress(NoFile):
        bucket(db).delete(id_)


def exists(db: Db, id_: str) -> bool:
    """Return whether a file is there."""
    return db["imports.files"].find_one({"_id": id_}, {"_id": 1}) is not None


def size_and_digest(db: Db, id_: str) -> Document:
    """Return the size of a file (`bytes`) and its `digest`; empty if they are not known."""
    file = db["imports.files"].find_one({"_id": id_}, {"length": 1, "metadata.digest": 1})
    if file is None or "metadata" not in file:
        return {}
    return {"bytes": file["length"], "digest": file["metadata"]["digest"]}


def digest_of(stream: BinaryIO, *, secret: bytes) -> str:
    """Return the digest of a stream, which is read whole."""
    digest = _new_digest(secret)
    for chunk in _chunks(stream):
        digest.update(chunk)
    return digest.hexdigest()


def remove_orphaned_chunks(db: Db, *, now: datetime) -> int:
    """Remove the chunks of files whose upload was never finished; return of how many files."""
    old = {"_id": {"$lt": ObjectId.from_datetime(now - UPLOADED_WITHIN)}}
    chunked = set(db["imports.chunks"].find(old).distinct("files_id"))
    orphaned = chunked - {row["_id"] for row in db["imports.files"].find({}, {"_id": 1})}
    db["imports.chunks"].delete_many({"files_id": {"$in": list(orphaned)}})
    return len(orphaned)


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    return iter(partial(stream.read, CHUNK), b"")


def _new_digest(secret: bytes) -> blake2b:
    return hashlib.blake2b(key=secret, person=b"file", digest_size=16)
