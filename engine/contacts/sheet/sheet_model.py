"""The contact sheet as values: its points, statuses, segments, orders and devices."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from engine.domain.activities import ContactId
from engine.domain.contact import Bounce, Cart
from engine.domain.reachability import Reach


class Entry(msgspec.Struct, frozen=True):
    """A change of points, and its activity; `worth` is what is left of it now."""

    id: str
    rule: str
    rule_name: str
    activity: str
    activity_type: str
    activity_label: str
    points: int
    happened_at: datetime
    expires_at: datetime | None
    expired: bool
    worth: int


class SheetPoints(msgspec.Struct, frozen=True):
    """Points, and the ledger entries behind them, the latest first.

    `total` is the present worth of these entries and of `older` ones.
    """

    total: int
    changed_at: datetime | None
    entries: list[Entry]
    older: int = 0


class SheetSegment(msgspec.Struct, frozen=True):
    """A segment that the contact is in."""

    id: str
    name: str
    since: datetime
    dynamic: bool


class SheetStatus(msgspec.Struct, frozen=True):
    """The state of one machine, with display labels; `until` when it ends, if it does.

    `by` is who set it: the name of a user, or `the contact`.
    """

    machine: str
    machine_label: str
    state: str
    label: str
    since: datetime | None
    reason: str | None
    until: datetime | None
    by: str | None = None


class SheetDelivery(msgspec.Struct, frozen=True):
    """The deliverability of the present address or number.

    `failures` counts attempts in a row that failed, `temporary` the temporary bounces so far.
    """

    failures: int
    temporary: int
    last_bounce: Bounce | None


class SheetOrder(msgspec.Struct, frozen=True):
    """One order on the sheet, in its own currency.

    `unclear` is what was sent for an unreadable amount.
    """

    id: str
    placed_at: datetime
    amount: Decimal | None
    unclear: str | None
    currency: str | None
    refunded: Decimal
    cancelled: bool
    unclear_refunds: list[str]


class SheetCommerce(msgspec.Struct, frozen=True):
    """Orders in the account's currency; `foreign` holds the totals in others.

    `unclear` counts the orders with an unreadable amount, their own or a refund's; `days_between` are the
    days from an order to the next on average, from two orders on.
    """

    orders: int
    spent: Decimal
    average: Decimal | None
    refunded: Decimal
    currency: str | None
    first_order_at: datetime | None
    last_order_at: datetime | None
    foreign: dict[str, Decimal]
    unclear: int
    cart: Cart | None
    recent: list[SheetOrder]
    days_between: float | None = None


class SheetRfm(msgspec.Struct, frozen=True):
    """Scores from 1 to 5, and how they came about, as of the last run.

    Parameters:
      recency_days(int): From the last order to the day of the run.
      orders(int): Orders within the window.
      monetary_value(Decimal): The average of these, or their sum, as `measure` says.
      cuts(dict): The cut points by which each measure was scored: days, orders, money.
      since(datetime): When the category was reached.
    """

    category: str
    label: str
    suggestion: str
    code: int
    recency: int
    frequency: int
    monetary: int
    recency_days: int
    last_order: date
    orders: int
    monetary_value: Decimal
    measure: str
    months: int
    currency: str
    cuts: dict[str, list[Decimal]]
    as_of: date
    since: datetime


class SheetLifetime(msgspec.Struct, frozen=True):
    """What the contact is expected to buy over the horizon; later purchases count less.

    Parameters:
      value(Decimal): Over the horizon, discounted by `discount` percent a year.
      as_of(date): The day of these figures.
      model_as_of(date): The day up to which the model knows orders.
      customers(int): The customers that it was fitted to.
    """

    value: Decimal
    expected_purchases: float
    expected_average: Decimal
    probability_alive: float
    horizon_days: int
    discount: float
    currency: str
    as_of: date
    model: str
    model_as_of: date
    customers: int


class SheetTracker(msgspec.Struct, frozen=True):
    """A browser or app of the contact."""

    id: str
    shared: bool


class Sheet(msgspec.Struct, frozen=True):
    """Everything known of one contact."""

    id: ContactId
    identified: bool
    name: str
    email: str | None
    mobile_phone: str | None
    external_id: str | None
    first_name: str | None
    last_name: str | None
    birth_date: str | None
    custom: dict[str, Any]
    trackers: list[str]
    devices: list[SheetTracker]
    points: SheetPoints
    email_status: str | None
    newsletter: str | None
    mobile_status: str | None
    sms: str | None
    push: str | None
    push_devices: int
    statuses: dict[str, SheetStatus]
    delivery: dict[str, SheetDelivery]
    """By the machine that it decides: `email_status`, `mobile_status`."""
    commerce: SheetCommerce
    rfm: SheetRfm | None
    clv: SheetLifetime | None
    segments: list[str]
    memberships: list[SheetSegment]
    reach: list[Reach]
    merged: list[ContactId]
    activities: int
    first_seen: datetime | None
    last_seen: datetime | None
    rfm_as_of: date | None = None
    """The day of the last run of RFM; unset before the first."""
    clv_missing: list[str] | None = None
    """What is missing before there is a model of lifetime value; unset before the first look."""
    former: list[str] = []
    """Former emails, numbers and external ids, which still lead to the contact."""
    deleted_at: datetime | None = None
    deleted_by: str = ""
    deleted_why: str = ""
