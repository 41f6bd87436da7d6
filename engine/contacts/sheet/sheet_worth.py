"""RFM and lifetime value on the sheet: the figures of a contact, and how they came about."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from engine.contacts.sheet.sheet_model import SheetLifetime, SheetRfm
from engine.contacts.valuation.lifetime_documents import StoredModel
from engine.contacts.valuation.rfm_runs import RfmRun
from engine.domain.contact import ContactState
from engine.domain.currencies import MINOR_UNITS, rounded
from engine.domain.rfm import RfmCategory
from engine.domain.rulebook import Ruleset


def rfm_of(state: ContactState, run: RfmRun, ruleset: Ruleset) -> SheetRfm | None:
    """The scores of a contact and what they follow from; unset without purchases in the window."""
    score = state.rfm
    if score is None:
        return None
    categories = {} if ruleset.rfm is None else ruleset.rfm.categories
    category = categories.get(score.category, RfmCategory(score.category, score.category, "", frozenset()))
    last_order = date.fromisoformat(score.last_order)
    return SheetRfm(
        category=category.id,
        label=category.label,
        suggestion=category.suggestion,
        code=score.code,
        recency=score.recency,
        frequency=score.frequency,
        monetary=score.monetary,
        recency_days=(run.as_of - last_order).days,
        last_order=last_order,
        orders=score.orders,
        monetary_value=score.value,
        measure=run.monetary,
        months=run.months,
        currency=run.currency,
        cuts=cuts_of(run),
        as_of=run.as_of,
        since=score.since,
    )


def cuts_of(run: RfmRun) -> dict[str, list[Decimal]]:
    """The cut points of a run, money in units of its currency."""
    digits = MINOR_UNITS.get(run.currency) or 0
    found = {str(measure): [Decimal(cut) for cut in cuts] for measure, cuts in run.cuts.items()}
    money = [rounded(cut.scaleb(-digits), run.currency) for cut in found.get("monetary", [])]
    return {**found, "monetary": money}


def lifetime_of(state: ContactState, model: StoredModel, ruleset: Ruleset) -> SheetLifetime | None:
    """The lifetime value of a contact; unset without purchases."""
    figures, rules = state.clv, ruleset.lifetime
    if figures is None:
        return None
    return SheetLifetime(
        value=figures.value,
        expected_purchases=figures.purchases,
        expected_average=figures.average,
        probability_alive=figures.alive,
        horizon_days=rules.horizon.days,
        discount=round(100 * rules.yearly_discount, 2),
        currency=model.currency,
        as_of=date.fromisoformat(figures.as_of),
        model=model.id,
        model_as_of=date.fromisoformat(model.as_of),
        customers=model.fit["customers"],
    )
