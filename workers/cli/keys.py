"""Commands for API keys and for signing in."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from enum import StrEnum
from typing import Annotated

import typer

from engine.accounts import key_service, users
from engine.accounts.key_limits import NEW_KEY, NO_LIMITS, KeyLimits
from engine.accounts.scopes import GRANTED, Scope, in_order
from workers.cli.session import AsJson, DataDir, cli_actor, open_db, print_json, print_table, zone_of

app = typer.Typer()
keys_app = typer.Typer(help="Create, list, change and revoke API keys.")
app.add_typer(keys_app, name="keys")


UNNAMED = "from the command line"
"""The default name of a key, with a number if it is taken."""


class Kind(StrEnum):
    """A browser's key, which everybody can read, or one of the server's."""

    write = "write"
    secret = "secret"
    identity = "identity"


UNLIMITED, ANY = "none", "any"
"""The words that lift a limit, and the list of origins."""


def _number(text: str) -> float:
    """The value of an option of limits: a number, or infinity for `none`."""
    try:
        return math.inf if text.lower() == UNLIMITED else float(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is neither a number nor `{UNLIMITED}`") from None


Origins = Annotated[
    list[str] | None,
    typer.Option(
        "--origin",
        help="Accept only pages of this origin, such as https://shop.example or https://*.shop.example; "
        f"may be repeated. `{ANY}`: pages of any origin.",
    ),
]
AddressRate = Annotated[
    float | None,
    typer.Option(
        "--rate-per-address",
        parser=_number,
        metavar="NUMBER",
        help=f"Events a second that one IP address may send; `{UNLIMITED}` for no limit.",
    ),
]
NewContacts = Annotated[
    float | None,
    typer.Option(
        "--new-contacts-per-day",
        parser=_number,
        metavar="NUMBER",
        help=f"New contacts that a day may bring; `{UNLIMITED}` for no limit.",
    ),
]


Scopes = Annotated[
    list[Scope] | None,
    typer.Option(
        "--scope",
        help="What a secret key may do; may be repeated. "
        + "; ".join(f"{scope}: {granted.label}" for scope, granted in GRANTED.items())
        + ".",
    ),
]


@keys_app.command("create")
def create(
    kind: Annotated[
        Kind,
        typer.Option(
            help="write: for browsers; secret: for the shop's server; identity: to sign user ids with."
        ),
    ],
    data_dir: DataDir = None,
    label: Annotated[str, typer.Option(help="A label, unique among the active keys.")] = "",
    origin: Origins = None,
    rate_per_address: AddressRate = None,
    new_contacts_per_day: NewContacts = None,
    scope: Scopes = None,
    as_json: AsJson = False,
) -> None:
    """Create a key; its token is shown only once.

    A write key without other limits accepts 100 events a second of one IP address, and 100,000 new
    contacts a day.  A secret key without other scopes can send events and ask for reachability.
    """
    _, db = open_db(data_dir, app="keys")
    called = label or key_service.free_label(db, UNNAMED)
    given = (origin, rate_per_address, new_contacts_per_day)
    usual = NEW_KEY if kind is Kind.write else NO_LIMITS
    limits = _changed(usual, *given)
    key = key_service.create(cli_actor(db), kind.value, label=called, limits=limits, scopes=scope)
    if as_json:
        print_json({**asdict(key), "key": key.token})
        return
    typer.echo(f"{key.kind} key {key.id}: {key.token}\nKeep it: it is not shown again.")


@keys_app.command("list")
def list_keys(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List all keys, without their tokens."""
    _, db = open_db(data_dir, app="keys")
    found = key_service.all_keys(cli_actor(db))
    if as_json:
        print_json([asdict(key) for key in found])
        return
    rows = ((k.id, k.kind, k.label, k.created_at, k.last_used_at, k.revoked_at) for k in found)
    print_table("Keys", ("id", "kind", "label", "created", "last used", "revoked"), rows, zone=zone_of(db))
    limited = [(k.label, *_limits(k.limits)) for k in found if k.kind == "write" and k.revoked_at is None]
    if limited:
        print_table("Limits of write keys", ("label", *LIMITS), limited)
    scoped = [(k.label, ", ".join(in_order(k.scopes))) for k in found if k.scopes and k.revoked_at is None]
    if scoped:
        print_table("Scopes of secret keys", ("label", "scopes"), scoped)


@keys_app.command("change")
def change(
    key: str,
    data_dir: DataDir = None,
    origin: Origins = None,
    rate_per_address: AddressRate = None,
    new_contacts_per_day: NewContacts = None,
    scope: Scopes = None,
) -> None:
    """Change the limits of a write key or the scopes of a secret key, effective within five seconds.

    What is not given stays.  The origins or scopes that are given replace all earlier ones.
    """
    _, db = open_db(data_dir, app="keys")
    actor = cli_actor(db)
    found = key_service.find(actor, key)
    if scope is not None:
        key_service.change_scopes(actor, key, scope)
        changed = key_service.find(actor, key)
        print_table("Scopes", ("label", "scopes"), [(changed.label, ", ".join(in_order(changed.scopes)))])
    if scope is not None and (origin, rate_per_address, new_contacts_per_day) == (None, None, None):
        return
    limits = _changed(found.limits, origin, rate_per_address, new_contacts_per_day)
    key_service.change_limits(actor, key, limits)
    changed = key_service.find(actor, key)
    print_table("Limits", ("label", *LIMITS), [(changed.label, *_limits(changed.limits))])


@keys_app.command("revoke")
def revoke(key: str, data_dir: DataDir = None) -> None:
    """Revoke a key, effective within five seconds."""
    _, db = open_db(data_dir, app="keys")
    key_service.revoke(cli_actor(db), key)
    typer.echo("revoked")


def _changed(
    limits: KeyLimits, origins: list[str] | None, rate: float | None, new_contacts: float | None
) -> KeyLimits:
    """The limits with what the options give."""
    if origins is not None:
        limits = replace(limits, origins=() if origins == [ANY] else tuple(origins))
    if rate is not None:
        limits = replace(limits, address_rate=_finite(rate))
    if new_contacts is not None:
        limits = replace(limits, new_contacts=_whole(_finite(new_contacts)))
    return limits


def _finite(number: float) -> float | None:
    return None if number == math.inf else number


def _whole(number: float | None) -> int | None:
    if number is None:
        return None
    if not number.is_integer():
        raise typer.BadParameter("--new-contacts-per-day takes a whole number")
    return int(number)


LIMITS = ("origins", "events/s per IP address", "new contacts a day")
"""The headings of limits in a table."""


def _limits(limits: KeyLimits) -> tuple[str, str, str]:
    """The limits of a write key as cells of a table."""
    numbers = (limits.address_rate, limits.new_contacts)
    rate, ceiling = ("no limit" if number is None else f"{number:,.15g}" for number in numbers)
    return ", ".join(limits.origins) or "any", rate, ceiling


@app.command()
def link(data_dir: DataDir = None) -> None:
    """Print a one-time sign-in link for the local admin."""
    instance, db = open_db(data_dir, app="link")
    token = users.local_link(cli_actor(db))
    typer.echo(f"{instance.dashboard_url or ''}/signin?link={token}")
