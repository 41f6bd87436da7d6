"""A column of an export: its heading, the kind of its values, and where they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["text", "whole", "number", "money", "boolean", "day", "moment", "instant", "list"]
"""A `moment` is written on the account's clock to the second, an `instant` in UTC to the millisecond."""

What = Literal["contacts", "activities"]


@dataclass(frozen=True)
class Column:
    """A column of an export.

    Parameters:
      id: Its name in settings and on the command line.
      label: What a person reads, and the heading unless another column has it already.
      kind: What its values are.
      found: Where MongoDB finds it: an expression over the document.
      made: What becomes of what is found there; unset if it is the value itself.
      target: What an import fills by it; empty for what follows from the rest.
      of: The document it is found in.  `row`: `made` takes the `RowFacts` of an activity.
    """

    id: str
    label: str
    kind: Kind
    found: Any
    made: Callable[[Any], Any] | None = None
    target: str = ""
    of: Literal["contact", "activity", "row"] = "contact"
