"""The bodies of requests that write contacts, and what they are answered with."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from engine.contacts.editing.edit import Edit
from engine.domain.fields import CUSTOM

Text = str | None | UnsetType


class ContactFields(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Fields of a contact; null clears one, what is left out stays."""

    external_id: Text = UNSET
    email: Text = UNSET
    mobile_phone: Text = UNSET
    first_name: Text = UNSET
    last_name: Text = UNSET
    birth_date: Text = UNSET
    custom: dict[str, Any] = {}

    def given(self) -> dict[str, Any]:
        """The fields that were given, by their names in the rule language."""
        found = {name: value for name in _FIELDS if (value := getattr(self, name)) is not UNSET}
        return found | {f"{CUSTOM}{name}": value for name, value in self.custom.items()}


_FIELDS = ("external_id", "email", "mobile_phone", "first_name", "last_name", "birth_date")


class Upsert(ContactFields, forbid_unknown_fields=True, kw_only=True):
    """A contact to create or to change: at least one of external id, email and mobile phone.

    `timestamp` is when it became so, by default now: an older value never replaces a newer one.
    """

    timestamp: datetime | None = None


class SegmentChange(msgspec.Struct, forbid_unknown_fields=True):
    """Static segments that the contact is added to and removed from."""

    add: list[str] = []
    remove: list[str] = []


class ContactChange(ContactFields, forbid_unknown_fields=True, kw_only=True):
    """Changes of a contact, as on its sheet.

    `statuses` are new states by status, `until` the day on which a pause ends; `points` are added.
    A `reason` is needed to change points and to leave a state such as blocked.
    """

    statuses: dict[str, str] = {}
    segments: SegmentChange = msgspec.field(default_factory=SegmentChange)
    points: int = 0
    reason: str = ""
    until: date | None = None

    def as_edit(self) -> Edit:
        """The change as the sheet makes it."""
        return Edit(
            fields=self.given(),
            statuses=self.statuses,
            add_to=self.segments.add,
            remove_from=self.segments.remove,
            points=self.points,
            reason=self.reason,
            until=self.until,
        )


class Removal(msgspec.Struct, forbid_unknown_fields=True):
    """Why a contact is deleted; shown in the audit log."""

    reason: str = ""


class Written(msgspec.Struct):
    """What was stored: the activity, and the contact that it is about.

    Unless `applied`, it is stored durably and takes effect in a moment.
    """

    activity: str
    contact: str | None
    applied: bool
    created: bool = False
