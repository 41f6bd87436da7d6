"""The columns of a file that say who must not be written to, and that its import would drop.

They are recognised by their heading or by their values: opt-outs, suppressions, bounces and blocks, in the
words of other tools and in several languages.  Nothing of them is lost unless the user decides so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from engine.domain.rulebook import Ruleset
from engine.imports.mapping.cell_format import InvalidValue
from engine.imports.mapping.columns import REFUSED_HEADINGS
from engine.imports.mapping.consents import read_state
from engine.imports.mapping.headings import plain
from engine.imports.mapping.import_settings import ImportSettings
from engine.imports.mapping.kinds import PROPERTY, ImportKind
from engine.imports.mapping.opt_out_words import CONSENT, OF_ANOTHER_CHANNEL, OPT_OUT, UNREACHABLE, WITHDRAWN
from engine.imports.mapping.own_export import is_own_export
from engine.imports.mapping.presets.registry import is_explained
from engine.imports.mapping.state_words import ADDRESS_STATES, ALL_WORDS, CLEAR_NO, UNSUBSCRIBED, state_word
from engine.imports.mapping.values import is_blank
from engine.imports.reading.table import Row

_DETAIL = re.compile(
    r"\b(reason|campaign|title|id|url|link|token|ip|comment|other|motivo|campana|enlace|comentario)\b"
)
"""What an opt-out has besides: of no use where the opt-out itself is imported."""

_AMBIGUOUS = frozenset(
    {
        "bounce", "blocked", "bloqueado", "bloqueada", "cleaned", "complaint", "invalid", "junk", "abuse",
        "spam", "excluded", "gesperrt", "bloccato", "bloque", "queja",
    }
)  # fmt: skip
"""Words that mean something else in other columns."""

_REFUSALS = CLEAR_NO | (ADDRESS_STATES.keys() - _AMBIGUOUS)
"""Values that mean it in any column."""

_STATES = (
    (UNSUBSCRIBED | ADDRESS_STATES.keys()) - _REFUSALS - {"cancelled", "canceled", "removed", "cancelado"}
)
"""Values that mean it if all others are states of an address or a subscription, too: `baja` is also low."""

_OTHER_STATES = ALL_WORDS | {
    "valid", "ok", "deliverable", "yes", "no", "true", "false", "si", "subscribe",
}  # fmt: skip

SEEMS = "list contacts who must not receive messages"
"""What such a column seems to do, in words."""

OPT_OUT_ENDINGS = ("_out", "_ended_at")
"""The ends of the targets that hold an opt-out."""


def undecided(
    headings: Sequence[str], sample: Sequence[Row], settings: ImportSettings, ruleset: Ruleset
) -> list[str]:
    """Return the headings of the columns that an import would drop though they seem to hold opt-outs.

    `sample` are the first rows of the file; columns that the user decided on are left out.
    """
    plain_headings = list(map(plain, headings))
    if settings.kind == "activities" and is_own_export(plain_headings):
        return []
    has_opt_outs = any(target.endswith(OPT_OUT_ENDINGS) for target in settings.columns.values())
    declared = _declared(settings.kind, ruleset)
    return [
        heading
        for index, heading in enumerate(headings)
        if _is_dropped(settings.columns.get(heading, ""), declared)
        and heading not in settings.dropped_opt_outs
        and not is_explained(settings.preset, heading)
        and plain_headings[index] not in REFUSED_HEADINGS
        and (
            _by_heading(plain_headings[index], has_opt_outs=has_opt_outs)
            or _by_values(_cells(sample, index))
            or (settings.kind == "contacts" and _refuses(plain_headings[index], _cells(sample, index)))
        )
    ]


def _by_heading(heading: str, *, has_opt_outs: bool) -> bool:
    if UNREACHABLE.search(heading):
        return True
    is_detail = has_opt_outs and _DETAIL.search(heading) is not None
    return OPT_OUT.search(heading) is not None and not is_detail


def _refuses(heading: str, cells: Sequence[str]) -> bool:
    """Whether a column of contacts has withdrawals, or a no to what another column says yes to."""
    if "sms" in heading.split() or OF_ANOTHER_CHANNEL.search(heading):
        return False
    if WITHDRAWN.search(heading):
        return True
    states = list(map(_state, set(cells))) if CONSENT.search(heading) else []
    return "unreadable" not in states and not {"no", "unsubscribed"}.isdisjoint(states)


def _state(cell: str) -> str | None:
    try:
        return read_state(cell)
    except InvalidValue:
        return "unreadable"


def _by_values(cells: Iterable[str]) -> bool:
    words = {state_word(cell) for cell in set(cells)}
    return bool(words & _REFUSALS) or bool(words & _STATES and words <= _STATES | _OTHER_STATES)


def _cells(sample: Sequence[Row], index: int) -> list[str]:
    return [
        cell for row in sample if index < len(row.cells) and (cell := row.cells[index]) and not is_blank(cell)
    ]


def _is_dropped(target: str, declared: frozenset[str]) -> bool:
    """Whether a target keeps nothing; a property that no type declares has no effect."""
    return not target or (target.startswith(PROPERTY) and target.removeprefix(PROPERTY) not in declared)


def _declared(kind: ImportKind, ruleset: Ruleset) -> frozenset[str]:
    """The properties that types of activity declare."""
    if kind != "activities":
        return frozenset()
    catalog = ruleset.catalog
    return frozenset(name for type_ in catalog.types() for name in catalog.properties(type_))
