"""The overview page: figures of contacts, orders and subscriptions, linked to the contacts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import streamlit as st
from markupsafe import Markup

from dashboard import formats
from dashboard.current_user import fragment
from dashboard.overview import overview_sales, overview_sections
from dashboard.running_instance import time_zone
from dashboard.ui.markup import badge, card_title, empty_state, joined, link, show, tag
from dashboard.ui.metric_cards import cards, metric_card
from dashboard.ui.period import choose_period, compared_with, period_in_address
from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission
from engine.contacts.valuation import rfm_service
from engine.db.connection import utc_now
from engine.insights import overview_service
from engine.insights.overview import Overview
from engine.operations import operating
from engine.operations.working import Working
from engine.rules.rule_service import current_rules

LIVE = 5
"""Seconds between refreshes of the system status, and between checks for newer figures."""

OLD = timedelta(minutes=1)
"""How much newer the figures must be for the page to reload itself."""


def render(actor: Actor) -> None:
    """The figures of the period that the address names."""
    zone, now = time_zone(), actor.now
    today = now.astimezone(zone).date()
    period = period_in_address(today)
    found = overview_service.overview(actor, period)
    show(tag("h1", "Overview", "cs-title"))
    choose_period(period, today, page="overview")
    _freshness(actor, found, zone)
    _notices(actor)
    if found.census is None:
        empty_state("Counting contacts…", "Figures appear here in a moment.")
        return
    if not found.census.contacts:
        empty_state("No contacts yet", "Figures appear here once your shop sends events.")
        _before_the_first_event(actor, found.currency)
        return
    ruleset = current_rules(actor)
    than = compared_with(period, today)
    overview_sections.contacts(found, found.census, today=today, than=than)
    overview_sections.orders(found, found.census, than=than)
    overview_sales.sales(found, zone, than=than)
    overview_sections.subscriptions(found, found.census, ruleset, than=than)
    left, right = st.columns(2)
    with left, st.container(border=True, height="stretch", key="overview-card-segments"):
        overview_sections.segments(found.census, ruleset)
    with right, st.container(border=True, height="stretch", key="overview-card-points"):
        overview_sections.points(found.census)
    left, right = st.columns(2)
    with left, st.container(border=True, height="stretch", key="overview-card-rfm"):
        overview_sections.rfm(rfm_service.latest(actor), rfm_service.rules(actor))
    with right, st.container(border=True, height="stretch", key="overview-card-workers"):
        _workers(actor)


def _freshness(actor: Actor, found: Overview, zone: ZoneInfo) -> None:
    """When the figures were counted; reruns the page when there are newer ones."""

    @fragment(run_every=LIVE)
    def follow(actor: Actor) -> None:
        newest = overview_service.overview(actor, found.now.period)
        if _is_overtaken(found, newest):
            st.rerun()
        show(tag("p", _fresh(found, newest, zone), "cs-small cs-quiet"))

    follow(actor)


def _notices(actor: Actor) -> None:
    """Notices about what an admin should look at."""
    _failing_sendings(actor)
    _keys_at_their_limit(actor)


def _before_the_first_event(actor: Actor, currency: str) -> None:
    """Ask an admin whether the shipped currency is the shop's: events never change it."""
    if actor.may(Permission.EDIT_ACCOUNT):
        words = f"All totals are in {currency}. Is that your shop's currency? "
        act = link("?page=settings&section=account", "Review the account settings")
        show(tag("div", joined([words, act]), "cs-notice"))


def _keys_at_their_limit(actor: Actor) -> None:
    """A notice about keys whose new contacts are refused."""
    names = overview_service.keys_at_their_limit(actor)
    if not names:
        return
    act = (
        link("?page=settings&section=keys", "Review")
        if actor.may(Permission.MANAGE_KEYS)
        else "An admin can raise the limit."
    )
    keys = joined([tag("b", name) for name in names], ", ")
    what = " reached the daily limit of new contacts: events of new visitors are refused until midnight. "
    show(tag("div", joined([keys, what, act]), "cs-notice"))


def _failing_sendings(actor: Actor) -> None:
    """A notice about suspected outages, which need an admin's decision."""
    number = overview_service.failing_sendings(actor)
    if not number:
        return
    several = f"{formats.count(number)} sendings are failing unusually often"
    what = "A sending is failing unusually often" if number == 1 else several
    decides = (
        link("?page=settings&section=workers", "Review")
        if actor.may(Permission.OPERATE)
        else "An admin can review this."
    )
    words = joined([f"{what}: bounces are not counted. ", decides])
    show(tag("div", words, "cs-notice"))


def _is_overtaken(shown: Overview, newest: Overview) -> bool:
    """Whether the shown figures are so old that the charts may change while they are read."""
    if newest.census is None or newest.days_at is None:
        return False
    if shown.census is None or shown.days_at is None:
        return True
    if not shown.census.contacts and newest.census.contacts:
        return True
    return max(newest.census.at - shown.census.at, newest.days_at - shown.days_at) > OLD


def _fresh(shown: Overview, newest: Overview, zone: ZoneInfo) -> Markup:
    parts: list[object] = []
    if shown.census is not None:
        parts.append(f"Contacts as of {_clock(shown.census.at, zone)}")
    if shown.days_at is None:
        parts.append("daily figures are being counted")
    elif newest.now.stale or newest.before.stale:
        stale = newest.now.stale + newest.before.stale
        being = "one day is" if stale == 1 else f"{formats.count(stale)} days are"
        parts.append(f"{being} being counted again")
    else:
        parts.append(f"daily figures as of {_clock(shown.days_at, zone)}")
    return joined(parts, " · ")


def _clock(at: datetime, zone: ZoneInfo) -> str:
    same_day = at.astimezone(zone).date() == utc_now().astimezone(zone).date()
    return formats.clock(at, zone) if same_day else formats.moment(at, zone)


# The processes


def _workers(actor: Actor) -> None:
    @fragment(run_every=LIVE)
    def live(actor: Actor) -> None:
        now = actor.now
        found = operating.at_a_glance(actor)
        show(card_title("System status"))
        show(joined([tag("p", _mood(found, now), "cs-small"), cards(_work(found))]))
        show(tag("div", link("?page=settings&section=workers", "System status"), "cs-small"))

    live(actor)


def _mood(found: Working, now: datetime) -> Markup:
    running = found.alive("worker", now=now)
    if not running:
        return joined([badge("no worker running", "bad"), " Incoming events are stored until one starts."])
    if found.failed:
        return joined([badge("failures", "bad"), " Some activities need attention."])
    if found.lag is not None and found.lag > timedelta(seconds=30):
        return joined([badge("behind", "info"), " Events arrive faster than they are processed."])
    return joined([badge("healthy", "good"), f" {formats.counted(running, 'worker')} running."])


def _work(found: Working) -> Iterable[Markup]:
    waiting = formats.count(found.waiting)
    yield metric_card("Waiting", waiting if found.exact else f"over {waiting}")
    yield metric_card("Per second", _rate(found.pace.minute), note="last minute")
    yield metric_card("Failed", formats.count(found.failed), address="?page=settings&section=workers")
    yield metric_card("Lag", "none" if found.lag is None else f"{found.lag.total_seconds():.0f} s")


def _rate(rate: float | None) -> str:
    if rate is None:
        return formats.NOTHING
    return f"{rate:.1f}" if rate < 10 else formats.count(round(rate))
