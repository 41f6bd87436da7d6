"""Reading connected shops, for a user: checked for their role, and in the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from engine.accounts import audit
from engine.accounts.actor import Actor
from engine.accounts.audit import Change, Subject
from engine.accounts.permissions import Permission
from engine.errors import Conflict
from engine.jobs import jobs
from engine.jobs.jobs import Job
from engine.shops import shop_service, shops
from engine.shops.fetching import fetch_job, polling
from engine.shops.fetching.apis import OPENERS, ShopAccess
from engine.shops.fetching.poll_state import is_polled
from engine.shops.fetching.polling import Polled, Wake
from engine.shops.shop_service import InvalidShop
from engine.shops.shops import ShopRecord


class AlreadyPolled(Conflict):
    """A shop that another process reads at this moment."""


def api_fields(platform: str) -> tuple[str, ...]:
    """The fields that reading a platform's shops needs; the last one is secret."""
    opener = OPENERS.get(platform)
    return () if opener is None else (*opener.needs, opener.secret)


def enter(actor: Actor, shop: str, entered: Mapping[str, str], access: ShopAccess) -> ShopRecord:
    """Enter or change what reading a shop needs: its address and credentials; blanks change nothing.

    A new address needs its credentials again: nobody sends those of before to a host of their choice.
    Raises NotAllowed, ShopNotFound and InvalidShop.
    """
    found = shop_service.find(actor, shop)
    names = api_fields(found.platform)
    unknown = [name for name in entered if name not in names]
    if unknown:
        raise InvalidShop(
            unknown[0], f"reading {found.platform} needs {', '.join(names)}, not {unknown[0]!r}"
        )
    fields, secrets = shop_service.checked(found.platform, {**found.fields, **_filled(entered)})
    *public, secret = names
    moved = any(found.fields.get(name) not in (None, "", fields.get(name)) for name in public)
    if moved and found.secrets.get(secret) and secret not in secrets:
        raise InvalidShop(secret, "enter it again, because what it belongs to changes")
    with audit.recorded(
        actor,
        "changed how a shop is read",
        subject=Subject("shop", found.name),
        changes=[Change(name, found.fields.get(name), fields.get(name)) for name in names if name in fields],
    ):
        shops.set_fields(actor.db, shop, fields)
        for name, secret in secrets.items():
            shops.replace_secret(actor.db, shop, name, secret, access.sealer(), keep_old=False)
    return shops.find(actor.db, shop)


def check(actor: Actor, shop: str, access: ShopAccess) -> list[str]:
    """Try the credentials of a shop; return what can be read of it.

    Raises NotAllowed, ShopNotFound, ShopRefuses and ShopUnavailable, with what to do in words.
    """
    found = shop_service.find(actor, shop)
    api = access.open(actor.db, found)
    api.check()
    return list(api.streams)


def start_fetch(actor: Actor, shop: str, access: ShopAccess) -> Job:
    """Start fetching the past of a shop; a fetch that is under way is returned as it is.

    Raises NotAllowed, ShopNotFound, and ShopRefuses if what it needs was not entered.
    """
    found = shop_service.find(actor, shop)
    access.open(actor.db, found)
    with audit.recorded(actor, "started the fetch of a shop", subject=Subject("shop", found.name)):
        return fetch_job.request(actor.db, found, by=actor.user.id, by_name=actor.user.name, now=actor.now)


def last_fetch(actor: Actor, shop: str) -> Job | None:
    """The last fetch of a shop.  Raises NotAllowed."""
    actor.require(Permission.MANAGE_KEYS)
    return next(iter(jobs.wanting(actor.db, fetch_job.KIND, "shop", shop)), None)


def poll(
    actor: Actor, shop: str, access: ShopAccess, wake: Wake, *, every: timedelta = polling.EVERY
) -> Polled:
    """Poll a shop now; `problem` says why it could not be read.

    Raises NotAllowed, ShopNotFound, InvalidShop for one that sends webhooks, and AlreadyPolled.
    """
    found = shop_service.find(actor, shop)
    if not is_polled(found):
        raise InvalidShop("platform", f"{found.name} sends webhooks and is not polled")
    done = polling.poll_now(actor.db, found, access, wake, clock=lambda: actor.now, every=every)
    if done is None:
        raise AlreadyPolled(f"{found.name} is being read at this moment; see `sheets shops list`")
    return done


def _filled(entered: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in entered.items() if value.strip()}
