"""Changing one entry of a file, and leaving the rest, comments included, as it was written."""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Container, Mapping, Sequence
from functools import lru_cache
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from engine.errors import InvalidRules
from engine.rules.language.nodes import File, Problems


def with_entry(text: str, under: str, id_: str, entry: Mapping[str, Any]) -> str:
    """The file with one entry of a list put in, or replaced; the others keep their comments."""
    yaml, content = _load(text)
    entries = content.setdefault(under, CommentedSeq())
    for present in entries:
        if isinstance(present, CommentedMap) and present.get("id") == id_:
            _update(present, entry)
            break
    else:
        entries.append(_in_style_of(entries, entry))
    return _dump(yaml, content)


def with_order(text: str, under: str, ids: Sequence[str]) -> str:
    """The file with the entries of a list in another order; those not named come last, as they were."""
    yaml, content = _load(text)
    entries = content.get(under) or CommentedSeq()
    places = {id_: number for number, id_ in enumerate(ids)}
    content[under] = CommentedSeq(sorted(entries, key=lambda entry: places.get(entry.get("id"), len(ids))))
    return _dump(yaml, content)


def with_values(text: str, under: str, values: Mapping[str, Any]) -> str:
    """The file with some values of a mapping set; one that is nothing is taken out."""
    yaml, content = _load(text)
    if content.get(under) is None:
        content[under] = CommentedMap()
    mapping = content[under]
    for key, value in values.items():
        if value is not None:
            mapping[key] = value
        elif key in mapping:
            del mapping[key]
    return _dump(yaml, content)


def value_at(text: str, under: str, key: str) -> Any:
    """A value of a mapping in the file; unset if it has none."""
    content = _load(text)[1].get(under)
    return content.get(key) if isinstance(content, CommentedMap) else None


@lru_cache(maxsize=16)
def lines_of(text: str, under: str) -> Mapping[str, int]:
    """The line at which each entry begins, by its id, or each mapping of a mapping, by its name."""
    content = _load(text)[1].get(under)
    if isinstance(content, CommentedMap):
        return {key: content.lc.key(key)[0] + 1 for key in content}
    return {entry["id"]: entry.lc.line + 1 for entry in content or [] if isinstance(entry, CommentedMap)}


def without_entry(text: str, under: str, id_: str) -> str:
    """The file without one entry of a list, its own comment included; the rest stays byte for byte."""
    yaml, content = _load(text)
    entries = content.get(under) or CommentedSeq()
    number = next((n for n, entry in enumerate(entries) if entry.get("id") == id_), None)
    if number is None:
        return text
    if entries.fa.flow_style() or len(entries) == 1:
        del entries[number]
        return _dump(yaml, content)
    lines = text.splitlines(keepends=True)
    following = entries[number + 1].lc.line if number + 1 < len(entries) else _end(content, under, lines)
    del lines[_with_comment(lines, entries[number].lc.line) : _with_comment(lines, following)]
    return "".join(lines)


def _end(content: CommentedMap, under: str, lines: Sequence[str]) -> int:
    """The line at which what comes after a list begins."""
    here = content.lc.key(under)[0]
    after = [content.lc.key(key)[0] for key in content if content.lc.key(key)[0] > here]
    return min(after, default=len(lines))


def _with_comment(lines: Sequence[str], line: int) -> int:
    """The start of an entry, with the comment right above it."""
    while line > 0 and lines[line - 1].lstrip().startswith("#"):
        line -= 1
    return line


def entry_text(text: str, under: str, id_: str, key: str) -> str:
    """The YAML at a key of an entry; empty if there is none."""
    yaml, content = _load(text)
    for entry in content.get(under) or []:
        if isinstance(entry, Mapping) and entry.get("id") == id_ and entry.get(key) is not None:
            return _dump(yaml, entry[key])
    return ""


def read(text: str) -> CommentedMap:
    """Read a mapping out of typed YAML; raise InvalidRules."""
    problems = Problems()
    File("condition", problems).parse(text)
    if problems:
        raise InvalidRules(problems)
    return _load(text)[1]


def as_yaml(condition: Mapping[str, Any]) -> str:
    """A condition as people write it: each part on a line of its own."""
    yaml, _ = _load("")
    made = CommentedMap({key: _part(value) for key, value in condition.items()})
    return _dump(yaml, made)


def _part(value: Any) -> Any:
    if isinstance(value, list) and all(isinstance(item, Mapping) for item in value):
        return CommentedSeq([CommentedMap({k: _on_a_line(v) for k, v in item.items()}) for item in value])
    return _on_a_line(value)


def _on_a_line(value: Any) -> Any:
    if isinstance(value, Mapping):
        made = CommentedMap({key: _on_a_line(inner) for key, inner in value.items()})
        made.fa.set_flow_style()
        return made
    return value


def id_of(name: str, *, taken: Container[str]) -> str:
    """An id made of a name: `Keen on boots` is `keen-on-boots`; another one if that is taken."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:50] or "segment"
    base = base if base[0].isalpha() else f"s-{base}"
    id_, number = base, 2
    while id_ in taken:
        id_, number = f"{base}-{number}", number + 1
    return id_


def _update(present: CommentedMap, entry: Mapping[str, Any]) -> None:
    """Change the values of an entry; unchanged ones keep their formatting."""
    for key in [key for key in present if key not in entry]:
        del present[key]
    for key, value in entry.items():
        if present.get(key) != value:
            present[key] = value


def _in_style_of(entries: CommentedSeq, entry: Mapping[str, Any]) -> CommentedMap:
    """A new entry, on one line if the others are."""
    made = CommentedMap(entry)
    others = [other for other in entries if isinstance(other, CommentedMap)]
    if others and all(other.fa.flow_style() for other in others):
        made.fa.set_flow_style()
    return made


def _load(text: str) -> tuple[YAML, CommentedMap]:
    yaml = YAML(typ="rt", pure=True)
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 110
    yaml.preserve_quotes = True
    yaml.brace_single_entry_mapping_in_flow_sequence = True
    return yaml, yaml.load(text) or CommentedMap()


def _dump(yaml: YAML, content: Any) -> str:
    out = io.StringIO()
    yaml.dump(content, out)
    return out.getvalue()
