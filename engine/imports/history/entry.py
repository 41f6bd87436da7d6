"""An order or another activity of a file: whose it is, and the activities that it comes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

from engine.domain.activities import ActivityId
from engine.domain.document import Document
from engine.domain.identity.identities import Identities, Key
from engine.imports.reading.problems import Problem
from engine.imports.reading.table import Row

PartName = Literal["placed", "cancelled", "refunded", "activity"]


@dataclass(frozen=True)
class EntryPart:
    """One activity of an entry: an order, its cancellation, its refund, or any other."""

    name: PartName
    type: str
    at: datetime
    properties: Document

    def in_seconds(self) -> EntryPart:
        """Return the part as versions before 0.2 read it, which cut fractions of a second off."""
        return replace(self, at=self.at.replace(microsecond=0))


@dataclass(frozen=True)
class Entry:
    """An order, or another activity, as its rows give it.

    Parameters:
      line: The first of its lines.
      name: What it is recognised by when it is imported again: the order's number, the activity's id.
      names: The parts of the customer's name, for a contact that the import creates.
      shown: Returns its values for the preview, by target.
      notices: Problems that do not refuse it.
      name_in_seconds: The name that versions before 0.2 gave it, where that was another one.
      id: The id that its activity keeps: it is from an export of ours.
      trusted: Whether its source may say all that its type may.
      traits: Traits of the customer that it carries.
    """

    line: int
    name: str
    identities: Identities
    email_typed: str | None
    names: Mapping[str, str]
    parts: Sequence[EntryPart]
    shown: Callable[[], Mapping[str, Any]] = dict
    notices: Sequence[Problem] = ()
    name_in_seconds: str = ""
    id: ActivityId | None = None
    trusted: bool = True
    traits: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def keys(self) -> list[Key]:
        """The keys that identify the customer, strongest first."""
        return self.identities.keys()


@dataclass(frozen=True)
class RowGroup:
    """The rows of one entry; `position` is its number in the order in which a file is imported."""

    position: int
    rows: Sequence[Row]

    @property
    def line(self) -> int:
        return self.rows[0].line
