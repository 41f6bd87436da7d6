"""Keys of settings.yaml that lead outside: addresses, and the environment variables of secrets."""

from __future__ import annotations

import re

from engine.domain.webhook_secrets import variable_of
from engine.rules.language.entries import TEXT, Key, Schema
from engine.rules.language.nodes import Node

_ADDRESS = re.compile(r"https?://[^\s/]+(/\S*)?")
_SCHEMA: Schema = {"type": "string", "pattern": "^https?://"}


def address(about: str) -> Key[str]:
    """A web address, required."""
    return Key(about, read_address, _SCHEMA, required=True)


def optional_address(about: str) -> Key[str]:
    """A web address; empty for none."""
    return Key(about, lambda node, key: read_address(node, key) if key in node else "", TEXT)


def read_address(node: Node, key: str) -> str:
    """The web address under a key."""
    url = node.text(key)
    if url and not _ADDRESS.fullmatch(url):
        node.fail(f"`{key}` must begin with https:// (or http:// for a server of your own)", key)
    return url


def secret_variables(about: str) -> Key[tuple[str, ...]]:
    """Environment variables, as `$NAME` or a list of two: a secret itself does not belong into the rules."""
    schema: Schema = {"anyOf": [TEXT, {"type": "array", "items": TEXT, "minItems": 1, "maxItems": 2}]}
    return Key(about, _variables, schema, required=True)


def _variables(node: Node, key: str) -> tuple[str, ...]:
    written = [node.raw(key)] if isinstance(node.raw(key), str) else node.texts(key)
    names = [variable_of(str(text)) for text in written]
    if not 1 <= len(names) <= 2 or None in names:
        node.fail(f"`{key}` must be $ and the name of an environment variable, or a list of two", key)
    return tuple(name for name in names if name is not None)
