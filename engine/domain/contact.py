"""A contact's state: what the fold of its activities leaves.

These structs are what is stored, section by section; every amount of money is a Decimal
in the account's currency unless it says otherwise, every time is aware UTC.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

import msgspec

from engine.domain.activities import ActivityId, Moment
from engine.domain.preload_types import preload
from engine.domain.valuation import LifetimeValue, Revaluation, RfmScore

CartState = Literal["active", "abandoned"]


class Points(msgspec.Struct):
    """The sum of the ledger's entries at their present worth.

    `expiring` holds `(expires_at, points)` of the entries that will lose their worth,
    soonest first.
    """

    total: int = 0
    changed_at: datetime | None = None
    expiring: list[tuple[datetime, int]] = []


class Status(msgspec.Struct, omit_defaults=True):
    """The state of one machine, its start and its activity; `until`, if it ends.

    `by` is who caused it: a user's name, or `the contact`.
    """

    state: str
    since: datetime | None = None
    cause: ActivityId | None = None
    by: str | None = None
    reason: str | None = None
    until: datetime | None = None


class Bounce(msgspec.Struct, omit_defaults=True):
    """The last bounce of an address or number, with its evidence.

    `reason` are the words of the sender, `cause` one of the reasons of `bounce_messages`; unset if none fits.
    """

    at: datetime
    kind: str
    code: str | None = None
    reason: str | None = None
    cause: str | None = None


class Deliverability(msgspec.Struct, omit_defaults=True):
    """The delivery record of the present address or number.

    `failing` are the send attempts of the present run of failures, each named once.
    """

    address: str | None = None
    failing: list[str] = []
    temporary: int = 0
    last_bounce: Bounce | None = None

    @property
    def failures(self) -> int:
        return len(self.failing)


class Asked(msgspec.Struct, omit_defaults=True):
    """A subscription that waits for its confirmation (see `opt_in`).

    `cause` is the activity that asked for it, `address` where the link went, `reminders` the times at
    which it is sent once more.
    """

    at: datetime
    cause: ActivityId
    address: str
    expires: datetime
    reminders: list[datetime] = []


class Refund(msgspec.Struct, omit_defaults=True):
    """Money given back for an order; no amount means all of it.

    `currency` is unset where it is the order's.  `unclear` is what was sent for an unreadable
    amount: nothing counts as given back then.  `in_all` says that it is the sum of the order's refunds.
    """

    id: str
    amount: Decimal | None = None
    currency: str | None = None
    unclear: str | None = None
    in_all: bool = False


class Order(msgspec.Struct, omit_defaults=True):
    """One order; `placed_at` is unset while only its refund or cancellation is known.

    `amount` is in the order's own `currency`; without one it is the account's.  `unclear` is what was
    sent for an unreadable amount (empty: nothing was), and the order is in no sum then.
    `refunded` is what its refunds come to in the order's currency, as far as there are rates, and at most
    the amount.  `unproven` says that only a browser has reported it, `unproven_amount` that only a browser
    has reported what it is worth.  `lines_in` is the activity that has its products: they are not stored
    again.  `also` are other names of it, such as the id behind its number.  `stated_at` is the time of the
    latest state that a connected shop has reported, as text that sorts like time.  `shop_id` is the id that
    its platform gave it: orders with different ones are different, whatever names they share.
    """

    id: str
    also: list[str] = []
    placed_at: datetime | None = None
    amount: Decimal | None = None
    unclear: str | None = None
    currency: str | None = None
    refunds: list[Refund] = []
    refunded: Decimal = Decimal(0)
    cancelled: bool = False
    unproven: bool = False
    unproven_amount: bool = False
    lines_in: ActivityId | None = None
    stated_at: str | None = None
    shop_id: str | None = None

    @property
    def counts(self) -> bool:
        return self.placed_at is not None and not self.cancelled


class Commerce(msgspec.Struct, omit_defaults=True):
    """Totals over the orders in `book`, in the account's currency.

    `summed` orders are in `spent` and `average`.  `foreign` holds what was spent in currencies without a
    declared rate, apart; `unclear` counts the orders with an unreadable amount, their own or a refund's.
    """

    orders: int = 0
    summed: int = 0
    spent: Decimal = Decimal(0)
    refunded: Decimal = Decimal(0)
    currency: str | None = None
    first_order_at: datetime | None = None
    last_order_at: datetime | None = None
    foreign: dict[str, Decimal] = {}
    book: list[Order] = []
    average: Decimal | None = None
    unclear: int = 0


class CartLine(msgspec.Struct, omit_defaults=True):
    """A product in the cart; `price` is for one piece, in the account's currency where none is set."""

    product_id: str
    quantity: Decimal = Decimal(1)
    price: Decimal | None = None
    name: str | None = None
    currency: str | None = None


