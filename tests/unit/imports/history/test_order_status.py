"""The statuses of each shop system mean what they mean there, however they are written."""

import pytest

from engine.imports.history.order_status import Status, status_of

PLACED, NONE, CANCELLED, REFUNDED = "placed", "not_placed", "cancelled", "refunded"

WOOCOMMERCE = {
    "pending": NONE, "Pending payment": NONE, "failed": NONE, "draft": NONE, "checkout-draft": NONE,
    "auto-draft": NONE, "trash": NONE, "on-hold": PLACED, "On hold": PLACED, "processing": PLACED,
    "completed": PLACED, "cancelled": CANCELLED, "refunded": REFUNDED,
    "Pendiente de pago": NONE, "Fallido": NONE, "Borrador": NONE, "En espera": PLACED, "Procesando": PLACED,
    "Completado": PLACED, "Cancelado": CANCELLED, "Reembolsado": REFUNDED,
    "En attente de paiement": NONE, "Échouée": NONE, "En attente": PLACED, "En cours": PLACED,
    "Terminée": PLACED, "Annulée": CANCELLED, "Remboursée": REFUNDED,
    "Zahlung ausstehend": NONE, "Fehlgeschlagen": NONE, "In Wartestellung": PLACED, "In Bearbeitung": PLACED,
    "Abgeschlossen": PLACED, "Storniert": CANCELLED, "Rückerstattet": REFUNDED,
    "In attesa di pagamento": NONE, "Fallito": NONE, "In lavorazione": PLACED, "Completato": PLACED,
    "Annullato": CANCELLED, "Rimborsato": REFUNDED,
}  # fmt: skip

SHOPIFY = {
    "pending": PLACED, "authorized": PLACED, "partially_paid": PLACED, "paid": PLACED,
    "partially_refunded": PLACED, "refunded": REFUNDED, "voided": CANCELLED, "expired": NONE, "unpaid": NONE,
}  # fmt: skip

PRESTASHOP = {
    "Awaiting check payment": PLACED, "Awaiting bank wire payment": PLACED,
    "Awaiting Cash On Delivery validation": PLACED, "Payment accepted": PLACED,
    "Remote payment accepted": PLACED, "Processing in progress": PLACED, "On backorder (paid)": PLACED,
    "On backorder (not paid)": PLACED, "Shipped": PLACED, "Delivered": PLACED, "Partial refund": PLACED,
    "Canceled": CANCELLED, "Refunded": REFUNDED, "Payment error": NONE, "Awaiting PayPal payment": NONE,
    "Pago aceptado": PLACED, "Preparación en curso": PLACED, "Enviado": PLACED, "Entregado": PLACED,
    "En espera de pago por transferencia bancaria": PLACED, "Cancelado": CANCELLED, "Reembolsado": REFUNDED,
    "Error en pago": NONE, "Erreur de paiement": NONE, "Paiement accepté": PLACED, "Annulé": CANCELLED,
    "Remboursé": REFUNDED,
}  # fmt: skip

MAGENTO = {
    "pending": PLACED, "processing": PLACED, "complete": PLACED, "holded": PLACED, "On Hold": PLACED,
    "payment_review": PLACED, "PayPal Canceled Reversal": PLACED, "closed": REFUNDED,
    "paypal_reversed": REFUNDED, "canceled": CANCELLED, "pending_payment": NONE, "pending_paypal": NONE,
    "fraud": NONE, "Suspected Fraud": NONE,
}  # fmt: skip

STATUSES = {
    "WooCommerce": WOOCOMMERCE, "Shopify": SHOPIFY, "PrestaShop": PRESTASHOP, "Magento": MAGENTO,
}  # fmt: skip


@pytest.mark.parametrize("spelt", [str, str.upper, lambda s: f" {s} ", lambda s: s.replace(" ", "_")])
@pytest.mark.parametrize(
    ("shop", "status", "standing"),
    [(shop, status, standing) for shop, table in STATUSES.items() for status, standing in table.items()],
)
def test_a_status_means_what_it_means_in_its_shop(shop, status, standing, spelt):
    assert status_of(spelt(status), shop=shop) == Status(standing)


@pytest.mark.parametrize("status", ["pending", "on-hold", "completed", "checkout-draft", "refunded"])
def test_the_prefix_of_woocommerce_changes_nothing(status):
    assert status_of(f"wc-{status}", shop="WooCommerce") == status_of(status, shop="WooCommerce")


def test_words_that_are_not_known_count_and_are_named():
    assert status_of("Listo ya", None) == Status("placed", unknown="Listo ya")
    assert status_of("Отменён") == Status("placed", unknown="Отменён")
    assert status_of("closed") == Status("placed", unknown="closed")
    assert status_of(None, "") == Status("placed")


def test_of_two_statuses_the_one_that_takes_more_away_counts():
    assert status_of("completed", "refunded").standing == "refunded"
    assert status_of("Shipped", "voided").standing == "cancelled"
    assert status_of("cancelled", "failed").standing == "not_placed"
