"""`sheets shops`: connect a shop, and what to paste where."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.cli import shop_fetching
from workers.cli.environment import begin
from workers.cli.session import AsJson, DataDir, cli_actor, open_db, print_json, print_table, zone_of

if TYPE_CHECKING:
    from engine.shops.shops import ShopRecord

app = typer.Typer()
shops_app = typer.Typer(help="Connect, list and disconnect shops.")
shops_app.add_typer(shop_fetching.app)
app.add_typer(shops_app, name="shops")

FROM_INPUT = "-"
"""The value of a field that is read from standard input: so that it stays out of the list of processes."""

Fields = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="FIELD=VALUE",
        help="What the platform asks for, such as webhook_secret=…; may be repeated. "
        f"`{FROM_INPUT}` as the value reads it from standard input.",
    ),
]
ShopId = Annotated[str, typer.Argument(metavar="ID", help="As `sheets shops list` prints it.")]


@shops_app.command()
def add(
    platform: Annotated[str, typer.Argument(help="Such as shopify; `sheets shops platforms` lists them.")],
    name: Annotated[str, typer.Option(help="What the shop is called here.")],
    fields: Fields = None,
    prefix: Annotated[
        str | None,
        typer.Option(
            help="Stands before the numbers of its customers and orders. Default: none for the first shop, "
            "and one of its name for another."
        ),
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Connect a shop; print the address to paste, and what the shop has to be told.

    The secret may be entered later, by `sheets shops rotate`, as most platforms show it with the webhook.
    """
    from engine.shops import shop_service
    from engine.shops.sealing import sealer_of

    settings, instance = begin(data_dir)
    _, db = open_db(data_dir, app="shops")
    shop = shop_service.add(
        cli_actor(db),
        platform,
        name=name,
        entered=entered_fields(fields),
        sealer=sealer_of(settings, instance),
        prefix=prefix,
    )
    _show(shop, settings.collector_public_url or instance.collector_url or "", as_json=as_json)


@shops_app.command("list")
def list_shops(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the connected shops, with what came of each."""
    from engine.shops import shop_service

    _, db = open_db(data_dir, app="shops")
    found = shop_service.all_shops(cli_actor(db))
    if as_json:
        print_json([_plain(shop) for shop in found])
        return
    rows = ((s.id, s.platform, s.name, s.accepted, s.refused, s.last_at, s.problem) for s in found)
    headings = ("id", "platform", "name", "taken", "refused", "last event", "problem")
    print_table("Shops", headings, rows, zone=zone_of(db))


@shops_app.command()
def platforms(as_json: AsJson = False) -> None:
    """List the platforms, and what each asks for."""
    from engine.shops.platforms.registry import PLATFORMS

    found = [
        {
            "platform": platform.name,
            "label": platform.label,
            "fields": [asdict(field) for field in platform.fields],
            "topics": list(platform.topics),
        }
        for platform in PLATFORMS.values()
    ]
    if as_json:
        print_json(found)
        return
    rows = ((p.name, f.name, f.where) for p in PLATFORMS.values() for f in p.fields)
    print_table("Platforms", ("platform", "field", "where to find it"), rows)


@shops_app.command()
def show(shop: ShopId, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show a shop, the address to paste, and each step in the shop's administration."""
    from engine.shops import shop_service

    settings, instance = begin(data_dir)
    _, db = open_db(data_dir, app="shops")
    found = shop_service.find(cli_actor(db), shop)
    _show(found, settings.collector_public_url or instance.collector_url or "", as_json=as_json)


@shops_app.command()
def rotate(
    shop: ShopId,
    fields: Fields = None,
    drop_old: Annotated[
        bool,
        typer.Option("--drop-old", help="Accept the new secret alone, at once; default: the last one, too."),
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Enter or replace a secret: `--set webhook_secret=-`, and the secret on standard input."""
    from engine.shops import shop_service
    from engine.shops.sealing import sealer_of

    settings, instance = begin(data_dir)
    _, db = open_db(data_dir, app="shops")
    entered = entered_fields(fields)
    if not entered:
        raise typer.BadParameter("name the secret: --set webhook_secret=-")
    sealer = sealer_of(settings, instance)
    for field, secret in entered.items():
        shop_service.replace_secret(cli_actor(db), shop, field, secret, sealer=sealer, keep_old=not drop_old)
    typer.echo("replaced" if drop_old else "replaced; the last one is accepted, too, until the next change")


@shops_app.command()
def remove(shop: ShopId, data_dir: DataDir = None) -> None:
    """Disconnect a shop: its deliveries are refused, its secrets forgotten; what it reported stays."""
    from engine.shops import shop_service

    _, db = open_db(data_dir, app="shops")
    shop_service.remove(cli_actor(db), shop)
    typer.echo("disconnected; remove the webhooks in the shop, too")


def entered_fields(fields: Sequence[str] | None) -> dict[str, str]:
    """The fields of the options.  Raises BadParameter."""
    found: dict[str, str] = {}
    for given in fields or ():
        name, equals, value = given.partition("=")
        if not equals:
            raise typer.BadParameter(f"{given!r} is no FIELD=VALUE, such as webhook_secret=…")
        found[name.strip()] = sys.stdin.readline().strip() if value == FROM_INPUT else value
    return found


def _plain(shop: ShopRecord) -> dict[str, Any]:
    from engine.shops.fetching.poll_state import is_polled, poll_state

    plain = {name: value for name, value in asdict(shop).items() if name != "cursor"}
    return plain | ({"poll": asdict(poll_state(shop))} if is_polled(shop) else {})


def _show(shop: ShopRecord, collector_url: str, *, as_json: bool) -> None:
    from engine.shops import shop_service
    from engine.shops.platforms.registry import platform_of

    what, platform = shop_service.instructions(shop, collector_url), platform_of(shop.platform)
    if as_json:
        steps = [{"text": step.text, "paste": list(step.paste)} for step in what.steps]
        more = {"address": what.address, "format": "JSON", "topics": list(platform.topics), "steps": steps}
        print_json(_plain(shop) | more)
        return
    typer.echo(f"{platform.label} shop {shop.id}: {shop.name}")
    if what.address:
        typer.echo(f"Address to paste: {what.address}")
    for number, step in enumerate(what.steps, start=1):
        typer.echo(f"{number}. {step.text.replace('**', '')}")
        for text in step.paste:
            typer.echo(f"   {text}")
