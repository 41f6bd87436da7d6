"""Reading a shop by its API: the credentials, a test of them, the fetch of its past, and its polls."""

from __future__ import annotations

from functools import partial
from typing import Literal

import streamlit as st
from markupsafe import Markup

from dashboard import formats
from dashboard.current_user import fragment
from dashboard.jobs import job_description
from dashboard.running_instance import instance, settings, time_zone
from dashboard.ui.markup import card_title, joined, show, tag
from dashboard.ui.problems import keep_errors, notice_box, problem_box, show_kept
from engine.accounts.actor import Actor
from engine.db.connection import utc_now
from engine.http_client import HttpClient
from engine.jobs import job_service
from engine.jobs.jobs import Job
from engine.shops import shop_service
from engine.shops.fetching import fetch_service
from engine.shops.fetching.apis import ShopAccess
from engine.shops.fetching.json_api import MAX_PAGE
from engine.shops.fetching.poll_state import is_polled, poll_state
from engine.shops.fetching.problems import ShopRefuses, ShopUnavailable
from engine.shops.platforms.platform import Field
from engine.shops.platforms.registry import platform_of
from engine.shops.sealing import sealer_of
from engine.shops.shops import ShopRecord

LIVE = 2.0
"""Seconds between refreshes."""

PATIENCE = 10.0
"""Seconds that a page waits for one answer of a shop."""

_PROBLEM = "shop-reading.problem"
_TESTED = "shop-reading.tested"


def shop_access() -> ShopAccess:
    """How the dashboard asks shops."""
    sealer = partial(sealer_of, settings(), instance())
    allowed = settings().allow_private_addresses
    return ShopAccess(sealer, HttpClient(allow_private=allowed, deadline=PATIENCE, max_body=MAX_PAGE))


def render(actor: Actor, shop: ShopRecord) -> None:
    """The part of a shop's page about its API; nothing for a platform without one."""
    names = fetch_service.api_fields(shop.platform)
    if not names:
        return
    declared = [field for name in names if (field := platform_of(shop.platform).field(name)) is not None]
    entered = all(shop.secrets.get(f.name) if f.secret else shop.fields.get(f.name) for f in declared)
    with st.container(border=True, key="shop-reading"):
        show(card_title("Orders and customers" if is_polled(shop) else "Past orders and customers"))
        with st.expander("Address and credentials", expanded=not entered, key="shop-credentials"):
            _credentials(actor, shop, declared)
        show_kept(_PROBLEM)
        if entered:
            _buttons(actor, shop)
            fragment(run_every=LIVE)(_progress)(actor, shop.id)


def _credentials(actor: Actor, shop: ShopRecord, declared: list[Field]) -> None:
    def save() -> None:
        given = {f.name: str(st.session_state.get(_key(shop, f), "")) for f in declared}
        with keep_errors(_PROBLEM):
            fetch_service.enter(actor, shop.id, given, shop_access())
            for field in declared:
                if field.secret:
                    st.session_state[_key(shop, field)] = ""

    with st.form("shop-reading.form", border=False):
        for field in declared:
            _input(shop, field)
        st.form_submit_button("Save", key="shop-reading.save", on_click=save)


def _key(shop: ShopRecord, field: Field) -> str:
    return f"shop-reading.{shop.id}.{field.name}"


def _input(shop: ShopRecord, field: Field) -> None:
    held = bool(shop.secrets.get(field.name))
    kind: Literal["password", "default"] = "password" if field.secret else "default"
    words = f"New {field.label[0].lower()}{field.label[1:]}" if held else field.label
    st.text_input(
        words,
        shop.fields.get(field.name, ""),
        key=_key(shop, field),
        type=kind,
        help=field.where,
        placeholder="stored; enter another to replace it" if held else None,
        max_chars=2_000,
        width=420,
    )


def _buttons(actor: Actor, shop: ShopRecord) -> None:
    def fetch() -> None:
        with keep_errors(_PROBLEM):
            fetch_service.start_fetch(actor, shop.id, shop_access())

    with st.container(horizontal=True):
        tried = st.button("Test the connection", key="shop-reading.test")
        st.button("Fetch past orders", key="shop-reading.fetch", type="primary", on_click=fetch)
    if tried:
        with st.spinner("Asking the shop …"):
            _test(actor, shop)


def _test(actor: Actor, shop: ShopRecord) -> None:
    try:
        streams = fetch_service.check(actor, shop.id, shop_access())
    except (ShopRefuses, ShopUnavailable) as error:
        problem_box([str(error)])
    else:
        notice_box([f"The shop answers; {', '.join(streams)} can be read."])


def _progress(actor: Actor, id_: str) -> None:
    """The last fetch and the polls, as they are now."""
    shop = shop_service.find(actor, id_)
    job = fetch_service.last_fetch(actor, id_)
    lines = [] if job is None else [_of_job(job)]
    if is_polled(shop):
        lines.append(_of_polls(shop))
    if lines:
        show(tag("div", joined(tag("div", line) for line in lines), "cs-notice", role="status"))
    if job is not None and job_service.can_be_stopped(job):
        st.button(
            "Stop the fetch", key="shop-reading.stop", on_click=partial(job_service.stop, actor, job.id)
        )


def _of_job(job: Job) -> Markup:
    if job.under_way:
        return joined([tag("b", "Fetching the past: "), job_description.progress(job, now=utc_now())])
    words = job.failure if job.failure else job_description.outcome(job)
    when = "" if job.finished_at is None else formats.ago(job.finished_at, utc_now(), time_zone())
    return joined([tag("b", f"Fetch of the past {job.state.value} {when}: "), words])


def _of_polls(shop: ShopRecord) -> Markup:
    """When the shop was read last and is next; why it could not be stands above, as for all shops."""
    polls, zone, now = poll_state(shop), time_zone(), utc_now()
    read = "not read yet"
    if polls.succeeded_at is not None:
        read = f"last read {formats.ago(polls.succeeded_at, now, zone)}"
    if polls.failures and polls.next_at is not None:
        minutes = max(1, round((polls.next_at - now).total_seconds() / 60))
        read += f"; tried again in {formats.counted(minutes, 'minute')}"
    return joined([tag("b", "What is new: "), read])
