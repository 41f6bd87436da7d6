"""Custom fields that an admin makes of a file's columns while it is imported by command."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import typer
from pymongo.database import Database

from engine.accounts.actor import Actor
from engine.db.connection import utc_now
from engine.domain.fields import CUSTOM
from engine.domain.profile import FIELD_TYPES
from engine.domain.rulebook import CustomField, Ruleset
from engine.errors import ContactSheetsError
from engine.imports.mapping.columns import plain
from engine.imports.mapping.field_proposals import proposed_label, proposed_type
from engine.imports.mapping.inspection import Inspection
from engine.publishing import custom_fields
from engine.rules import rulesets

Document = dict[str, Any]


class NotAField(ContactSheetsError):
    """A column of which no field can be made."""


@dataclass(frozen=True)
class Wishes:
    """The columns of which a field is wanted, and those fields that are not there yet.

    `fills` is what such a column fills once they are, by its heading without signs.
    """

    fills: Mapping[str, str] = field(default_factory=dict)
    new: tuple[CustomField, ...] = ()

    def foreseen(self, ruleset: Ruleset) -> Ruleset:
        """The rules as they will be with the new fields."""
        return replace(ruleset, fields={**ruleset.fields, **{one.id: one for one in self.new}})

    def of(self, headings: Iterable[str]) -> dict[str, str]:
        """What columns fill of which a field is wanted."""
        return {heading: self.fills[plain(heading)] for heading in headings if plain(heading) in self.fills}


def wished(
    db: Database[Document],
    files: Iterable[tuple[Inspection, Mapping[str, str]]],
    wanted: Sequence[str],
) -> Wishes:
    """What fields of columns (`COLUMN`, `COLUMN:TYPE`) come to, in files and what their columns fill.

    A field of that name that is there already is taken.  Nothing is made.  Raises NotAField and
    InvalidField.
    """
    known = {plain(one.label): one.id for one in rulesets.current(db).fields.values()}
    asked: dict[str, tuple[str, str]] = {}
    for found, columns in files:
        for heading, type_ in (_asked(one, found, columns) for one in wanted):
            asked.setdefault(plain(heading), (proposed_label(heading), type_))
    lacking = [name for name in asked if name not in known]
    new = custom_fields.devised(db, [asked[name] for name in lacking])
    known |= {name: one.id for name, one in zip(lacking, new, strict=True)}
    return Wishes({name: CUSTOM + known[name] for name in asked}, tuple(new))


def make(actor: Actor, new: Sequence[CustomField], *, base: int) -> None:
    """Make new fields under a version of the rules.  Raises what `fields.create_several` does."""
    custom_fields.create_several(actor, [(one.label, one.type) for one in new], base=base)


def tell(new: Sequence[CustomField]) -> None:
    """Say which fields would be made."""
    names = ", ".join(f"{one.label} ({one.type})" for one in new)
    typer.echo(f"new fields would be made, and their values are not checked yet: {names}", err=True)


def _asked(said: str, found: Inspection, columns: Mapping[str, str]) -> tuple[str, str]:
    """The column that is meant, and the type of its field: as it is said, else as its values suggest."""
    headings = {plain(heading): heading for heading in columns}
    name, mark, type_ = said.rpartition(":")
    if not mark or type_ not in FIELD_TYPES:
        name, type_ = said, ""
    heading = name if name in columns else headings.get(plain(name))
    if heading is None:
        raise NotAField(f"--new-field {said}: there is no column {name!r}; there are: {', '.join(columns)}")
    number = [column.heading for column in found.columns].index(heading)
    cells = [row.cells[number] for row in found.sample]
    return heading, type_ or proposed_type(cells, today=utc_now().date())
