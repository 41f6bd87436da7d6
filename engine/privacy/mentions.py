"""Search for mentions of a person: fast in raw bytes, then exact, as whole words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from bson.dbref import DBRef

from engine.domain.identity.identities import IdentityKind, key_kind, key_value, tracker_key
from engine.privacy.person import Person

ERASED = "[erased]"
"""The replacement of the person's name."""

DISTINCT = re.compile(r"(?=.*\d)(?=.*[^\W\d]).{8,}", re.DOTALL)
"""An id that is unambiguous in any text: `1003` may be a price as well."""


_FILES = "(?:csv|tsv|txt|xlsx|parquet|gz|zip|json)"
"""The extensions that may follow an email in a file name."""


@dataclass(frozen=True)
class Mentions:
    """The names of a person, to be found in any text.

    `words` are searched as bytes, in small letters; `pattern` then says whether it is them.
    """

    words: tuple[bytes, ...]
    pattern: re.Pattern[str]
    plain_ids: frozenset[str] = field(default_factory=frozenset)
    """Ids that are only theirs where an id is meant: `1003`."""

    def may_be_in(self, raw: bytes) -> bool:
        """Whether bytes could name them; quick, and never wrongly no."""
        small = raw.lower()
        return any(word in small for word in self.words)

    def are_in(self, value: object) -> bool:
        """Whether a value names them, however deep, keys of objects included."""
        return any(self.pattern.search(text) for text in _texts(value))

    def without(self, value: Any, *, instead: str = ERASED) -> Any:
        """The value with something else wherever it names them."""
        if isinstance(value, str):
            return self.pattern.sub(instead, value)
        if isinstance(value, DBRef):
            return self.without(dict(value.as_doc()), instead=instead)
        if isinstance(value, dict):
            return {
                self.without(name, instead=instead): self.without(part, instead=instead)
                for name, part in value.items()
            }
        if isinstance(value, list):
            return [self.without(part, instead=instead) for part in value]
        return value


def mentions_of(person: Person) -> Mentions:
    """The terms to search for: emails, numbers, ids and trackers; the name, if it is unique.

    Emails and numbers are found within longer texts, ids as whole words; an id that could
    as well be a number of something else only where it stands as a key (`x:1003`).
    """
    patterns: list[str] = []
    words: list[str] = []
    plain: list[str] = []
    for key in person.keys:
        kind, value = key_kind(key), key_value(key)
        if kind is IdentityKind.TRACKER and value not in person.own_trackers:
            continue
        patterns.append(_whole(key))
        words.append(key)
        if kind is IdentityKind.EMAIL:
            patterns.append(_address(value))
        elif kind is IdentityKind.PHONE:
            patterns.append(rf"(?<!\d)\+?{re.escape(value.lstrip('+'))}(?!\d)")
        elif DISTINCT.fullmatch(value):
            patterns.append(_whole(value))
        else:
            plain.append(value)
            continue
        words.append(value.lstrip("+"))
    for tracker in person.own_trackers:
        patterns.append(_whole(tracker if DISTINCT.fullmatch(tracker) else tracker_key(tracker)))
        words.append(tracker)
    patterns += [_whole(id_) for id_ in person.ids]
    patterns += [_address(person.typed)] if person.typed else []
    patterns += [_whole(person.name)] if person.name else []
    words += [*person.ids, *filter(None, (person.typed, person.name))]
    return Mentions(
        words=tuple(dict.fromkeys(_bytes_of(words))),
        pattern=re.compile("|".join(dict.fromkeys(patterns)) or r"(?!)", re.IGNORECASE),
        plain_ids=frozenset(plain),
    )


def _whole(text: str) -> str:
    return rf"(?<![\w-]){re.escape(text)}(?![\w-])"


def _address(email: str) -> str:
    """An email, and neither the end of a longer one nor the start of one at a longer domain."""
    return rf"(?<![\w.+-]){re.escape(email)}(?![\w-]|\.(?!{_FILES}\b)\w)"


def _bytes_of(words: Iterable[str]) -> Iterator[bytes]:
    """Each word in small letters, as it stands and as it stands in JSON."""
    for word in words:
        for written in (word, word.lower()):
            yield written.encode().lower()
            yield json.dumps(written)[1:-1].encode().lower()


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, DBRef):
        yield from _texts(dict(value.as_doc()))
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from _texts(name)
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
