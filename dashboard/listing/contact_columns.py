"""The columns that the list of contacts can have, with their cells and widths."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from dashboard import formats, wording
from engine.contacts.contact_rows import ContactRow
from engine.domain.fields import CUSTOM, FIELDS
from engine.domain.rulebook import Machine, Ruleset

EMPTY_TONE = "none"
"""The tone of an empty cell."""


@dataclass(frozen=True)
class Reading:
    """The context of a cell besides its row."""

    now: datetime
    zone: ZoneInfo
    ruleset: Ruleset


@dataclass(frozen=True)
class Cell:
    """A cell's text; `tone` is that of a badge, EMPTY_TONE, or empty for plain text."""

    text: str
    tone: str = ""


_EMPTY = Cell(formats.NOTHING, EMPTY_TONE)


@dataclass(frozen=True)
class Column:
    """A column by its name.

    `sort` is the sort order of its heading (see
    `engine.contacts.listing.listing.SORTS`), unset if it cannot be sorted by.  `width` is a track of
    the grid.  `phone` is the label before the value
    on a phone's card, which has no headings.
    """

    id: str
    label: str
    cell: Callable[[ContactRow, Reading], Cell]
    width: str = "minmax(6rem, auto)"
    css: str = ""
    sort: str | None = None
    phone: str = ""


def _text(attribute: str) -> Callable[[ContactRow, Reading], Cell]:
    def cell(row: ContactRow, _reading: Reading) -> Cell:
        value = getattr(row, attribute)
        return Cell(str(value)) if value else _EMPTY

    return cell


def _name(row: ContactRow, _reading: Reading) -> Cell:
    return Cell(name_of(row), "" if _is_known(row) else "anonymous")


def name_of(row: ContactRow) -> str:
    """The contact's display name; for an anonymous visitor with the start of the id."""
    if not _is_known(row):
        return f"{wording.ANONYMOUS} {row.id[:5]}"
    return wording.display_name(row.name, row.email, row.mobile_phone, row.external_id)


def _is_known(row: ContactRow) -> bool:
    return bool(row.name or row.email or row.mobile_phone or row.external_id)


def _badge(attribute: str, *, needs: str) -> Callable[[ContactRow, Reading], Cell]:
    """A status; hidden while it is initial and the contact lacks the field that it `needs`."""

    def cell(row: ContactRow, _reading: Reading) -> Cell:
        return _state_cell(getattr(row, attribute), known=bool(getattr(row, needs)))

    return cell


def _topic(machine: Machine) -> Callable[[ContactRow, Reading], Cell]:
    def cell(row: ContactRow, _reading: Reading) -> Cell:
        return _state_cell(row.topics.get(machine.id, machine.initial), known=row.identified)

    return cell


def _state_cell(state: str, *, known: bool) -> Cell:
    if not known and state in wording.INITIAL_STATES:
        return _EMPTY
    return Cell(wording.state_word(state), wording.tone(state))


def _count(attribute: str) -> Callable[[ContactRow, Reading], Cell]:
    def cell(row: ContactRow, _reading: Reading) -> Cell:
        number = getattr(row, attribute)
        return Cell(formats.count(number)) if number else _EMPTY

    return cell


def _points(row: ContactRow, _reading: Reading) -> Cell:
    return Cell(formats.count(row.points))


def _money(attribute: str) -> Callable[[ContactRow, Reading], Cell]:
    def cell(row: ContactRow, _reading: Reading) -> Cell:
        amount = getattr(row, attribute)
        return Cell(formats.money(amount, row.currency)) if amount else _EMPTY

    return cell


def _ago(attribute: str) -> Callable[[ContactRow, Reading], Cell]:
    def cell(row: ContactRow, reading: Reading) -> Cell:
        at = getattr(row, attribute)
        return _EMPTY if at is None else Cell(formats.ago(at, reading.now, reading.zone))

    return cell


def _segments(row: ContactRow, reading: Reading) -> Cell:
    known = reading.ruleset.segments
    names = [known[id_].name for id_ in row.segments if id_ in known]
    return Cell(", ".join(names)) if names else _EMPTY


def _rfm(row: ContactRow, reading: Reading) -> Cell:
    known = {} if reading.ruleset.rfm is None else reading.ruleset.rfm.categories
    if row.rfm is None:
        return _EMPTY
    return Cell(known[row.rfm].label if row.rfm in known else row.rfm)


def _number(attribute: str) -> Callable[[ContactRow, Reading], Cell]:
    def cell(row: ContactRow, _reading: Reading) -> Cell:
        found = getattr(row, attribute)
        return _EMPTY if found is None else Cell(formats.number(round(found, 2)))

    return cell


