"""Custom fields that `sheets import --new-field` creates for columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import typer

from engine.accounts.actor import Actor
from engine.db import Db
from engine.db.connection import utc_now
from engine.domain.fields import CUSTOM
from engine.domain.folding.field_values import FIELD_TYPES
from engine.domain.rulebook import CustomField, Ruleset
from engine.imports.mapping.field_proposals import proposed_label, proposed_type
from engine.imports.mapping.headings import plain
from engine.imports.mapping.inspection import Inspection
from engine.publishing import custom_fields
from engine.rules import versions
from workers.cli.errors import InvalidOption


@dataclass(frozen=True)
class NewFields:
    """The fields of `--new-field`: those that are missing, and the columns that fill them.

    `targets` are by heading, in the form of `headings.plain`.
    """

    targets: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[CustomField, ...] = ()

    def added_to(self, ruleset: Ruleset) -> Ruleset:
        """Return the rules as they will be with the missing fields."""
        return replace(ruleset, fields={**ruleset.fields, **{one.id: one for one in self.missing}})

    def mapping(self, headings: Iterable[str]) -> dict[str, str]:
        """Return the columns among `headings` that fill such a field, with their targets."""
        return {
            heading: self.targets[plain(heading)] for heading in headings if plain(heading) in self.targets
        }


def new_fields(
    db: Db, files: Iterable[tuple[Inspection, Mapping[str, str]]], options: Sequence[str]
) -> NewFields:
    """Return the fields of some options (`COLUMN`, `COLUMN:TYPE`) in files with their mappings.

    An existing field of that name is used.  Nothing is created.  Raises InvalidOption and InvalidField.
    """
    existing = {plain(one.label): one.id for one in versions.current(db).fields.values()}
    requested: dict[str, tuple[str, str]] = {}
    for inspection, mapping in files:
        for heading, type_ in (_column_and_type(option, inspection, mapping) for option in options):
            requested.setdefault(plain(heading), (proposed_label(heading), type_))
    names = [name for name in requested if name not in existing]
    missing = custom_fields.devised(db, [requested[name] for name in names])
    ids = existing | {name: one.id for name, one in zip(names, missing, strict=True)}
    return NewFields({name: CUSTOM + ids[name] for name in requested}, tuple(missing))


def create(actor: Actor, fields: Sequence[CustomField], *, base: int) -> None:
    """Create fields under a version of the rules.  Raises what `custom_fields.create_several` does."""
    custom_fields.create_several(actor, [(one.label, one.type) for one in fields], base=base)


def announce(fields: Sequence[CustomField]) -> None:
    """Print the fields that an import would create."""
    names = ", ".join(f"{one.label} ({one.type})" for one in fields)
    typer.echo(f"new fields would be created; their values are not checked yet: {names}", err=True)


def _column_and_type(option: str, inspection: Inspection, mapping: Mapping[str, str]) -> tuple[str, str]:
    """The column of an option, and the type of its field: the given one, else the one of its values."""
    headings = {plain(heading): heading for heading in mapping}
    name, mark, type_ = option.rpartition(":")
    if not mark or type_ not in FIELD_TYPES:
        name, type_ = option, ""
    heading = name if name in mapping else headings.get(plain(name))
    if heading is None:
        known = ", ".join(mapping)
        raise InvalidOption(f"--new-field {option}", f"there is no column {name!r}; there are: {known}")
    number = [column.heading for column in inspection.columns].index(heading)
    cells = [row.cells[number] for row in inspection.sample]
    return heading, type_ or proposed_type(cells, today=utc_now().date())
