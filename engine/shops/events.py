"""What a platform's payload means, in the terms of the tracking API and before any database is asked.

A platform's `translate` returns these.  `engine.shops.intake` makes activities of them: it adds the shop's
prefix to numbers, finds the customer where the payload names only the order, and leaves out repetitions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from engine.errors import Invalid


class UnreadableDelivery(Invalid):
    """A payload that is not in the documented form of its platform, with the reason."""


@dataclass(frozen=True)
class Customer:
    """Who an event is about; blank for a field that the payload does not have.

    Parameters:
      id(str): The shop's number of the customer; `0` and other placeholders mean a guest.
      tracker(str): The browser's tracker, where the shop passes it on.
      cart(str): The tracker of the cart that the order was; it counts if the cart itself was reported.
    """

    id: str = ""
    email: str = ""
    phone: str = ""
    tracker: str = ""
    cart: str = ""


NOBODY = Customer()
"""The payload does not say who."""


@dataclass(frozen=True)
class ShopEvent:
    """One event of a shop.

    Parameters:
      type(str): The type of the activity, such as `order_completed`; `identified` for traits alone.
      id(str): Stable within the shop: the same fact has the same id however often and by whatever road it
        comes (webhook, poll, first fetch), and another state of it another id.
      at(datetime): When it happened; aware.  Unset: when it is received.
      properties(Mapping): Of the activity.  Money is `Decimal`.  `order_id` is the number that people see and
        `shop_order_id` the platform's own id; either may stand alone.
      traits(Mapping): Of the customer.
      order(str): The platform's own id of the order that it is about: a payload without a customer (a
        refund, a deletion) is attributed to the customer of that order, and waits for it if need be.
      once(bool): A second event with this id is left out even if it differs: the platform gives no time of
        its own.
      known_only(bool): Leave it out if nobody has this customer's number.
    """

    type: str
    id: str
    at: datetime | None = None
    customer: Customer = NOBODY
    properties: Mapping[str, Any] = field(default_factory=dict)
    traits: Mapping[str, Any] = field(default_factory=dict)
    order: str = ""
    once: bool = False
    known_only: bool = False


@dataclass(frozen=True)
class Ignored:
    """A payload, or a part of one, that is understood and changes nothing, and why."""

    reason: str


PrivacyKind = Literal["data_request", "customer_redact", "shop_redact"]


@dataclass(frozen=True)
class PrivacyRequest:
    """A data-protection request that the platform passes on.

    Parameters:
      id(str): The platform's id of the request, or of what it is about: the same request counts once.
    """

    kind: PrivacyKind
    id: str
    customer: Customer = NOBODY
    orders: Sequence[str] = ()


Reading = ShopEvent | Ignored | PrivacyRequest
