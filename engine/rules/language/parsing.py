"""YAML as plain data with places, and whatever is wrong with how it is written."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
)

from engine.rules.language.syntax_errors import broken, without_entry_at

MAX_NESTED = 100
"""Lists and mappings within each other; no rule needs as many."""

MAX_ALIASES = 100

MAX_EVENTS = 60_000
"""Values, lists and mappings of one file: what takes ruamel some seconds."""

MAX_DIGITS = 18
"""Digits of a number; longer ones fit no field of the database."""

Place = tuple[int, int]
"""Line and column, from 1."""

Wrong = tuple[str, Place]
"""A problem and its position."""


MAX_BROKEN = 10
"""Entries that cannot be read, after which the rest of a file is not looked at."""


@dataclass(frozen=True)
class Parsed:
    """The parsed content of a text (None if it cannot be parsed), and its syntax problems.

    It is `whole` unless entries were left out that cannot be read.
    """

    content: Any
    wrong: tuple[Wrong, ...]
    whole: bool = True


@lru_cache(maxsize=32)
def parsed(text: str) -> Parsed:
    """Read a text, without the entries that cannot be read: each of those is one thing that is wrong.

    Remembered, because reading YAML with its places is most of what compiling costs, and of
    the files of a ruleset one changes at a time; what comes of it only reads it.
    """
    binary = _BINARY.search(text)
    if binary is not None:
        message = "the file is not UTF-8 here: save it as UTF-8"
        return Parsed(None, ((message, _place_in(text, binary.start())),), whole=False)
    text, tabs = _without_tabs(text)
    return _read(text, tabs, left=MAX_BROKEN)


def _read(text: str, wrong: tuple[Wrong, ...], *, left: int) -> Parsed:
    try:
        plain = _EventScan(text)
        content = None if plain.refusal else _loaded(text)
        return Parsed(content, (*wrong, *plain.wrong), whole=left == MAX_BROKEN and not plain.refusal)
    except MarkedYAMLError as error:
        found = broken(error, text.split("\n"))
        wrong = (*wrong, (found.message, (found.line, found.column)))
        rest = without_entry_at(text, found.line) if left else None
        return Parsed(None, wrong, whole=False) if rest is None else _read(rest, wrong, left=left - 1)
    except (YAMLError, ValueError, RecursionError) as error:
        message = f"this is not YAML: {str(error).splitlines()[0]}"
        return Parsed(None, (*wrong, (message, (1, 1))), whole=False)


def _loaded(text: str) -> Any:
    yaml = YAML(typ="rt", pure=True)
    yaml.version = (1, 2)
    yaml.allow_duplicate_keys = True  # the look before tells each of them
    return yaml.load(text)


_BINARY = re.compile("[\udc80-\udcff]")
"""A byte that is no UTF-8, as `surrogateescape` reads it."""

_INDENT = re.compile(r"^ *\t[ \t]*(?=\S)", re.MULTILINE)


def _without_tabs(text: str) -> tuple[str, tuple[Wrong, ...]]:
    """The text with blanks for the tabs that indent, and where these are, if it cannot be read with them."""
    if not _INDENT.search(text) or _can_be_read(text):
        return text, ()
    tabs = [_place_in(text, text.index("\t", found.start())) for found in _INDENT.finditer(text)]
    blanks = _INDENT.sub(lambda found: found.group().replace("\t", "  "), text)
    return blanks, tuple(("a tab cannot indent: write blanks", place) for place in tabs)


def _can_be_read(text: str) -> bool:
    try:
        return all(True for _ in YAML(typ="rt", pure=True).parse(text))
    except YAMLError:
        return False


def _place_in(text: str, at: int) -> Place:
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


class _EventScan:
    """A look at a text's events: whether it is plain data of a sane size, before anything is built of it."""

    def __init__(self, text: str) -> None:
        self.refusal: Wrong | None = None
        self._duplicates: list[Wrong] = []
        self._aliases = 0
        self._events = 0
        self._open: list[_Open] = []
        for event in YAML(typ="rt", pure=True).parse(text):
            place = (event.start_mark.line + 1, event.start_mark.column + 1)
            reason = self._wild(event)
            if reason is not None:
                self.refusal = (reason, place)
                return
            self._step(event, place)

    @property
    def wrong(self) -> tuple[Wrong, ...]:
        return (*self._duplicates, *(() if self.refusal is None else (self.refusal,)))

    def _wild(self, event: Any) -> str | None:
        self._aliases += isinstance(event, AliasEvent)
        self._events += 1
        if self._events > MAX_EVENTS:
            return f"the file has more than {MAX_EVENTS:,} values: split it, or remove what is not used"
        within = any(collection.anchored for collection in self._open)
        if isinstance(event, AliasEvent) and (within or self._aliases > MAX_ALIASES):
            return f"an alias stands within an anchor, or is one of over {MAX_ALIASES}"
        if getattr(event, "tag", None) is not None:
            return f"the tag `{event.tag}` is not read: write plain values"
        if isinstance(event, CollectionStartEvent) and len(self._open) >= MAX_NESTED:
            return f"this is nested more than {MAX_NESTED} deep"
        plain = isinstance(event, ScalarEvent) and event.implicit[0]
        return _unreadable_value(event.value) if plain else None

    def _step(self, event: Any, place: Place) -> None:
        if self._open and isinstance(event, NodeEvent):
            key = event.value if isinstance(event, ScalarEvent) else None
            before = self._open[-1].again(key, place[0])
            if before is not None:
                self._duplicates.append((f"duplicate key {key!r}: it stands on line {before} already", place))
        if isinstance(event, CollectionStartEvent):
            self._open.append(_Open(isinstance(event, MappingStartEvent), event.anchor is not None))
        elif isinstance(event, CollectionEndEvent):
            self._open.pop()


_NUMBER = re.compile(r"[-+]?(?:0x[\da-fA-F_]+|0o[0-7_]+|[\d_]+)")
_DATE = re.compile(r"\d{4}-\d\d?-\d\d?")


def _unreadable_value(text: str) -> str | None:
    """Why a value without quotation marks, which looks like a number or a date, cannot be one."""
    if _NUMBER.fullmatch(text) and (digits := sum(map(str.isalnum, text))) > MAX_DIGITS:
        return f"a number of {digits:,} digits cannot be calculated with: put it in quotation marks"
    if _DATE.match(text):
        try:
            YAML(typ="rt", pure=True).load(text)
        except ValueError as error:
            return f"`{text[:40]}` is no date: {error}"
    return None


@dataclass
class _Open:
    """A collection whose end is not reached: whether an anchor holds it, and its keys so far."""

    mapping: bool
    anchored: bool
    keys: dict[str, int] = field(default_factory=dict)
    at_key: bool = False

    def again(self, key: str | None, line: int) -> int | None:
        """The line at which a key stood before, if what comes next in a mapping is such a key."""
        self.at_key = self.mapping and not self.at_key
        if not self.at_key or key is None:
            return None
        before = self.keys.get(key)
        self.keys.setdefault(key, line)
        return before
