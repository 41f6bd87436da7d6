"""The CDNOW sample: 6,919 real orders of 2,357 customers of a CD shop, from the package `lifetimes`."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from importlib.metadata import files
from pathlib import Path


@dataclass(frozen=True)
class Order:
    """One line of the file; two orders of one customer on one day are two orders."""

    line: int
    customer: str
    at: datetime
    dollars: Decimal

    @property
    def id(self) -> str:
        return f"cdnow-{self.line}"


def orders() -> list[Order]:
    """The file's orders (customer id in the full set, in the sample, date, CDs, dollars)."""
    found = [file for file in files("lifetimes") or () if file.name == "CDNOW_sample.txt"]
    lines = Path(str(found[0].locate())).read_text().splitlines()
    return [_order(number, line.split()) for number, line in enumerate(lines, start=1) if line.strip()]


def _order(line: int, columns: list[str]) -> Order:
    customer, _, day, _, dollars = columns
    at = datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC)
    return Order(line=line, customer=customer, at=at, dollars=Decimal(dollars))


def sums(all_orders: list[Order]) -> dict[str, tuple[int, Decimal]]:
    """Orders and money of each customer, added up from the file itself."""
    totals: dict[str, tuple[int, Decimal]] = defaultdict(lambda: (0, Decimal(0)))
    for order in all_orders:
        count, money = totals[order.customer]
        totals[order.customer] = (count + 1, money + order.dollars)
    return dict(totals)
