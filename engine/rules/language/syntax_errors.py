"""YAML that cannot be read: what is wrong in words, and the rest of the file without it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ruamel.yaml.error import MarkedYAMLError, StringMark


@dataclass(frozen=True)
class Broken:
    """A syntax error of a file: the message, and line and column from 1."""

    message: str
    line: int
    column: int


def broken(error: MarkedYAMLError, lines: Sequence[str]) -> Broken:
    """Explain what a parser could not read, at the place where the author would look for it."""
    context, problem = error.context or "", error.problem or str(error)
    begun, met = error.context_mark or error.problem_mark, error.problem_mark or error.context_mark
    if "flow mapping" in context or "flow sequence" in context:
        opened, closes = ("{", "}") if "mapping" in context else ("[", "]")
        return _at(begun, f"the `{opened}` here is not closed: a `{closes}` or a comma is missing")
    if "flow node" in context:
        return _at(met, "a value is missing here, or a `{` or `[` above is not closed")
    if "quoted scalar" in context:
        return _at(begun, "the quotation mark here is not closed")
    if "simple key" in context:
        return _at(begun, "a colon with a blank after it is missing, as in `key: value`")
    if problem.startswith("mapping values are not allowed"):
        return _second_colon(met, lines)
    if "block mapping" in context or "block collection" in context:
        return _never_closed(begun, met, lines) or _out_of_line(met, problem)
    found = re.search("found character '(.)' that cannot start|found undefined alias", problem)
    if found is not None:
        sign = found[1] or "*"
        return _at(met, f"a value that begins with `{sign}` must stand in quotation marks")
    return _at(met, f"this is not YAML: {problem.splitlines()[0]}")


def _at(mark: StringMark | None, message: str) -> Broken:
    return Broken(message, 1, 1) if mark is None else Broken(message, mark.line + 1, mark.column + 1)


def _second_colon(mark: StringMark | None, lines: Sequence[str]) -> Broken:
    """A colon where none can be: in a value, or on a line that was taken for more of the value above it."""
    line = "" if mark is None or mark.line >= len(lines) else lines[mark.line]
    before = line[: mark.column] if mark is not None else ""
    if ": " in before or re.match(r"\s*- .*:\s", before):
        return _at(mark, "a second colon on this line: put the value in quotation marks")
    column = len(line) - len(line.lstrip()) + 1
    message = "this line is not indented like the one above: bring it in line"
    return Broken(message, 1 if mark is None else mark.line + 1, column)


_OPENED = re.compile(r"""[:,{\[-]\s+(["'])(?:(?!\1).)*$""")
"""A line on which a quotation mark is opened, and not closed."""


def _never_closed(begun: StringMark | None, met: StringMark | None, lines: Sequence[str]) -> Broken | None:
    """A quotation mark that a later one seems to close: the text continues after that one."""
    between = range(begun.line, met.line) if begun is not None and met is not None else range(0)
    for number in between:
        found = _OPENED.search(lines[number])
        if found is not None:
            return Broken("the quotation mark here is not closed", number + 1, found.start(1) + 1)
    return None


def _out_of_line(mark: StringMark | None, problem: str) -> Broken:
    if "'<scalar>'" in problem:
        return _at(mark, "something stands behind the closing quotation mark: write '' for one within a text")
    extra = re.search(r"but found '([}\],])'", problem)
    if extra is not None:
        return _at(mark, f"nothing was opened that this `{extra[1]}` could close")
    return _at(mark, "this line is not indented like those before it: bring it in line")


def without_entry_at(text: str, line: int) -> str | None:
    """The text with blank lines for the entry of a list or mapping that holds a line (from 1).

    An entry is what stands right below a key at the margin: one rule, one segment, one status.
    Unset if the line is in none.
    """
    lines = text.split("\n")
    indents = {number: _indent(words) for number, words in enumerate(lines) if _has_content(words)}
    before = [number for number in indents if number < line]
    margin = max((number for number in before if indents[number] == 0), default=None)
    inside = [number for number in before if margin is not None and number > margin]
    if not inside:
        return None
    depth = indents[inside[0]]
    first = max(number for number in inside if indents[number] <= depth)
    after = min((n for n in indents if n > first and indents[n] <= depth), default=len(lines))
    return "\n".join([*lines[:first], *[""] * (after - first), *lines[after:]])


def _has_content(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
