"""Masking of personal data for viewers, if the account enables it: the masked roles and list rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.accounts.actor import Actor
from engine.contacts.contact_rows import ContactRow
from engine.domain import masking
from engine.domain.fields import PERSONAL_FIELDS
from engine.rules import versions


def masks(actor: Actor) -> bool:
    """Return whether personal data is masked for the user."""
    return actor.user.role == "viewer" and versions.current(actor.db).account.mask_for_viewers


def masked_row(row: ContactRow) -> ContactRow:
    """Return a row of the list with its personal data masked."""
    return replace(
        row,
        name=masking.masked_name(row.name),
        **masked_fields(row),
        custom=masking.masked_custom(dict(row.custom)),
    )


def masked_fields(row: object) -> dict[str, Any]:
    """Return the personal fields that a row or a sheet has, masked."""
    return {
        name: masking.masked_field(name, getattr(row, name)) for name in PERSONAL_FIELDS if hasattr(row, name)
    }
