"""From page to page of a list, and how long a page is: links, so that Back goes back."""

from __future__ import annotations

from html import escape

from dashboard.contacts.list_address import SIZES, ListAddress
from dashboard.ui.markup import Html, joined, tag
from engine.contacts.listing.listing import ContactPage


def pager(page: ContactPage, address: ListAddress) -> Html:
    """The ways to the neighbouring pages and to shorter and longer ones."""
    ways = joined([_way("Previous", page.previous, address), _way("Next", page.next, address)])
    return Html(f'<nav class="cs-pager" aria-label="Pages of the list">{_sizes(address)}{ways}</nav>')


def _sizes(address: ListAddress) -> Html:
    links = joined(
        Html(
            f'<a href="{escape(address.with_size(size))}" target="_self"'
            f"{' aria-current=true' if size == address.size else ''}>{size}</a>"
        )
        for size in SIZES
    )
    return Html(f'<span class="cs-sizes">Rows a page {links}</span>')


def _way(label: str, place: str | None, address: ListAddress) -> Html:
    if place is None:
        return Html(f'<span class="cs-way" aria-disabled="true">{tag("span", label)}</span>')
    return Html(f'<a class="cs-way" href="{escape(address.at(place))}" target="_self">{label}</a>')
