"""The parameters that several operations have, and how an address and a body are read.

Whatever is not declared is refused with the names that are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

import msgspec

from workers.collector.api.errors import InvalidParameters, unknown
from workers.collector.api.operation import Operation, Parameter

MAX_LIMIT = 200
"""Rows of a page."""

MAX_TEXT = 8_000
"""Characters of a parameter."""


def limit(usual: int = 50) -> Parameter:
    """The size of a page."""

    def read(text: str) -> int:
        if not text.isdecimal() or not 1 <= int(text) <= MAX_LIMIT:
            raise ValueError(f"must be a whole number from 1 to {MAX_LIMIT}")
        return int(text)

    schema = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": usual}
    return Parameter("limit", "How many rows a page has at most.", schema, read, usual)


CURSOR = Parameter(
    "cursor",
    "The place where the page begins: `next` of the page before.",
    {"type": "string"},
)


def text(name: str, about: str, *, required: bool = False) -> Parameter:
    """A text."""
    return Parameter(name, about, {"type": "string"}, default=None if required else "", required=required)


def day(name: str, about: str) -> Parameter:
    """A day in the account's time zone."""

    def read(text: str) -> date:
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise ValueError("must be a day such as 2026-03-31") from None

    return Parameter(name, about, {"type": "string", "format": "date"}, read)


def choice(name: str, about: str, among: Sequence[str], usual: str | None = None) -> Parameter:
    """One of some words."""

    def read(text: str) -> str:
        if text not in among:
            raise ValueError(f"must be one of {', '.join(among)}")
        return text

    schema = {"type": "string", "enum": list(among)}
    return Parameter(name, about, schema if usual is None else {**schema, "default": usual}, read, usual)


def words(name: str, about: str) -> Parameter:
    """Words separated by commas."""

    def read(text: str) -> tuple[str, ...]:
        return tuple(filter(None, map(str.strip, text.split(","))))

    return Parameter(name, about, {"type": "string"}, read, ())


def conditions(name: str, about: str) -> Parameter:
    """Conditions in the language of the list's filter, as JSON."""

    def read(text: str) -> dict[str, Any]:
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise ValueError('must be a JSON object such as {"newsletter": "subscribed"}')
        return found

    schema = {"type": "string", "contentMediaType": "application/json"}
    return Parameter(name, about, schema, read, {})


def read_query(operation: Operation, given: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Read the parameters of an address.  Raises InvalidParameters with all that is wrong."""
    declared = {parameter.name: parameter for parameter in operation.query}
    found = {name: parameter.default for name, parameter in declared.items()}
    problems = dict[str, str]()
    seen = set[str]()
    for name, value in given:
        parameter = declared.get(name)
        if parameter is None:
            problems |= unknown([name], declared)
        elif name in seen:
            problems[name] = "is given twice"
        elif len(value) > MAX_TEXT:
            problems[name] = f"has {len(value):,} characters; at most {MAX_TEXT:,} are accepted"
        else:
            try:
                found[name] = parameter.read(value)
            except ValueError as error:
                problems[name] = str(error)
        seen.add(name)
    missing = [name for name, parameter in declared.items() if parameter.required and name not in seen]
    problems |= dict.fromkeys(missing, "is missing")
    if problems:
        raise InvalidParameters(problems)
    return found


def read_body(kind: type[msgspec.Struct], body: bytes) -> Any:
    """Read a body of JSON.  Raises InvalidParameters with the path of what is wrong."""
    try:
        return decoder_of(kind).decode(body)
    except msgspec.ValidationError as error:
        raise InvalidParameters(_problem(str(error), kind)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        reason = "is nested too deep" if isinstance(error, RecursionError) else f"is no JSON: {error}"
        raise InvalidParameters({"body": reason}) from None


@cache
def decoder_of(kind: type[msgspec.Struct]) -> msgspec.json.Decoder[Any]:
    """Return the decoder of a body; made once, before threads can race over its types."""
    return msgspec.json.Decoder(kind)


def _problem(message: str, kind: type[msgspec.Struct]) -> dict[str, str]:
    """The path and the words of msgspec's message: "Expected `int`, got `str` - at `$.points`"."""
    found = re.fullmatch(r"(?P<words>.*?)(?: - at `\$\.?(?P<path>[^`]*)`)?", message, re.DOTALL)
    words, path = (message, "") if found is None else (found["words"], found["path"] or "")
    if (extra := re.search(r"unknown field `([^`]*)`", words)) is not None:
        field = f"{path}.{extra[1]}" if path else extra[1]
        return unknown([field], _fields(kind, path))
    if (missing := re.search(r"missing required field `([^`]*)`", words)) is not None:
        return {f"{path}.{missing[1]}" if path else missing[1]: "is missing"}
    return {path or "body": f"cannot be accepted: {words[:1].lower()}{words[1:]}"}


def _fields(kind: Any, path: str) -> list[str]:
    """The fields of a struct, or of the one that a path within it leads to."""
    for step in filter(None, re.split(r"[.\[\]]+", path)):
        fields: Mapping[str, Any] = (
            {f.encode_name: f.type for f in msgspec.structs.fields(kind)} if _is_struct(kind) else {}
        )
        kind = next((t for t in _types(fields.get(step, kind)) if _is_struct(t)), kind)
    return [f.encode_name for f in msgspec.structs.fields(kind)] if _is_struct(kind) else []


def _types(kind: Any) -> list[Any]:
    return [kind, *(inner for part in getattr(kind, "__args__", ()) for inner in _types(part))]


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)
