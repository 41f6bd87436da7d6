"""Connected shops, for a user: checked for their role, and in the audit log."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.accounts import audit
from engine.accounts.actor import Actor
from engine.accounts.audit import Change, Subject
from engine.accounts.permissions import Permission
from engine.db import Db
from engine.errors import Conflict, Invalid, NameTaken
from engine.shops import shops
from engine.shops.platforms.platform import Field, Platform, Step
from engine.shops.platforms.registry import platform_of
from engine.shops.sealing import Sealer
from engine.shops.shops import MAX_NAME, MAX_PREFIX, ShopRecord

MAX_ENTERED = 2_000
"""Characters of what is entered in one field."""

_PREFIX = re.compile(r"[A-Za-z0-9_.-]*")


class InvalidShop(Invalid):
    """A shop that cannot be connected like this; `field` is what to correct."""

    def __init__(self, field: str, reason: str) -> None:
        self.field = field
        super().__init__(reason)


@dataclass(frozen=True)
class Instructions:
    """What to do in a shop's administration: the address to paste (empty if it is polled), and each step."""

    address: str
    steps: Sequence[Step]


def all_shops(actor: Actor) -> list[ShopRecord]:
    """The connected shops, the oldest first.  Raises NotAllowed."""
    actor.require(Permission.MANAGE_KEYS)
    return shops.all_shops(actor.db)


def find(actor: Actor, shop: str) -> ShopRecord:
    """A connected shop.  Raises NotAllowed and ShopNotFound."""
    actor.require(Permission.MANAGE_KEYS)
    return shops.find(actor.db, shop)


def add(
    actor: Actor,
    platform: str,
    *,
    name: str,
    entered: Mapping[str, str],
    sealer: Sealer,
    prefix: str | None = None,
) -> ShopRecord:
    """Connect a shop; what is `entered` is named as the platform's fields.

    A secret that its platform shows only later may be left out and given by `replace_secret`.  Without a
    `prefix` the first shop has none, and another one has one of its name.
    Raises NotAllowed, UnknownPlatform, InvalidShop and NameTaken.
    """
    actor.require(Permission.MANAGE_KEYS)
    found = platform_of(platform)
    name = _named(actor.db, name)
    fields, secrets = _checked(found, entered)
    prefix = _prefix(actor.db, name) if prefix is None else _checked_prefix(prefix)
    with audit.recorded(
        actor,
        "connected a shop",
        subject=Subject("shop", name),
        changes=[Change("platform", None, found.label), Change("prefix", None, prefix or None)],
    ):
        return shops.add(
            actor.db, platform, name=name, prefix=prefix, fields=fields, secrets=secrets, sealer=sealer,
            now=actor.now,
        )  # fmt: skip


def replace_secret(
    actor: Actor, shop: str, field: str, secret: str, *, sealer: Sealer, keep_old: bool = True
) -> ShopRecord:
    """Give a shop another secret; with `keep_old` the last one is accepted beside it.

    Raises NotAllowed, ShopNotFound and InvalidShop.
    """
    found = find(actor, shop)
    declared = platform_of(found.platform).field(field)
    if declared is None or not declared.secret:
        raise InvalidShop(field, f"{found.platform} has no secret called {field!r}")
    secret = _text(declared, secret)
    with audit.recorded(
        actor,
        "replaced a secret of a shop",
        subject=Subject("shop", found.name),
        changes=[Change(declared.label, "set" if found.secrets.get(field) else None, "replaced")],
    ):
        shops.replace_secret(actor.db, shop, field, secret, sealer, keep_old=keep_old)
    return shops.find(actor.db, shop)


def remove(actor: Actor, shop: str) -> None:
    """Disconnect a shop: its deliveries are refused, its secrets forgotten; its activities stay.

    Raises NotAllowed, ShopNotFound, and Conflict if it was removed meanwhile.
    """
    found = find(actor, shop)
    with audit.recorded(
        actor,
        "disconnected a shop",
        subject=Subject("shop", found.name),
        changes=[Change("platform", platform_of(found.platform).label, None)],
    ):
        if not shops.remove(actor.db, shop, now=actor.now):
            raise Conflict(f"{found.name} was disconnected before; see `sheets shops list`")


def instructions(shop: ShopRecord, collector_url: str) -> Instructions:
    """What to do in the shop, given the collector's public address."""
    platform = platform_of(shop.platform)
    address = address_of(shop, collector_url) if platform.webhooks is not None else ""
    return Instructions(address, platform.steps(address))


def checked(platform: str, entered: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """What was entered for a platform, apart by whether it is secret.  Raises InvalidShop."""
    return _checked(platform_of(platform), entered)


def address_of(shop: ShopRecord, collector_url: str) -> str:
    """The address that the shop's webhooks post to."""
    return f"{collector_url.rstrip('/')}/shops/{shop.platform}/{shop.id}"


def _named(db: Db, name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise InvalidShop("name", "enter a name for the shop")
    if len(name) > MAX_NAME:
        raise InvalidShop("name", f"a name can have at most {MAX_NAME} characters")
    if any(shop.name.casefold() == name.casefold() for shop in shops.all_shops(db)):
        raise NameTaken("another connected shop", name)
    return name


def _checked(platform: Platform, entered: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """What was entered, apart by whether it is secret.  Raises InvalidShop."""
    unknown = [name for name in entered if platform.field(name) is None]
    if unknown:
        names = ", ".join(field.name for field in platform.fields)
        raise InvalidShop(unknown[0], f"{platform.label} has no field {unknown[0]!r}; it has {names}")
    fields, secrets = dict[str, str](), dict[str, str]()
    for field in platform.fields:
        given = entered.get(field.name, "").strip()
        if not given and (field.required and not field.secret):
            raise InvalidShop(field.name, f"{field.label} is missing: {field.where}")
        if given:
            (secrets if field.secret else fields)[field.name] = _text(field, given)
    return fields, secrets


def _text(field: Field, given: str) -> str:
    given = given.strip()
    if not given:
        raise InvalidShop(field.name, f"{field.label} is empty: {field.where}")
    spaced = not field.secret and any(letter.isspace() for letter in given)
    if len(given) > MAX_ENTERED or spaced or not given.isprintable():
        raise InvalidShop(field.name, f"{field.label} must be one line of text: {field.where}")
    return given


def _prefix(db: Db, name: str) -> str:
    """The prefix of another shop: the customer 12 of one is not the customer 12 of another."""
    if not shops.all_shops(db, removed=True):
        return ""
    plain = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-") or "shop"
    return plain[: MAX_PREFIX - 1] + "-"


def _checked_prefix(prefix: str) -> str:
    if len(prefix) > MAX_PREFIX or not _PREFIX.fullmatch(prefix):
        raise InvalidShop(
            "prefix", f"a prefix has at most {MAX_PREFIX} letters, digits, dots, dashes and underscores"
        )
    return prefix
