"""The account settings for admins: stored in settings.yaml; each change publishes a new version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from engine.accounts import audit
from engine.accounts.actor import Actor
from engine.accounts.audit import Change, Subject
from engine.accounts.permissions import Permission
from engine.db import Db
from engine.domain.rulebook import Account
from engine.errors import Problem
from engine.publishing import publish_service, publishing
from engine.rules import versions
from engine.rules.language import editing
from engine.rules.versions import Version

FILE = "settings.yaml"


@dataclass(frozen=True)
class Settings:
    """The account settings as entered: text, not yet validated.

    `rates` are the worth of one unit of other currencies, `cart_idle` is a time such as 4h.
    """

    name: str
    time_zone: str
    locale: str
    currency: str
    rates: Mapping[str, str]
    default_region: str
    cart_idle: str
    keep_undeclared_traits: bool
    mask_for_viewers: bool


LABELS = {
    "name": "Name",
    "time_zone": "Time zone",
    "locale": "Language of dates and numbers",
    "currency": "Currency",
    "rates": "Rates",
    "default_region": "Country of phone numbers",
    "cart_idle": "A cart is abandoned after",
    "keep_undeclared_traits": "Traits that no field declares",
    "mask_for_viewers": "Personal data for viewers",
}


@dataclass(frozen=True)
class CurrentSettings:
    """The settings in force, and the version of the rules that they are of.

    `buyers` have orders.
    """

    version: int
    settings: Settings
    buyers: int


@dataclass(frozen=True)
class Consequence:
    """The consequence of changing a setting, as text.

    `of_the_past` if what is past stays as it was, unless all history is judged again.
    """

    setting: str
    words: str
    of_the_past: bool = False


def settings(actor: Actor) -> CurrentSettings:
    """The settings in force.  Raises NotAllowed."""
    actor.require(Permission.EDIT_ACCOUNT)
    version = versions.current_number(actor.db)
    return CurrentSettings(
        version=version,
        settings=_written(versions.version(actor.db, version).account),
        buyers=actor.db.contacts.count_documents({"commerce.orders": {"$gte": 1}}),
    )


def problems(actor: Actor, wanted: Settings) -> list[Problem]:
    """The problems of settings.  Raises NotAllowed."""
    actor.require(Permission.EDIT_ACCOUNT)
    return publishing.check(_texts(actor.db, wanted))


def consequences(found: CurrentSettings, wanted: Settings) -> list[Consequence]:
    """The consequences of publishing settings, one for each changed setting."""
    before = found.settings
    return [
        consequence
        for consequence in _consequences(found, wanted)
        if getattr(before, consequence.setting) != getattr(wanted, consequence.setting)
    ]


def change(
    actor: Actor,
    wanted: Settings,
    *,
    base: int,
    recompute: bool = False,
) -> Version:
    """Publish settings; with `recompute` all history is judged by them.

    Raises NotAllowed, and what publishing does.
    """
    actor.require(Permission.EDIT_ACCOUNT)
    before = _written(versions.version(actor.db, versions.current_number(actor.db)).account)
    changed = [name for name in LABELS if getattr(before, name) != getattr(wanted, name)]
    changes = [Change(LABELS[name], _value_text(before, name), _value_text(wanted, name)) for name in changed]
    message = f"Account: {', '.join(LABELS[name].lower() for name in changed) or 'nothing'}"
    with audit.recorded(
        actor, "changed the account settings", subject=Subject("account", "settings"), changes=changes
    ):
        return publish_service.publish(
            actor, _texts(actor.db, wanted), message=message, base=base, recompute=recompute
        )


def _consequences(found: CurrentSettings, wanted: Settings) -> Iterator[Consequence]:
    yield Consequence("name", f"The account is called {wanted.name}.")
    yield Consequence(
        "time_zone",
        f"From now on days begin and end in {wanted.time_zone}: limits “per day” count by these days, "
        "and the figures of each day are counted again. Points that were given stay as they are.",
        of_the_past=True,
    )
    yield Consequence("locale", "All pages write dates, numbers and money that way, at once.")
    yield from _of_money(found, wanted)
    yield Consequence(
        "default_region",
        f"Phone numbers without a country code that come in from now on are read as numbers of "
        f"{wanted.default_region}. Those that are known stay as they are.",
    )
    yield Consequence(
        "cart_idle",
        f"A cart counts as abandoned {wanted.cart_idle} after its last change, from its next change on.",
        of_the_past=True,
    )
    yield Consequence(
        "keep_undeclared_traits",
        "From now on traits that no field declares become custom fields."
        if wanted.keep_undeclared_traits
        else "From now on traits that no field declares are not kept. What contacts have stays with them.",
    )
    yield Consequence(
        "mask_for_viewers",
        "Viewers no longer see names, emails, numbers and other data that identifies a person."
        if wanted.mask_for_viewers
        else "Viewers see names, emails and numbers as everybody else does.",
    )


def _of_money(found: CurrentSettings, wanted: Settings) -> Iterator[Consequence]:
    totals = ""
    if found.buyers:
        who = "1 contact has orders" if found.buyers == 1 else f"{found.buyers} contacts have orders"
        totals = f" {who}: totals are recomputed with their next orders."
    yield Consequence(
        "currency",
        f"Totals are in {wanted.currency}; orders in another currency without a rate are shown apart."
        f"{totals}",
        of_the_past=bool(found.buyers),
    )
    yield Consequence(
        "rates",
        f"Orders in these currencies are added to the totals at these rates.{totals}",
        of_the_past=bool(found.buyers),
    )


def _texts(db: Db, wanted: Settings) -> dict[str, str]:
    """All files, with the settings written into theirs; what is not changed stays to the letter."""
    texts = publishing.completed(db, {})
    before = _written(versions.version(db, versions.current_number(db)).account)
    changed = {
        name: getattr(wanted, name) for name in LABELS if getattr(before, name) != getattr(wanted, name)
    }
    values = dict(_in_file(name, value) for name, value in changed.items())
    return {**texts, FILE: editing.with_values(texts[FILE], "account", values) if values else texts[FILE]}


def _in_file(name: str, value: Any) -> tuple[str, Any]:
    """A setting as it stands in the file."""
    if name == "currency":
        return name, value or None
    if name == "rates":
        return name, {currency: _number(rate) for currency, rate in value.items()}
    if name == "keep_undeclared_traits":
        return "undeclared_traits", "keep" if value else "ignore"
    return name, value


def _number(rate: str) -> float | int | str:
    """A rate as a number of YAML; what is none as it was written, for the check to say so."""
    try:
        return float(rate) if "." in rate else int(rate)
    except ValueError:
        return rate


def _written(account: Account) -> Settings:
    return Settings(
        name=account.name,
        time_zone=str(account.time_zone),
        locale=account.locale,
        currency=account.currency,
        rates={currency: _plain(rate) for currency, rate in sorted(account.rates.items())},
        default_region=account.default_region,
        cart_idle=_as_time(account.cart_idle),
        keep_undeclared_traits=account.keep_undeclared_traits,
        mask_for_viewers=account.mask_for_viewers,
    )


def _plain(rate: Decimal) -> str:
    return f"{rate.normalize():f}"


def _as_time(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def _value_text(settings: Settings, name: str) -> str:
    """A setting in words, for the audit log."""
    value = getattr(settings, name)
    if isinstance(value, Mapping):
        return ", ".join(f"{currency} {rate}" for currency, rate in value.items()) or "none"
    if isinstance(value, bool):
        return {
            "keep_undeclared_traits": ("not kept", "kept"), "mask_for_viewers": ("shown", "masked"),
        }[name][value]  # fmt: skip
    return str(value)
