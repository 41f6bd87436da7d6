"""What a file of another tool is, and what must become of the people in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Standing = Literal["yes", "no", "dead", "never"]
"""Subscribed; refused; not deliverable; neither subscribed nor refused."""


@dataclass(frozen=True)
class Person:
    """A person of a file; what is empty is not known."""

    first_name: str
    last_name: str
    phone: str
    standing: Standing


@dataclass(frozen=True)
class ToolExport:
    """A file of another tool.

    Parameters:
      preset: The id of the preset that must recognise it; empty if the headings and values alone must do.
      people: By their email; no other contact may come of the file, and `lines` of them have no email.
    """

    title: str
    preset: str
    file: str
    content: bytes
    people: Mapping[str, Person]


def export(
    title: str, preset: str, file: str, text: str, people: str, *, encoding: str = "utf-8", end: str = "\n"
) -> ToolExport:
    """A file of lines, and its people as lines of `email | first name | last name | phone | standing`."""
    content = end.join(text.strip("\n").split("\n")) + end
    found = {}
    for line in people.strip().split("\n"):
        email, first, last, phone, standing = (part.strip() for part in line.split("|"))
        found[email] = Person(first, last, phone, standing)  # type: ignore[arg-type]
    return ToolExport(title, preset, file, content.encode(encoding), found)
