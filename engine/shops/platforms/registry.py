"""The shop platforms that can be connected."""

from __future__ import annotations

from collections.abc import Mapping

from engine.errors import NotFound
from engine.shops.platforms.magento import PLATFORM as MAGENTO
from engine.shops.platforms.platform import Platform
from engine.shops.platforms.prestashop import PLATFORM as PRESTASHOP
from engine.shops.platforms.shopify.platform import PLATFORM as SHOPIFY
from engine.shops.platforms.woocommerce.platform import PLATFORM as WOOCOMMERCE

PLATFORMS: Mapping[str, Platform] = {
    platform.name: platform for platform in (SHOPIFY, WOOCOMMERCE, PRESTASHOP, MAGENTO)
}
"""By the name in `POST /shops/{platform}/{id}`."""


class UnknownPlatform(NotFound):
    """No module understands this platform."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no shop platform {name!r}; there are {', '.join(PLATFORMS)}")


def platform_of(name: str) -> Platform:
    """The platform of a name.  Raises UnknownPlatform."""
    if name not in PLATFORMS:
        raise UnknownPlatform(name)
    return PLATFORMS[name]
