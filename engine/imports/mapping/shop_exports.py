"""The order exports of shop systems, recognised by their headings, and usual headings of orders.

Headings are in the form of `headings.plain`.  The exports are those of Shopify (Orders, Export), of
WooCommerce's export plugins (WebToffee, SkyVerge and Advanced Order Export), of PrestaShop (the list of
orders, and the SQL manager with the columns of its tables) and of Magento 2 (the grid of orders).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from engine.imports.mapping import own_export
from engine.imports.mapping.kinds import PRODUCT, ImportKind


@dataclass(frozen=True)
class ShopExport:
    """An export of a shop system: the headings that only it has, and the targets of its columns."""

    name: str
    signature: frozenset[str]
    columns: Mapping[str, str]


SHOPIFY = ShopExport(
    "Shopify",
    frozenset({"name", "financial status", "lineitem name"}),
    {
        "name": "order_id",
        "id": "shop_order_id",
        "created at": "happened_at",
        "email": "email",
        "billing name": "name",
        "total": "total",
        "currency": "currency",
        "financial status": "payment_status",
        "cancelled at": "cancelled_at",
        "refunded amount": "refunded",
        "subtotal": "subtotal",
        "shipping": "shipping",
        "taxes": "tax",
        "discount amount": "discount",
        "discount code": "coupon",
        "lineitem name": f"{PRODUCT}name",
        "lineitem sku": f"{PRODUCT}sku",
        "lineitem quantity": f"{PRODUCT}quantity",
        "lineitem price": f"{PRODUCT}price",
        "vendor": f"{PRODUCT}brand",
    },
)

_WOOCOMMERCE = {
    "status": "status",
    "order total": "total",
    "billing email": "email",
    "customer email": "email",
    "billing first name": "first_name",
    "billing last name": "last_name",
    "order subtotal": "subtotal",
    "shipping total": "shipping",
    "tax total": "tax",
    "discount total": "discount",
    "refunded total": "refunded",
    "item name": f"{PRODUCT}name",
    "item sku": f"{PRODUCT}sku",
    "item quantity": f"{PRODUCT}quantity",
    "item id": f"{PRODUCT}product_id",
}

WOOCOMMERCE = (
    ShopExport(
        "WooCommerce",
        frozenset({"order id", "order date", "order total", "order currency"}),
        {**_WOOCOMMERCE, "order id": "order_id", "order date": "happened_at", "order currency": "currency"},
    ),
    ShopExport(
        "WooCommerce",
        frozenset({"order id", "date", "order total", "billing email"}),
        {
            **_WOOCOMMERCE,
            "order id": "order_id",
            "date": "happened_at",
            "order currency": "currency",
            "currency": "currency",
        },
    ),
    ShopExport(
        "WooCommerce",
        frozenset({"order number", "order status", "order total amount"}),
        {
            "order number": "order_id",
            "order status": "status",
            "order date": "happened_at",
            "email billing": "email",
            "first name billing": "first_name",
            "last name billing": "last_name",
            "order total amount": "total",
            "order currency": "currency",
            "order subtotal amount": "subtotal",
            "order shipping amount": "shipping",
            "order refund amount": "refunded",
            "order total tax amount": "tax",
            "cart discount amount": "discount",
            "coupon code": "coupon",
            "sku": f"{PRODUCT}sku",
            "item name": f"{PRODUCT}name",
            "quantity": f"{PRODUCT}quantity",
            "quantity refund": f"{PRODUCT}quantity",
            "item cost": f"{PRODUCT}price",
            "category": f"{PRODUCT}category",
        },
    ),
)

PRESTASHOP = (
    ShopExport(
        "PrestaShop",
        frozenset({"reference", "customer", "total", "payment", "status", "date"}),
        {
            "reference": "order_id",
            "id": "shop_order_id",
            "date": "happened_at",
            "email": "email",
            "customer email": "email",
            "customer": "name",
            "total": "total",
            "status": "status",
        },
    ),
    ShopExport(
        "PrestaShop",
        frozenset({"id order", "reference", "date add"}),
        {
            "reference": "order_id",
            "id order": "shop_order_id",
            "date add": "happened_at",
            "id customer": "external_id",
            "email": "email",
            "firstname": "first_name",
            "lastname": "last_name",
            "total paid tax incl": "total",
            "total paid": "total",
            "iso code": "currency",
            "currency": "currency",
            "order state": "status",
            "status": "status",
            "total shipping tax incl": "shipping",
            "total shipping": "shipping",
            "total discounts": "discount",
            "total products": "subtotal",
            "product id": f"{PRODUCT}product_id",
            "product name": f"{PRODUCT}name",
            "product reference": f"{PRODUCT}sku",
            "product quantity": f"{PRODUCT}quantity",
            "unit price tax incl": f"{PRODUCT}price",
        },
    ),
)

MAGENTO = ShopExport(
    "Magento",
    frozenset({"id", "purchase date", "grand total base"}),
    {
        "id": "order_id",
        "purchase date": "happened_at",
        "customer email": "email",
        "customer name": "name",
        "bill to name": "name",
        "grand total base": "total",
        "status": "status",
        "subtotal": "subtotal",
        "shipping and handling": "shipping",
        "total refunded": "refunded",
    },
)

EXPORTS = (SHOPIFY, *WOOCOMMERCE, *PRESTASHOP, MAGENTO)

NAMES: Mapping[str, tuple[str, ...]] = {
    "order_id": (
        "order id", "order number", "order no", "order", "order reference", "order ref", "order name",
        "increment id", "transaction id", "invoice number", "id pedido", "numero de pedido", "n pedido",
        "num pedido", "no pedido", "pedido", "referencia pedido", "referencia de pedido", "referencia",
        "reference",
    ),
    "happened_at": (
        "order date", "ordered at", "order created at", "purchase date", "purchased at", "created at",
        "date created", "date add", "order time", "placed at", "completed at", "date", "timestamp", "time",
        "happened at", "fecha de pedido", "fecha del pedido", "fecha pedido", "fecha de compra", "fecha",
    ),
    "external_id": (
        "external id", "customer id", "customer number", "customer no", "client id", "user id",
        "shop customer id", "id customer", "id externo", "id cliente", "id de cliente", "numero de cliente",
        "n cliente", "codigo de cliente", "codigo cliente", "cod cliente",
    ),
    "email": (
        "email", "customer email", "billing email", "e mail", "email address", "mail", "correo",
        "correo electronico", "email cliente", "email del cliente",
    ),
    "mobile_phone": (
        "mobile phone", "mobile", "phone", "phone number", "customer phone", "billing phone", "movil",
        "telefono movil", "telefono",
    ),
    "name": (
        "customer name", "billing name", "full name", "nombre cliente", "nombre del cliente", "customer",
        "cliente", "nombre",
    ),
    "first_name": ("first name", "firstname", "billing first name", "customer first name"),
    "last_name": ("last name", "lastname", "billing last name", "customer last name", "apellidos"),
    "total": (
        "order total", "total", "grand total", "total paid", "total amount", "order amount", "amount",
        "order value", "revenue", "total price", "value", "importe total", "importe", "total pedido",
        "total del pedido",
    ),
    "currency": ("currency", "order currency", "currency code", "moneda", "divisa"),
    "status": ("order status", "status", "order state", "state", "estado", "estado del pedido"),
    "payment_status": ("payment status", "financial status", "estado del pago"),
    "cancelled_at": ("cancelled at", "canceled at", "cancelled on", "fecha de cancelacion"),
    "refunded": (
        "refunded amount", "total refunded", "refunded total", "refund amount", "amount refunded",
        "refunded", "importe reembolsado", "reembolsado",
    ),
    "subtotal": ("subtotal", "order subtotal"),
    "shipping": ("shipping", "shipping total", "shipping cost", "envio", "gastos de envio"),
    "tax": ("tax", "taxes", "tax total", "vat", "iva", "impuestos"),
    "discount": ("discount", "discount amount", "discount total", "descuento"),
    "coupon": ("coupon", "coupon code", "discount code", "cupon"),
    f"{PRODUCT}product_id": ("product id", "id product", "id producto", "item id"),
    f"{PRODUCT}sku": ("sku", "product sku", "item sku", "product reference", "referencia producto"),
    f"{PRODUCT}name": (
        "product name", "product", "item name", "item", "product title", "producto", "nombre del producto",
        "nombre producto",
    ),
    f"{PRODUCT}category": ("category", "product category", "categoria"),
    f"{PRODUCT}brand": ("brand", "vendor", "marca"),
    f"{PRODUCT}variant": ("variant", "product variant", "variante"),
    f"{PRODUCT}quantity": ("quantity", "qty", "product quantity", "item quantity", "units", "cantidad"),
    f"{PRODUCT}price": ("price", "unit price", "item price", "product price", "precio", "precio unitario"),
}  # fmt: skip
"""The usual headings of each target of orders, the most specific first."""

ACTIVITY_NAMES: Mapping[str, tuple[str, ...]] = {
    "type": ("type", "activity type", "activity", "event", "event name", "event type", "tipo", "evento"),
    "activity_id": ("activity id", "event id", "message id"),
    "happened_at": (
        "happened at", "occurred at", "timestamp", "event time", "date", "datetime", "time", "created at",
        "fecha", "fecha y hora",
    ),
    "external_id": NAMES["external_id"],
    "email": NAMES["email"],
    "mobile_phone": NAMES["mobile_phone"],
}  # fmt: skip


def recognised(headings: Collection[str]) -> ShopExport | None:
    """Return the export that plain headings are those of; None for any other file."""
    found = set(headings)
    return next((export for export in EXPORTS if export.signature <= found), None)


def names_of(kind: ImportKind, headings: Collection[str]) -> Mapping[str, Sequence[str]]:
    """Return the headings of each target of orders or activities: of a known export its own alone."""
    if kind == "activities":
        return own_export.HEADINGS if own_export.is_own_export(headings) else ACTIVITY_NAMES
    export = recognised(headings)
    if export is None:
        return NAMES
    found: dict[str, list[str]] = {}
    for heading, target in export.columns.items():
        found.setdefault(target, []).append(heading)
    return found


def guess_kind(headings: Collection[str]) -> ImportKind:
    """Guess from plain headings what the rows of a file are; in doubt contacts."""
    found = set(headings)

    def has(names: Mapping[str, tuple[str, ...]], target: str) -> bool:
        return not found.isdisjoint(names[target])

    if own_export.is_own_export(found):
        return "activities"
    if recognised(found):
        return "orders"
    order_words = found & {name for name in NAMES["order_id"] if name not in ("order", "reference")}
    if order_words and has(NAMES, "happened_at") and (has(NAMES, "total") or has(NAMES, f"{PRODUCT}price")):
        return "orders"
    typed = found & {"event", "event name", "event type", "activity", "activity type", "evento"}
    return "activities" if typed and has(ACTIVITY_NAMES, "happened_at") else "contacts"
