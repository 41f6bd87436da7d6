"""The columns of an export, with their MongoDB paths and headings.

What an import can fill has the heading that it is known by there (`columns.NAMES`), so that
a file of ours comes back in by itself; every other heading is one that an import leaves out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from bson import Decimal128

from engine.domain.deliverability import MAIL
from engine.domain.document import Document
from engine.domain.fields import CUSTOM, FIELDS, IDENTITY_FIELDS
from engine.domain.rulebook import Ruleset
from engine.errors import Invalid
from engine.exports.activity_columns import activity_columns
from engine.exports.column import Column, Kind, What
from engine.imports.mapping import columns as importable
from engine.imports.mapping import own_export
from engine.imports.mapping.headings import plain
from engine.imports.mapping.subscriptions import subscriptions


class UnknownColumn(Invalid):
    """An export is to hold columns that do not exist."""


def offered(what: What, ruleset: Ruleset) -> dict[str, Column]:
    """All columns by their ids, those that say who it is first."""
    found = _contact_columns(ruleset) if what == "contacts" else activity_columns(ruleset, _known_by()[:5])
    return {column.id: column for column in found}


def chosen(what: What, ids: Iterable[str], ruleset: Ruleset) -> list[Column]:
    """The columns of these ids, or all; raise UnknownColumn."""
    known = offered(what, ruleset)
    wanted = list(dict.fromkeys(ids))
    unknown = [id_ for id_ in wanted if id_ not in known]
    if unknown:
        raise UnknownColumn(
            f"there is no column {', '.join(unknown)}; of {what} there are: {', '.join(known)}"
        )
    return [known[id_] for id_ in wanted or known]


def comes_back(what: What, columns: Iterable[Column]) -> bool:
    """Whether a file of these columns can be imported again."""
    found = list(columns)
    known = not {column.id for column in found}.isdisjoint(IDENTITY_FIELDS)
    return known and (what == "contacts" or own_export.is_own_export({plain(c.label) for c in found}))


def with_headings(columns: Sequence[Column], ruleset: Ruleset) -> list[Column]:
    """The same columns, each under its heading: there once, and understood by an import."""
    understood = importable.headings_by_target(ruleset)
    fillable = {name for names in understood.values() for name in names}
    taken: set[str] = set()
    found = []
    for column in columns:
        names = understood.get(column.target, ()) if column.target else None
        heading = _heading(column, names, fillable, taken)
        taken.add(plain(heading))
        found.append(replace(column, label=heading))
    return found


def _heading(column: Column, names: Sequence[str] | None, fillable: set[str], taken: set[str]) -> str:
    if names is None:
        label = column.label
        while not plain(label) or plain(label) in fillable or plain(label) in taken:
            label = f"{label} (calculated)"
        return label
    if plain(column.label) in names and plain(column.label) not in taken:
        return column.label
    free = next((name for name in names if name and name not in taken), column.id)
    return free.capitalize()


# Contacts


def _contact_columns(ruleset: Ruleset) -> list[Column]:
    return [*_known_by(), *_subscriptions(ruleset), *_custom(ruleset), *_segments(ruleset), *_figures()]


def _known_by() -> list[Column]:
    return [
        _field("external_id", "text", "$external_id", target="external_id"),
        _field("email", "text", {"$ifNull": ["$email_typed", "$email"]}, target="email"),
        _field("mobile_phone", "text", "$mobile_phone", target="mobile_phone"),
        _field("first_name", "text", "$first_name", target="first_name"),
        _field("last_name", "text", "$last_name", target="last_name"),
        _field("birth_date", "day", "$birth_date", _day, target="birth_date"),
    ]


def _field(
    name: str, kind: Kind, found: Any, made: Callable[[Any], Any] | None = None, *, target: str = ""
) -> Column:
    """The column of a contact's field, called as it is everywhere."""
    return Column(name, FIELDS[name].label, kind, found, made, target)


def _subscriptions(ruleset: Ruleset) -> list[Column]:
    found = []
    for channel, label in ((one.id, one.label) for one in subscriptions(ruleset)):
        state, since = f"$statuses.{channel}.state", f"$statuses.{channel}.since"
        word = {"$ifNull": [state, "not_subscribed"]}
        ends = {
            "subscribed": ("at", "subscription date"),
            "unsubscribed": ("ended_at", "unsubscription date"),
        }
        found.append(Column(channel, label, "text", word, _words, target=channel))
        for where, (name, called) in ends.items():
            at = {"$cond": [{"$eq": [state, where]}, since, None]}
            target = f"{channel}_{name}"
            found.append(Column(target, f"{label} {called}", "moment", at, target=target))
    return found


def _custom(ruleset: Ruleset) -> list[Column]:
    own = [
        Column(
            CUSTOM + field.id,
            field.label,
            _KINDS[field.type],
            f"${CUSTOM}{field.id}",
            _FITTING[field.type],
            target=CUSTOM + field.id,
        )
        for field in ruleset.fields.values()
    ]
    return [*own, Column("other_fields", "Other fields", "text", "$custom", _others(ruleset))]


