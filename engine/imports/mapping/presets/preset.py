"""What is known of the export of a tool: how it is recognised, and what its columns hold."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from engine.imports.mapping.state_words import Suppression


@dataclass(frozen=True)
class Preset:
    """The export of contacts of a tool.

    Headings are in the form of `headings.plain`, words in that of `state_words`.

    Parameters:
      id: By which the user names it.
      tool: The name of the tool, as the user knows it.
      signatures: Sets of headings; a file that has all of one set comes from the tool.
      columns: The target of each heading, the best first where several have the same; an empty one is left
        out, and is known not to say who must not be written to.
      words: What the words of a column mean, by heading; `*` is any other word.
      everyone: What the address of everybody in the file is, unless a column says it.
      file_name: What the name of the file has to match, too.
      phones_lack_plus: Whether phone numbers are international ones without their plus.
      without: Targets that no column may fill, whatever the mapping of earlier files.
      note: What the user has to know.
    """

    id: str
    tool: str
    signatures: tuple[frozenset[str], ...]
    columns: Mapping[str, str]
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    everyone: Suppression | None = None
    file_name: str = ""
    phones_lack_plus: bool = False
    without: frozenset[str] = frozenset()
    note: str = ""

    def recognises(self, headings: Collection[str], name: str) -> bool:
        """Return whether a file with these plain headings and this name is an export of the tool."""
        is_named = not self.file_name or re.match(self.file_name, name.lower()) is not None
        return is_named and any(signature.issubset(headings) for signature in self.signatures)


def signed(*signatures: str) -> tuple[frozenset[str], ...]:
    """Return signatures from their headings, separated by commas."""
    return tuple(frozenset(map(str.strip, one.split(","))) for one in signatures)


def filled(**headings: str) -> dict[str, str]:
    """Return the target of each heading; `headings` are those of a target, separated by commas.

    A target that is no name is written with `__` for a point: `custom__city`.
    """
    return {
        heading.strip(): "" if target == "left_out" else target.replace("__", ".")
        for target, names in headings.items()
        for heading in names.split(",")
    }


CONSENTS = frozenset({"newsletter", "newsletter_at", "sms", "sms_at"})
"""The targets that subscribe a contact."""
