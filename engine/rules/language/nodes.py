"""YAML with places: what stands where in a file, and what is wrong with it.

Plain data (out of JSON, say) is read in the same way; it has no places.  Readers never stop
at the first problem: they report it and continue with a stand-in, so that an admin sees all of
them at once.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from ruamel.yaml.comments import CommentedBase

from engine.errors import Problem
from engine.rules.language.parsing import MAX_NESTED, Place, Wrong, parsed
from engine.rules.language.suggestions import did_you_mean

MAX_BYTES = 1_000_000
"""A longer file is not rules, and parsing it would block its process."""

_BEGINNING: Place = (1, 1)

_DURATION = re.compile(r"(\d+)\s*(s|m|h|d|w)")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_CENTURY = 100 * 366 * 86_400


class Node:
    """A mapping of a file, read key by key."""

    def __init__(self, file: File, content: dict[Any, Any], place: Place) -> None:
        self._file = file
        self._content = content
        self._place = place

    def __contains__(self, key: str) -> bool:
        return key in self._content

    def keys(self) -> list[str]:
        return [str(key) for key in self._content]

    def place(self, key: str | None = None) -> Place:
        """The position of a key, or of the mapping itself."""
        return self._place if key is None else _place(self._content, key, self._place)

    def fail(self, message: str, key: str | None = None, *, needs: str = "") -> None:
        """Report a problem at a key, or at the mapping; `needs` is the file that would have to declare it."""
        self._file.fail(message, self.place(key), needs=needs)

    def warn(self, message: str, key: str) -> None:
        """Report at a key what is allowed and may not be meant."""
        self._file.warn(message, self.place(key))

    def fail_at(self, message: str, key: str, index: int) -> None:
        """Report a problem at an item of the list at a key."""
        self._file.fail(message, _place(self.raw(key), index, self.place(key)))

    def fail_item(self, message: str, key: str, item: str | int) -> None:
        """Report a problem at one of the names at a key, be it a list of them or a mapping by name."""
        value = self.raw(key)
        within = value.index(item) if isinstance(value, list) and item in value else item
        self._file.fail(message, _place(value, within, self.place(key)))

    def fail_undeclared(
        self, message: str, key: str, *, name: str, known: Collection[str], file: str
    ) -> None:
        """Report a name that is not `known`, with a suggestion and the file that would declare it."""
        self.fail(f"{message}{did_you_mean(name, known)} (declare it in {file})", key, needs=file)

    def raw(self, key: str) -> Any:
        """The raw value at `key`, or None."""
        return self._content.get(key)

    def text(self, key: str, *, default: str | None = None) -> str:
        """Text at `key`; a missing one is a problem unless there is a default."""
        value = self.raw(key)
        if value is None and default is not None:
            return default
        if isinstance(value, str) and value.strip():
            return str(value)
        self.fail(f"`{key}` is missing" if value is None else f"`{key}` must be text", key)
        return ""

    def whole(self, key: str, *, least: int | None = None) -> int:
        """A whole number at `key`, of `least` or more."""
        value = self.raw(key)
        if not isinstance(value, int) or isinstance(value, bool):
            self.fail(f"`{key}` must be a whole number" if value is not None else f"`{key}` is missing", key)
            return 0
        if least is not None and value < least:
            self.fail(f"`{key}` must be {least} or more", key)
        return int(value)

    def flag(self, key: str) -> bool:
        """True or false at `key`; nothing is false."""
        value = self.raw(key)
        if value is None or isinstance(value, bool):
            return bool(value)
        self.fail(f"`{key}` must be true or false", key)
        return False

    def is_mapping(self, key: str) -> bool:
        return isinstance(self.raw(key), dict)

    def names(self, key: str) -> list[str]:
        """The names at `key`, be it a list of them or a mapping by name."""
        value = self.raw(key)
        return [str(name) for name in value] if isinstance(value, dict | list) else []

    def choice(self, key: str, allowed: Collection[str], *, default: str | None = None) -> str:
        """One of `allowed` at `key`, with a guess at what was meant."""
        value = self.text(key, default=default)
        self.require_choice(key, value, allowed)
        return value

    def require_choice(self, key: str, value: str, allowed: Collection[str]) -> None:
        """Report a value that was read at `key` and is not `allowed`; an empty one was reported already."""
        if value and value not in allowed:
            self.fail(f"`{key}` cannot be {value!r}{did_you_mean(value, allowed)}", key)

    def texts(self, key: str) -> tuple[str, ...]:
        """A text or a list of texts at `key`; nothing is an empty one."""
        value = self.raw(key)
        if value is None:
            return ()
        items = value if isinstance(value, list) else [value]
        if all(isinstance(item, str) for item in items):
            return tuple(str(item) for item in items)
        self.fail(f"`{key}` must be a text or a list of texts", key)
        return ()

    def duration(self, key: str) -> timedelta | None:
        """A time like `30d`, `4h`, `15m` at `key`; unset if nothing stands there."""
        value = self.raw(key)
        if value is None:
            return None
        span = duration_of(value)
        if span is None:
            self.fail(f"`{key}` must be a time such as 30d, 4h or 15m, not {value!r}", key)
        return span

    def node(self, key: str) -> Node:
        """A mapping at `key`; an empty one, and a problem, if there is something else."""
        value = self.raw(key)
        if isinstance(value, dict):
            return Node(self._file, value, _place(self._content, key, self._place, of_value=True))
        if value is not None:
            self.fail(f"`{key}` must be a mapping", key)
        return Node(self._file, {}, self.place(key))

    def nodes(self, key: str) -> Iterator[Node]:
        """The mappings of a list at `key`."""
        value = self.raw(key)
        if value is None:
            return
        if not isinstance(value, list):
            self.fail(f"`{key}` must be a list", key)
            return
        for index, item in enumerate(value):
            place = _place(value, index, self.place(key))
            if isinstance(item, dict):
                yield Node(self._file, item, place)
            else:
                self._file.fail(f"an item of `{key}` must be a mapping", place)

    def refuse_unknown(self, known: Collection[str]) -> None:
        """Report every key that is not `known`."""
        for key in self._content:
            if key not in known:
                self.fail(f"unknown key {key!r}{did_you_mean(str(key), known)}", key)


def _place(content: object, key: object, otherwise: Place, *, of_value: bool = False) -> Place:
    """The position of a key, an item or its value in a text; `otherwise` for other objects.

    Plain data never was in a text, and what `<<: *anchor` brings in stands elsewhere.
    """
    marks = content.lc.data if isinstance(content, CommentedBase) else None
    mark = (marks or {}).get(key)
    if mark is None:
        return otherwise
    line, column = mark[2:] if of_value else mark[:2]
    return line + 1, column + 1


class Problems(list[Problem]):
    """The problems of a ruleset's files.

    `unreadable` are the files that cannot be read, or not all of them: that something is named
    which such a file may declare is no problem of its own.  `warnings` are no problems.
    """

    def __init__(self) -> None:
        super().__init__()
        self.unreadable: set[str] = set()
        self.warnings: list[Problem] = []


class File:
    """One YAML file being read; `problems` are shared by all files of a ruleset."""

    def __init__(self, name: str, problems: Problems) -> None:
        self.name = name
        self._problems = problems

    def fail(self, message: str, place: Place, *, needs: str = "") -> None:
        if needs not in self._problems.unreadable:
            self._problems.append(Problem(self.name, place[0], place[1], message))

    def warn(self, message: str, place: Place) -> None:
        self._problems.warnings.append(Problem(self.name, place[0], place[1], message))

    def parse(self, text: str) -> Node:
        """Read the file's text; the root must be a mapping, and an empty file is an empty one."""
        if len(text) > MAX_BYTES:
            return self._refused([(f"the file is longer than {MAX_BYTES:,} characters", _BEGINNING)])
        found = parsed(text)
        content, wrong = found.content, found.wrong
        if wrong and content is None:
            return self._refused(wrong)
        if content is not None and not isinstance(content, dict):
            message = "the file must be a mapping, such as `rules:` with a list under it"
            return self._refused([(message, _BEGINNING)])
        for message, place in wrong:
            self.fail(message, place)
        if not found.whole:
            self._problems.unreadable.add(self.name)
        return Node(self, {} if content is None else content, _BEGINNING)

    def data(self, content: dict[str, Any]) -> Node:
        """Read plain data as if it had been parsed, with the bounds of what can be parsed."""
        if _is_deeper(content, than=MAX_NESTED):
            return self._refused([(f"this is nested more than {MAX_NESTED} deep", _BEGINNING)])
        return Node(self, content, _BEGINNING)

    def _refused(self, wrong: Iterable[Wrong]) -> Node:
        """An empty mapping in the place of a file that cannot be read."""
        for message, place in wrong:
            self.fail(message, place)
        self._problems.unreadable.add(self.name)
        return Node(self, {}, _BEGINNING)


def _is_deeper(value: object, *, than: int) -> bool:
    """Whether lists and mappings lie within each other more than so many times."""
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return than == 0 or any(_is_deeper(item, than=than - 1) for item in inner)


def duration_of(value: object) -> timedelta | None:
    """A time like `30d`, `4h` or `15m`; unset for what is none, or longer than a century."""
    match = _DURATION.fullmatch(str(value).strip())
    seconds = 0 if match is None else int(match[1]) * _SECONDS[match[2]]
    return timedelta(seconds=seconds) if 0 < seconds <= _CENTURY else None


def date_of(value: object) -> date | None:
    """A day, or a day and a time, as YAML has it or as text; unset for what is neither."""
    if isinstance(value, str):
        kind = datetime if len(value) > len("2026-01-31") else date
        try:
            return kind.fromisoformat(value)
        except ValueError:
            return None
    return value if isinstance(value, date) else None


def moment_of(day: date, zone: tzinfo) -> datetime:
    """A time in UTC: the first moment of a day; one that names no zone is a time of `zone`."""
    moment = day if isinstance(day, datetime) else datetime.combine(day, time.min)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
