"""The sections of the overview: contacts, orders, subscriptions, segments and points."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd
import streamlit as st
from markupsafe import Markup

from dashboard import formats, wording
from dashboard.customers.customers_page import PAGE as CUSTOMERS
from dashboard.ui import charts
from dashboard.ui.contact_links import contacts_url, within_days
from dashboard.ui.markup import card_title, joined, link, quiet, show, tag
from dashboard.ui.metric_cards import Bar, Better, bars, cards, change, metric_card
from engine.contacts.valuation.rfm_runs import RfmRun
from engine.domain.deliverability import DELIVERED_TO
from engine.domain.rfm import RfmRules
from engine.domain.rulebook import Ruleset
from engine.insights import series
from engine.insights.census import Census, PointsGroup
from engine.insights.overview import Overview, Range

TOP_SEGMENTS = 9

_BY_DAY = {"subscribed": (charts.PINE, 1), "unsubscribed": (charts.RUST, -1)}
"""Colour and sign by status: subscriptions are drawn upwards, unsubscriptions downwards."""


def contacts(found: Overview, counted: Census, *, today: date, than: str) -> None:
    """All, new and active contacts."""
    period = found.now.period
    new = change(found.now.new, found.before.new, better="more", than=than)
    share = f"{formats.percent(counted.identified / counted.contacts)} of all" if counted.contacts else ""
    first, active = period.first, counted.active_since(period.first)
    show(tag("h2", "Contacts", "cs-section"))
    show(
        cards(
            [
                _count("All contacts", counted.contacts, {}),
                _count("Identified", counted.identified, {"identified": True}, note=share),
                _count("Anonymous", counted.anonymous, {"identified": False}),
                _count("New", found.now.new, {"first_seen": within_days(first, period.last)}, change=new),
                _count("Active today", counted.active_since(today), {"last_seen": _from(today)}),
                _count(f"Active since {formats.short_day(first)}", active, {"last_seen": _from(first)}),
            ]
        )
    )
    left, right = st.columns(2)
    with left, st.container(border=True, height="stretch", key="overview-card-growth"):
        show(card_title("Growth"))
        charts.grown(list(_grown(found)), title="Contacts at the end of each day")
    with right, st.container(border=True, height="stretch", key="overview-card-new"):
        show(card_title("New contacts by day"))
        colours = {"identified": charts.PINE, "anonymous": charts.QUIET}
        charts.by_day(list(_appeared(found)), title="New contacts by day", colours=colours)


def _count(
    label: str, number: int, where: Mapping[str, Any], *, change: Markup | None = None, note: str = ""
) -> Markup:
    """A count of contacts, linked to their list."""
    address = contacts_url(where)
    return metric_card(label, formats.count(number), address=address, change=change, note=note)


def _from(day: date) -> dict[str, str]:
    return {"gte": day.isoformat()}


def _grown(found: Overview) -> Iterable[dict[str, object]]:
    if found.growth is None:
        return
    for at, there in found.growth["contacts"].items():
        yield {"day": _iso(at), "value": int(there), "says": _tooltip(at.date(), formats.count(int(there)))}


def _appeared(found: Overview) -> Iterable[dict[str, object]]:
    if found.growth is None:
        return
    for at, row in found.growth[["identified", "anonymous"]].iterrows():
        for what, number in row.items():
            says = _tooltip(at.date(), f"{formats.count(int(number))} {what}")
            yield {"day": _iso(at), "what": what, "value": int(number), "says": says}


def _iso(at: pd.Timestamp) -> str:
    return str(at.date().isoformat())


def _tooltip(day: date, words: str) -> str:
    return f"{formats.short_day(day)}: {words}"


def orders(found: Overview, counted: Census, *, than: str) -> None:
    """Orders, revenue and carts."""
    sold = found.now.sold
    again = f"{formats.count(counted.returning)} bought again" if counted.returning else ""
    show(tag("h2", "Orders", "cs-section"))
    show(
        cards(
            [
                _bought("Orders", formats.count(sold.orders), found, than=than),
                _bought("Revenue", formats.money(sold.revenue, found.currency), found, than=than),
                metric_card("Average order", formats.money(sold.average, found.currency)),
                _given_back(found),
                _count("Customers", counted.buyers, {"orders": {"gte": 1}}, note=again),
                _count("Abandoned carts", counted.carts.get("abandoned", 0), {"cart": "abandoned"}),
            ]
        )
    )
    if sold.foreign:
        amounts = ", ".join(formats.money(amount, name) for name, amount in sold.foreign.items())
        show(tag("p", f"Not included, no exchange rate: {amounts}", "cs-small cs-quiet"))
    with st.container(border=True, key="overview-card-revenue"):
        show(card_title("Revenue by day"))
        charts.by_day(list(_revenue(found)), title="Revenue by day", colours={"revenue": charts.PINE})


def _bought(label: str, shown: str, found: Overview, *, than: str) -> Markup:
    """A figure of the orders, linked to the customers of the period."""
    period = found.now.period
    where = {
        "last_order_at": _from(period.first),
        "first_order_at": {"lt": within_days(period.first, period.last)["lt"]},
    }
    numbers: dict[str, tuple[int | Decimal, int | Decimal]] = {
        "Orders": (found.now.sold.orders, found.before.sold.orders),
        "Revenue": (found.now.sold.revenue, found.before.sold.revenue),
    }
    now, before = numbers[label]
    return metric_card(
        label, shown, address=contacts_url(where), change=change(now, before, better="more", than=than)
    )


def _given_back(found: Overview) -> Markup:
    sold = found.now.sold
    note = f"{formats.count(sold.cancelled)} cancelled" if sold.cancelled else ""
    address = contacts_url({"refunded": {"gt": 0}})
    return metric_card("Refunded", formats.money(sold.refunded, found.currency), address=address, note=note)


def _revenue(found: Overview) -> Iterable[dict[str, object]]:
    for at, day in found.now.sold_by_day.iterrows():
        orders = formats.counted(day["orders"], "order")
        says = _tooltip(at.date(), f"{formats.money(day['revenue'], found.currency)}, {orders}")
        # A float is exact enough for the length of a bar; what is read is the text.
        yield {"day": _iso(at), "what": "revenue", "value": float(day["revenue"]), "says": says}


def subscriptions(found: Overview, counted: Census, ruleset: Ruleset, *, than: str) -> None:
    """Subscriptions, deliverability and how they changed."""
    show(tag("h2", "Subscriptions and deliverability", "cs-section"))
    left, right = st.columns(2)
    with left, st.container(border=True, height="stretch", key="overview-card-subscriptions"):
        topics = (topic.machine for topic in ruleset.topics.values())
        for machine in (name for name in ("newsletter", "sms", *topics, "push") if name in ruleset.machines):
            _statuses(machine, counted, ruleset)
    with right, st.container(border=True, height="stretch", key="overview-card-delivery"):
        for machine in (name for name in DELIVERED_TO if name in ruleset.machines):
            _statuses(machine, counted, ruleset)
        show(cards(_bounces(found.now, found.before, than=than)))
    with st.container(border=True, key="overview-card-newsletter"):
        show(card_title("Newsletter by day"))
        colours = {state: colour for state, (colour, _) in _BY_DAY.items()}
        charts.by_day(list(_moves(found.now)), title="Subscribed and unsubscribed by day", colours=colours)


def _statuses(machine: str, counted: Census, ruleset: Ruleset) -> None:
    declared = ruleset.machines[machine]
    rows = []
    for state, number in counted.statuses[machine].items():
        words = declared.states.get(state, wording.state_word(state))
        rows.append(
            Bar(words, number, formats.count(number), contacts_url({machine: state, **_reachable(machine)}))
        )
    show(joined([card_title(declared.label), bars(rows, label=declared.label)]))


def _reachable(machine: str) -> dict[str, object]:
    """The condition that a contact has the address of this deliverability."""
    address = DELIVERED_TO.get(machine)
    return {} if address is None else {address: {"exists": True}}


def _bounces(now: Range, before: Range, *, than: str) -> Iterable[Markup]:
    less: Better = "less"
    for label, type_, where in (
        ("Emails bounced", "email_bounced", {"email.failures": {"gte": 1}}),
        ("Complaints", "email_complained", {"email_status": "blocked"}),
        ("SMS bounced", "sms_bounced", {"mobile.failures": {"gte": 1}}),
    ):
        permanent = now.counted(type_, "permanent")
        moved = change(now.counted(type_), before.counted(type_), better=less, than=than)
        note = f"{formats.count(permanent)} permanent" if permanent else ""
        yield _count(label, now.counted(type_), where, change=moved, note=note)


def _moves(now: Range) -> Iterable[dict[str, object]]:
    for at, row in series.moves(now.days, "newsletter", list(_BY_DAY)).iterrows():
        for state, number in row.items():
            _, sign = _BY_DAY[state]
            says = _tooltip(at.date(), f"{formats.count(int(number))} {state}")
            yield {"day": _iso(at), "what": state, "value": sign * int(number), "says": says}


def segments(counted: Census, ruleset: Ruleset) -> None:
    """The largest segments."""
    title, declared = card_title("Largest segments"), ruleset.segments.values()
    if not declared:
        show(joined([title, quiet("No segments yet.")]))
        return
    sizes = {segment.id: counted.segments.get(segment.id, 0) for segment in declared}
    largest = sorted(declared, key=lambda segment: (-sizes[segment.id], segment.name))[:TOP_SEGMENTS]
    rows = [
        Bar(
            found.name,
            sizes[found.id],
            formats.count(sizes[found.id]),
            contacts_url({"segments": found.id}),
        )
        for found in largest
    ]
    all_segments = tag("div", link("?page=segments", "All segments"), "cs-small")
    show(joined([title, bars(rows, label="Largest segments"), all_segments]))


def points(counted: Census) -> None:
    """Contacts by points."""
    rows = []
    for group in counted.points:
        bounds = {"gte": group.least, "lte": group.most}
        address = contacts_url(
            {"points": {name: value for name, value in bounds.items() if value is not None}}
        )
        rows.append(Bar(_group(group), group.contacts, formats.count(group.contacts), address))
    show(joined([card_title("Points"), bars(rows, label="Contacts by points")]))


def _group(group: PointsGroup) -> str:
    if group.least is None:
        return "under 0"
    if group.most is None:
        return f"{group.least} or more"
    return str(group.least) if group.least == group.most else f"{group.least} to {group.most}"


def rfm(run: RfmRun | None, rules: RfmRules | None) -> None:
    """Customers by RFM category, as of the last run."""
    show(card_title("RFM"))
    if run is None or rules is None or not run.customers:
        show(quiet("Not calculated yet." if run is None else "No orders to score."))
        show(tag("div", link(f"?page={CUSTOMERS}", "Customers"), "cs-small"))
        return
    counts = ((id_, category, run.categories.get(id_)) for id_, category in rules.categories.items())
    rows = [
        Bar(category.label, count.people, formats.count(count.people), contacts_url({"rfm": id_}))
        for id_, category, count in counts
        if count is not None
    ]
    as_of = link(f"?page={CUSTOMERS}", f"As of {formats.calendar_day(run.as_of)}")
    show(joined([bars(rows, label="Customers by RFM category"), tag("div", as_of, "cs-small")]))
