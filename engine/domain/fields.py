"""The fields of a contact that conditions, filters and forms can name, declared once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from engine.domain.conditions import ValueType
from engine.domain.contact import ContactState
from engine.domain.identity.identities import IDENTIFYING, IdentityKind

Mask = Literal["name", "email", "phone", "id", "all"]
"""How a personal value is masked (see `masking.masked_field`)."""


@dataclass(frozen=True)
class Field:
    """A field by its name in conditions (`contact.…`).

    `read` finds it in the state.  `stored` is where it lies in the contact's document,
    and `absent` what it means when nothing lies there; `counted` says that what is
    stored is a list and the field its length.  `facet` is where an index finds it, if it has
    few values (see `engine.db.search_keys`); of a text, whether there is one; of a list, its length if there is
    anything in it.  `mask` is set of
    personal fields, and `traits` of those that traits of an event fill, which are its names there.
    """

    name: str
    label: str
    type: ValueType
    stored: str
    read: Callable[[ContactState], Any]
    absent: Any = None
    counted: bool = False
    facet: str = ""
    mask: Mask | None = None
    traits: tuple[str, ...] = ()


def _status(machine: str, label: str) -> Field:
    def read(state: ContactState) -> str | None:
        status = state.statuses.get(machine)
        return None if status is None else status.state

    return Field(
        machine, label, "state", f"statuses.{machine}.state", read, facet=f"facets.statuses.{machine}"
    )


def _own_status(machine: str, absent: str | None) -> Field:
    def read(state: ContactState) -> str | None:
        status = state.statuses.get(machine)
        return absent if status is None else status.state

    stored, facet = f"statuses.{machine}.state", f"facets.statuses.{machine}"
    return Field(machine, machine, "state", stored, read, absent=absent, facet=facet)


def _identity(
    kind: IdentityKind, stored: str, read: Callable[[ContactState], Any], *, mask: Mask, facet: str = ""
) -> Field:
    return Field(kind.contact_field, kind.label, "text", stored, read, mask=mask, facet=facet)


_NONE = Decimal(0)

FIELDS: dict[str, Field] = {
    field.name: field
    for field in (
        Field("first_name", "First name", "text", "first_name", lambda s: s.first_name, mask="name", traits=("first_name", "firstName", "firstname", "given_name")),
        Field("last_name", "Last name", "text", "last_name", lambda s: s.last_name, mask="name", traits=("last_name", "lastName", "lastname", "family_name", "surname")),
        Field("birth_date", "Birth date", "day", "birth_date", lambda s: s.birth_date, mask="all", traits=("birth_date", "birthDate", "birthday", "birthdate", "date_of_birth")),
        _identity(IdentityKind.EMAIL, "mail.address", lambda s: s.mail.address, mask="email", facet="facets.email"),
        _identity(IdentityKind.PHONE, "mobile.address", lambda s: s.mobile.address, mask="phone", facet="facets.mobile_phone"),
        _identity(IdentityKind.EXTERNAL_ID, "external_id", lambda s: s.external_id, mask="id"),
        Field("identified", "Identified", "boolean", "identified", lambda s: s.identified, absent=False, facet="facets.identified"),
        Field("first_seen", "First seen", "date", "first_seen", lambda s: s.first_seen),
        Field("last_seen", "Last seen", "date", "last_seen", lambda s: s.last_seen),
        Field("activities", "Activities", "number", "activities", lambda s: s.activities, absent=0),
        Field("points", "Points", "number", "points.total", lambda s: s.points.total, absent=0),
        Field("segments", "Segments", "list", "segments", lambda s: list(s.segments)),
        _status("email_status", "Email status"),
        _status("newsletter", "Newsletter"),
        _status("mobile_status", "Mobile phone status"),
        _status("sms", "SMS"),
        _status("push", "Web push"),
        Field("email.failures", "Failed emails in a row", "number", "mail.failing", lambda s: s.mail.failures, absent=0, counted=True, facet="facets.email_failures"),
        Field("mobile.failures", "Failed messages in a row", "number", "mobile.failing", lambda s: s.mobile.failures, absent=0, counted=True, facet="facets.mobile_failures"),
        Field("push.devices", "Devices with web push", "number", "push_devices", lambda s: len(s.push_devices), absent=0, counted=True),
        Field("orders", "Orders", "number", "commerce.orders", lambda s: s.commerce.orders, absent=0),
        Field("spent", "Spent", "money", "commerce.spent", lambda s: s.commerce.spent, absent=_NONE),
        Field("refunded", "Refunded", "money", "commerce.refunded", lambda s: s.commerce.refunded, absent=_NONE),
        Field("average_order", "Average order", "money", "commerce.average", lambda s: s.commerce.average),
        Field("first_order_at", "First order", "date", "commerce.first_order_at", lambda s: s.commerce.first_order_at),
        Field("last_order_at", "Last order", "date", "commerce.last_order_at", lambda s: s.commerce.last_order_at),
        Field("cart", "Cart", "state", "cart.state", lambda s: "none" if s.cart is None else s.cart.state, absent="none", facet="facets.cart"),
        Field("cart.value", "Cart value", "money", "cart.value", lambda s: None if s.cart is None else s.cart.value),
        Field("cart.changed_at", "Cart changed", "date", "cart.changed_at", lambda s: None if s.cart is None else s.cart.changed_at),
        Field("rfm", "RFM category", "state", "rfm.category", lambda s: None if s.rfm is None else s.rfm.category, facet="facets.rfm"),
        Field("rfm_since", "In the RFM category since", "date", "rfm.since", lambda s: None if s.rfm is None else s.rfm.since),
        Field("rfm_before", "RFM category before that month", "state", "rfm.month_from", lambda s: None if s.rfm is None else s.rfm.month_from),
        Field("rfm_code", "RFM code", "number", "rfm.code", lambda s: None if s.rfm is None else s.rfm.code, facet="facets.rfm_code"),
        Field("recency", "Recency score", "number", "rfm.recency", lambda s: None if s.rfm is None else s.rfm.recency),
        Field("frequency", "Frequency score", "number", "rfm.frequency", lambda s: None if s.rfm is None else s.rfm.frequency),
        Field("monetary", "Monetary score", "number", "rfm.monetary", lambda s: None if s.rfm is None else s.rfm.monetary),
        Field("clv", "Lifetime value", "money", "clv.value", lambda s: None if s.clv is None else s.clv.value),
        Field("expected_purchases", "Expected purchases", "number", "clv.purchases", lambda s: None if s.clv is None else s.clv.purchases),
        Field("probability_alive", "Probability of being alive", "number", "clv.alive", lambda s: None if s.clv is None else s.clv.alive),
    )
}  # fmt: skip

IDENTITY_FIELDS = tuple(kind.contact_field for kind in IDENTIFYING)
"""The fields that identify a contact, strongest first."""

PROFILE_FIELDS = tuple(field.name for field in FIELDS.values() if field.traits)
"""The fields, besides custom ones, that describe a person."""

EDITABLE_FIELDS = (*IDENTITY_FIELDS, *PROFILE_FIELDS)
"""The fields, besides custom ones, that a person or a file may change."""

PERSONAL_FIELDS = frozenset(field.name for field in FIELDS.values() if field.mask is not None)
"""The fields that are masked for viewers, and by which they may then neither filter nor sort."""

VALUED_FIELDS = frozenset(
    {
        "rfm",
        "rfm_since",
        "rfm_before",
        "rfm_code",
        "recency",
        "frequency",
        "monetary",
        "clv",
        "expected_purchases",
        "probability_alive",
    }
)
"""The fields that are calculated of all contacts together."""

CUSTOM = "custom."
"""The prefix of a custom field's name."""

STATES = {"cart": ("none", "active", "abandoned")}
"""The values of fields of type `state` that no machine declares."""


def field(name: str, *, type_: ValueType = "any", absent: str | None = None) -> Field | None:
    """Find a field by its name.

    Any `custom.…` is one, of the type that the shop declares, and any other name of type
    `state` is a status of the shop's own, which is `absent` until a contact has met it.
    """
    if name in FIELDS:
        return FIELDS[name]
    if type_ == "state":
        return _own_status(name, absent)
    if not name.startswith(CUSTOM):
        return None
    custom = name.removeprefix(CUSTOM)
    return Field(name, custom, type_, name, lambda state: state.custom.get(custom))
