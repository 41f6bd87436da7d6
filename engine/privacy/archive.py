"""The archive of a person's data: the complete `data.json`, and a readable `index.html`.

Both are written as they are read, so that the archive of a person with a million activities
needs no more memory than another.  What anybody wrote is escaped.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from html import escape
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

import msgspec

from engine.contacts.sheet import sheets, timelines
from engine.contacts.sheet.sheet_model import Sheet
from engine.contacts.sheet.timeline_rows import TimelineRow
from engine.db import Db
from engine.domain.activities import ContactId
from engine.domain.contact import Commerce
from engine.domain.fields import FIELDS, PROFILE_FIELDS
from engine.privacy.known import known_of
from engine.rules import versions

PAGE = 500
"""Activities that are read together."""

README = """What is in this archive

index.html   All that is known of the person, to be read in any browser.
data.json    The same, and all beside it, as it is stored: an object with the name of each
             collection and its rows. Amounts of money are texts; times are of UTC.
"""


def write(db: Db, contact: ContactId, out: BinaryIO, *, now: datetime) -> dict[str, int]:
    """Write the archive; return how many rows of which collection it has.  Raises ContactNotFound."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("data.json", "w", force_zip64=True) as file:
            counts = _write_json(db, contact, file, now=now)
        sheet = sheets.sheet(db, contact, now=now)
        with (
            archive.open("index.html", "w", force_zip64=True) as file,
            io.TextIOWrapper(file, "utf-8") as page,
        ):
            page.writelines(_page(db, sheet, counts, now=now) if sheet is not None else [])
        archive.writestr("README.txt", README)
    return counts


# data.json


def _write_json(db: Db, contact: ContactId, file: Any, *, now: datetime) -> dict[str, int]:
    counts: dict[str, int] = {}
    file.write(b'{"made_at": ' + sheets.encode(now) + b', "contact": ' + sheets.encode(contact))
    file.write(b', "collections": {')
    for number, (name, rows) in enumerate(known_of(db, contact)):
        file.write((b",\n" if number else b"\n") + json.dumps(name).encode() + b": [")
        counts[name] = 0
        for row in rows:
            file.write((b",\n" if counts[name] else b"\n") + sheets.encode(row))
            counts[name] += 1
        file.write(b"]")
    file.write(b"\n}}\n")
    return {name: count for name, count in counts.items() if count}


# index.html


def _page(db: Db, sheet: Sheet, counts: dict[str, int], *, now: datetime) -> Iterator[str]:
    ruleset = versions.current(db)
    zone = ruleset.account.time_zone
    who = sheet.name or sheet.email or sheet.mobile_phone or sheet.external_id or "a visitor"
    yield _HEAD.format(title=escape(f"All that is known of {who}"), style=_STYLE)
    yield f"<h1>{escape(who)}</h1><p>All that {escape(ruleset.account.name)} knows of this person, as of "
    yield f"{escape(_at(now, zone))} (times are of {escape(str(zone))}).</p>"
    yield from _facts("Who", _identity_rows(sheet, zone))
    yield from _table("What they can receive", ("channel", "reachable", "why"), _reach(sheet))
    yield from _table(
        "Subscriptions and statuses", ("what", "state", "since", "by", "reason"), _statuses(sheet, zone)
    )
    yield from _table(
        "Segments", ("segment", "since"), [(s.name, _at(s.since, zone)) for s in sheet.memberships]
    )
    yield from _table(
        "Orders", ("order", "when", "amount", "refunded", "cancelled"), _orders(db, sheet, zone)
    )
    yield from _table("Cart", ("product", "quantity", "price"), _cart(sheet))
    yield from _table("Points", ("when", "points", "rule", "for"), _entries(db, sheet, zone))
    yield from _table("What happened", ("when", "what", "details"), _happened(db, sheet, zone), raw=2)
    yield from _table("Where it is kept", ("collection", "rows"), [(n, str(c)) for n, c in counts.items()])
    yield "</main></body></html>\n"


def _identity_rows(sheet: Sheet, zone: ZoneInfo) -> Iterator[tuple[str, object]]:
    for name in ("email", "mobile_phone", "external_id", *PROFILE_FIELDS):
        yield FIELDS[name].label, getattr(sheet, name)
    yield from sheet.custom.items()
    yield "Browsers and apps", ", ".join(sheet.trackers)
    yield "Known before as", ", ".join(sheet.former)
    yield "First seen", _at(sheet.first_seen, zone)
    yield "Last seen", _at(sheet.last_seen, zone)


