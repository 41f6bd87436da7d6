"""The section "Shops": connect a shop, see what came of each, and disconnect it."""

from __future__ import annotations

from functools import partial
from typing import Literal

import streamlit as st
from markupsafe import Markup

from dashboard import formats
from dashboard.running_instance import instance, settings, time_zone
from dashboard.settings import shop_setup
from dashboard.ui import confirm_by_typing
from dashboard.ui.markup import (
    badge,
    card_title,
    empty_state,
    escape_label,
    joined,
    link,
    quiet,
    show,
    tag,
)
from dashboard.ui.problems import show_errors
from dashboard.ui.router import go_to
from engine.accounts.actor import Actor
from engine.db.connection import utc_now
from engine.shops import privacy_requests, shop_service
from engine.shops.platforms.platform import Field, Platform
from engine.shops.platforms.registry import PLATFORMS, platform_of
from engine.shops.privacy_requests import OpenRequest
from engine.shops.sealing import sealer_of
from engine.shops.shops import ShopRecord

HERE = "?page=settings&section=shops"


def render(actor: Actor) -> None:
    """The connected shops, or the set-up of the one that the address names."""
    found = shop_service.all_shops(actor)
    opened = next((shop for shop in found if shop.id == st.query_params.get("shop")), None)
    if opened is not None:
        show(link(HERE, "← All shops", "cs-link cs-small"))
        shop_setup.render(actor, opened)
        return
    with st.expander("Connect a shop", icon=":material/add:", expanded=not found, key="shops.new"):
        _form(actor)
    _requests(actor, {shop.id: shop.name for shop in found})
    if not found:
        empty_state(
            "No shops connected yet",
            "Orders, customers, carts and consent then arrive by themselves, without code in your shop.",
        )
    for shop in found:
        _row(actor, shop)


# Connecting


def _form(actor: Actor) -> None:
    name: str = st.radio(
        "Platform", list(PLATFORMS), format_func=_label, horizontal=True, key="shops.platform"
    )
    platform = platform_of(name)
    with st.form("shops.form", border=False):
        called = st.text_input("Name", key="shops.name", placeholder="Our web shop", max_chars=80)
        entered = {field.name: _input(field) for field in _asked(platform)}
        prefix = None
        if shop_service.all_shops(actor):
            prefix = st.text_input(
                "Prefix",
                key="shops.prefix",
                placeholder="made of the name",
                help="Stands before the numbers of its customers and orders, so that customer 12 of one shop "
                "is not customer 12 of another",
            )
        if not st.form_submit_button("Continue", type="primary", key="shops.add"):
            return
    with show_errors():
        shop = shop_service.add(
            actor,
            name,
            name=called,
            entered={field: text for field, text in entered.items() if text.strip()},
            sealer=sealer_of(settings(), instance()),
            prefix=prefix.strip() if prefix and prefix.strip() else None,
        )
        go_to(f"{HERE}&shop={shop.id}")
        st.rerun()


def _label(platform: str) -> str:
    return PLATFORMS[platform].label


def _asked(platform: Platform) -> list[Field]:
    """What the form asks for; the secret of webhooks, and the API for what is past, are entered later."""
    webhooks = platform.webhooks
    if webhooks is None:
        return list(platform.fields)
    return [field for field in platform.fields if field.required and field.name != webhooks.secret]


def _input(field: Field) -> str:
    words = field.label if field.required else f"{field.label} (optional)"
    kind: Literal["password", "default"] = "password" if field.secret else "default"
    return st.text_input(words, key=f"shops.field.{field.name}", type=kind, help=field.where, max_chars=2_000)


# Shops


def _row(actor: Actor, shop: ShopRecord) -> None:
    with st.container(
        border=True, horizontal=True, vertical_alignment="center", key=f"settings-row-{shop.id}"
    ):
        with st.container(width="stretch"):
            show(_about(shop))
        st.button(
            "Disconnect",
            key=f"shops.remove.{shop.id}",
            type="tertiary",
            on_click=partial(confirm_by_typing.request, shop.id),
        )
    if confirm_by_typing.is_requested(shop.id):
        with st.container(border=True):
            _remove(actor, shop)


def _about(shop: ShopRecord) -> Markup:
    zone, now = time_zone(), utc_now()
    parts = [
        link(f"{HERE}&shop={shop.id}", tag("b", shop.name)),
        " ",
        badge(_label(shop.platform), "info"),
        " ",
        shop_setup.state(shop),
    ]
    if shop.last_at is None:
        last = "no event yet"
    else:
        deliveries = formats.counted(shop.accepted, "delivery", "deliveries")
        last = f"last event {formats.ago(shop.last_at, now, zone)} · {deliveries}"
    lines = [tag("div", quiet(last), "cs-small")]
    if shop.refused and shop.refused_at is not None:
        when = formats.ago(shop.refused_at, now, zone)
        words = f"{formats.counted(shop.refused, 'delivery', 'deliveries')} refused, the last {when}: "
        lines.append(tag("div", joined([words, shop.refused_reason]), "cs-small"))
    if shop.problem:
        lines.append(tag("div", shop.problem, "cs-small"))
    return joined([*parts, *lines])


def _remove(actor: Actor, shop: ShopRecord) -> None:
    words = joined(
        [
            "Deliveries of ",
            tag("b", shop.name),
            " will be refused and its secrets deleted. What it reported so far stays. "
            "Remove the webhooks in the shop, too.",
        ]
    )
    if confirm_by_typing.confirmed(words, name=shop.name, act="Disconnect", key="shops"):
        with show_errors():
            shop_service.remove(actor, shop.id)
            confirm_by_typing.clear()
            st.rerun()


# Data-protection requests


def _requests(actor: Actor, names: dict[str, str]) -> None:
    waiting = privacy_requests.open_requests(actor)
    if not waiting:
        return
    with st.container(border=True, key="shops-requests"):
        show(card_title("Data protection requests"))
        for request in waiting:
            _request(actor, request, names.get(request.shop, "a shop that is not connected any more"))


def _request(actor: Actor, request: OpenRequest, shop: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"settings-row-{request.id}"):
        with st.container(width="stretch"):
            show(joined([_asked_for(request, shop), tag("div", _received(request), "cs-small cs-quiet")]))
        label = f"Mark the request of {escape_label(shop)} as done"
        if st.button("Done", key=f"shops.done.{request.id}", type="tertiary", help=label):
            with show_errors():
                privacy_requests.close(actor, request.id)
                st.rerun()


def _received(request: OpenRequest) -> str:
    return f"received {formats.ago(request.at, utc_now(), time_zone())}"


def _asked_for(request: OpenRequest, shop: str) -> Markup:
    if request.kind == "shop_redact":
        words = " asks to erase its data: it has removed the app. Erase its contacts if you do not need them."
        return joined([tag("b", shop), words])
    if request.contact is None:
        return joined([tag("b", shop), " asks for the data of a customer who is not among the contacts."])
    contact = link(f"?contact={request.contact}", tag("u", "this customer"))
    after = ": choose Export personal data in the menu of the contact, and send the archive to them."
    return joined([tag("b", shop), " asks for the data of ", contact, after])
