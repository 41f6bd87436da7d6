"""The cards for RFM and customer lifetime value: the figures, and in a sentence how each came about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from markupsafe import Markup

from dashboard import formats
from dashboard.ui.markup import badge, bullet_list, card_title, facts, figures, joined, quiet, tag
from engine.contacts.sheet.sheet_model import Sheet, SheetLifetime, SheetRfm

RFM_TITLE, LIFETIME_TITLE = "RFM", "Customer lifetime value"


def rfm(sheet: Sheet) -> Markup:
    """The category with its suggestion, the scores, and how each came about."""
    found = sheet.rfm
    if found is None:
        return joined([card_title(RFM_TITLE), quiet(_no_rfm(sheet))])
    scores = (
        ("recency", f"{found.recency} of 5"),
        ("frequency", f"{found.frequency} of 5"),
        ("monetary value", f"{found.monetary} of 5"),
    )
    return joined(
        [
            card_title(RFM_TITLE),
            joined([badge(found.label, "info"), tag("span", f" {found.code}", "cs-quiet cs-small")]),
            tag("div", found.suggestion, "cs-sub") if found.suggestion else Markup(),
            figures(scores),
            facts(_reasons(found)),
            tag("div", f"As of {formats.calendar_day(found.as_of)}.", "cs-quiet cs-small"),
        ]
    )


def _no_rfm(sheet: Sheet) -> str:
    if not sheet.commerce.orders:
        return "No RFM: this contact has no purchases."
    if sheet.rfm_as_of is None:
        return "No RFM yet: all contacts are scored each night."
    day = formats.calendar_day(sheet.rfm_as_of)
    return f"No RFM: no purchases in the months before {day}, when all contacts were last scored."


def _reasons(found: SheetRfm) -> list[tuple[str, str]]:
    """What was measured, and between which cut points it lies."""
    days, orders = formats.counted(found.recency_days, "day"), formats.counted(found.orders, "order")
    value = formats.money(found.monetary_value, found.currency)
    what = "on average" if found.measure == "average_order" else "in total"
    numbers = [
        _interval(found.cuts.get("recency", []), 5 - found.recency, _whole),
        _interval(found.cuts.get("frequency", []), found.frequency - 1, _whole),
        _interval(found.cuts.get("monetary", []), found.monetary - 1, _money(found.currency)),
    ]
    last = formats.calendar_day(found.last_order)
    return [
        ("Recency", f"{days} since the last order on {last}{_scores(numbers[0], found.recency)}"),
        ("Frequency", f"{orders} in {found.months} months{_scores(numbers[1], found.frequency)}"),
        ("Monetary value", f"{value} {what}{_scores(numbers[2], found.monetary)}"),
    ]


def _scores(interval: str, score: int) -> str:
    return f"; {interval} scores {score}" if interval else ""


def _interval(cuts: Sequence[Decimal], position: int, written: Callable[[Decimal], str]) -> str:
    """The interval at a position: a value that equals a cut point belongs below it."""
    if not cuts:
        return ""
    above = written(cuts[position - 1]) if position > 0 else ""
    up_to = written(cuts[position]) if position < len(cuts) else ""
    parts = [f"above {above}" if above else "", f"up to {up_to}" if up_to else ""]
    return " ".join(part for part in parts if part)


def _whole(cut: Decimal) -> str:
    return formats.count(int(cut))


def _money(currency: str) -> Callable[[Decimal], str]:
    return lambda cut: formats.money(cut, currency)


def lifetime(sheet: Sheet) -> Markup:
    """The value over the horizon and what it is made of; below the gate what is missing."""
    found = sheet.clv
    if found is None:
        return joined([card_title(LIFETIME_TITLE), *_no_lifetime(sheet)])
    shown = (
        (f"in the next {found.horizon_days} days", formats.money(found.value, found.currency)),
        ("expected purchases", formats.number(round(found.expected_purchases, 2))),
        ("probability of being alive", formats.percent(found.probability_alive)),
    )
    return joined(
        [
            card_title(LIFETIME_TITLE),
            figures(shown),
            tag("div", _explained(found), "cs-sub"),
            tag("div", _model(found), "cs-quiet cs-small"),
        ]
    )


def _explained(found: SheetLifetime) -> str:
    purchases = formats.number(round(found.expected_purchases, 2))
    average = formats.money(found.expected_average, found.currency)
    less = f", of which later ones count less by {found.discount:g} % a year" if found.discount else ""
    return f"{purchases} purchases of {average} each are expected{less}."


def _model(found: SheetLifetime) -> str:
    fitted = f"Model of {formats.calendar_day(found.model_as_of)}"
    return f"{fitted}, fitted to {formats.counted(found.customers, 'customer')}."


def _no_lifetime(sheet: Sheet) -> list[Markup]:
    missing = sheet.clv_missing
    if missing:
        words = "No forecast yet. A model of this shop's customers is still missing:"
        return [quiet(words), bullet_list(missing)]
    if not sheet.commerce.orders:
        return [quiet("No forecast: this contact has no purchases.")]
    return [quiet("No forecast yet: the model of this shop's customers has not been fitted.")]
