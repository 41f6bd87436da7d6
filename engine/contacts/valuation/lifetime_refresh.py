"""Lifetime value after a purchase, correction, refund or merge: of these contacts alone, within seconds.

Every commit that changes orders leaves a mark with the contacts in the same transaction; a mark goes once
their figures have been computed after it.  Computed twice they are the same.
"""

from __future__ import annotations

from datetime import datetime

from engine.contacts.valuation import lifetime_documents, lifetime_job
from engine.contacts.valuation.lifetime_documents import StoredModel
from engine.db import Db
from engine.domain.activities import ContactId
from engine.jobs import jobs
from engine.rules import versions

MARKS = 20
"""Marks that are taken together: contacts of as many commits."""


def refresh(db: Db, *, now: datetime) -> int:
    """Compute the figures of contacts that are marked; return how many marks were taken.

    Without a model there is nothing to compute: a fit computes all.  While one is under way marks stay:
    it writes what it has read before.
    """
    marks = list(db.changed_orders.find().sort("_id", 1).limit(MARKS))
    if not marks or jobs.under_way(db, [lifetime_job.KIND]):
        return 0
    stored = lifetime_documents.latest(db)
    if stored is not None:
        _compute(db, stored, sorted({contact for mark in marks for contact in mark["contacts"]}), now)
    return db.changed_orders.delete_many({"_id": {"$in": [mark["_id"] for mark in marks]}}).deleted_count


def _compute(db: Db, stored: StoredModel, contacts: list[ContactId], now: datetime) -> None:
    """Compute the figures of contacts."""
    # pandas and SciPy are loaded by the first change of orders, once there is a model.
    from engine.contacts.valuation.lifetime_models import model_of
    from engine.contacts.valuation.lifetime_work import VALUED, updates
    from engine.contacts.valuation.order_table import read_orders
    from engine.worth.purchase_history import histories

    fitted = model_of(stored)
    ruleset = versions.current(db)
    table = read_orders(db, {"_id": {"$in": contacts}, **VALUED}, ruleset.account)
    today = now.astimezone(ruleset.account.time_zone).date()
    rows = histories(table.orders, fitted.day(today)).reindex(range(len(table.contacts)))
    if table.contacts:
        db.contacts.bulk_write(updates(table.contacts, rows, fitted, ruleset, now=now), ordered=False)