_KINDS: Mapping[str, Kind] = {
    "text": "text", "number": "number", "boolean": "boolean", "date": "day", "list": "list",
}  # fmt: skip


def _segments(ruleset: Ruleset) -> list[Column]:
    return [
        Column(
            "static_segments",
            "Static segments",
            "list",
            "$segments",
            _named(ruleset, dynamic=False),
            target=importable.SEGMENTS,
        ),
        Column("dynamic_segments", "Dynamic segments", "list", "$segments", _named(ruleset, dynamic=True)),
    ]


def _figures() -> list[Column]:
    return [
        _field("points", "whole", "$points.total"),
        _field("email_status", "text", _status(MAIL, "active", "mail"), _words, target=MAIL),
        _field("mobile_status", "text", _status("mobile_status", "active", "mobile"), _words),
        _field("push", "text", {"$ifNull": ["$statuses.push.state", "not_enabled"]}, _words),
        _field("orders", "whole", {"$ifNull": ["$commerce.orders", 0]}),
        _field("spent", "money", _money("$commerce.spent")),
        _field("refunded", "money", _money("$commerce.refunded")),
        _field("average_order", "money", _money("$commerce.average")),
        Column("currency", "Currency", "text", {"$ifNull": ["$commerce.currency", "$cart.currency"]}),
        _field("first_order_at", "moment", "$commerce.first_order_at"),
        _field("last_order_at", "moment", "$commerce.last_order_at"),
        _field("cart", "text", {"$ifNull": ["$cart.state", "none"]}),
        Column("cart_value", FIELDS["cart.value"].label, "money", _money("$cart.value")),
        _field("rfm", "text", "$rfm.category"),
        _field("rfm_code", "whole", "$rfm.code"),
        _field("recency", "whole", "$rfm.recency"),
        _field("frequency", "whole", "$rfm.frequency"),
        _field("monetary", "whole", "$rfm.monetary"),
        _field("clv", "money", _money("$clv.value")),
        _field("expected_purchases", "number", "$clv.purchases"),
        _field("probability_alive", "number", "$clv.alive"),
        _field("first_seen", "moment", "$first_seen"),
        _field("last_seen", "moment", "$last_seen"),
        Column("active_at", "Last activity", "moment", "$active_at"),
        _field("activities", "whole", {"$ifNull": ["$activities", 0]}),
        Column("id", "Contact id", "text", "$_id"),
    ]


def _status(machine: str, initial: str, channel: str) -> Document:
    """A status; nothing where there is nothing that it could be the status of."""
    state = f"$statuses.{machine}.state"
    has = {"$gt": [f"${channel}.address", None]}
    return {"$ifNull": [state, {"$cond": [has, initial, None]}]}


def _money(found: str) -> Document:
    """An amount as text: MongoDB writes it exactly, and much faster than it could be read here."""
    return {"$toString": found}


# What becomes of what MongoDB finds


class _Words(dict[str | None, str | None]):
    """States as a person reads them, each made once."""

    def __missing__(self, state: str | None) -> str | None:
        word = None if state is None else state.replace("_", " ")
        return self.setdefault(state, word)


_words = _Words().__getitem__


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _number(value: Any) -> float | int | None:
    """A number that a file can hold; of a Decimal as near as a float comes."""
    if isinstance(value, Decimal128):
        value = float(value.to_decimal())
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) < float("inf") else None


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float | Decimal128) else _json(value)


_FITTING: Mapping[str, Callable[[Any], Any]] = {
    "text": _text,
    "number": _number,
    "boolean": lambda value: value if isinstance(value, bool) else None,
    "date": _day,
    "list": lambda value: [str(item) for item in value] if isinstance(value, list) and value else None,
}
"""The value of a field, by its type; nothing for one from when the field was of another type."""


def _others(ruleset: Ruleset) -> Callable[[Any], str | None]:
    """A contact's values of undeclared fields, or of another type than declared."""
    fitting = {field.id: _FITTING[field.type] for field in ruleset.fields.values()}

    def others(custom: Document | None) -> str | None:
        left = {
            name: value
            for name, value in (custom or {}).items()
            if name not in fitting or fitting[name](value) is None
        }
        return _json(left) if left else None

    return others


def _named(ruleset: Ruleset, *, dynamic: bool) -> Callable[[Any], list[str] | None]:
    """The names of a contact's segments; the id where several have a name."""
    segments = {id_: segment for id_, segment in ruleset.segments.items() if segment.dynamic is dynamic}
    known = [segment.name.strip().lower() for segment in segments.values()]
    names = {
        id_: segment.name
        if known.count(segment.name.strip().lower()) == 1
        and segments.get(segment.name.lower(), segment) is segment
        else id_
        for id_, segment in segments.items()
    }

    def named(found: Mapping[str, Any] | None) -> list[str] | None:
        return [names[id_] for id_ in found if id_ in names] or None if found else None

    return named


def _json(value: Any) -> str | None:
    return None if value in (None, {}) else json.dumps(value, default=_plain_json, ensure_ascii=False)


def _plain_json(value: Any) -> str:
    return f"{value.isoformat()}Z" if isinstance(value, datetime) else str(value)
