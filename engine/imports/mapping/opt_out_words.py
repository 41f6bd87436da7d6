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
    r"|sperrliste|sperrvermerk|gesperrt\w*|liste noire|lista nera|zwarte lijst|geblokkeerd"
    r"|undeliverable|invalid e ?mail( address)?|e ?mail (address )?invalid)\b"
)
"""Of addresses that take no mail, or complained."""

WITHDRAWN = re.compile(
    r"\b(withdrew|withdrawn|withdrawal|revo(ked?|cation|quee?|cad[oa]|cacion|ca|cat[oa]|gad[oa])|objected"
    r"|objection|oppos(ed|ition|izione)|oposicao|widerruf\w*|widerspr[ou]ch\w*|ingetrokken|bezwaar)\b"
)
"""Of people who took their consent back; in a file of orders it is the order that was."""

CONSENT = re.compile(
    r"\b((double |single )?opt(ed)? ?in|optin|consent(s|ed|imiento|ement|imento)?|consenso|einwilligung"
    r"|toestemming|zgoda|permission|subscribed|newsletter|suscrit[oa]|abonniert|contactable|gdpr|rgpd|dsgvo"
    r"|(accepts?|allows?|receives?|wants?|acepta|accepte|accetta|aceita|akzeptiert) (\w+ )?"
    r"(e ?mails?|marketing|contact|newsletters?|publicidad|comunicaciones)"
    r"|(e ?mails?|marketing|contact) (allowed|accepted|permitted|ok))\b"
)
"""Of people who agreed."""

OF_ANOTHER_CHANNEL = re.compile(
    r"\b(call|phone|text|post|postal|fax|mail (post|address)|push|whats ?app|allow mails?)\b"
)
"""Of what does not concern email."""
