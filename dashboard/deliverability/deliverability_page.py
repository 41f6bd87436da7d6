"""The page of deliverability: what came back, from where and why, and who is about to be given up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import streamlit as st
from markupsafe import Markup

from dashboard import formats
from dashboard.deliverability import notices_section, suspected_outages
from dashboard.running_instance import time_zone, today
from dashboard.ui import charts
from dashboard.ui.contact_links import contacts_url
from dashboard.ui.markup import (
    card_title,
    empty_state,
    joined,
    link,
    menu,
    page_title,
    quiet,
    show,
    table,
    tag,
)
from dashboard.ui.metric_cards import Bar, bars, cards, change, metric_card
from dashboard.ui.period import choose_period, compared_with, period_in_address
from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission
from engine.contacts.viewer_mask import masks
from engine.domain.bounce_messages import REASON_WORDS
from engine.domain.deliverability import FAILURES_OF
from engine.exports import suppression_list
from engine.exports.suppression_list import FORMS, REASONS
from engine.insights import deliverability_service
from engine.insights.daily_failures import KINDS, Channel, FailureGroup, Failures, Kind
from engine.insights.deliverability_service import MACHINES, DeliveryReport, NearlyBounced

PAGE = "deliverability"

SHOWN = 10
"""Groups of each kind that are shown, the largest."""

_CHANNELS: Mapping[str, tuple[Channel, str]] = {"email": ("email", "Email"), "sms": ("sms", "SMS")}

_KINDS: Mapping[Kind, tuple[str, str]] = {
    "permanent": ("permanent", charts.RUST),
    "temporary": ("temporary", "#d9a441"),
    "inconclusive": ("not counted", charts.QUIET),
    "complaint": ("complaints", "#5b4b8a"),
}
"""The words and the colour of each kind of failure."""


def render(actor: Actor) -> None:
    """The figures of the period and the channel that the address names."""
    actor.require(Permission.SEE)
    zone = time_zone()
    day = actor.now.astimezone(zone).date()
    period = period_in_address(day)
    channel, _ = _CHANNELS.get(st.query_params.get("channel", ""), _CHANNELS["email"])
    show(page_title("Deliverability", "What came back, from where and why"))
    show(menu(_channel_links(), label="Channels", current=_address(channel)))
    choose_period(period, day, page=PAGE, more="" if channel == "email" else f"&channel={channel}")
    found = deliverability_service.report(actor, period, channel)
    _outages(actor, found)
    show(cards(_figures(found, channel, than=compared_with(period, day))))
    if found.now.counted():
        with st.container(border=True, key="deliverability-days"):
            show(card_title("By day"))
            colours = dict(_KINDS.values())
            charts.by_day(list(_days(found.now)), title="Bounces and complaints by day", colours=colours)
        _groups(actor, found.now, channel)
    else:
        empty_state(
            "Nothing came back in these days",
            "Bounces and complaints appear here once your sending service reports them: "
            "connect its webhook, or let a mailbox of bounces be read (docs/deliverability.md).",
        )
    if found.nearly is not None:
        _nearly(found.nearly, channel)
    if actor.may(Permission.OPERATE):
        notices_section.render(actor, zone)
    if channel == "email" and actor.may(Permission.EXPORT):
        _suppression_list(actor)


def _channel_links() -> Iterator[tuple[str, str]]:
    return ((_address(channel), label) for channel, label in _CHANNELS.values())


def _address(channel: Channel) -> str:
    return f"?page={PAGE}" if channel == "email" else f"?page={PAGE}&channel={channel}"


def _outages(actor: Actor, found: DeliveryReport) -> None:
    """Sendings that failed as a whole: an admin decides, others get a notice."""
    if not found.outages:
        return
    if actor.may(Permission.OPERATE):
        with st.container(border=True, key="deliverability-outages"):
            show(card_title("Suspected outages"))
            suspected_outages.render(actor, found.outages, time_zone())
        return
    if any(outage.is_open for outage in found.outages):
        words = "A sending failed unusually often: its bounces are not counted until an admin decides."
        show(tag("div", words, "cs-notice"))


def _figures(found: DeliveryReport, channel: Channel, *, than: str) -> Iterator[Markup]:
    kinds: list[Kind] = ["permanent", "temporary", "inconclusive"]
    now, before = (sum(part.counted(kind) for kind in kinds) for part in (found.now, found.before))
    yield metric_card("Bounces", formats.count(now), change=change(now, before, better="less", than=than))
    permanent = found.now.counted("permanent"), found.before.counted("permanent")
    yield metric_card(
        "Permanent",
        formats.count(permanent[0]),
        change=change(*permanent, better="less", than=than),
        note="the address takes no mail" if channel == "email" else "the number takes no messages",
    )
    if channel == "email":
        complaints = found.now.counted("complaint"), found.before.counted("complaint")
        yield metric_card(
            "Complaints", formats.count(complaints[0]), change=change(*complaints, better="less", than=than)
        )
    if found.nearly is not None:
        total = found.nearly.page.total
        number = formats.count(total.count) if total.exact else f"over {formats.count(total.count)}"
        yield metric_card(
            "One failure away", number, address=contacts_url(found.nearly.where), note="from bounced"
        )


def _days(found: Failures) -> Iterator[dict[str, object]]:
    for at, row in found.by_day.iterrows():
        for kind in KINDS:
            words, number = _KINDS[kind][0], int(row[kind])
            day = at.date()
            says = f"{formats.short_day(day)}: {formats.count(number)} {words}"
            yield {"day": day.isoformat(), "what": words, "value": number, "says": says}


# By reason, domain and sending service


def _groups(actor: Actor, found: Failures, channel: Channel) -> None:
    left, right = st.columns(2)
    with left, st.container(border=True, height="stretch", key="deliverability-reasons"):
        _group("Reasons", found.groups["reason"], _reason_words)
    domains = channel == "email"
    with right, st.container(border=True, height="stretch", key="deliverability-others"):
        if domains:
            to_list = None if masks(actor) else _contacts_of_domain
            _group("Worst domains", found.groups["domain"], lambda name: name or "unknown", to_list)
        _group("Sending services", found.groups["provider"], lambda name: name or "not named")


def _group(
    title: str,
    groups: Sequence[FailureGroup],
    words: Callable[[str], str],
    address: Callable[[str], str | None] | None = None,
) -> None:
    rows = [
        Bar(
            words(group.name),
            group.total,
            formats.count(group.total),
            None if address is None else address(group.name),
        )
        for group in groups[:SHOWN]
    ]
    others = len(groups) - len(rows)
    more = tag("div", f"and {formats.count(others)} more", "cs-small cs-quiet") if others else ""
    show(joined([card_title(title), bars(rows, label=title), more]))


def _reason_words(name: str) -> str:
    words = REASON_WORDS.get(name, name)
    return words[:1].upper() + words[1:]


def _contacts_of_domain(name: str) -> str | None:
    """The contacts with an address at a domain whose mails failed."""
    if not name:
        return None
    return contacts_url({"email": {"ends_with": f"@{name}"}, FAILURES_OF[MACHINES["email"]]: {"gte": 1}})


# Who is about to be given up


def _nearly(found: NearlyBounced, channel: Channel) -> None:
    of = "emails" if channel == "email" else "messages"
    with st.container(border=True, key="deliverability-nearly"):
        show(card_title("One failure away from bounced"))
        if not found.page.rows:
            show(quiet("None: no address has failed so often in a row."))
            return
        words = (
            f"{formats.counted(found.failures, 'attempt')} in a row failed. After the next failure nothing "
            f"more is sent; {of} that arrive or are opened start the count anew."
        )
        show(tag("p", words, "cs-small cs-quiet"))
        rows = [
            (
                link(f"?contact={row.id}", row.name or "no name"),
                (row.email if channel == "email" else row.mobile_phone) or "",
            )
            for row in found.page.rows
        ]
        show(table(("Contact", "Email" if channel == "email" else "Mobile phone"), rows))
        if found.page.next is not None:
            show(tag("div", link(contacts_url(found.where), "All of them"), "cs-small"))


# The suppression list


def _suppression_list(actor: Actor) -> None:
    with st.container(border=True, key="deliverability-suppressions"):
        show(card_title("Suppression list"))
        words = "Everyone who must not be written to by email, as CSV in the form that another sender takes. "
        imported = link("?page=import", "Import a list")
        show(tag("p", joined([words, imported, "."]), "cs-small cs-quiet"))
        form_column, reason_column = st.columns(2)
        form: str = form_column.selectbox(
            "Form", list(FORMS), format_func=lambda id_: FORMS[id_].label, key="deliverability.form"
        )
        reasons: list[str] = reason_column.multiselect(
            "Reasons", list(REASONS), placeholder="All", key="deliverability.reasons"
        )
        st.download_button(
            "Export",
            data=partial(_csv, actor, form, tuple(reasons or REASONS)),
            file_name=f"suppressions-{form}-{today().isoformat()}.csv",
            mime="text/csv",
            icon=":material/download:",
            key="deliverability.export",
        )


def _csv(actor: Actor, form: str, reasons: tuple[str, ...]) -> str:
    return "".join(suppression_list.as_csv(actor, form, reasons))
