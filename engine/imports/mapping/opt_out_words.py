"""The headings of columns that say who must not be written to, in the form of `headings.plain`."""

from __future__ import annotations

import re

OPT_OUT = re.compile(
    r"\b(unsub(s|scribed?|scribes|scription|scriptions|scribers)?|opt(ed)? ?outs?|dont (contact|e ?mail|mail)"
    r"|do ?not ?(contact|e ?mail|mail|call|phone|text|sms|disturb|send|market|allow)\w*|no marketing"
    r"|stop list"
    r"|no (contactar|enviar|molestar|escribir)|baja|desuscri\w+|desapuntad[oa]|robinson|oposicion"
    r"|dnc|excluded from \w+|\w*hasoptedout\w*|abgemeldet|abmeldung|desabonne\w*"
    r"|desinscri\w+|disiscri\w+|descadastr\w+|uitgeschreven|wypisan[ya])\b"
)
"""Of people who refused."""

UNREACHABLE = re.compile(
    r"\b((hard ?)?bounce[ds]?|\w*emailbounced\w*|rebot(e|es|ado|ada|ados)"
    r"|black ?list(ed)?|block ?list(ed)?|blocked|suppress\w*"
    r"|complain(t|ts|ed)|spam|lista negra|bloquead[oa]s?|suprimid[oa]s?|quejas?|cleaned|clean time"
    r"|undeliverable|invalid e ?mail( address)?|e ?mail (address )?invalid)\b"
)
"""Of addresses that take no mail, or complained."""
