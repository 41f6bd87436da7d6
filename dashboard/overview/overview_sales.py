"""The overview's cards of what is sold and to which customers: customers, categories, products, cohorts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st
from markupsafe import Markup

from dashboard import formats
from dashboard.ui import charts
from dashboard.ui.contact_links import contacts_url, within_days
from dashboard.ui.markup import card_title, joined, quiet, scrollable, show, table, tag
from dashboard.ui.metric_cards import Bar, bars, cards, change, metric_card
from engine.insights.cohorts import SHOWN, Cohorts
from engine.insights.daily_lines import Product, SoldLines
from engine.insights.overview import Overview
from engine.insights.series import BY_WEEK

CATEGORIES = 8
"""Categories with a bar of their own; the others have one together."""

NO_SALES = "No orders in this period."


def sales(found: Overview, zone: ZoneInfo, *, than: str) -> None:
    """New and returning customers, categories, products and cohorts."""
    left, right = st.columns(2)
    with left, st.container(border=True, height="stretch", key="overview-card-customers"):
        customers(found, than=than)
    with right, st.container(border=True, height="stretch", key="overview-card-categories"):
        categories(found.lines, found.currency)
    with st.container(border=True, key="overview-card-products"):
        products(found.lines, found.currency)
    with st.container(border=True, key="overview-card-cohorts"):
        cohorts(found.cohorts, found.currency, zone)


def customers(found: Overview, *, than: str) -> None:
    """First orders of new customers, and orders of returning ones, by day or week."""
    now, by_week = found.now, found.now.period.days > BY_WEEK
    title = f"New and returning customers by {'week' if by_week else 'day'}"
    show(card_title(title))
    show(cards(_customers(found, than=than)))
    colours = {"new": charts.PINE, "returning": charts.QUIET}
    rows = list(_orders(now.by_customer, found.currency, by_week=by_week))
    charts.by_day(rows, title=title, colours=colours, by_week=by_week)


def _customers(found: Overview, *, than: str) -> Iterable[Markup]:
    now, before = found.now, found.before
    where = {"first_order_at": within_days(now.period.first, now.period.last)}
    moved = change(now.new_customers, before.new_customers, better="more", than=than)
    yield metric_card(
        "New customers", formats.count(now.new_customers), address=contacts_url(where), change=moved
    )
    table = now.by_customer
    again = sum(table["returning_revenue"], Decimal(0))
    share = f"{formats.percent(float(again / now.sold.revenue))} of the revenue" if now.sold.revenue else ""
    number = formats.count(int(table["returning"].sum()))
    note = f"{formats.money(again, found.currency)}, {share}" if share else ""
    yield metric_card("Orders of returning customers", number, note=note)


def _orders(table: pd.DataFrame, currency: str, *, by_week: bool) -> Iterable[dict[str, object]]:
    for at, row in table.iterrows():
        day = formats.short_day(at.date())
        for what in ("new", "returning"):
            orders, revenue = int(row[what]), row[f"{what}_revenue"]
            says = (
                f"{formats.counted(orders, 'order')} of {what} customers, {formats.money(revenue, currency)}"
            )
            when = f"Week of {day}" if by_week else day
            yield {"day": at.date().isoformat(), "what": what, "value": orders, "says": f"{when}: {says}"}


def categories(lines: SoldLines, currency: str) -> None:
    """Revenue by category of the products."""
    title = card_title("Revenue by category")
    if not lines.categories:
        show(joined([title, quiet(NO_SALES)]))
        return
    named = [found for found in lines.categories if found.name is not None]
    rows = [(found.name or "", found.revenue) for found in named[:CATEGORIES]]
    rest = sum((found.revenue for found in named[CATEGORIES:]), Decimal(0))
    without = sum((found.revenue for found in lines.categories if found.name is None), Decimal(0))
    if rest:
        rows.append((formats.counted(len(named) - CATEGORIES, "other"), rest))
    if without:
        rows.append(("Without category", without))
    shown = [Bar(name, int(100 * amount), formats.money(amount, currency), None) for name, amount in rows]
    about = "Each order's revenue is divided among its products by price and quantity."
    show(joined([title, bars(shown, label="Revenue by category"), tag("p", about, "cs-small cs-quiet")]))


def products(lines: SoldLines, currency: str) -> None:
    """The products with the most revenue, and the most pieces."""
    show(card_title("Top products"))
    if not lines.by_pieces and not lines.by_revenue:
        show(quiet("No products in the orders of this period."))
        return
    by_revenue, by_pieces = st.tabs(["By revenue", "By pieces"], key="overview.products")
    with by_revenue:
        _products(lines.by_revenue, currency)
    with by_pieces:
        _products(lines.by_pieces, currency)


def _products(found: Sequence[Product], currency: str) -> None:
    rows = [
        (
            tag("span", product.name, "cs-clamp", title=product.name),
            tag("span", formats.quantity(product.pieces), "cs-number"),
            formats.money(product.revenue, currency),
        )
        for product in found
    ]
    show(table(("Product", "Pieces", "Revenue"), rows) if rows else quiet("None could be converted."))


def cohorts(found: Cohorts | None, currency: str, zone: ZoneInfo) -> None:
    """Customers by the month of their first order: who ordered again later, and what they spent."""
    title = card_title("Cohorts by month of the first order")
    if found is None:
        show(joined([title, quiet("Being counted…")]))
        return
    if found.customers.empty:
        show(joined([title, quiet(f"No first orders in the last {SHOWN} months.")]))
        return
    about = (
        "How many of a month's new customers ordered again in each month after it, and what they spent. "
        f"All customers, as of {formats.moment(found.at, zone)}."
    )
    parts = [title, tag("p", about, "cs-small cs-quiet"), _cohort_table(found, currency)]
    if found.foreign:
        amounts = ", ".join(formats.money(amount, name) for name, amount in found.foreign.items())
        parts.append(tag("p", f"Not included, no exchange rate: {amounts}", "cs-small cs-quiet"))
    show(joined(parts))


def _cohort_table(found: Cohorts, currency: str) -> Markup:
    later = list(found.customers.columns)[1:]
    headings = ["First order", "Customers", *(f"Month {since}" for since in later)]
    shares = {
        (cohort, since): number / row[0]
        for cohort, row in found.customers.iterrows()
        for since, number in row.items()
        if since and number is not None and row[0]
    }
    highest = max(shares.values(), default=0) or 1
    rows = []
    for cohort, row in found.customers.iterrows():
        spent = found.spent.loc[cohort] if cohort in found.spent.index else {}
        first = _cell(formats.count(row[0]), spent.get(0), currency) if row[0] else tag("td", quiet("none"))
        cells = [first] + [
            _cell(formats.percent(share), spent.get(since), currency, shade=share / highest)
            if (share := shares.get((cohort, since))) is not None
            else tag("td", "")
            for since in later
        ]
        rows.append(
            tag("tr", tag("th", formats.month(cohort.start_time.date()), scope="row") + joined(cells))
        )
    head = tag("tr", joined(tag("th", words, scope="col") for words in headings))
    content = tag("table", tag("thead", head) + tag("tbody", joined(rows)), "cs-cohorts")
    return scrollable("div", content, "Cohorts", "cs-cohort-scroll")


def _cell(number: str, spent: Decimal | None, currency: str, *, shade: float = 0) -> Markup:
    """A share or number, with what was spent below it; the higher the share, the darker."""
    money = tag("span", formats.money(spent or Decimal(0), currency), "cs-small")
    style = f"background:rgb(47 93 80 / {40 * shade:.0f}%)" if shade else None
    return tag("td", joined([tag("b", number), money]), style=style)
