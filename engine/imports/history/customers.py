"""The customer of an order or activity: identities and name, as the cells of its rows give them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from engine.domain.identity.identities import IDENTIFYING, Identities, IdentityKind
from engine.domain.identity.normalisation import normalise
from engine.errors import InvalidIdentity
from engine.imports.history.group_cells import GroupCells
from engine.imports.mapping.cell_format import InvalidValue
from engine.imports.mapping.names import gaps_filled, name_parts
from engine.imports.mapping.phones import read_phone
from engine.imports.mapping.several_values import values_in
from engine.imports.mapping.values import is_blank
from engine.imports.reading.formula_escape import unescape_formula
from engine.imports.reading.problems import Problem
from engine.imports.rows.parsed_row import RefusedRow

MAX_NAME = 200
"""Characters of a name."""


@dataclass(frozen=True)
class Customer:
    """The customer of an entry; `names` are traits."""

    identities: Identities
    email_typed: str | None
    names: Mapping[str, str]


def read_customer(cells: GroupCells, notices: list[Problem], *, region: str) -> Customer:
    """Read the customer of an entry.

    An identity that cannot be read is left out, with a notice, where another can: a mistyped number must
    not cost an order.  Raises RefusedRow if there is none.
    """
    found: dict[IdentityKind, str] = {}
    unreadable: list[Problem] = []
    email_typed = None
    for kind in IDENTIFYING:
        cell = cells.of(kind.contact_field)
        if is_blank(cell, identity=True):
            continue
        typed = unescape_formula((cell or "").strip())
        try:
            found[kind], typed = _identity(kind, typed, cells, region=region)
        except (InvalidIdentity, InvalidValue) as error:
            reason = error.reason if isinstance(error, InvalidIdentity) else str(error)
            unreadable.append(cells.problem(kind.event_field, kind.contact_field, reason))
        else:
            email_typed = typed if kind is IdentityKind.EMAIL else email_typed
    if not found:
        raise RefusedRow(unreadable or [cells.row_problem("identity", "no customer is named")])
    notices += (cells.as_notice(problem) for problem in unreadable)
    return Customer(Identities.of(found), email_typed, _names(cells))


def _identity(kind: IdentityKind, typed: str, cells: GroupCells, *, region: str) -> tuple[str, str]:
    """The identity of a cell, and how it is typed: of several in a cell the first that can be read.

    Raises InvalidIdentity and InvalidValue for the whole cell.
    """

    def read(text: str) -> str:
        if kind is IdentityKind.PHONE:
            return read_phone(text, region=region, country=cells.country())
        return normalise(kind, text, region=region)

    try:
        return read(typed), typed
    except (InvalidIdentity, InvalidValue):
        for part in () if kind is IdentityKind.EXTERNAL_ID else values_in(typed):
            with suppress(InvalidIdentity, InvalidValue):
                return read(part), part
        raise


def _names(cells: GroupCells) -> dict[str, str]:
    names: dict[str, str] = {}
    for target in ("name", "first_name", "last_name"):
        text = " ".join(unescape_formula(cells.of(target) or "").split())[:MAX_NAME]
        if text:
            names[target] = text
    if "," in names.get("name", ""):  # `Ruiz, Ana`; other whole names are divided where they are stored
        whole = name_parts(names.pop("name"))
        names |= gaps_filled(names, whole)
    return names
