"""What MongoDB itself says: read without the code under test, and compared byte for byte."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bson.json_util import CANONICAL_JSON_OPTIONS, dumps

Row = dict[str, Any]

UNORDERED = ("former", "trackers", "spans", "merged", "renamed", "keys", "push_devices", "push_endpoints")
"""Lists of a contact that are sets: what is in them counts, not which was noted first."""

ARRIVAL = {
    # The write counter; labels of components, of which a larger one is as good; and since
    # when a contact is kept, which tells whether it was filled or folded.
    "contacts": ("v", "component", "linked", "upkeep", "folded_at"),
    "activities": (),
    "ledger": (),
    "merges": ("had",),  # what each side had when the merge was first written, which is a record of arrival
    "suggestions": (),
}
"""What of each collection may depend on the order of arrival, and is left out."""


def dump(db: Any) -> dict[str, list[str]]:
    """The canonical text of every collection that the fold writes, row by row."""
    return {name: sorted(_lines(db, name, left_out)) for name, left_out in ARRIVAL.items()}


def _lines(db: Any, name: str, left_out: Iterable[str]) -> Iterable[str]:
    # An id that only a disordered arrival ever showed leads on ("renamed"); a quiet run has none.
    query = {"kind": "merged"} if name == "merges" else {}
    for row in db[name].find(query):
        for field in left_out:
            row.pop(field, None)
        if name == "contacts":
            row |= {field: sorted(row[field], key=str) for field in UNORDERED if field in row}
        yield dumps(row, json_options=CANONICAL_JSON_OPTIONS, sort_keys=True)


@dataclass(frozen=True)
class Verdict:
    """What was lost, what was doubled, and whether both runs ended the same."""

    lost: int
    doubled: int
    equal: bool
    differences: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        return not self.lost and not self.doubled and self.equal


def judge(
    *,
    sent: set[str],
    orders: dict[str, tuple[int, Decimal]],
    lively: Any,
    quiet: Any,
) -> Verdict:
    """Compare the database after chaos with what was sent, with a count apart, and with a quiet run."""
    applied = {
        row["_id"] for row in lively.activities.find({"state": "applied", "derived": None}, {"_id": 1})
    }
    ledger = list(lively.ledger.find())
    fewer, more = _orders_off(orders, lively.contacts.find())
    differences = _differences(dump(quiet), dump(lively))
    return Verdict(
        lost=len(sent - applied) + fewer,
        doubled=len(applied - sent) + more + _doubled_entries(ledger) + _wrong_sums(lively, ledger),
        equal=not differences,
        differences=tuple(differences[:10]),
    )


def differences(quiet: Any, lively: Any) -> list[str]:
    """What two databases with the same history do not have in common."""
    return _differences(dump(quiet), dump(lively))


def wrong_points(db: Any) -> int:
    """Ledger entries that are there twice, and contacts whose points are not the sum of their own."""
    ledger = list(db.ledger.find())
    return _doubled_entries(ledger) + _wrong_sums(db, ledger)


def _orders_off(orders: dict[str, tuple[int, Decimal]], contacts: Iterable[Row]) -> tuple[int, int]:
    """How many people have less, and how many have more, than was ordered in their name."""
    found = {row["email"]: row.get("commerce", {}) for row in contacts if row.get("email")}
    fewer = more = 0
    for email, (count, spent) in orders.items():
        commerce = found.get(email, {})
        has = (commerce.get("orders", 0), _decimal(commerce.get("spent", 0)))
        fewer += has < (count, spent)
        more += has > (count, spent)
    return fewer, more


def _doubled_entries(ledger: list[Row]) -> int:
    return sum(count - 1 for count in Counter((row["rule"], row["activity"]) for row in ledger).values())


def _wrong_sums(db: Any, ledger: list[Row]) -> int:
    """Contacts whose points are not the sum of their entries that have not expired."""
    worth: Counter[str] = Counter()
    for row in ledger:
        if "expires_at" not in row:
            worth[row["contact"]] += row["points"]
    return sum(row["points"]["total"] != worth[row["_id"]] for row in db.contacts.find({}, {"points": 1}))


def _differences(quiet: dict[str, list[str]], lively: dict[str, list[str]]) -> list[str]:
    found = []
    for name in ARRIVAL:
        only_quiet, only_lively = set(quiet[name]) - set(lively[name]), set(lively[name]) - set(quiet[name])
        found += [f"{name}, only in the quiet run: {line}" for line in sorted(only_quiet)]
        found += [f"{name}, only after chaos: {line}" for line in sorted(only_lively)]
    return found


def _decimal(value: Any) -> Decimal:
    return value.to_decimal() if hasattr(value, "to_decimal") else Decimal(value)
