"""Where a word is still found: in every collection and file of a database, whatever it is called."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterator, Sequence

from gridfs import GridFSBucket

from engine.db import Db


def traces(db: Db, words: Sequence[str]) -> set[str]:
    """The collections and buckets in which any of the words stands, in whatever case."""
    wanted = [word.lower().encode() for word in words]
    names = [name for name in db.list_collection_names() if not name.startswith("system.")]
    found = {
        name for name in names if any(_has(bytes(batch), wanted) for batch in db[name].find_raw_batches({}))
    }
    buckets = {name.removesuffix(".files") for name in names if name.endswith(".files")}
    for bucket in buckets:
        for file in db[f"{bucket}.files"].find({}, {"_id": 1}):
            with GridFSBucket(db, bucket_name=bucket).open_download_stream(file["_id"]) as stream:
                if any(_has(content, wanted) for content in unpacked(stream.read())):
                    found.add(f"files of {bucket}")
    return found


def unpacked(content: bytes) -> Iterator[bytes]:
    """A file as it is, and what is packed in it."""
    yield content
    if content[:2] == b"\x1f\x8b":
        yield gzip.decompress(content)
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield from (archive.read(name) for name in archive.namelist())


def _has(content: bytes, words: Sequence[bytes]) -> bool:
    small = content.lower()
    return any(word in small for word in words)
