"""Links to the neighbouring pages of a list, and to other numbers of rows per page."""

from __future__ import annotations

from markupsafe import Markup

from dashboard.listing.list_address import SIZES, ListAddress
from dashboard.ui.markup import joined, link, tag
from engine.contacts.listing.listing import ContactPage


def pager(page: ContactPage, address: ListAddress) -> Markup:
    """The links below a list."""
    parts = [_sizes(address), _way("Previous", page.previous, address), _way("Next", page.next, address)]
    return tag("nav", joined(parts), "cs-pager", aria_label="Pages of the list")


def _sizes(address: ListAddress) -> Markup:
    links = [
        link(address.with_size(size), size, "", aria_current="true" if size == address.size else None)
        for size in SIZES
    ]
    return tag("span", joined(["Rows per page ", *links]), "cs-sizes")


def _way(label: str, place: str | None, address: ListAddress) -> Markup:
    if place is None:
        return tag("span", label, "cs-way", aria_disabled="true")
    return link(address.at(place), label, "cs-way")
