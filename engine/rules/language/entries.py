"""Entries of the files, each key declared once: for its reader, and for the JSON Schema that editors use.

    class GroupEntry(Entry):
        id = identifier("What rules name in `group`.")
        at_most = whole("Points that its rules give together.", least=1)
        per = choice("Within how long.", PERIODS, default="ever")

`GroupEntry(node)` reads a mapping: each key is an attribute, and each problem is reported at its
line, a key that is not declared included.  `GroupEntry.schema()` is the JSON Schema of the same.
A kind of value of which there is one is a `Key` of its own, beside the entry that has it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, ClassVar, Generic, TypeVar, cast, overload

from engine.rules.language import references
from engine.rules.language.nodes import Node

Schema = dict[str, Any]

TEXT: Schema = {"type": "string", "minLength": 1}
TEXTS: Schema = {"anyOf": [TEXT, {"type": "array", "items": TEXT}]}
ID: Schema = {"type": "string", "pattern": f"^{references.ID.pattern}$"}
DURATION: Schema = {"type": "string", "pattern": r"^\d+\s*(s|m|h|d|w)$", "examples": ["30d", "4h", "15m"]}

T = TypeVar("T")
C = TypeVar("C", bound=str)
E = TypeVar("E", bound="Entry")


@dataclass(frozen=True)
class Key(Generic[T]):
    """One key of an entry.

    Parameters:
      about: What it means, as an editor shows it.
      read: Its value, read from a node by the key's name; problems are reported there.
      schema: The JSON Schema of its value.
      required: Whether it must be there.
      name: How files call it, where that is no name for an attribute (`from`).
    """

    about: str
    read: Callable[[Node, str], T]
    schema: Schema
    required: bool = False
    name: str = ""

    @overload
    def __get__(self, entry: None, owner: type[Entry]) -> Key[T]: ...
    @overload
    def __get__(self, entry: Entry, owner: type[Entry]) -> T: ...
    def __get__(self, entry: Entry | None, owner: type[Entry]) -> Key[T] | T:
        return self  # an entry that was read has the value itself, which comes before this

    def described(self) -> Schema:
        """The schema of its value, with what an editor shows of it."""
        return {**(self.schema if self.required else or_null(self.schema)), "description": self.about}


class Entry:
    """A mapping of a file; its keys are declared in a subclass."""

    _keys: ClassVar[Mapping[str, Key[Any]]] = {}

    def __init_subclass__(cls) -> None:
        own = {name: key for name, key in vars(cls).items() if isinstance(key, Key)}
        cls._keys = {**cls._keys, **own}

    def __init__(self, node: Node) -> None:
        self.node = node
        for attribute, key in self._keys.items():
            vars(self)[attribute] = key.read(node, key.name or attribute)
        node.refuse_unknown({key.name or attribute for attribute, key in self._keys.items()})

    @classmethod
    def schema(cls) -> Schema:
        """The JSON Schema; what requires nothing may be empty."""
        keys = {key.name or attribute: key for attribute, key in cls._keys.items()}
        schema: Schema = {
            "type": "object",
            "properties": {name: key.described() for name, key in keys.items()},
            "additionalProperties": False,
        }
        required = [name for name, key in keys.items() if key.required]
        return {**schema, "required": required} if required else or_null(schema)


def or_null(schema: Schema) -> Schema:
    """The schema of a value that may be missing although its key is there."""
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], None]}
    if "anyOf" in schema:
        return {**schema, "anyOf": [*schema["anyOf"], {"type": "null"}]}
    kind = schema.get("type")
    return {**schema, "type": [kind, "null"]} if isinstance(kind, str) else schema


# Kinds of keys


def text(about: str, *, default: str | None = None) -> Key[str]:
    """Text; without a default it is required."""
    return Key(about, lambda node, name: node.text(name, default=default), TEXT, required=default is None)


def identifier(about: str) -> Key[str]:
    """The key by which other entries refer to an entry."""
    return Key(about, references.identifier, ID, required=True)


def texts(about: str, *, name: str = "") -> Key[tuple[str, ...]]:
    """A text or several; nothing is none."""
    return Key(about, Node.texts, TEXTS, name=name)


def choice(about: str, allowed: Collection[C], *, default: C | None = None) -> Key[C]:
    """One of some words; without a default it is required."""

    def read(node: Node, name: str) -> C:
        return cast("C", node.choice(name, allowed, default=default))

    return Key(about, read, {"enum": sorted(allowed)}, required=default is None)


def whole(about: str, *, least: int | None = None) -> Key[int]:
    """A whole number, required."""
    schema: Schema = {"type": "integer", **({} if least is None else {"minimum": least})}
    return Key(about, lambda node, name: node.whole(name, least=least), schema, required=True)


def flag(about: str) -> Key[bool]:
    """True or false; nothing is false."""
    return Key(about, Node.flag, {"type": "boolean"})


def duration(about: str) -> Key[timedelta | None]:
    """A time such as `30d`; unset for nothing."""
    return Key(about, Node.duration, DURATION)


def nested(about: str, kind: type[E]) -> Key[E | None]:
    """A mapping with keys of its own; unset for nothing."""
    return Key(about, lambda node, name: kind(node.node(name)) if name in node else None, kind.schema())


def list_of(about: str, kind: type[E]) -> Key[list[E]]:
    """A list of entries; nothing is none."""
    schema: Schema = {"type": "array", "items": kind.schema()}
    return Key(about, lambda node, name: [kind(item) for item in node.nodes(name)], schema)


def mapping_of(about: str, kind: type[E]) -> Key[dict[str, E]]:
    """Entries by the names that a file gives them; nothing is none."""

    def read(node: Node, name: str) -> dict[str, E]:
        inner = node.node(name)
        return {key: kind(inner.node(key)) for key in inner.keys()}

    return Key(about, read, {"type": "object", "additionalProperties": kind.schema()})


def optional(key: Key[T]) -> Key[T | None]:
    """The same key, that may be left out; then it is unset."""

    def read(node: Node, name: str) -> T | None:
        return None if node.raw(name) is None else key.read(node, name)

    return Key(key.about, read, key.schema)


def required(key: Key[T], missing: str) -> Key[T]:
    """The same key, that must be there; `missing` says what to write."""

    def read(node: Node, name: str) -> T:
        if node.raw(name) is None:
            node.fail(f"`{name}` is missing: {missing}", name)
        return key.read(node, name)

    return replace(key, read=read, required=True)