class Cart(msgspec.Struct, omit_defaults=True):
    """The contents of the cart; it counts as abandoned from `idle_at` on.

    `value` is in `currency`, the account's; `unvalued` lines are not in it: their price is not known, or
    their currency has no rate.
    """

    lines: list[CartLine]
    value: Decimal
    changed_at: datetime
    idle_at: datetime
    state: CartState
    currency: str | None = None
    unvalued: int = 0


class Deletion(msgspec.Struct):
    """The time of a manual deletion, and its activity."""

    at: datetime
    cause: ActivityId


class LimitCount(msgspec.Struct, array_like=True):
    """The count of a limited rule in its present window, or the points of a group."""

    window: str
    times: int


class PushEndpoint(msgspec.Struct):
    """The address of a push service for a device that named one, since a subscription."""

    endpoint: str
    device: str
    at: datetime


class ContactState(msgspec.Struct, omit_defaults=True):
    """The folded state of a contact, apart from its identity (see `people.Person`).

    `weak` names the fields that were only filled because they were empty: a stronger
    source may change them.  `asked` are subscriptions that wait for a confirmation, by machine.
    `clock` is the last activity folded, `passed` the last time at which something fell due: what comes
    with an earlier time is late. `segments` says since when the contact is in each, `put_away` the static
    ones that it was in as they were taken out of the rules: it is in them again once they are declared
    again; `undone` are activities that a person took back; `did` are the times that conditions ask for,
    by track, the newest first; `upkeep` is the version of the rules that segments and `did` were last
    kept for.
    `deleted` says that a person deleted the contact and nothing has happened since; `deletion`, when and
    by what it last was.  `rfm` and `clv` are calculated (see `valuation`), and `revaluation` says that
    segments have not followed them yet.
    """

    first_name: str | None = None
    last_name: str | None = None
    birth_date: str | None = None
    external_id: str | None = None
    email_typed: str | None = None
    identified: bool = False
    custom: dict[str, Any] = {}
    weak: list[str] = []
    points: Points = msgspec.field(default_factory=Points)
    statuses: dict[str, Status] = {}
    asked: dict[str, Asked] = {}
    mail: Deliverability = msgspec.field(default_factory=Deliverability)
    mobile: Deliverability = msgspec.field(default_factory=Deliverability)
    push_devices: list[str] = []
    push_endpoints: list[PushEndpoint] = []
    commerce: Commerce = msgspec.field(default_factory=Commerce)
    cart: Cart | None = None
    limits: dict[str, LimitCount] = {}
    segments: dict[str, datetime] = {}
    put_away: list[str] = []
    undone: list[ActivityId] = []
    did: dict[str, list[datetime]] = {}
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    active_at: datetime | None = None
    activities: int = 0
    clock: Moment | None = None
    passed: datetime | None = None
    next_due: datetime | None = None
    upkeep: int = 1
    deleted: bool = False
    deletion: Deletion | None = None
    rfm: RfmScore | None = None
    clv: LifetimeValue | None = None
    revaluation: Revaluation | None = None


preload(ContactState)
