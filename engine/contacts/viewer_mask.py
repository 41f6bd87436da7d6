"""Masking of personal data for viewers, if the account wants that: for whom, and a row of the list masked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engine.accounts.actor import Actor
from engine.contacts.contact_rows import ContactRow
from engine.domain import masking
from engine.rules import rulesets


def masks(actor: Actor) -> bool:
    """Return whether personal data is masked for the user."""
    return actor.user.role == "viewer" and rulesets.current(actor.db).account.mask_for_viewers


def masked_row(row: ContactRow) -> ContactRow:
    """Return a row of the list with its personal data masked."""
    return replace(
        row,
        name=masking.masked_name(row.name),
        email=masked(masking.masked_email, row.email),
        mobile_phone=masked(masking.masked_phone, row.mobile_phone),
        external_id=masked(masking.masked_id, row.external_id),
        first_name=masked(masking.masked_name, row.first_name),
        last_name=masked(masking.masked_name, row.last_name),
        custom=masking.masked_custom(dict(row.custom)),
    )


def masked(mask: Callable[[str], str], value: str | None) -> str | None:
    """Return a value that may be missing, masked."""
    return None if value is None else mask(value)