def _percent(attribute: str) -> Callable[[ContactRow, Reading], Cell]:
    def cell(row: ContactRow, _reading: Reading) -> Cell:
        found = getattr(row, attribute)
        return _EMPTY if found is None else Cell(formats.percent(found))

    return cell


def _cart(row: ContactRow, _reading: Reading) -> Cell:
    if row.cart == "none":
        return _EMPTY
    amount = f" {formats.money(row.cart_value, row.currency)}" if row.cart_value else ""
    return Cell(f"{row.cart}{amount}", wording.tone(row.cart))


def _custom(field: str) -> Callable[[ContactRow, Reading], Cell]:
    def cell(row: ContactRow, _reading: Reading) -> Cell:
        value = row.custom.get(field)
        return _EMPTY if value in (None, "", []) else Cell(plain_value(value))

    return cell


def plain_value(value: Any) -> str:
    """A custom field's value as text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return formats.decimal(value)
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _field(
    name: str,
    cell: Callable[[ContactRow, Reading], Cell],
    width: str = "minmax(6rem, auto)",
    css: str = "",
    *,
    sort: str | None = None,
    phone: str = "",
) -> Column:
    """The column of a contact's field, with the field's own label."""
    return Column(name, FIELDS[name].label, cell, width, css, sort, phone)


_NARROW = "minmax(3rem, auto)"
_WIDE = "minmax(5.5rem, auto)"

COLUMNS: dict[str, Column] = {
    column.id: column
    for column in (
        Column("name", "Contact", _name, "minmax(9rem, auto)", "name", sort="name"),
        _field("email", _text("email"), "minmax(9.5rem, auto)", "email"),
        Column("mobile_phone", "Mobile", _text("mobile_phone"), _WIDE, "mobile"),
        _field("external_id", _text("external_id"), phone="ID"),
        _field("points", _points, _NARROW, "points number", sort="points", phone="Points"),
        _field("newsletter", _badge("newsletter", needs="identified"), "minmax(7.9rem, auto)", phone="Newsletter"),
        _field("email_status", _badge("email_status", needs="email"), phone="Email"),
        Column("mobile_status", "Mobile status", _badge("mobile_status", needs="mobile_phone"), phone="Mobile"),
        _field("sms", _badge("sms", needs="identified"), "minmax(7.9rem, auto)", phone="SMS"),
        _field("push", _badge("push", needs="identified"), phone="Push"),
        _field("segments", _segments, "minmax(8rem, auto)", phone="Segments"),
        _field("orders", _count("orders"), _NARROW, "number", sort="orders", phone="Orders"),
        _field("spent", _money("spent"), _WIDE, "number", sort="spent", phone="Spent"),
        _field("average_order", _money("average_order"), _WIDE, "number", phone="Average order"),
        _field("last_order_at", _ago("last_order_at"), sort="last_order", phone="Last order"),
        _field("cart", _cart, _WIDE, phone="Cart"),
        _field("rfm", _rfm, _WIDE, sort="rfm", phone="RFM"),
        _field("rfm_code", _count("rfm_code"), _NARROW, "number", sort="rfm", phone="RFM code"),
        _field("clv", _money("clv"), _WIDE, "number", sort="clv", phone="Lifetime value"),
        _field("expected_purchases", _number("expected_purchases"), _NARROW, "number", phone="Expected purchases"),
        _field("probability_alive", _percent("probability_alive"), _NARROW, "number", phone="Alive"),
        Column("active_at", "Last activity", _ago("active_at"), "minmax(6.6rem, auto)", "seen", sort="active_at"),
        _field("last_seen", _ago("last_seen"), sort="last_seen", phone="Seen"),
        _field("first_seen", _ago("first_seen"), sort="first_seen", phone="Since"),
    )
}  # fmt: skip
"""The built-in columns; the first is always shown."""

DEFAULT = ("email", "points", "newsletter", "email_status", "orders", "spent", "active_at")
"""The columns, besides the name, that are shown by default."""


def offered(ruleset: Ruleset) -> dict[str, Column]:
    """All columns by name, topics and custom fields last."""
    topics = {
        topic.machine: Column(
            topic.machine,
            topic.label,
            _topic(ruleset.machines[topic.machine]),
            "minmax(7.9rem, auto)",
            phone=topic.label,
        )
        for topic in ruleset.topics.values()
    }
    own = {
        f"{CUSTOM}{field.id}": Column(
            f"{CUSTOM}{field.id}", field.label, _custom(field.id), phone=field.label
        )
        for field in ruleset.fields.values()
    }
    return {**COLUMNS, **topics, **own}


def chosen(names: Iterable[str], known: Mapping[str, Column]) -> list[Column]:
    """The contact's name and the columns of these names that (still) exist."""
    wanted = [name for name in dict.fromkeys(names) if name in known and name != "name"]
    return [known["name"], *(known[name] for name in wanted or DEFAULT)]
