"""The header of a contact's sheet: name, summary badges, and links to its neighbours in the list."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from markupsafe import Markup

from dashboard import formats, wording
from dashboard.listing.list_address import ListAddress
from dashboard.ui.markup import badge, joined, link, tag
from engine.contacts.sheet.sheet_model import Sheet, SheetCommerce
from engine.domain.activities import ContactId
from engine.domain.reachability import Reach

Neighbours = tuple[ContactId | None, ContactId | None]
"""The contacts before and after this one in the list."""


def name_of(sheet: Sheet) -> str:
    """The contact's display name, as in the list."""
    known = wording.display_name(sheet.name, sheet.email, sheet.mobile_phone, sheet.external_id)
    return f"{known} {sheet.id[:5]}" if known == wording.ANONYMOUS else known


def ways(address: ListAddress, beside: Neighbours) -> Markup:
    """Links back to the list, and to the contacts before and after this one."""
    before, after = beside
    name = "Filtered contacts" if address.listing.where or address.listing.search else "Contacts"
    back = link(address.here, f"← {name}", "cs-back")
    turns = _way("Previous", "prev", before, address) + _way("Next", "next", after, address)
    return tag("nav", back + tag("span", turns), "cs-ways", aria_label="Contacts")


def _way(label: str, relation: str, contact: ContactId | None, address: ListAddress) -> Markup:
    if contact is None:
        return tag("span", label, "cs-way", aria_disabled="true")
    return link(address.sheet(contact), label, "cs-way", aria_label=f"{label} contact", rel=relation)


def title(sheet: Sheet, *, now: datetime, zone: ZoneInfo) -> Markup:
    """Name, addresses, first and last activity, and summary badges."""
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


def glance(sheet: Sheet) -> list[Markup]:
    """Badges for points, channels, orders and cart."""
    points = badge(formats.counted(sheet.points.total, "point"), "info")
    return [points, *map(_channel, sheet.reach), *_bought(sheet.commerce)]


def _channel(reach: Reach) -> Markup:
    sign, words, tone = (
        ("✓", "can be reached", "good") if reach.reachable else ("✗", "cannot be reached", "quiet")
    )
    hidden = tag("span", f"{reach.channel} {words}: {reach.why}", "cs-unseen")
    seen = tag("span", f"{sign} {reach.channel}", aria_hidden="true")
    return tag("span", seen + hidden, f"cs-badge {tone}", title=reach.why)


def _bought(commerce: SheetCommerce) -> list[Markup]:
    found = []
    if commerce.orders:
        orders = formats.counted(commerce.orders, "order")
        found.append(badge(f"{orders}, {formats.money(commerce.spent, commerce.currency)}"))
    if commerce.cart is not None:
        value = formats.money(commerce.cart.value, commerce.currency)
        found.append(badge(f"cart {commerce.cart.state}: {value}"))
    return found
