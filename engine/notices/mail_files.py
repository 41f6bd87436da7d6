"""Messages in files: one a file, folders of them (Maildir too), and mbox files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from engine.domain.bounce_messages import MAX_BYTES

Content = bytes | OSError


def messages_of(path: Path) -> Iterator[tuple[str, Content]]:
    """Name and bytes of each message of a file or folder, in order of names, or the error of a file.

    Of several messages in an mbox file each is named by its number: `bounces.mbox:3`.  A message is read
    up to MAX_BYTES.
    """
    try:
        files = _files(path) if path.is_dir() else [path]
    except OSError as error:
        yield _name(path), error
        return
    for file in files:
        yield from _messages(file)


def _name(path: Path) -> str:
    return os.fsencode(path).decode("utf-8", "replace")


def _files(folder: Path) -> list[Path]:
    """The files of a folder and those below it, but none that is hidden or that a Maildir still writes."""
    found: list[Path] = []
    maildir = (folder / "cur").is_dir() or (folder / "new").is_dir()
    for entry in sorted(folder.iterdir()):
        if entry.is_dir() and not entry.is_symlink() and not (maildir and entry.name == "tmp"):
            found += _files(entry)
        elif entry.is_file() and not entry.name.startswith("."):
            found.append(entry)
    return found


def _messages(file: Path) -> Iterator[tuple[str, Content]]:
    try:
        with file.open("rb") as lines:
            messages = (
                (message for message, _ in of_mbox(lines))
                if _BEGINNING.match(lines.peek(200))
                else iter([lines.read(MAX_BYTES)])
            )
            first, second = next(messages, b""), next(messages, None)
            yield _name(file) if second is None else f"{_name(file)}:1", first
            for number, message in enumerate(chain([] if second is None else [second], messages), start=2):
                yield f"{_name(file)}:{number}", message
    except OSError as error:
        yield _name(file), error


_BEGINNING = re.compile(rb"From \S+.*\d\d:\d\d")
"""How an mbox file begins a message: sender and time."""


def of_mbox(lines: Iterable[bytes]) -> Iterator[tuple[bytes, int]]:
    """The messages of an mbox file, each with the bytes that were read up to its end.

    A line that begins with `From ` after a blank line begins the next.
    """
    message: list[bytes] = []
    size, blank, read = 0, False, 0
    for line in lines:
        if message and blank and _BEGINNING.match(line):
            yield b"".join(message), read
            message, size = [], 0
        if not message or size < MAX_BYTES:
            message.append(line[1:] if line.startswith(b">From ") else line)
            size += len(line)
        read += len(line)
        blank = line in (b"\n", b"\r\n")
    if message:
        yield b"".join(message), read
