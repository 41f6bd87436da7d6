"""Conditional requests: ETags of what is read, and the preconditions of what is written (RFC 9110)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from workers.collector.api.errors import PreconditionFailed


def etag_of(content: bytes) -> str:
    """Return the ETag of a representation: equal for equal bytes."""
    return f'"{hashlib.blake2b(content, digest_size=16).hexdigest()}"'


def tags_of(header: str) -> frozenset[str]:
    """Return the tags that `If-Match` or `If-None-Match` lists; those of proxies may be weak."""
    return frozenset(tag.strip().removeprefix("W/") for tag in header.split(",") if tag.strip())


def is_unchanged(if_none_match: str, etag: str) -> bool:
    """Return whether a reader has the representation already."""
    tags = tags_of(if_none_match)
    return "*" in tags or etag in tags


@dataclass(frozen=True)
class IfMatch:
    """The header `If-Match` of a request; empty without one."""

    tags: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Return whether something particular must still be there; `*` is met by whatever is."""
        return bool(self.tags) and "*" not in self.tags

    def check(self, etag: str) -> None:
        """Raise PreconditionFailed if the representation is another one."""
        if self and etag not in self.tags:
            raise PreconditionFailed
