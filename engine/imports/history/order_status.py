"""The status of an order in files of shops: placed, cancelled, refunded, or not an order yet.

Statuses are compared without case, accents and punctuation, and without WooCommerce's prefix `wc-`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Standing = Literal["placed", "cancelled", "refunded", "not_placed"]

_WORDS: Mapping[Standing, frozenset[str]] = {
    "not_placed": frozenset(
        {
            "failed", "payment error", "payment failed", "payment failure", "error", "declined",
            "payment declined", "draft", "checkout draft", "auto draft", "expired",
            "pending payment", "unpaid",
            "waiting for payment", "incomplete", "abandoned", "fraud", "suspected fraud", "trash",
            "awaiting paypal payment", "waiting for paypal payment", "waiting for credit card payment",
            "fallido", "error de pago", "error en pago", "error en el pago", "pendiente de pago", "borrador",
            "echouee", "echoue", "erreur de paiement", "attente paiement", "en attente de paiement",
            "brouillon",
            "fehlgeschlagen", "zahlungsfehler", "zahlung ausstehend", "entwurf", "fallito",
            "errore di pagamento", "in attesa di pagamento", "bozza", "malsucedido", "falhado",
            "erro de pagamento", "pagamento pendente", "rascunho", "mislukt", "betalingsfout",
            "wachtend op betaling",
        }
    ),
    "cancelled": frozenset(
        {
            "cancelled", "canceled", "cancel", "voided", "void", "cancelado", "cancelada", "anulado",
            "anulada",
            "annule", "annulee", "storniert", "annullato", "cancellato", "geannuleerd",
        }
    ),
    "refunded": frozenset(
        {
            "refunded", "refund", "fully refunded", "returned", "reembolsado", "reembolsada", "devuelto",
            "devuelta", "rembourse", "remboursee", "erstattet", "ruckerstattet", "zuruckerstattet",
            "rimborsato", "terugbetaald",
        }
    ),
}  # fmt: skip
"""What a status means in the file of any shop."""

_OF_SHOP: Mapping[str, Mapping[str, Standing]] = {
    "WooCommerce": {"pending": "not_placed", "new": "not_placed", "pendiente": "not_placed"},
    "Magento": {
        "closed": "refunded",
        "paypal reversed": "refunded",
        "canceled ogone": "cancelled",
        "declined ogone": "not_placed",
        "pending ogone": "not_placed",
        "pending paypal": "not_placed",
    },
}
"""What it means in that of one shop alone.

WooCommerce's pending order was left at the payment; Shopify's and Magento's waits for a transfer, and is one.
"""

_PLACED = re.compile(
    r"\b(paid|complete[d]?|process\w*|progress|on ?hold|holded|ship\w*|deliver\w*|fulfil\w*|authori[sz]\w*"
    r"|accepted|backorder|await\w*|pending|waiting|open|placed|new|confirmed|invoiced|packed|ready|sent"
    r"|partial\w*|payment review|reversal|active|done"
    r"|pagad[oa]|aceptad[oa]|completad[oa]|procesando|preparacion|enviad[oa]|entregad[oa]|espera|pendiente"
    r"|autorizad[oa]|confirmad[oa]|parcial\w*|paye\w*|acceptee?|terminee?|cours|expediee?|livree?|attente"
    r"|bezahlt|abgeschlossen|fertiggestellt|bearbeitung|versandt|versendet|geliefert|wartestellung|offen"
    r"|pagat[oa]|accettat[oa]|completat[oa]|lavorazione|spedit[oa]|consegnat[oa]|sospeso|attesa"
    r"|pag[oa]|concluid[oa]|processando|entregue|aguardando|voltooid|verwerking|wacht)\b"
)
"""Words of orders that were placed, paid or not."""


@dataclass(frozen=True)
class Status:
    """The standing of an order; `unknown` is a status whose words mean nothing here, if it has one."""

    standing: Standing
    unknown: str | None = None


def status_of(*cells: str | None, shop: str = "") -> Status:
    """Return the status of an order, given the cells that say it; words that are not known mean placed.

    `shop` is the shop system whose export the file is.
    """
    words = {plain: cell for cell in cells if cell and (plain := _plain(cell))}
    standings: dict[Standing, str] = {}
    for word, cell in words.items():
        standings.setdefault(_standing(word, shop), cell)
    for standing in ("not_placed", "cancelled", "refunded"):
        if standing in standings:
            return Status(standing)
    unknown = next((cell for word, cell in words.items() if not _PLACED.search(word)), None)
    return Status("placed", unknown)


def _standing(word: str, shop: str) -> Standing:
    special = _OF_SHOP.get(shop, {}).get(word)
    if special is not None:
        return special
    return next((standing for standing, known in _WORDS.items() if word in known), "placed")


def _plain(cell: str) -> str:
    letters = unicodedata.normalize("NFKD", cell.casefold())
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return re.sub(r"[\W_]+", " ", bare).strip().removeprefix("wc ")
