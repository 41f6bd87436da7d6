"""How the polling of a shop goes, as its document keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.shops.fetching.apis import OPENERS
from engine.shops.platforms.registry import platform_of
from engine.shops.shops import ShopRecord


@dataclass(frozen=True)
class PollState:
    """How polling goes.

    Parameters:
      succeeded_at: When the shop was last read whole; unset: never yet.
      next_at: When it is read next.
      failures: In a row.
      problem: Why the last poll failed, in words; empty if it did not.
    """

    succeeded_at: datetime | None
    next_at: datetime | None
    failures: int
    problem: str


def is_polled(shop: ShopRecord) -> bool:
    """Whether a shop is polled: its platform has an API and no webhooks."""
    return shop.platform in OPENERS and platform_of(shop.platform).webhooks is None


def poll_state(shop: ShopRecord) -> PollState:
    """The state of a shop's polls."""
    cursor = shop.cursor
    return PollState(
        cursor.get("succeeded_at"), cursor.get("next_at"), cursor.get("failures", 0), shop.problem
    )
