"""Custom fields that an admin makes of a file's columns while it is imported by command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import typer
from pymongo.database import Database

from engine.access import fields
from engine.access.accounts import CurrentUser
from engine.core.fields import CUSTOM
from engine.core.profile import FIELD_TYPES
from engine.errors import ContactSheetsError
from engine.store import rulesets
from engine.store.connection import utc_now
from engine.transfer.checking import Opening
from engine.transfer.columns import plain
from engine.transfer.proposing import proposed_label, proposed_type

Document = dict[str, Any]


class NotAField(ContactSheetsError):
    """A column of which no field can be made."""


def made(
    db: Database[Document],
    user: CurrentUser,
    found: Opening,
    columns: Mapping[str, str],
    wanted: Sequence[str],
    *,
    pretend: bool,
) -> dict[str, str]:
    """Make fields of columns (`COLUMN`, `COLUMN:TYPE`); return what those columns fill then.

    A field of that name that is there already is taken.  With `pretend` none is made: it is said
    which would be, and their columns are left out.  Raises NotAField, NotAllowed and what
    `fields.create_several` does.
    """
    known = {plain(field.label): field.id for field in rulesets.current(db).fields.values()}
    asked = [_asked(one, found, columns) for one in wanted]
    new = [(heading, type_) for heading, type_ in asked if plain(heading) not in known]
    if new and pretend:
        names = ", ".join(f"{proposed_label(heading)} ({type_})" for heading, type_ in new)
        typer.echo(f"new fields would be made, and their values are not checked yet: {names}", err=True)
    elif new:
        labelled = [(proposed_label(heading), type_) for heading, type_ in new]
        ids = fields.create_several(db, user, labelled, base=rulesets.current_number(db), now=utc_now())
        known |= {plain(heading): id_ for (heading, _), id_ in zip(new, ids, strict=True)}
    return {heading: CUSTOM + known[plain(heading)] for heading, _ in asked if plain(heading) in known}


def _asked(said: str, found: Opening, columns: Mapping[str, str]) -> tuple[str, str]:
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
