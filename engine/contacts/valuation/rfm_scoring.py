"""One run of RFM over all contacts: the scores, what they come to, and whose figures change.

The orders and the present figures of all contacts are read in one pass; the rest is tables in memory.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
from bson.decimal128 import Decimal128

from engine.contacts.valuation.order_table import OrderTable, digits_of, read_orders
from engine.contacts.valuation.rfm_job import BOUGHT
from engine.contacts.valuation.rfm_runs import Count, Moved, RfmRun, fingerprint
from engine.db import Db
from engine.domain.activities import ContactId
from engine.domain.document import Document
from engine.domain.rfm import MEASURES, Measure, RfmRules
from engine.domain.rulebook import Account
from engine.domain.valuation import month_of
from engine.worth import rfm_counts
from engine.worth.rfm import Cuts, cut_points, measured, purchases, scored
from engine.worth.rfm_counts import NO_CATEGORY

SCORED: Document = {"$or": [BOUGHT, {"facets.rfm": {"$exists": True}}]}
"""Matches the contacts that may have scores: those with orders, and those that have scores now."""


@dataclass(frozen=True)
class Figures:
    """What a run makes of a contact; no `category`: it has no scores any more.

    Parameters:
      before(str): Its category so far; unset for none.
      month_from(str): That before the month of the run; unset for none.
      value(Decimal): Monetary value, in the account's currency.
    """

    contact: ContactId
    before: str | None
    month_from: str | None
    category: str | None
    code: int
    recency: int
    frequency: int
    monetary: int
    last_order: str
    orders: int
    value: Decimal


@dataclass(frozen=True)
class Scoring:
    """A run, and the contacts whose figures change, in the order of their ids."""

    run: RfmRun
    contacts: Sequence[ContactId]
    _changes: pd.DataFrame
    _digits: int

    def changes(self, first: int, number: int) -> list[Figures]:
        """Some of the changes, from a position on."""
        part = self._changes.iloc[first : first + number]
        return [
            Figures(
                contact=contact,
                before=row.before or None,
                month_from=row.month_from or None,
                category=row.category or None,
                code=int(row.code),
                recency=int(row.code) // 100,
                frequency=int(row.code) // 10 % 10,
                monetary=int(row.code) % 10,
                last_order=str(np.datetime64(row.last, "D")),
                orders=int(row.orders),
                value=Decimal(int(row.value)).scaleb(-self._digits),
            )
            for contact, row in zip(
                self.contacts[first : first + number], part.itertuples(index=False), strict=True
            )
        ]


def score_all(
    db: Db,
    account: Account,
    rules: RfmRules,
    as_of: date,
    *,
    id_: str,
    now: datetime,
    known: RfmRun | None,
    previous: RfmRun | None,
    progress: Callable[[int], None],
) -> Scoring:
    """Score all contacts as of a day.

    `known` is this run, if an earlier try has kept it already: its cut points and counts hold.
    `previous` is the last finished run.
    """
    at = now if known is None else known.at
    before = _Before()
    table = read_orders(
        db,
        SCORED,
        account,
        besides={"before": _present(month_of(at, account.time_zone), digits_of(account))},
        row=before.take,
        progress=progress,
    )
    progress(len(table.contacts))
    bought = purchases(table.orders, as_of, months=rules.months)
    values = measured(bought, as_of, monetary=rules.monetary)
    cuts = known.cuts if known else cut_points(values, rules, digits=digits_of(account))
    customers = scored(values, cuts, rules)
    compared = _compared(customers, before.table(), as_of)
    changed = _changed(compared)
    run = known or _run(
        customers.assign(spent=bought["spent"]), cuts, compared, account, rules, as_of,
        id_=id_, at=at, previous=previous, changed=int(changed.sum()),
    )  # fmt: skip
    return _in_order(run, table, compared[changed], digits_of(account))


# What contacts have so far


def _present(month: str, digits: int) -> Document:
    """The present figures of a contact as one list; null for none."""
    base = {"$cond": [{"$eq": ["$rfm.month", month]}, {"$ifNull": ["$rfm.month_from", ""]}, "$rfm.category"]}
    last = {"$toLong": {"$dateFromString": {"dateString": "$rfm.last_order"}}}
    value = {"$toDouble": {"$multiply": ["$rfm.value", Decimal128(str(10**digits))]}}
    figures = ["$rfm.category", base, "$rfm.code", "$rfm.orders", last, value]
    return {"$cond": [{"$gt": ["$rfm", None]}, figures, None]}


class _Before:
    """The present figures of contacts, column by column; categories are numbers of `names`."""

    def __init__(self) -> None:
        self.names: dict[str, int] = {NO_CATEGORY: 0}
        self.category, self.base = array("h"), array("h")
        self.code, self.orders = array("h"), array("i")
        self.last, self.value = array("q"), array("d")

    def take(self, row: Document) -> None:
        """Take the figures of the next contact."""
        category, base, code, orders, last, value = row["before"] or ("", "", 0, 0, 0, 0.0)
        self.category.append(self._number(category))
        self.base.append(self._number(base))
        self.code.append(code)
        self.orders.append(orders)
        self.last.append(last)
        self.value.append(value)

    def _number(self, category: str) -> int:
        return self.names.setdefault(category, len(self.names))

    def table(self) -> pd.DataFrame:
        """A row a contact, in the order of reading."""
        names = list(self.names)
        return pd.DataFrame(
            {
                "before": pd.Categorical.from_codes(np.frombuffer(self.category, np.int16), names),
                "month_from": pd.Categorical.from_codes(np.frombuffer(self.base, np.int16), names),
                "old_code": np.frombuffer(self.code, np.int16),
                "old_orders": np.frombuffer(self.orders, np.int32),
                "old_last": np.frombuffer(self.last, np.int64).astype("datetime64[ms]"),
                "old_value": np.frombuffer(self.value, np.float64),
            }
        )


# What they have now


def _compared(customers: pd.DataFrame, before: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Put the new figures beside the old ones, a row a contact; what a contact lacks is 0 and NO_CATEGORY."""
    last = pd.Timestamp(as_of) - pd.to_timedelta(customers["recency"], unit="D")
    after = pd.DataFrame(
        {
            "category": customers["category"].cat.add_categories([NO_CATEGORY]),
            "code": customers["code"],
            "orders": customers["frequency"],
            "last": last.astype("datetime64[ms]"),
            "value": np.rint(customers["monetary"]),
        }
    ).reindex(before.index)
    nothing = {
        "category": NO_CATEGORY, "code": 0, "orders": 0, "last": pd.Timestamp(0), "value": 0.0,
    }  # fmt: skip
    return before.join(after.fillna(nothing))


