"""Commands that look: doctor, contacts and their sheets, what failed."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from msgspec import structs

from engine.contacts.listing import listing
from engine.contacts.listing.listing import InvalidFilter, Listing
from engine.contacts.sheet import products, sheets, timelines
from engine.contacts.sheet.products import SheetProduct
from engine.contacts.sheet.timelines import TimelineFilter
from engine.db.connection import utc_now
from engine.errors import ContactNotFound
from engine.operations import operating
from engine.operations.preparation import prepare
from engine.pipeline import failed_activities, outbox
from engine.settings import CONFIG_DIR
from workers.cli.consent import consent
from workers.cli.contact_key import contact_of
from workers.cli.environment import rule_secrets
from workers.cli.session import (
    AsJson,
    DataDir,
    cli_actor,
    open_db,
    print_json,
    print_table,
    shown,
    zone_of,
)

SHOWN = 10
"""Products and categories that are printed of each list; `--json` has all."""

app = typer.Typer()
contact_app = typer.Typer(help="Show a contact, and its consent.")
contacts_app = typer.Typer(help="List contacts.")
failed_app = typer.Typer(help="List and retry failed activities.")
app.add_typer(contact_app, name="contact")
app.add_typer(contacts_app, name="contacts")
app.add_typer(failed_app, name="failed")
webhooks_app = typer.Typer(help="Show and retry webhook calls.")
app.add_typer(webhooks_app, name="webhooks")


@app.command()
def doctor(
    data_dir: DataDir = None,
    as_json: AsJson = False,
    repair: Annotated[bool, typer.Option("--prepare", help="Create what is missing first.")] = False,
) -> None:
    """Check servers, versions, indexes, clock and disk; exit 1 if something is broken."""
    from workers.cli.doctor import examine

    instance, db = open_db(data_dir, app="doctor")
    if repair:
        prepare(db, config_dir=CONFIG_DIR, now=utc_now())
    findings = list(examine(db, instance, rule_secrets()))
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        print_table(
            "Doctor",
            ("check", "verdict", "found", "what to do"),
            ((f.check, f.verdict, f.found, f.advice) for f in findings),
        )
    if any(finding.verdict == "broken" for finding in findings):
        raise typer.Exit(1)


@contact_app.command("show")
def show(key: str, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Print the sheet of the contact with this id, email, phone, external id or tracker."""
    _, db = open_db(data_dir, app="show")
    found = sheets.sheet(db, contact_of(db, key), now=utc_now())
    if found is None:
        raise ContactNotFound(key)
    of_contact = products.products(db, found.id)
    listed = {"bought": of_contact.bought, "seen": of_contact.seen, "categories": of_contact.categories}
    if as_json:
        limits = {"all_orders": of_contact.all_orders, "all_views": of_contact.all_views}
        typer.echo(sheets.encode({**structs.asdict(found), "products": {**listed, **limits}}).decode())
        return
    plain = json.loads(sheets.encode(found)) | {
        "products_bought": _lines(_bought(product, zone_of(db)) for product in of_contact.bought),
        "products_seen": _lines(_seen(product, zone_of(db)) for product in of_contact.seen),
        "categories": _lines(
            f"{one.name}: {one.bought} bought, {one.seen} seen" for one in of_contact.categories
        ),
    }
    rows = ((name, _brief(value)) for name, value in plain.items() if value not in (None, [], {}, ""))
    print_table(found.name or found.email or "Anonymous visitor", ("field", "value"), rows)


contact_app.command("consent")(consent)


def _bought(product: SheetProduct, zone: ZoneInfo) -> str:
    last = shown(product.last_bought, zone)
    return f"{product.name}: {product.bought} bought in {_counted(product.orders, 'order')}, last {last}"


def _seen(product: SheetProduct, zone: ZoneInfo) -> str:
    return f"{product.name}: seen {_counted(product.seen, 'time')}, last {shown(product.last_seen, zone)}"


def _counted(count: int, one: str) -> str:
    return f"{count:,} {one}" if count == 1 else f"{count:,} {one}s"


