"""Mailboxes on this machine: a Maildir and an mbox file, read without losing or deleting a message.

A reader yields messages that were not read yet, and is told when they are durable: only then it
moves them, or returns the state from which the next reading goes on.  What is read twice because
of a kill in between counts once, by the ids of the activities.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from engine.domain.bounce_messages import MAX_BYTES
from engine.domain.rulebook import BounceMailbox
from engine.errors import Unavailable
from engine.notices.mail_files import of_mbox

PROCESSED = "processed"
"""The subfolder of a Maildir for messages that were read."""

HEAD = 1_000
"""Bytes by which an mbox file is recognised: with another beginning it is another file."""

State = Mapping[str, Any]
"""From where to go on, as a reader stored it; empty at first."""


class UnreadableMailbox(Unavailable):
    """A mailbox that cannot be read now; the message says why.  It is tried again."""


@dataclass(frozen=True)
class Message:
    """A message, and what its mailbox calls it."""

    ref: Any
    raw: bytes


class OpenMailbox(Protocol):
    """A mailbox while it is read."""

    def unread(self) -> Iterator[Message]:
        """What was not read before, the oldest first.  Raises UnreadableMailbox."""

    def settle(self, messages: Sequence[Message]) -> State:
        """Mark messages whose activities are durable; return the state after them."""


class OpenAny(Protocol):
    """Opens a mailbox.  Raises UnreadableMailbox."""

    def __call__(
        self, mailbox: BounceMailbox, state: State, environment: Mapping[str, str]
    ) -> AbstractContextManager[OpenMailbox]: ...


@contextmanager
def open_path(mailbox: BounceMailbox, state: State, _environment: Mapping[str, str]) -> Iterator[OpenMailbox]:
    """A Maildir or an mbox file.  Raises UnreadableMailbox."""
    path = Path(mailbox.path)
    try:
        if (path / "new").is_dir() or (path / "cur").is_dir():
            yield _Maildir(path, mailbox.move_to or PROCESSED)
        elif path.is_dir():
            raise UnreadableMailbox(f"{path} is no Maildir: it has neither `new` nor `cur`")
        else:
            with path.open("rb") as file:
                yield _Mbox(file, state)
    except OSError as error:
        raise UnreadableMailbox(f"{path}: {error.strerror or error}") from None


@dataclass
class _Maildir:
    """Messages in `new` and `cur`; read ones are moved to a subfolder."""

    path: Path
    move_to: str

    def unread(self) -> Iterator[Message]:
        found = [file for part in ("new", "cur") for file in self._files(self.path / part)]
        for file in sorted(found, key=lambda file: file.name):
            try:
                with file.open("rb") as content:
                    yield Message(file, content.read(MAX_BYTES))
            except FileNotFoundError:  # moved or renamed meanwhile: it is there the next time, if at all
                continue

    def settle(self, messages: Sequence[Message]) -> State:
        folder = self.path / f".{self.move_to}"
        for part in ("tmp", "new", "cur"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        (folder / "maildirfolder").touch()
        for message in messages:
            name = message.ref.name if ":2," in message.ref.name else f"{message.ref.name}:2,"
            try:
                message.ref.rename(folder / "cur" / name)
            except FileNotFoundError:
                continue
        return {}

    def _files(self, folder: Path) -> list[Path]:
        if not folder.is_dir():
            return []
        return [file for file in folder.iterdir() if file.is_file() and not file.name.startswith(".")]


@dataclass
class _Mbox:
    """The messages after the place up to which the file was read; a file that was replaced is read anew."""

    file: Any
    state: State
    _head: bytes = field(init=False)

    def __post_init__(self) -> None:
        self._head = self.file.read(HEAD)
        if self._head and not self._head.startswith(b"From "):
            raise UnreadableMailbox(f"{self.file.name} is no mbox file: it does not begin with `From `")

    def unread(self) -> Iterator[Message]:
        start = self._start()
        try:
            fcntl.lockf(self.file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:  # the mail server writes: a message may be incomplete
            return
        try:
            self.file.seek(start)
            for raw, read in of_mbox(self.file):
                yield Message(start + read, raw.partition(b"\n")[2])  # without the line that begins it
        finally:
            fcntl.lockf(self.file, fcntl.LOCK_UN)

    def settle(self, messages: Sequence[Message]) -> State:
        known = min(len(self._head), messages[-1].ref)
        return {"offset": messages[-1].ref, "known": known, "head": _fingerprint(self._head[:known])}

    def _start(self) -> int:
        offset, known = self.state.get("offset", 0), self.state.get("known", 0)
        same = self.state.get("head") == _fingerprint(self._head[:known])
        return offset if same and os.fstat(self.file.fileno()).st_size >= offset else 0


def _fingerprint(head: bytes) -> str:
    return hashlib.blake2b(head, digest_size=16).hexdigest()