def _changed(compared: pd.DataFrame) -> pd.Series:
    """Whether any figure of a contact differs from what it has."""
    moved = _names(compared["before"]) != _names(compared["category"])
    for name in ("code", "orders", "last", "value"):
        moved |= compared[name] != compared[f"old_{name}"]
    return moved


def _names(categories: pd.Series) -> pd.Series:
    return categories.astype(object)


def _in_order(run: RfmRun, table: OrderTable, changes: pd.DataFrame, digits: int) -> Scoring:
    ids = [table.contacts[position] for position in changes.index]
    order = sorted(range(len(ids)), key=ids.__getitem__)
    columns = ["before", "month_from", "category", "code", "orders", "last", "value"]
    return Scoring(run, [ids[number] for number in order], changes[columns].iloc[order], digits)


def _run(
    customers: pd.DataFrame,
    cuts: Mapping[Measure, Cuts],
    compared: pd.DataFrame,
    account: Account,
    rules: RfmRules,
    as_of: date,
    *,
    id_: str,
    at: datetime,
    previous: RfmRun | None,
    changed: int,
) -> RfmRun:
    digits, after = digits_of(account), _names(compared["category"])
    scores = rfm_counts.by_score(customers)
    categories = _counts(rfm_counts.by_category(customers, rules), digits)
    cells = _counts(rfm_counts.by_cell(customers), digits)
    month = _moves(rfm_counts.movement(_names(compared["month_from"]), after))
    return RfmRun(
        id=id_,
        as_of=as_of,
        at=at.astimezone(UTC),
        previous=None if previous is None else previous.as_of,
        quiet=previous is None or not previous.customers or previous.rules != fingerprint(rules),
        months=rules.months,
        monetary=rules.monetary,
        currency=account.currency,
        cuts=cuts,
        customers=len(customers),
        scores={measure: tuple(map(int, scores[measure[0]])) for measure in MEASURES},
        codes={int(code): int(people) for code, people in customers["code"].value_counts().items()},
        categories={str(id_): count for id_, count in categories},
        cells={(int(r), int(f)): count for (r, f), count in cells},
        movement=_moves(rfm_counts.movement(_names(compared["before"]), after)),
        month_movement=_with_lost(month, previous, at, account),
        changed=changed,
        rules=fingerprint(rules),
    )


def _counts(table: pd.DataFrame, digits: int) -> list[tuple[Any, Count]]:
    """Each row of counted people and revenue, by its index."""
    return [
        (key, Count(int(people), Decimal(round(revenue)).scaleb(-digits)))
        for key, people, revenue in table[["people", "revenue"]].itertuples(name=None)
    ]


def _moves(counted: pd.DataFrame) -> list[Moved]:
    """The movements, without those who had no category and have none."""
    return [
        Moved(row.before or None, row.after or None, int(row.people))
        for row in counted.itertuples(index=False)
        if row.before or row.after
    ]


def _with_lost(moves: list[Moved], previous: RfmRun | None, at: datetime, account: Account) -> list[Moved]:
    """Add those who lost their scores earlier in this month: nothing of them is left with the contact."""
    if previous is None or month_of(previous.at, account.time_zone) != month_of(at, account.time_zone):
        return moves
    people = {(moved.before, moved.after): moved.people for moved in moves}
    for moved in previous.month_movement:
        if moved.after is None:
            key = (moved.before, None)
            people[key] = people.get(key, 0) + moved.people
    return [Moved(before, after, number) for (before, after), number in people.items()]