def _lines(lines: Iterable[str]) -> str:
    """The first lines of a list, and how many more there are."""
    found = list(lines)
    more = [f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
    return "\n".join([*found[:SHOWN], *more])


def _brief(value: Any) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, indent=1)[:2_000]
    return str(value)


@contacts_app.command("list")
def list_contacts(
    data_dir: DataDir = None,
    as_json: AsJson = False,
    where: Annotated[str, typer.Option(help='JSON, such as \'{"points": {"gte": 10}}\'.')] = "{}",
    limit: Annotated[int, typer.Option(min=0, help="0: all.")] = 100,
) -> None:
    """List contacts, the newest activity first; with --json one object a line."""
    _, db = open_db(data_dir, app="list")
    rows = listing.walk(db, Listing(where=filters_of(where)), limit=limit)
    if as_json:
        for row in rows:
            sys.stdout.write(sheets.encode(asdict(row)).decode() + "\n")
        return
    headings = ("id", "name", "email", "points", "newsletter", "orders", "spent", "last seen")
    print_table(
        "Contacts",
        headings,
        ((r.id, r.name, r.email, r.points, r.newsletter, r.orders, r.spent, r.last_seen) for r in rows),
        zone=zone_of(db),
    )


def filters_of(where: str) -> dict[str, Any]:
    """The conditions of a list as they are given on the command line; raise InvalidFilter."""
    try:
        filters = json.loads(where)
    except json.JSONDecodeError as error:
        raise InvalidFilter(f"--where is no JSON: {error}") from None
    if not isinstance(filters, dict):
        raise InvalidFilter('--where must be an object, such as {"newsletter": "subscribed"}')
    return filters


@app.command()
def activities(
    key: str,
    data_dir: DataDir = None,
    as_json: AsJson = False,
    type_: Annotated[
        list[str] | None, typer.Option("--type", help="Only this type; may be repeated.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1)] = 1_000,
) -> None:
    """Print a contact's activities, the newest first; with --json one object a line."""
    _, db = open_db(data_dir, app="activities")
    page = timelines.timeline(
        db, contact_of(db, key), where=TimelineFilter(types=tuple(type_ or ())), limit=limit
    )
    if as_json:
        for row in page.rows:
            typer.echo(sheets.encode(row).decode())
        return
    print_table(
        "Activities",
        ("when", "what", "", "points"),
        ((row.happened_at, row.label, row.summary, row.points) for row in page.rows),
        zone=zone_of(db),
    )


@failed_app.command("list")
def list_failed(data_dir: DataDir = None, as_json: AsJson = False, limit: int = 100) -> None:
    """List failed activities with their reasons."""
    _, db = open_db(data_dir, app="failed")
    found = failed_activities.newest(db, limit)
    if as_json:
        print_json([asdict(failure) for failure in found])
        return
    rows = ((f.id, f.type, f.reason, f.at) for f in found)
    print_table("Failed", ("id", "type", "reason", "at"), rows, zone=zone_of(db))


@failed_app.command("retry")
def retry_failed(
    ids: Annotated[list[str] | None, typer.Argument(help="IDs of activities; default: all.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Run failed activities again."""
    _, db = open_db(data_dir, app="failed")
    again = operating.run_again(cli_actor(db), ids or None)
    typer.echo(f"{again:,} {'activity' if again == 1 else 'activities'} will be run again")


@webhooks_app.command("retry")
def retry_calls(data_dir: DataDir = None) -> None:
    """Retry the calls that failed permanently."""
    _, db = open_db(data_dir, app="webhooks")
    again = operating.call_again(cli_actor(db))
    typer.echo(f"{again:,} {'call' if again == 1 else 'calls'} will be sent again")


@webhooks_app.command("status")
def count_calls(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show the counts of waiting, sent and failed calls, and why calls are held."""
    _, db = open_db(data_dir, app="webhooks")
    counts, held = outbox.counts(db), outbox.held(db)
    if as_json:
        print_json({**counts, "held": [asdict(calls) for calls in held]})
        return
    typer.echo(", ".join(f"{count:,} {state}" for state, count in counts.items()))
    for calls in held:
        typer.echo(f"{calls.webhook}: {calls.calls:,} held: {calls.reason}")
