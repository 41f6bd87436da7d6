"""The body of a request that is a file: it is passed on as it comes, and digested on the way."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator

from starlette.requests import Request

from workers.collector.errors import BodyTooLarge

MAX_FILE = 1024**3
"""Bytes of a file, as the import page takes them."""


class UploadedFile:
    """The body of a request that is a file, as it comes, and its digest once it has."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._digest = hashlib.blake2b(digest_size=16)
        self._size = 0

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the file.  Raises BodyTooLarge."""
        async for chunk in self._request.stream():
            self._digest.update(chunk)
            self._size += len(chunk)
            if self._size > MAX_FILE:
                raise BodyTooLarge(f"is longer than {MAX_FILE // 1024**3} GB; pack it as .gz, or split it")
            yield chunk

    async def drain(self) -> None:
        """Read the file and keep nothing of it."""
        async for _ in self.chunks():
            pass

    @property
    def digest(self) -> str:
        """The digest of the file; empty without one."""
        return self._digest.hexdigest() if self._size else ""
