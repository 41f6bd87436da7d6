"""The words by which files say whether a contact is subscribed, and what became of an address.

They are in the form of `headings.plain`: small ASCII letters, so that `Opted-out` is `opted out` and
`désabonné` is `desabonne`.  Languages: English, Spanish, French, German, Italian, Portuguese, Dutch, Polish.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

from engine.imports.mapping.headings import plain

Suppression = Literal["bounced", "blocked", "complained", "unsubscribed"]

CLEAR_YES = frozenset(
    {
        "subscribed", "opted in", "opt in", "optin", "double opt in", "single opt in", "suscrito", "suscrita",
        "abonne", "abonnee", "abonniert", "subscrito", "subscrita", "geabonneerd",
    }
)  # fmt: skip
"""Words that are used of a subscription alone."""

SUBSCRIBED = CLEAR_YES | {
    "subscriber", "confirmed", "active", "accepted", "granted", "alta", "activo", "activa", "aceptado",
    "acepta", "confirmado", "inscrit", "inscrite", "actif", "confirme", "angemeldet", "aktiv", "bestatigt",
    "iscritto", "iscritta", "attivo", "attiva", "confermato", "inscrito", "inscrita", "assinante", "ativo",
    "ativa", "ingeschreven", "actief", "zapisany", "zapisana", "aktywny",
}  # fmt: skip
"""And those that mean it in a column of subscriptions: a customer can be active without being subscribed."""

CLEAR_NO = frozenset(
    {
        "unsubscribed", "unsubscribe", "unsub", "opted out", "opt out", "optout", "dado de baja",
        "dada de baja", "desuscrito", "desuscrita", "desabonne", "desabonnee", "desinscrit", "desinscrite",
        "abgemeldet", "ausgetragen", "disiscritto", "disiscritta", "descadastrado", "descadastrada",
        "uitgeschreven", "afgemeld", "wypisany", "wypisana", "do not contact", "do not email",
        "do not mail", "no contactar", "no enviar", "do not allow",
    }
)  # fmt: skip
"""Words that mean a refusal in any column."""

UNSUBSCRIBED = CLEAR_NO | {
    "revoked", "cancelled", "canceled", "removed", "withdrawn", "baja", "cancelado", "cancelada",
    "cancellato", "cancellata", "revocato", "revogado",
}  # fmt: skip

NOT_SUBSCRIBED = frozenset(
    {
        "not subscribed", "non subscribed", "nonsubscribed", "no suscrito", "no suscrita", "no acepta",
        "declined", "denied", "no consent", "non abonne", "non inscrit", "nicht abonniert",
        "nicht angemeldet", "non iscritto", "nao subscrito", "nao inscrito", "niet ingeschreven",
    }
)  # fmt: skip

ADDRESS_STATES: Mapping[str, Suppression] = {
    **dict.fromkeys(
        (
            "bounced", "bounce", "hard bounced", "hard bounce", "hardbounce", "hardbounced", "cleaned",
            "invalid", "undeliverable", "rebotado", "rebotada", "rebote", "unzustellbar", "rimbalzato",
        ),
        "bounced",
    ),
    **dict.fromkeys(
        ("complained", "complaint", "spam", "spam complaint", "marked as spam", "junk", "abuse", "queja"),
        "complained",
    ),
    **dict.fromkeys(
        (
            "blocked", "blacklisted", "blocklisted", "suppressed", "bloqueado", "bloqueada", "lista negra",
            "gesperrt", "bloccato", "bloque", "excluded",
        ),
        "blocked",
    ),
}  # fmt: skip
"""What a column of subscriptions says of an address instead."""

UNKNOWN = frozenset(
    {
        "none", "never subscribed", "never", "pending", "unconfirmed", "not confirmed", "unknown", "null",
        "n a", "nunca", "ninguno", "ninguna", "pendiente", "redacted", "not set", "not activated",
        "not active", "awaiting confirmation", "pending confirmation", "temp hold", "on hold", "inactive",
        "inactivo", "inactiva", "inactif", "inattivo", "inaktiv", "archived", "transactional", "paused",
        "deleted", "en attente", "non confirme", "unbestatigt", "ausstehend", "in attesa", "pendente",
        "soft bounce", "soft bounced",
    }
)  # fmt: skip

ALL_WORDS = SUBSCRIBED | UNSUBSCRIBED | NOT_SUBSCRIBED | UNKNOWN | ADDRESS_STATES.keys()


@lru_cache(maxsize=4_096)
def state_word(cell: str) -> str:
    """Return a cell in the form of these words; as it is if it has no letters of theirs."""
    return plain(cell) or cell.strip().lower()
