"""The top of a contact's sheet: who it is, at a glance, and the ways to its neighbours in the list."""

from __future__ import annotations

from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

from dashboard import formats, wording
from dashboard.contacts.list_address import ListAddress
from dashboard.ui.markup import Html, badge, joined, tag
from engine.contacts.sheet.sheets import Sheet, SheetCommerce
from engine.domain.activities import ContactId
from engine.domain.reachability import Reach

Neighbours = tuple[ContactId | None, ContactId | None]
"""Who comes before and after a contact in the list that one came from."""


def name_of(sheet: Sheet) -> str:
    """What the contact is called, as in the list."""
    known = wording.display_name(sheet.name, sheet.email, sheet.mobile_phone, sheet.external_id)
    return f"{known} {sheet.id[:5]}" if known == wording.ANONYMOUS else known


def ways(address: ListAddress, beside: Neighbours) -> Html:
    """Back to the list as it was, and on to the contacts before and after this one."""
    before, after = beside
    back = Html(
        f'<a class="cs-back" href="{escape(address.here)}" target="_self">← {_list_name(address)}</a>'
    )
    turns = joined([_way("Previous", "prev", before, address), _way("Next", "next", after, address)])
    return Html(f'<nav class="cs-ways" aria-label="Contacts">{back}<span>{turns}</span></nav>')


def _list_name(address: ListAddress) -> str:
    return "Contacts found" if address.listing.where or address.listing.search else "Contacts"


def _way(label: str, relation: str, contact: ContactId | None, address: ListAddress) -> Html:
    if contact is None:
        return Html(f'<span class="cs-way" aria-disabled="true">{label}</span>')
    href = escape(address.sheet(contact))
    said = f'aria-label="{label} contact" rel="{relation}"'
    return Html(f'<a class="cs-way" {said} href="{href}" target="_self">{label}</a>')


def title(sheet: Sheet, *, now: datetime, zone: ZoneInfo) -> Html:
    """Name, addresses, when it was seen, and what matters of it in badges."""
    kind = badge("identified", "good") if sheet.identified else badge("anonymous")
    name = name_of(sheet)
    first, last = formats.day(sheet.first_seen, zone), formats.ago(sheet.last_seen, now, zone)
    addresses = [value for value in (sheet.email, sheet.mobile_phone) if value and value != name]
    seen = f"first seen on {first}, last seen {last}"
    return joined(
        [
            tag("h1", joined([name, kind], " "), "cs-title"),
            tag("div", " · ".join([*addresses, seen]), "cs-sub"),
            tag("div", joined(glance(sheet), " "), "cs-glance"),
        ]
    )


def glance(sheet: Sheet) -> list[Html]:
    """Points, what it can receive, what it bought and what lies in its cart, each in a badge."""
    points = badge(
        f"{formats.count(sheet.points.total)} {wording.plural(sheet.points.total, 'point')}", "info"
    )
    return [points, *map(_channel, sheet.reach), *_bought(sheet.commerce)]


def _channel(reach: Reach) -> Html:
    sign, words, tone = ("✓", "reaches", "good") if reach.reachable else ("✗", "does not reach", "quiet")
    said = tag("span", f"{reach.channel} {words}: {reach.why}", "cs-unseen")
    seen = Html(f'<span aria-hidden="true">{sign} {escape(reach.channel)}</span>')
    return Html(f'<span class="cs-badge {tone}" title="{escape(reach.why)}">{seen}{said}</span>')


def _bought(commerce: SheetCommerce) -> list[Html]:
    found = []
    if commerce.orders:
        orders = f"{formats.count(commerce.orders)} {wording.plural(commerce.orders, 'order')}"
        found.append(badge(f"{orders}, {formats.money(commerce.spent, commerce.currency)}"))
    if commerce.cart is not None:
        value = formats.money(commerce.cart.value, commerce.currency)
        found.append(badge(f"cart {commerce.cart.state}: {value}"))
    return found
