"""Lifetime value for a person: the model, how well it fits, what is missing, and a fit now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import uuid_utils

from engine.accounts import audit
from engine.accounts.actor import Actor
from engine.accounts.audit import Subject
from engine.accounts.permissions import Permission
from engine.contacts.valuation import lifetime_documents, lifetime_job, lifetime_models
from engine.contacts.valuation.lifetime_documents import Gate
from engine.contacts.valuation.lifetime_figures import figures, within
from engine.contacts.valuation.lifetime_models import FittedModel
from engine.contacts.valuation.order_table import digits_of, read_orders
from engine.domain.activities import ContactId
from engine.domain.valuation import LifetimeValue
from engine.errors import Conflict
from engine.jobs import jobs
from engine.jobs.jobs import Job
from engine.rules import versions
from engine.worth.purchase_history import histories


class NoModel(Conflict):
    """There is no model of lifetime value yet, and the message says what is missing."""

    def __init__(self, gate: Gate | None) -> None:
        missing = () if gate is None else gate.missing
        reason = "; ".join(map(str, missing)) or "it has not been fitted yet: `sheets clv fit`"
        super().__init__(f"there is no model of lifetime value: {reason}")


class NoPurchases(Conflict):
    """The contact has not bought anything, so that nothing can be expected of it."""

    def __init__(self) -> None:
        super().__init__("this contact has no purchases")


@dataclass(frozen=True)
class LifetimeStatus:
    """The model in use, unset before the first, and what the last look found missing."""

    model: FittedModel | None
    gate: Gate | None


def status(actor: Actor) -> LifetimeStatus:
    """The model with its fit and holdout, and the gate.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    return LifetimeStatus(lifetime_models.latest(actor.db), lifetime_documents.gate(actor.db))


def history(actor: Actor) -> list[FittedModel]:
    """The last two years' models, the newest first.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    return lifetime_models.history(actor.db)


def under_way(actor: Actor) -> Job | None:
    """The fit that is being made; unset for none.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    return next(iter(jobs.under_way(actor.db, [lifetime_job.KIND])), None)


def start(actor: Actor, *, as_of: date | None = None) -> str:
    """Fit the model now, to the orders up to today or another day; return the job.

    Raises NotAllowed and CalculationRunning.
    """
    user, id_ = actor.require(Permission.CALCULATE), uuid_utils.uuid7().hex
    with audit.recorded(actor, "fitted lifetime value", subject=Subject("job", id_)):
        return lifetime_job.start(
            actor.db, id_=id_, by=user.id, by_name=user.name, now=actor.now, as_of=as_of
        )


def predict(actor: Actor, contact: ContactId, *, weeks: float) -> LifetimeValue:
    """What a contact is expected to buy in the next weeks.  Raises NotAllowed, NoModel and NoPurchases."""
    actor.require(Permission.SEE)
    db, now = actor.db, actor.now
    fitted, ruleset = lifetime_models.latest(db), versions.current(db)
    if fitted is None:
        raise NoModel(lifetime_documents.gate(db))
    day = fitted.day(now.astimezone(ruleset.account.time_zone).date())
    table = read_orders(db, {"_id": contact}, ruleset.account)
    rows = histories(table.orders, day)
    if rows.empty:
        raise NoPurchases
    rules, digits = within(ruleset.lifetime, weeks), digits_of(ruleset.account)
    [found] = figures(rows, fitted, rules, digits=digits, as_of=day.isoformat(), at=now)
    return found
