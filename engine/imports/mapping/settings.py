"""How a file is imported, as a person settled it, and as a job keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from engine.imports.mapping.consents import Statement
from engine.imports.mapping.values import Reading
from engine.imports.reading.formats import Format

Mode = Literal["create", "update", "both"]

MODES: Mapping[Mode, str] = {
    "both": "create new contacts and change known ones",
    "create": "only create new contacts",
    "update": "only change known contacts",
}


@dataclass(frozen=True)
class Settings:
    """How a file is imported.

    Parameters:
      format(Format): How it is written.
      columns(dict): What each imported column fills, by heading (see `columns.checked`).
      readings(dict): How the cells of a column are read, where there are two ways.
      mode(str): Which contacts may be touched.
      clear(frozenset): The columns of which an empty cell empties the field; others leave it.
      segment(str): The static segment that all who are in the file are put into; empty: none.
      statements(tuple): What is stated of all who are in the file.
    """

    format: Format = field(default_factory=Format)
    columns: Mapping[str, str] = field(default_factory=dict)
    readings: Mapping[str, Reading] = field(default_factory=dict)
    mode: Mode = "both"
    clear: frozenset[str] = frozenset()
    segment: str = ""
    statements: tuple[Statement, ...] = ()


_DECODER = msgspec.json.Decoder(Settings)


def encode(settings: Settings) -> str:
    """Settings as text: headings may have signs that MongoDB reads as its own."""
    return msgspec.json.encode(settings).decode()


def decode(said: str) -> Settings:
    return _DECODER.decode(said)
