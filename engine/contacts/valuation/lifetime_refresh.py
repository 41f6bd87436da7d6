"""Lifetime value after a purchase, correction, refund or merge: of these contacts alone, within seconds.

Every commit that changes orders leaves a mark with the contacts in the same transaction; a mark goes once
their figures have been computed after it.  Computed twice they are the same.
"""

from __future__ import annotations

from datetime import datetime

from engine.contacts.valuation import lifetime_models
from engine.contacts.valuation.lifetime_job import VALUED, updates
from engine.contacts.valuation.order_table import read_orders
from engine.db import Db
from engine.rules import versions
from engine.worth.purchase_history import histories

MARKS = 20
"""Marks that are taken together: contacts of as many commits."""


def any_marked(db: Db) -> bool:
    """Whether orders of contacts have changed."""
    return db.changed_orders.find_one({}, {"_id": 1}) is not None


def refresh(db: Db, *, now: datetime) -> int:
    """Compute the figures of contacts that are marked; return of how many.

    Without a model there is nothing to compute: a fit computes all.
    """
    marks = list(db.changed_orders.find().sort("_id", 1).limit(MARKS))
    fitted = lifetime_models.latest(db)
    contacts = sorted({contact for mark in marks for contact in mark["contacts"]})
    done = 0
    if fitted is not None and contacts:
        ruleset = versions.current(db)
        table = read_orders(db, {"_id": {"$in": contacts}, **VALUED}, ruleset.account)
        today = now.astimezone(ruleset.account.time_zone).date()
        rows = histories(table.orders, fitted.day(today)).reindex(range(len(table.contacts)))
        if table.contacts:
            db.contacts.bulk_write(updates(table.contacts, rows, fitted, ruleset, now=now), ordered=False)
        done = len(table.contacts)
    db.changed_orders.delete_many({"_id": {"$in": [mark["_id"] for mark in marks]}})
    return done
