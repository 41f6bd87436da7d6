"""A shop step by step: what to paste where, its secret, and the first event as it arrives."""

from __future__ import annotations

import streamlit as st
from markupsafe import Markup

from dashboard import formats
from dashboard.current_user import fragment
from dashboard.running_instance import instance, settings, time_zone
from dashboard.settings import incoming_section, shop_reading
from dashboard.ui.markup import badge, joined, quiet, show, tag
from dashboard.ui.problems import keep_errors, notice_box, show_kept
from engine.accounts.actor import Actor
from engine.db.connection import utc_now
from engine.operations import incoming
from engine.shops import shop_service
from engine.shops.fetching import fetch_service
from engine.shops.fetching.poll_state import is_polled
from engine.shops.platforms.platform import Field, Platform
from engine.shops.platforms.registry import platform_of
from engine.shops.sealing import sealer_of
from engine.shops.shops import ShopRecord

LIVE = 2.0
"""Seconds between refreshes while events are awaited."""

_PROBLEM = "shop.problem"


def render(actor: Actor, shop: ShopRecord) -> None:
    """How far a shop's connection is, the steps of its platform, and what it sends."""
    platform = platform_of(shop.platform)
    show(tag("h2", shop.name, "cs-title"))
    fragment(run_every=LIVE)(_progress)(actor, shop.id)
    with st.expander(f"Set up in {platform.label}", expanded=shop.first_at is None, key="shop-steps"):
        _steps(shop, platform)
        show_kept(_PROBLEM)
        for field in platform.fields:
            if field.secret and field.name not in fetch_service.api_fields(shop.platform):
                _secret(actor, shop, field)
    shop_reading.render(actor, shop)
    incoming_section.listen()
    fragment(run_every=LIVE)(_events)(actor, shop.source)


def state(shop: ShopRecord) -> Markup:
    """How far a shop's connection is, as a badge."""
    if shop.problem:
        return badge("not reachable", "bad")
    if shop.is_refused:
        return badge("deliveries refused", "bad")
    if shop.first_at is not None:
        return badge("connected", "good")
    missing = any(field.secret and field.required for field in platform_of(shop.platform).fields)
    if missing and not shop.secrets:
        return badge("secret missing", "quiet")
    return badge("waiting for the first event", "quiet")


def _steps(shop: ShopRecord, platform: Platform) -> None:
    address = settings().collector_public_url or instance().collector_url or ""
    if platform.webhooks is not None and not settings().collector_public_url:
        notice_box(
            [
                "The collector's public address is not set: the address below works on this machine alone. "
                "Set SHEETS_COLLECTOR_PUBLIC_URL to the address under which the shop reaches the collector."
            ]
        )
    for number, step in enumerate(shop_service.instructions(shop, address).steps, start=1):
        st.markdown(f"{number}. {step.text}")
        for text in step.paste:
            st.code(text, language=None, wrap_lines=True)


def _secret(actor: Actor, shop: ShopRecord, field: Field) -> None:
    held = shop.secrets.get(field.name, 0)
    key = f"shop.secret.{shop.id}.{field.name}"

    def save() -> None:
        given = str(st.session_state.get(key, ""))
        with keep_errors(_PROBLEM):
            sealer = sealer_of(settings(), instance())
            keep = bool(st.session_state.get(f"{key}.keep", True))
            shop_service.replace_secret(actor, shop.id, field.name, given, sealer=sealer, keep_old=keep)
            st.session_state[key] = ""

    words = f"New {field.label.lower()}" if held else field.label
    with st.form(f"{key}.form", border=False):
        st.text_input(words, type="password", key=key, help=field.where, max_chars=2_000, width=420)
        if held:
            st.checkbox(
                "Accept the last one, too, until the shop signs with the new one",
                value=True,
                key=f"{key}.keep",
            )
        saved = "It is stored encrypted and never shown."
        if held:
            count = formats.counted(held, "secret")
            saved = f"{count} in force. {saved}"
        show(tag("div", quiet(saved), "cs-small"))
        st.form_submit_button(
            "Save", type="secondary" if held else "primary", key=f"{key}.save", on_click=save
        )


def _progress(actor: Actor, id_: str) -> None:
    shop = shop_service.find(actor, id_)
    show(joined([badge(platform_of(shop.platform).label, "info"), " ", state(shop)]))
    show(tag("div", _status(shop), "cs-notice", role="status"))


def _events(actor: Actor, source: str) -> None:
    incoming_section.show_events(incoming.incoming(actor, key=source), time_zone())


def _status(shop: ShopRecord) -> Markup:
    zone, now = time_zone(), utc_now()
    if shop.is_refused:
        when = formats.ago(shop.refused_at, now, zone)
        return joined([tag("b", f"A delivery was refused {when}: "), shop.refused_reason, "."])
    if shop.problem:
        return joined([tag("b", "The shop could not be asked: "), shop.problem])
    if shop.first_at is None and is_polled(shop):
        return joined([tag("b", "Waiting for the first order. "), "The shop is read every few minutes."])
    if shop.first_at is None:
        return joined(
            [tag("b", "Waiting for the first event. "), "It appears here within two seconds of its arrival."]
        )
    deliveries = formats.counted(shop.accepted, "delivery", "deliveries")
    repeated = f", {formats.count(shop.repeated)} sent again" if shop.repeated else ""
    last = f"{deliveries} taken{repeated}. The last, {shop.last_topic}, came "
    return joined([tag("b", "Connected. "), last, formats.ago(shop.last_at, now, zone), "."])
