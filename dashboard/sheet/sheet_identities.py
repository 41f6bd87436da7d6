"""The identities of a contact: browsers and apps, former identifiers, and merged contacts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import ua_parser
from markupsafe import Markup

from dashboard import formats
from dashboard.ui.markup import badge, card_title, joined, quiet, table, tag
from engine.contacts.sheet.devices import Device
from engine.contacts.sheet.sheet_model import Sheet


def known_by(sheet: Sheet, found: Sequence[Device], *, now: datetime, zone: ZoneInfo) -> Markup:
    """The devices, former identifiers and merged contacts."""
    parts: list[object] = [card_title("Browsers and apps")]
    if found:
        rows = [(_named(device), _when(device, now, zone)) for device in found]
        parts.append(table(("Browser or app", "Last seen"), rows))
    else:
        parts.append(quiet("None. Known only from your shop's server."))
    parts += _other_values("Former identifiers", "emails, numbers and IDs that still lead here", sheet.former)
    parts += _other_values("Merged from", "contacts that were merged into this one", sheet.merged)
    return joined(parts)


def _named(device: Device) -> Markup:
    marks = [badge("shared device", "info")] if device.shared else []
    marks += [badge("web push", "good")] if device.pushes else []
    name = browser_name(device.user_agent) if isinstance(device.user_agent, str) else "Unknown browser or app"
    return joined([joined([tag("span", name), *marks], " "), tag("div", device.id, "cs-quiet cs-small")])


def _when(device: Device, now: datetime, zone: ZoneInfo) -> str:
    return formats.ago(device.last_seen, now, zone)


def _other_values(title: str, words: str, values: Sequence[str]) -> list[Markup]:
    if not values:
        return []
    lines = joined(tag("div", value, "cs-small") for value in values)
    return [
        tag("div", joined([tag("b", title), tag("span", f" {words}", "cs-quiet cs-small")]), "cs-also"),
        lines,
    ]


@lru_cache(maxsize=4096)
def browser_name(user_agent: str) -> str:
    """`Chrome 120 on Windows`, from a user agent."""
    found = ua_parser.parse(user_agent[:1_000])
    browser = found.user_agent
    system = found.os
    if browser is None or browser.family == "Other":
        return user_agent[:60] or "Unknown browser or app"
    version = f" {browser.major}" if browser.major else ""
    return f"{browser.family}{version}{f' on {system.family}' if system is not None else ''}"
