"""How a process asks the connected shops, from its settings."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from engine.settings import Instance, Settings

if TYPE_CHECKING:
    from engine.shops.fetching.apis import ShopAccess


def shop_access_of(settings: Settings, instance: Instance) -> ShopAccess:
    """The access to shops; without a key for their secrets it fails shop by shop, with the reason."""
    from engine.shops.fetching.apis import ShopAccess
    from engine.shops.sealing import sealer_of

    sealer = partial(sealer_of, settings, instance)
    return ShopAccess.of(sealer, allow_private=settings.allow_private_addresses)
