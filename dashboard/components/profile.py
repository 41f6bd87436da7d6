"""The blocks of a contact's profile."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from dashboard import formats, wording
from dashboard.components.text import (
    Html,
    badge,
    card_title,
    facts,
    figures,
    joined,
    link,
    quiet,
    safe,
    table,
    tag,
)
from engine.rules.explain import lines as explained
from engine.store.reasons import Reasons
from engine.store.sheets import Sheet, SheetCommerce


def fields(sheet: Sheet, zone: ZoneInfo) -> Html:
    """Who it is, as far as is known."""
    known = (
        ("First name", sheet.first_name),
        ("Last name", sheet.last_name),
        ("Email", sheet.email),
        ("Mobile phone", sheet.mobile_phone),
        ("External id", sheet.external_id),
        ("Birth date", sheet.birth_date),
        ("First seen", formats.moment(sheet.first_seen, zone)),
        ("Last seen", formats.moment(sheet.last_seen, zone)),
    )
    return joined(
        [card_title("Contact"), facts((name, value or quiet(formats.NOTHING)) for name, value in known)]
    )


def custom(sheet: Sheet, labels: dict[str, str]) -> Html:
    """What the shop itself wants to know."""
    rows = [(labels.get(name, name), _plain(value)) for name, value in sorted(sheet.custom.items())]
    body = facts(rows) if rows else quiet("Nothing yet: traits that the shop sends appear here.")
    return joined([card_title("Custom fields"), body])


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def statuses(sheet: Sheet, zone: ZoneInfo) -> Html:
    """Each status, since when and why."""
    rows = []
    for status in sheet.statuses.values():
        since = f" since {formats.day(status.since, zone)}" if status.since else ""
        since += f" until {formats.day(status.until, zone)}" if status.until else ""
        reason = f" · {status.reason}" if status.reason else ""
        words = tag("span", f"{since}{reason}", "cs-quiet cs-small")
        rows.append((status.machine_label, joined([badge(status.label, wording.tone(status.state)), words])))
    return joined([card_title("Status"), facts(rows)])


def segments(sheet: Sheet, zone: ZoneInfo) -> Html:
    """The segments that the contact is in, and since when."""
    rows = [
        (
            link(f"?page=segments&segment={found.id}", found.name),
            quiet(f"since {formats.day(found.since, zone)}"),
        )
        for found in sheet.memberships
    ]
    body = (
        Html("".join(tag("div", joined([name, " ", since]), "cs-small") for name, since in rows))
        if rows
        else quiet("In none.")
    )
    return joined([card_title("Segments"), body])


def whys(found: Reasons, zone: ZoneInfo) -> Html:
    """Why the contact is in each dynamic segment or not, and how it came and went."""
    parts: list[object] = []
    for segment in found.segments:
        if segment.condition is None:
            continue
        state = badge("in", "good") if segment.member else badge("not in")
        lines = [tag("div", line, "cs-small cs-why") for line in explained(segment.condition)]
        parts.append(tag("div", joined([state, " ", tag("b", segment.name), *lines]), "cs-whys"))
    moves = [
        (
            formats.moment(move.at, zone),
            f"{'Entered' if move.entered else 'Left'} {move.segment_name}",
            move.because,
        )
        for move in found.crossings
    ]
    if moves:
        parts.append(table(("When", "What", "Because of"), moves))
    return joined(parts)


def moves(found: Reasons, zone: ZoneInfo) -> Html:
    """How each status came to be what it is."""
    rows = [
        (formats.moment(move.at, zone), f"{move.machine_label}: {move.from_} → {move.to}", move.because)
        for move in found.moves
    ]
    if not rows:
        return quiet("Nothing has moved them yet: they are as a contact begins.")
    return table(("When", "What", "Because of"), rows)


def reach(sheet: Sheet) -> Html:
    """What the contact can receive, in words."""
    rows = [
        (
            channel.channel,
            joined(
                [
                    badge("yes" if channel.reachable else "no", "good" if channel.reachable else "quiet"),
                    tag("span", f" {channel.why}", "cs-small"),
                ]
            ),
        )
        for channel in sheet.reach
    ]
    return joined([card_title("Can receive"), facts(rows)])


def commerce(commerce: SheetCommerce, zone: ZoneInfo) -> Html:
    """What was bought."""
    if not commerce.recent:
        return joined([card_title("Orders"), quiet("No orders yet.")])
    counts = (
        ("orders", formats.count(commerce.orders)),
        ("spent", formats.money(commerce.spent, commerce.currency)),
        ("on average", formats.money(commerce.average, commerce.currency)),
    )
    orders = table(
        ("When", "Order", "Amount"),
        [
            (
                formats.day(o.placed_at, zone),
                _order(o.id, o.cancelled, o.refunded, o.currency or commerce.currency),
                formats.money(o.amount, o.currency or commerce.currency),
            )
            for o in commerce.recent
        ],
        faded=[order.cancelled for order in commerce.recent],
    )
    foreign = [
        (currency or "unknown currency", formats.money(amount, currency))
        for currency, amount in commerce.foreign.items()
    ]
    apart = (
        joined([tag("div", "In currencies without a declared rate", "cs-sub"), facts(foreign)])
        if foreign
        else ""
    )
    return joined([card_title("Orders"), figures(counts), apart, orders])


def _order(id_: str, cancelled: bool, refunded: object, currency: str | None) -> Html:
    from decimal import Decimal

    marks = [badge("cancelled", "bad")] if cancelled else []
    if isinstance(refunded, Decimal) and refunded:
        marks.append(badge(f"{formats.money(refunded, currency)} given back"))
    return joined([safe(id_), *marks], " ")


def cart(commerce: SheetCommerce, zone: ZoneInfo) -> Html:
    """What lies in the cart."""
    held = commerce.cart
    if held is None:
        return joined([card_title("Cart"), quiet("Empty.")])
    state = badge(held.state, "good" if held.state == "active" else "quiet")
    words = tag("span", f" since {formats.moment(held.changed_at, zone)}", "cs-quiet cs-small")
    lines = table(
        ("Quantity", "Product", "Price"),
        [
            (
                formats.quantity(line.quantity),
                line.name or line.product_id,
                formats.money(line.price, commerce.currency),
            )
            for line in held.lines
        ],
    )
    value = tag("div", formats.money(held.value, commerce.currency), "cs-figure")
    return joined([card_title("Cart"), Html(f'<div class="cs-figures">{value}</div>'), state, words, lines])


def trackers(sheet: Sheet) -> Html:
    """The browsers and apps of the contact."""
    rows = [
        (
            joined(
                [safe(device.id), badge("shared device", "info")] if device.shared else [safe(device.id)], " "
            ),
        )
        for device in sheet.devices
    ]
    body = (
        joined(tag("div", row[0], "cs-small") for row in rows)
        if rows
        else quiet("None: known from the shop's server alone.")
    )
    return joined([card_title("Browsers and apps"), body])
