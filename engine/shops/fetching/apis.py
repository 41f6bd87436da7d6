"""Opening the API of a connected shop, by its platform."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from engine.db import Db
from engine.http_client import HttpClient
from engine.shops import shops
from engine.shops.fetching import magento_api, prestashop_api, shopify_api, woocommerce_api
from engine.shops.fetching.json_api import DEADLINE, MAX_PAGE
from engine.shops.fetching.pages import DocumentedApi, ShopApi
from engine.shops.fetching.problems import ProblemKind, ShopRefuses
from engine.shops.platforms.registry import platform_of
from engine.shops.sealing import Sealer
from engine.shops.shops import ShopRecord


class Open(Protocol):
    """Opens an API with what was entered, and the credential that was sealed."""

    def __call__(self, fields: Mapping[str, str], secret: str, client: HttpClient) -> ShopApi: ...


@dataclass(frozen=True)
class Opener:
    """How the API of a platform is opened.

    Parameters:
      secret: The field with the credential.
      needs: The other fields that it needs.
    """

    open: Open
    secret: str
    needs: tuple[str, ...] = ("url",)


OPENERS: Mapping[str, Opener] = {
    "prestashop": Opener(prestashop_api.open_api, "api_key"),
    "magento": Opener(magento_api.open_api, "access_token"),
    "shopify": Opener(shopify_api.open_api, "access_token"),
    "woocommerce": Opener(woocommerce_api.open_api, "consumer_secret", ("url", "consumer_key")),
}
"""By platform."""


@dataclass(frozen=True)
class ShopAccess:
    """What a process needs to ask shops: it is made at the process's start and passed on.

    Parameters:
      sealer: Opens the credentials; raises Misconfigured where none is set up.
      client: Makes the requests.
    """

    sealer: Callable[[], Sealer]
    client: HttpClient

    @classmethod
    def of(cls, sealer: Callable[[], Sealer], *, allow_private: bool) -> ShopAccess:
        """With the limits that pages of a shop need."""
        return cls(sealer, HttpClient(allow_private=allow_private, deadline=DEADLINE, max_body=MAX_PAGE))

    def open(self, db: Db, shop: ShopRecord) -> ShopApi:
        """The API of a shop.  Raises ShopRefuses for what was not entered, Misconfigured and ShopNotFound."""
        opener = OPENERS.get(shop.platform)
        if opener is None:
            raise ShopRefuses(ProblemKind.ROUTE, f"{shop.platform} has no API that is read")
        secrets = shops.secrets_of(db, shop.id, opener.secret, self.sealer())
        missing = [name for name in opener.needs if not shop.fields.get(name)]
        missing += [] if secrets else [opener.secret]
        if missing:
            raise ShopRefuses(ProblemKind.KEY, _missing(shop, missing))
        return DocumentedApi(opener.open(shop.fields, secrets[0], self.client))


def _missing(shop: ShopRecord, names: list[str]) -> str:
    declared = [platform_of(shop.platform).field(name) for name in names]
    words = ", ".join(f"{field.label} ({field.where})" for field in declared if field is not None)
    return f"to read the orders of {shop.name}, enter under Settings, Shops: {words}"
