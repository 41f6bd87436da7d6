"""Changing one entry of a file, and leaving the rest, comments included, as it was written."""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Container, Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from engine.errors import InvalidRules, Problem
from engine.rules.source import File


def with_entry(text: str, under: str, id_: str, entry: Mapping[str, Any]) -> str:
    """The file with one entry of a list put in, or replaced; the others keep their comments."""
    yaml, content = _load(text)
    entries = content.setdefault(under, CommentedSeq())
    for number, present in enumerate(entries):
        if isinstance(present, Mapping) and present.get("id") == id_:
            entries[number] = CommentedMap(entry)
            break
    else:
        entries.append(CommentedMap(entry))
    return _dump(yaml, content)


def without_entry(text: str, under: str, id_: str) -> str:
    """The file without one entry of a list."""
    yaml, content = _load(text)
    entries = content.get(under) or []
    kept = [entry for entry in entries if entry.get("id") != id_]
    content[under] = CommentedSeq(kept)
    return _dump(yaml, content)


def entry_text(text: str, under: str, id_: str, key: str) -> str:
    """What stands at one key of an entry, as YAML; empty if there is none."""
    yaml, content = _load(text)
    for entry in content.get(under) or []:
        if isinstance(entry, Mapping) and entry.get("id") == id_ and entry.get(key) is not None:
            return _dump(yaml, entry[key])
    return ""


def read(text: str) -> CommentedMap:
    """A mapping out of YAML that somebody types; raise InvalidRules."""
    problems: list[Problem] = []
    File("condition", problems).parse(text)
    if problems:
        raise InvalidRules(problems)
    return _load(text)[1]


def id_of(name: str, *, taken: Container[str]) -> str:
    """An id made of a name: `Keen on boots` is `keen-on-boots`; another one if that is taken."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:50] or "segment"
    base = base if base[0].isalpha() else f"s-{base}"
    id_, number = base, 2
    while id_ in taken:
        id_, number = f"{base}-{number}", number + 1
    return id_


def _load(text: str) -> tuple[YAML, CommentedMap]:
    yaml = YAML(typ="rt", pure=True)
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 110
    yaml.preserve_quotes = True
    return yaml, yaml.load(text) or CommentedMap()


def _dump(yaml: YAML, content: Any) -> str:
    out = io.StringIO()
    yaml.dump(content, out)
    return out.getvalue()