def _reach(sheet: Sheet) -> Iterator[tuple[str, ...]]:
    return ((reach.channel, "yes" if reach.reachable else "no", reach.why) for reach in sheet.reach)


def _statuses(sheet: Sheet, zone: ZoneInfo) -> Iterator[tuple[str, ...]]:
    for status in sheet.statuses.values():
        since = _at(status.since, zone)
        yield status.machine_label, status.label, since, status.by or "", status.reason or ""


def _orders(db: Db, sheet: Sheet, zone: ZoneInfo) -> Iterator[tuple[str, ...]]:
    row = db.contacts.find_one({"_id": sheet.id}) or {}
    for order in msgspec.convert(row.get("commerce", {}), Commerce).book:
        amounts = (order.unclear if order.amount is None else order.amount, order.refunded)
        amount, refunded = (f"{money} {order.currency or ''}" for money in amounts)
        yield order.id, _at(order.placed_at, zone), amount, refunded, "yes" if order.cancelled else ""


def _cart(sheet: Sheet) -> Iterator[tuple[str, ...]]:
    lines = sheet.commerce.cart.lines if sheet.commerce.cart is not None else []
    return ((line.name or line.product_id, str(line.quantity), str(line.price or "")) for line in lines)


def _entries(db: Db, sheet: Sheet, zone: ZoneInfo) -> Iterator[tuple[str, ...]]:
    ruleset = versions.current(db)
    for row in db.ledger.find({"contact": sheet.id}).sort([("happened_at", -1), ("_id", -1)]):
        what = ruleset.catalog.label(row["activity_type"])
        yield _at(row["happened_at"], zone), f"{row['points']:+d}", ruleset.rule_name(row["rule"]), what


def _happened(db: Db, sheet: Sheet, zone: ZoneInfo) -> Iterator[tuple[str, ...]]:
    place: str | None = None
    while True:
        page = timelines.timeline(db, sheet.id, before=place, limit=PAGE)
        for row in page.rows:
            yield _at(row.happened_at, zone), f"{row.icon} {row.label}", _details(row)
        if page.next is None:
            return
        place = page.next


def _details(row: TimelineRow) -> str:
    """A row's summary and its raw data, as markup with escaped text."""
    summary = escape(row.summary)
    raw = sheets.encode(row.details).decode()
    if not row.details:
        return summary
    return f"{summary}<details><summary>all of it</summary><pre>{escape(raw)}</pre></details>"


def _facts(title: str, rows: Iterable[tuple[str, object]]) -> Iterator[str]:
    yield f"<h2>{escape(title)}</h2><dl>"
    for name, value in rows:
        if value not in (None, "", []):
            yield f"<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>"
    yield "</dl>"


def _table(
    title: str, headings: tuple[str, ...], rows: Iterable[tuple[str, ...]], *, raw: int = -1
) -> Iterator[str]:
    """A section; the column `raw` is markup already.  Of nothing it says so."""
    yield f"<h2>{escape(title)}</h2>"
    empty = True
    for row in rows:
        if empty:
            heads = "".join(f"<th>{escape(heading)}</th>" for heading in headings)
            yield f"<table><thead><tr>{heads}</tr></thead><tbody>"
        empty = False
        cells = (cell if place == raw else escape(cell) for place, cell in enumerate(row))
        yield "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>\n"
    yield "<p>Nothing.</p>" if empty else "</tbody></table>"


def _at(at: datetime | None, zone: ZoneInfo) -> str:
    return "" if at is None else f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"


_HEAD = (
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    '<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>'
    "<style>{style}</style></head><body><main>"
)

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;color:#22302b;background:#fbfaf7;margin:0}"
    "main{max-width:60rem;margin:auto;padding:1rem}h2{margin:2rem 0 .5rem;font-size:1.1rem}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;"
    "border-bottom:1px solid #e2ded4;overflow-wrap:anywhere;min-width:3.5rem}main{overflow-x:auto}"
    "th{font-weight:600;color:#5c6a64;overflow-wrap:normal}"
    "dl{display:grid;grid-template-columns:minmax(8rem,max-content) 1fr;gap:.3rem 1rem;margin:0}"
    "dt{color:#5c6a64}dd{margin:0;overflow-wrap:anywhere}pre{white-space:pre-wrap;overflow-wrap:anywhere;"
    "font-size:.8rem}summary{cursor:pointer;color:#2f5d50}"
)
