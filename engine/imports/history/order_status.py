"""The status of an order in files of shops: placed, cancelled, refunded, or never placed."""

from __future__ import annotations

from typing import Literal

Standing = Literal["placed", "cancelled", "refunded", "not_placed"]

_CANCELLED = frozenset(
    {
        "cancelled", "canceled", "cancel", "voided", "void", "cancelado", "cancelada", "anulado", "anulada",
        "annule", "annulee", "storniert",
    }
)  # fmt: skip
_REFUNDED = frozenset(
    {
        "refunded", "refund", "closed", "returned", "reembolsado", "reembolsada", "devuelto", "devuelta",
        "rembourse", "remboursee",
    }
)  # fmt: skip
_NOT_PLACED = frozenset(
    {
        "failed", "payment error", "payment failed", "payment failure", "error", "draft", "checkout draft",
        "auto draft", "expired", "pending payment", "fraud", "trash", "fallido", "error de pago",
        "pendiente de pago", "borrador",
    }
)  # fmt: skip
"""Words for an order that was never paid for: it was begun, and no order came of it.

A pending order, which waits for a bank transfer, is one.
"""


def standing_of(*cells: str | None) -> Standing:
    """Return the standing of an order, given its statuses; words that are not known mean placed."""
    words = {_plain(cell) for cell in cells if cell}
    if words & _NOT_PLACED:
        return "not_placed"
    if words & _CANCELLED:
        return "cancelled"
    return "refunded" if words & _REFUNDED else "placed"


def _plain(cell: str) -> str:
    words = cell.replace("_", " ").replace("-", " ").lower().split()
    return " ".join(words[1:] if words[:1] == ["wc"] else words)
