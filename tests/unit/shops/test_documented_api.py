"""A shop that answers in another form than its platform documents is a problem with words, and no crash."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from engine.shops.fetching.json_api import Answer
from engine.shops.fetching.magento_api import MagentoApi
from engine.shops.fetching.pages import DocumentedApi
from engine.shops.fetching.prestashop_api import PrestaShopApi
from engine.shops.fetching.problems import ProblemKind, ShopRefuses
from engine.shops.fetching.shopify_api import ShopifyApi
from engine.shops.fetching.woocommerce_api import WooCommerceApi


def api_of(kind, content, headers):
    answers = SimpleNamespace(
        get=lambda *_: Answer(content, headers), post=lambda *_: Answer(content, headers)
    )
    return DocumentedApi(kind(api=answers))


ODD = [
    (MagentoApi, {"items": [{"increment_id": "1"}], "total_count": "many"}, {}),
    (MagentoApi, {"items": [{"entity_id": "one", "id": "one"}], "total_count": "?"}, {}),
    (MagentoApi, {"items": [{"entity_id": 1, "id": 1, "updated_at": "yesterday"}], "total_count": None}, {}),
    (PrestaShopApi, {"orders": [{}], "configurations": [{}], "customers": [{}]}, {}),
    (ShopifyApi, {"data": {"orders": None}}, {}),
    (ShopifyApi, {"data": {"orders": {"nodes": [None]}, "ordersCount": []}}, {}),
    (WooCommerceApi, [{"id": None}], {"x-wp-total": "many"}),
    (WooCommerceApi, [{"number": "1"}], {"x-wp-total": "many"}),
]  # fmt: skip


@pytest.mark.parametrize("ask", [lambda api: api.page("orders", ""), lambda api: api.count("orders")])
@pytest.mark.parametrize(("kind", "content", "headers"), ODD)
def test_an_answer_of_another_form_is_a_problem_of_the_shop(kind, content, headers, ask):
    with pytest.raises(ShopRefuses, match="documented form") as raised:
        ask(api_of(kind, content, headers))

    assert raised.value.kind is ProblemKind.CONTENT
