"""RFM: the grid by recency and frequency, the categories, and who moved between them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal

import pandas as pd
import streamlit as st
from markupsafe import Markup

from dashboard import formats
from dashboard.customers.calculation_head import head
from dashboard.running_instance import time_zone
from dashboard.ui import charts
from dashboard.ui.contact_links import contacts_url
from dashboard.ui.markup import card_title, empty_state, joined, link, menu, quiet, show, table, tag
from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission
from engine.contacts.valuation import rfm_service
from engine.contacts.valuation.rfm_runs import Count, Moved, RfmRun
from engine.contacts.valuation.rfm_service import Movement
from engine.domain.currencies import MINOR_UNITS
from engine.domain.rfm import Measure, RfmRules

MONTHS = 6
"""Months whose movements can be chosen."""

DAYS = 90
"""Days of the chart of categories."""

ROWS = 15
"""Movements that are listed; those of fewer people are counted together."""

_NONE = Count(0, Decimal(0))

_SCALE = (
    "#1f4a3d", "#2f5d50", "#4d7c6d", "#6f9a8a", "#97b7aa", "#c9c4b6",
    "#dcc391", "#d9a35f", "#c97a4a", "#a8492f", "#7a2f1d",
)  # fmt: skip
"""From the best category to the worst, in the order of their declaration."""


def render(actor: Actor) -> None:
    """The last run, or what is missing for one."""
    rules, run = rfm_service.rules(actor), rfm_service.latest(actor)
    head(
        "" if run is None else _about(run),
        running=rfm_service.under_way(actor) is not None,
        may=rules is not None and actor.may(Permission.CALCULATE),
        start=lambda: rfm_service.start(actor),
        key="customers-run",
    )
    if rules is None:
        empty_state("RFM is not declared", "Declare its categories in the file rfm.yaml of the rules.")
    elif run is None:
        empty_state(
            "Not calculated yet",
            "Contacts are scored each night by how recently and how often they ordered, and how much they "
            "spend. The first orders can be imported from a file.",
        )
    elif not run.customers:
        empty_state(
            f"No orders in the last {formats.counted(run.months, 'month')}",
            f"There were none up to {formats.calendar_day(run.as_of)}. Import earlier orders to see more.",
        )
    else:
        _run(actor, run, rules)


def _about(run: RfmRun) -> str:
    customers = formats.counted(run.customers, "customer")
    months = formats.counted(run.months, "month")
    return f"{customers} with orders in the {months} up to {formats.calendar_day(run.as_of)}"


def _run(actor: Actor, run: RfmRun, rules: RfmRules) -> None:
    left, right = st.columns([2, 3])
    with left, st.container(border=True, height="stretch", key="overview-card-rfm-grid"):
        show(joined([card_title("Recency and frequency"), _grid(run), _cuts(run)]))
    with right, st.container(border=True, height="stretch", key="overview-card-rfm-categories"):
        show(joined([card_title("Categories"), _categories(run, rules)]))
    _movement(actor, rules)
    _over_time(actor, run, rules)


def _grid(run: RfmRun) -> Markup:
    """A cell for each pair of scores, darker with more people, leading to its contacts."""
    most = max((count.people for count in run.cells.values()), default=0) or 1
    rows = [
        joined(
            [tag("th", str(frequency), scope="row")]
            + [_cell(run, recency, frequency, most) for recency in range(1, 6)]
        )
        for frequency in range(5, 0, -1)
    ]
    scores = joined([tag("td", "")] + [tag("th", str(recency), scope="col") for recency in range(1, 6)])
    body = joined(tag("tr", row) for row in (*rows, scores))
    caption = tag("caption", "Up: frequency, how often they ordered. To the right: recency, how recently.")
    return tag("table", caption + tag("tbody", body), "cs-rfm-grid")


def _cell(run: RfmRun, recency: int, frequency: int, most: int) -> Markup:
    count = run.cells.get((recency, frequency), _NONE)
    says = (
        f"Recency {recency}, frequency {frequency}: {formats.counted(count.people, 'contact')}, "
        f"{formats.money(count.revenue, run.currency)}"
    )
    share = count.people / most
    style = f"--share:{share:.3f}"
    css = "dark" if share > 0.45 else ""
    if not count.people:
        return tag("td", tag("span", "0", "", title=says), "none")
    codes = [100 * recency + 10 * frequency + monetary for monetary in range(1, 6)]
    address = contacts_url({"rfm_code": {"in": codes}})
    shown = link(address, formats.short_count(count.people), "", title=says, aria_label=says)
    return tag("td", shown, css, style=style)


def _cuts(run: RfmRun) -> Markup:
    """Which days, orders and amounts have which score."""
    digits = MINOR_UNITS.get(run.currency) or 0
    cuts: dict[Measure, list[str]] = {
        "recency": [formats.count(int(cut)) for cut in run.cuts["recency"]],
        "frequency": [formats.count(int(cut)) for cut in run.cuts["frequency"]],
        "monetary": [
            formats.money(Decimal(str(cut)).scaleb(-digits), run.currency) for cut in run.cuts["monetary"]
        ],
    }
    if not all(cuts.values()):
        return Markup("")
    spans = {measure: _spans(run.cuts[measure], shown) for measure, shown in cuts.items()}
    spans["recency"].reverse()
    value = "Average order" if run.monetary == "average_order" else "Spent"
    rows = [
        (str(score), *(spans[measure][score - 1] for measure in ("recency", "frequency", "monetary")))
        for score in range(5, 0, -1)
    ]
    headings = ["Score", "Days since the last order", "Orders", value]
    return tag("div", table(headings, rows), "cs-rfm-cuts")


def _spans(cuts: Sequence[float], shown: Sequence[str]) -> list[str]:
    """The values up to the first cut point, those between two, and those above the last, in words."""
    between = [
        formats.NOTHING if low == high else f"to {words}"
        for low, high, words in zip(cuts, cuts[1:], shown[1:], strict=False)
    ]
    return [f"to {shown[0]}", *between, f"over {shown[-1]}"]


def _categories(run: RfmRun, rules: RfmRules) -> Markup:
    rows = [
        (
            _category(id_, label=category.label, suggestion=category.suggestion),
            formats.count(count.people),
            formats.percent(count.people / run.customers),
            formats.money(count.revenue, run.currency),
        )
        for id_, category in rules.categories.items()
        for count in (run.categories.get(id_, _NONE),)
    ]
    return tag("div", table(["Category", "People", "Share", "Revenue"], rows), "cs-rfm-categories")


def _category(id_: str, *, label: str, suggestion: str) -> Markup:
    name = link(contacts_url({"rfm": id_}), label)
    return joined([name, tag("div", suggestion, "cs-small cs-quiet")])


def _movement(actor: Actor, rules: RfmRules) -> None:
    months = _months(actor)
    asked = st.query_params.get("month")
    month = next((m for m in months if f"{m:%Y-%m}" == asked), months[0])
    found = rfm_service.movement_of_month(actor, month)
    with st.container(border=True, key="overview-card-rfm-moves"):
        show(card_title("Who moved"))
        addresses = {m: f"?page=customers&view=rfm&month={m:%Y-%m}" for m in months}
        links = ((addresses[m], formats.month(m)) for m in months)
        show(menu(links, label="Month", current=addresses[month]))
        show(_moves(found, rules, month=month, present=month == months[0]))


def _months(actor: Actor) -> Sequence[date]:
    """The first days of the last months with runs, the latest first, and the present one."""
    today = actor.now.astimezone(time_zone()).date()
    first = today.replace(year=today.year - 1, day=1)
    found = {day.replace(day=1) for day in rfm_service.days(actor, first, today)}
    return sorted(found | {today.replace(day=1)}, reverse=True)[:MONTHS]


def _moves(found: Movement | None, rules: RfmRules, *, month: date, present: bool) -> Markup:
    if found is None:
        return tag("p", f"RFM was not calculated in {formats.month(month)}.", "cs-small cs-quiet")
    if found.since is None:
        return tag("p", "The first run: movements are shown from the second month on.", "cs-small cs-quiet")
    moved = sorted((m for m in found.moved if m.before != m.after), key=lambda m: -m.people)
    stayed = sum(m.people for m in found.moved if m.before == m.after)
    about = (
        f"From {formats.calendar_day(found.since)} to {formats.calendar_day(found.until)}; "
        f"{formats.counted(stayed, 'contact')} stayed where they were."
    )
    parts = [tag("p", about, "cs-small cs-quiet")]
    if moved:
        rows = [_move(m, rules, month=month if present else None) for m in moved[:ROWS]]
        parts.append(tag("div", table(["From", "To", "People"], rows), "cs-rfm-moves"))
    others = sum(m.people for m in moved[ROWS:])
    if others:
        parts.append(
            tag("p", f"And {formats.counted(others, 'contact')} by other ways.", "cs-small cs-quiet")
        )
    return joined(parts)


def _move(moved: Moved, rules: RfmRules, *, month: date | None) -> Sequence[object]:
    """A row; that of the present month leads to its contacts, who may have moved on since an earlier one."""
    people: object = formats.count(moved.people)
    if month is not None and moved.after is not None:
        before = {"exists": False} if moved.before is None else moved.before
        where = {"rfm": moved.after, "rfm_before": before, "rfm_since": {"gte": month.isoformat()}}
        people = link(contacts_url(where), people)
    return _label(moved.before, rules), _label(moved.after, rules), people


def _label(id_: str | None, rules: RfmRules) -> object:
    if id_ is None:
        return quiet("no orders")
    return rules.categories[id_].label if id_ in rules.categories else id_


def _over_time(actor: Actor, run: RfmRun, rules: RfmRules) -> None:
    people = rfm_service.people_by_day(actor, run.as_of - timedelta(days=DAYS - 1), run.as_of)
    colours = {c.label: _colour(n, len(rules.categories)) for n, c in enumerate(rules.categories.values())}
    with st.container(border=True, key="overview-card-rfm-days"):
        show(card_title("Categories by day"))
        charts.by_day(list(_days(people, rules)), title="Contacts of each category by day", colours=colours)


def _colour(number: int, of: int) -> str:
    return _SCALE[round(number * (len(_SCALE) - 1) / max(1, of - 1))]


def _days(people: pd.DataFrame, rules: RfmRules) -> Iterable[dict[str, object]]:
    for at, row in people.iterrows():
        for id_, number in row.items():
            label = _label(str(id_), rules)
            says = f"{formats.short_day(at.date())}: {formats.count(int(number))} {label}"
            yield {"day": at.date().isoformat(), "what": label, "value": int(number), "says": says}
