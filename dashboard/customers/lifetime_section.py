"""Lifetime value: what is missing for a model, or the model and how well it foretells."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st
from markupsafe import Markup

from dashboard import formats
from dashboard.customers.calculation_head import head
from dashboard.ui import charts
from dashboard.ui.contact_links import contacts_url
from dashboard.ui.markup import (
    bullet_list,
    card_title,
    empty_state,
    facts,
    joined,
    link,
    quiet,
    show,
    table,
    tag,
)
from dashboard.ui.metric_cards import cards, metric_card
from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission
from engine.contacts.valuation import lifetime_service
from engine.contacts.valuation.lifetime_documents import Gate
from engine.contacts.valuation.lifetime_models import FittedModel, HoldoutFit
from engine.rules.rule_service import current_rules

_LINES = {"happened": charts.PINE, "expected": charts.RUST}


def render(actor: Actor) -> None:
    """The model in use, or how far the account is from one."""
    found = lifetime_service.status(actor)
    fitted = found.model
    head(
        "" if fitted is None else f"Model of {formats.calendar_day(fitted.model.as_of)}",
        running=lifetime_service.under_way(actor) is not None,
        may=actor.may(Permission.CALCULATE),
        start=lambda: lifetime_service.start(actor),
        key="customers-fit",
    )
    if found.gate is not None and not found.gate.passed:
        _missing(found.gate, has_model=fitted is not None)
    elif fitted is None:
        empty_state(
            "Not calculated yet", "The model is fitted each month, as soon as there are enough orders."
        )
    if fitted is not None:
        _model(actor, fitted)


def _missing(gate: Gate, *, has_model: bool) -> None:
    begins = "There are too few orders for a new model" if has_model else "There are too few orders yet"
    looked = f"Last looked at on {formats.calendar_day(gate.as_of)}."
    with st.container(border=True, key="overview-card-clv-gate"):
        show(card_title(begins))
        show(bullet_list(map(str, gate.missing)))
        show(tag("p", f"{looked} Importing earlier orders brings a model sooner.", "cs-small cs-quiet"))


def _model(actor: Actor, fitted: FittedModel) -> None:
    model, rules = fitted.model, current_rules(actor).lifetime
    months = round(rules.horizon.days / 30.4)
    highest = link(contacts_url({"clv": {"gt": 0}}) + "&sort=clv", "Contacts by lifetime value")
    show(
        cards(
            [
                metric_card("Customers", formats.count(model.customers)),
                metric_card(
                    "Ordered again",
                    formats.count(model.returning),
                    note=f"{formats.percent(model.returning / model.customers)} of them",
                ),
                *_accuracy(fitted.holdout),
            ]
        )
    )
    left, right = st.columns(2)
    with left, st.container(border=True, height="stretch", key="overview-card-clv-words"):
        show(joined([card_title("How it is calculated"), _words(months), tag("p", highest, "cs-small")]))
    with right, st.container(border=True, height="stretch", key="overview-card-clv-parameters"):
        show(joined([card_title("The model"), _parameters(fitted)]))
    if fitted.holdout is None:
        show(quiet("There are too few orders to fit a model to a part of them and compare it with the rest."))
    else:
        _holdout(fitted.holdout)


def _accuracy(found: HoldoutFit | None) -> Iterable[Markup]:
    if found is None:
        return
    yield metric_card("Foretold", formats.count(round(found.expected)), note="orders of the time held back")
    off = f"{formats.percent(abs(found.expected - found.actual) / found.actual)} off" if found.actual else ""
    yield metric_card("Happened", formats.count(found.actual), note=off)


def _words(months: int) -> Markup:
    words = (
        "Each customer orders at a pace of their own and at some time stops for good; nobody announces it. "
        "From when and how often all customers ordered, the model learns how paces and leaving are spread, "
        "and how much an order is worth. For one customer it then weighs how many orders there were and how "
        "long ago the last one is: many orders and then a long silence mean that the customer has left.",
        f"Lifetime value is what a customer is expected to spend in {formats.counted(months, 'month')}, "
        "later orders counting a little less. It follows each order and merge; the model is fitted anew "
        "each month. A second order on one day counts as one purchase.",
    )
    return joined(tag("p", part, "cs-small") for part in words)


def _parameters(fitted: FittedModel) -> Markup:
    model = fitted.model
    purchases, spend = model.purchases, model.spend
    rows = [
        ("Purchases", _numbers(r=purchases.r, alpha=purchases.alpha, a=purchases.a, b=purchases.b)),
        ("Value", _numbers(p=spend.p, q=spend.q, v=spend.v)),
        ("Log-likelihood", formats.number(round(model.log_likelihood, 1))),
        ("Correlation of orders and value", _correlation(model.correlation)),
    ]
    note = "BG/NBD (Fader, Hardie and Lee, 2005) and Gamma-Gamma (Fader and Hardie, 2013)."
    return joined([facts(rows), tag("p", note, "cs-small cs-quiet")])


def _numbers(**parameters: float) -> str:
    return ", ".join(f"{name} {formats.number(round(value, 3))}" for name, value in parameters.items())


def _correlation(correlation: float) -> str:
    """The correlation, beside what the model takes for granted."""
    shown = formats.number(round(correlation, 2))
    return f"{shown} (the model assumes 0)"


def _holdout(found: HoldoutFit) -> None:
    until = formats.calendar_day(found.until)
    with st.container(border=True, key="overview-card-clv-holdout"):
        show(card_title("Expected and actual repeat purchases"))
        about = f"A model of the orders up to {until} (the dashed line) against those that came afterwards."
        show(tag("p", about, "cs-small cs-quiet"))
        rows = list(_cumulated(found))
        charts.lines(rows, title="Repeat purchases", colours=_LINES, since=found.until.isoformat())
    with st.container(border=True, key="overview-card-clv-repeats"):
        show(card_title(f"After {until}, by the repeat purchases before"))
        show(
            table(
                ["Repeat purchases before", "Customers", "Expected of each", "Happened"], _by_repeats(found)
            )
        )


def _cumulated(found: HoldoutFit) -> Iterable[dict[str, object]]:
    for at, row in found.over_time.iterrows():
        for what, name in (("happened", "actual_total"), ("expected", "expected_total")):
            value = float(row[name])
            says = f"{formats.short_day(at.date())}: {formats.count(round(value))} {what}"
            yield {"day": at.date().isoformat(), "what": what, "value": value, "says": says}


def _by_repeats(found: HoldoutFit) -> Iterable[tuple[str, ...]]:
    most = found.by_repeats.index.max()
    for repeats, row in found.by_repeats.iterrows():
        name = f"{formats.count(int(repeats))}{' or more' if repeats == most else ''}"
        yield (
            name,
            formats.count(int(row["customers"])),
            formats.number(round(float(row["expected"]), 2)),
            formats.number(round(float(row["actual"]), 2)),
        )
