"""The card of the products that a contact bought and saw, and how a product is shown on the sheet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from dashboard import formats
from dashboard.ui.markup import bullet_list, card_title, joined, quiet, scrollable, tag
from engine.contacts.sheet.products import ORDERS, VIEWS, SheetCategory, SheetProduct, SheetProducts

FIRST = 5
"""Items of a list that show at once; the others unfold."""

CATEGORIES = 8

_PICTURE = Markup(
    '<img class="cs-pic" src="{}" alt="" width="36" height="36" loading="lazy" referrerpolicy="no-referrer">'
)


def products(found: SheetProducts, zone: ZoneInfo) -> Markup:
    """What was bought and seen, and the categories of both."""
    if not found.bought and not found.seen and not found.categories:
        return joined([card_title("Products"), quiet("No products bought or seen yet.")])
    parts = [
        _part("Products bought", found.bought, lambda product: _bought(product, zone)),
        _part("Products seen", found.seen, lambda product: _seen(product, zone)),
        _favourites(found.categories),
        _limits(found),
    ]
    return joined(parts)


def _part(title: str, products: Sequence[SheetProduct], describe: Callable[[SheetProduct], str]) -> Markup:
    if not products:
        return Markup()
    pictures = any(product.image for product in products)
    rows = [_row(product, describe(product), pictures=pictures) for product in products]
    return tag("div", joined([card_title(title), unfolding(rows, "product")]), "cs-part")


def unfolding(rows: Sequence[Markup], one: str, several: str = "", *, first: int = FIRST) -> Markup:
    """The first rows; the others behind their number."""
    shown, rest = rows[:first], rows[first:]
    parts = [bullet_list(shown, "cs-products")]
    if rest:
        counted = formats.counted(len(rest), f"more {one}", several and f"more {several}")
        more = scrollable("div", bullet_list(rest, "cs-products"), counted)
        parts.append(tag("details", tag("summary", counted) + more, "cs-more"))
    return joined(parts)


def _row(product: SheetProduct, words: str, *, pictures: bool) -> Markup:
    name = tag("span", named(product.name, product.url), "cs-product-name", title=product.name)
    about = tag("span", joined([name, tag("span", words, "cs-small cs-quiet")]), "cs-product-about")
    return joined([picture(product.image) if pictures else Markup(), about])


def named(name: str, url: str | None) -> Markup:
    """A product's name; a link to the shop's page if there is one."""
    if url is None:
        return escape(name)
    return tag("a", name, "cs-link", href=url, target="_blank", rel="noopener noreferrer")


def picture(address: str | None) -> Markup:
    """A product's picture, loaded when it comes into sight, without saying from where; a blank for none."""
    return tag("span", "", "cs-pic") if address is None else _PICTURE.format(address)


def _bought(product: SheetProduct, zone: ZoneInfo) -> str:
    pieces = f"{formats.quantity(product.bought)} bought"
    orders = f" in {formats.counted(product.orders, 'order')}" if product.orders > 1 else ""
    last = "last on" if orders else "on"
    return f"{pieces}{orders}, {last} {formats.day(product.last_bought, zone)}"


def _seen(product: SheetProduct, zone: ZoneInfo) -> str:
    times = formats.counted(product.seen, "time")
    last = "last on" if product.seen > 1 else "on"
    return f"seen {times}, {last} {formats.day(product.last_seen, zone)}"


def _favourites(categories: Sequence[SheetCategory]) -> Markup:
    if not categories:
        return Markup()
    rows = [tag("span", _category(category), "cs-product-about") for category in categories]
    title = card_title("Favourite categories")
    return tag("div", joined([title, unfolding(rows, "category", "categories", first=CATEGORIES)]), "cs-part")


def _category(category: SheetCategory) -> Markup:
    counts = [
        f"{formats.quantity(category.bought)} bought" if category.bought else "",
        f"{formats.count(category.seen)} seen" if category.seen else "",
    ]
    name = tag("span", category.name, "cs-product-name", title=category.name)
    return joined([name, tag("span", ", ".join(filter(None, counts)), "cs-small cs-quiet")])


def _limits(found: SheetProducts) -> Markup:
    """What was left out of the counts."""
    limits = [
        "" if found.all_orders else f"{formats.count(ORDERS)} orders",
        "" if found.all_views else f"{formats.count(VIEWS)} views",
    ]
    latest = " and ".join(filter(None, limits))
    return tag("div", f"Of the latest {latest}.", "cs-small cs-quiet") if latest else Markup()
