"""Errors of a command's arguments."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.errors import Invalid


class InvalidOption(Invalid):
    """An option with a value that it does not take; `option` is as it was given."""

    def __init__(self, option: str, reason: str) -> None:
        self.option = option
        super().__init__(f"{option}: {reason}")


class UndecidedImport(Invalid):
    """A file that cannot be imported before some questions are answered by options."""

    def __init__(self, questions: Sequence[str]) -> None:
        self.questions = list(questions)
        super().__init__("\n".join(questions))


class FileNotWritable(Invalid):
    """A file that cannot be written where it was wanted."""

    def __init__(self, path: Path, error: OSError, *, option: str = "--to") -> None:
        self.path = path
        super().__init__(f"cannot write {path}: {error.strerror}; choose another place with {option}")


class NotConfirmed(Invalid):
    """The command asked before it began, and the answer was another one."""
