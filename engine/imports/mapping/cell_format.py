"""The notation of a column's cells, where the same cell can be read in two ways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.errors import Invalid

DateOrder = Literal["dmy", "mdy"]
"""Whether the day or the month comes first, where the year comes last."""

Decimals = Literal[",", "."]
"""The decimal mark."""


@dataclass(frozen=True)
class CellFormat:
    """The date and number formats of a column."""

    dates: DateOrder | None = None
    decimals: Decimals | None = None


@dataclass(frozen=True)
class Ambiguous:
    """A column whose cells fit both orders of dates, or both decimal marks."""

    what: Literal["dates", "decimals"]
    example: str


class InvalidValue(Invalid):
    """A cell that its field does not accept; the message says why, and what to do."""
