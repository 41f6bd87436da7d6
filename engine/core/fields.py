"""The fields of a contact that conditions, filters and forms can name, declared once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from engine.core.contact import ContactState

FieldType = Literal["text", "number", "money", "date", "boolean", "list", "state"]


@dataclass(frozen=True)
class Field:
    """A field by its name in conditions (`contact.…`).

    `stored` is where it lies in the contact's document; `read` finds it in the state and
    is unset for what only the document knows (who somebody is, not what they did).
    """

    name: str
    label: str
    type: FieldType
    stored: str
    read: Callable[[ContactState], Any] | None


def _field(
    name: str, label: str, type_: FieldType, stored: str, read: Callable[[ContactState], Any] | None
) -> tuple[str, Field]:
    return name, Field(name, label, type_, stored, read)


def _status(machine: str, label: str) -> tuple[str, Field]:
    def read(state: ContactState) -> str | None:
        status = state.statuses.get(machine)
        return None if status is None else status.state

    return _field(machine, label, "state", f"statuses.{machine}.state", read)


FIELDS: dict[str, Field] = dict(
    [
        _field("first_name", "First name", "text", "first_name", lambda s: s.first_name),
        _field("last_name", "Last name", "text", "last_name", lambda s: s.last_name),
        _field("birth_date", "Birth date", "text", "birth_date", lambda s: s.birth_date),
        _field("email", "Email", "text", "email", lambda s: s.mail.address),
        _field("mobile_phone", "Mobile phone", "text", "mobile_phone", lambda s: s.mobile.address),
        _field("external_id", "External id", "text", "external_id", None),
        _field("identified", "Identified", "boolean", "identified", None),
        _field("first_seen", "First seen", "date", "first_seen", None),
        _field("last_seen", "Last seen", "date", "last_seen", lambda s: s.last_seen),
        _field("points", "Points", "number", "points.total", lambda s: s.points.total),
        _status("email_status", "Email status"),
        _status("newsletter", "Newsletter"),
        _status("mobile_status", "Mobile phone status"),
        _status("sms", "SMS"),
        _status("push", "Web push"),
        _field("email.failures", "Failed mails in a row", "number", "mail.failing", lambda s: s.mail.failures),
        _field("mobile.failures", "Failed messages in a row", "number", "mobile.failing", lambda s: s.mobile.failures),
        _field("push.devices", "Devices with web push", "number", "push_devices", lambda s: len(s.push_devices)),
        _field("orders", "Orders", "number", "commerce.orders", lambda s: s.commerce.orders),
        _field("spent", "Spent", "money", "commerce.spent", lambda s: s.commerce.spent),
        _field("refunded", "Refunded", "money", "commerce.refunded", lambda s: s.commerce.refunded),
        _field("first_order_at", "First order", "date", "commerce.first_order_at", lambda s: s.commerce.first_order_at),
        _field("last_order_at", "Last order", "date", "commerce.last_order_at", lambda s: s.commerce.last_order_at),
        _field("cart", "Cart", "state", "cart.state", lambda s: None if s.cart is None else s.cart.state),
        _field("cart.value", "Cart value", "money", "cart.value", lambda s: None if s.cart is None else s.cart.value),
    ]
)  # fmt: skip

CUSTOM = "custom."
"""What a custom field's name begins with."""


def field(name: str) -> Field | None:
    """Find a field by its name; any `custom.…` is one."""
    if not name.startswith(CUSTOM):
        return FIELDS.get(name)
    custom = name.removeprefix(CUSTOM)
    return Field(name, custom, "text", name, lambda state: state.custom.get(custom))
