"""settings.yaml: what holds for the whole shop, and the systems that its rules call."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from babel import Locale, UnknownLocaleError
from babel.numbers import get_decimal_symbol
from phonenumbers import SUPPORTED_REGIONS

from engine.domain.currencies import is_currency
from engine.domain.preferences import DoubleOptIn
from engine.domain.rulebook import CONSENT_FROM_BROWSER, Account, SendingService, Webhook
from engine.rules.files.addresses import address, optional_address, secret_variables
from engine.rules.files.lifetime_entry import LifetimeEntry
from engine.rules.files.mailbox_entry import MailboxEntry
from engine.rules.files.preferences_entry import DoubleOptInEntry, PreferencesEntry, read_opt_in
from engine.rules.files.webhook_secrets import read_secret
from engine.rules.language.entries import (
    TEXT,
    Entry,
    Key,
    choice,
    duration,
    flag,
    list_of,
    mapping_of,
    nested,
    text,
)
from engine.rules.language.nodes import Node
from engine.rules.language.suggestions import did_you_mean

_DEFAULTS = Account()
_CURRENCY = re.compile("[A-Z]{3}")


def _time_zone(node: Node, key: str) -> ZoneInfo:
    name = node.text(key, default="UTC")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        node.fail(f"no time zone {name!r}{_zone_hint(name)}", key)
        return ZoneInfo("UTC")


def _zone_hint(name: str) -> str:
    """The zone that was meant: the whole name, or a city alone, is written a little differently."""
    zones = {zone.lower(): zone for zone in available_timezones()}
    cities = {zone.rpartition("/")[2]: full for zone, full in zones.items() if "/" in zone}
    written = name.strip().lower().replace(" ", "_")
    for known in (zones, cities):
        close = get_close_matches(written, known, n=1, cutoff=0.7)
        if close:
            return f", did you mean {known[close[0]]!r}?"
    return "; write it as Europe/Madrid"


def _locale(node: Node, key: str) -> str:
    name = node.text(key, default=_DEFAULTS.locale)
    try:
        return str(Locale.parse(name, sep="-" if "-" in name else "_"))
    except (UnknownLocaleError, ValueError):
        node.fail(f"no locale {name!r}; write a language, or language and country: es, en_GB, de_AT", key)
        return _DEFAULTS.locale


def _currency(node: Node, key: str) -> str:
    value = node.raw(key)
    if value is None:
        return _DEFAULTS.currency
    if isinstance(value, str) and is_currency(value):
        return str(value)
    node.fail(f"`{key}` must be three capitals, such as EUR: a code of ISO 4217", key)
    return _DEFAULTS.currency


def _rates(node: Node, key: str) -> Mapping[str, Decimal]:
    inner = node.node(key)
    return {currency: _rate(inner, currency) for currency in inner.keys()}


def _rate(node: Node, currency: str) -> Decimal:
    if not _CURRENCY.fullmatch(currency):
        node.fail(f"{currency!r} is no currency: write three capitals, such as USD", currency)
    try:
        rate = Decimal(str(node.raw(currency)))
    except InvalidOperation:
        rate = Decimal(0)
    if not (rate.is_finite() and rate > 0):
        node.fail(
            "a rate must be a number above 0: the worth of one unit in the account's currency", currency
        )
    return rate


def _hour(node: Node, key: str) -> int:
    value = node.raw(key)
    if value is None:
        return _DEFAULTS.calculation_hour
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 23:
        return int(value)
    node.fail(f"`{key}` must be an hour from 0 to 23", key)
    return _DEFAULTS.calculation_hour


def _region(node: Node, key: str) -> str:
    name = node.text(key, default=_DEFAULTS.default_region).upper()
    if name not in SUPPORTED_REGIONS:
        node.fail(f"no region {name!r}; write two letters, such as ES, FR or GB", key)
    return name


class AccountEntry(Entry):
    name = text("The shop's name.", default=_DEFAULTS.name)
    time_zone = Key("In which days begin and end, such as Europe/Madrid.", _time_zone, TEXT)
    locale = Key(
        "How the pages write dates and numbers: a language, and where it differs a country.",
        _locale,
        {"type": "string", "examples": ["en", "en_GB", "es", "de_AT"]},
    )
    currency = Key(
        "ISO 4217: of all totals, and of amounts sent without a currency; without it, EUR.",
        _currency,
        {"type": "string", "pattern": f"^{_CURRENCY.pattern}$"},
    )
    rates = Key(
        "What one unit of another currency is worth in the account's.",
        _rates,
        {"type": "object", "additionalProperties": {"type": ["number", "string"]}},
    )
    default_region = Key("The country whose national phone numbers are read, such as ES.", _region, TEXT)
    cart_idle = duration("After how long without a change a cart is abandoned.")
    calculation_hour = Key(
        "The hour from which on RFM and lifetime value are calculated each night; without it, 1.",
        _hour,
        {"type": "integer", "minimum": 0, "maximum": 23},
    )
    undeclared_traits = choice(
        "Whether traits that no field declares become custom fields.", ("keep", "ignore"), default="keep"
    )
    consent_from_browser = choice(
        "Whether a browser alone may subscribe a contact that never refused: `confirm` waits for a click "
        "in a mail, or until the shop's server reports the subscription.",
        CONSENT_FROM_BROWSER,
        default="accept",
    )
    mask_for_viewers = flag("Whether viewers see personal data masked.")


class WebhookEntry(Entry):
    url = address("Where it is called.")
    secret = Key("What signs a call; `$NAME` is that environment variable.", read_secret, TEXT)


SERVICES = (
    "brevo", "mailersend", "mailgun", "mailjet", "mandrill", "postmark", "resend", "sendgrid", "ses",
    "sparkpost", "twilio",
)  # fmt: skip
"""The sending services whose webhooks the collector understands."""

BOUNCE = "bounce"
"""The door for mail that came back, which is declared like a sending service."""

PUSH = "push"
"""The door for ends of web push subscriptions, declared in the same way."""

_DOORS = (*SERVICES, BOUNCE, PUSH)


class ServiceEntry(Entry):
    secret = secret_variables(
        "The environment variable with its secret, as $NAME; a list of two while one replaces the other."
    )
    url = optional_address("The public address of its webhook: Mandrill and Twilio sign it.")


def read_services(file: SettingsFile) -> dict[str, SendingService]:
    """The sending services whose webhooks are received."""
    node = file.node.node("sending_services")
    for name in file.sending_services:
        if name not in _DOORS:
            node.fail(f"no sending service {name!r}{did_you_mean(name, _DOORS)}", name)
    return {name: SendingService(entry.secret, entry.url) for name, entry in file.sending_services.items()}


class SettingsFile(Entry):
    """The account"""

    account = nested("What holds for the whole shop.", AccountEntry)
    lifetime_value = nested("How customer lifetime value is computed, and from when on.", LifetimeEntry)
    webhooks = mapping_of("The systems that rules can call, by name.", WebhookEntry)
    sending_services = mapping_of("The services that report what became of mails, by name.", ServiceEntry)
    bounce_mailboxes = list_of("Mailboxes that are watched for mail that came back.", MailboxEntry)
    preferences = nested("The public page on which contacts choose what they receive.", PreferencesEntry)
    double_opt_in = nested("Who mails the link that confirms a subscription.", DoubleOptInEntry)


def read_account(file: SettingsFile) -> Account:
    """What holds for the whole shop; what is not set has its default."""
    if file.account is None:
        return _DEFAULTS
    return Account(
        name=file.account.name,
        time_zone=file.account.time_zone,
        locale=file.account.locale,
        decimal_mark="," if get_decimal_symbol(file.account.locale) == "," else ".",
        currency=file.account.currency,
        rates=file.account.rates,
        default_region=file.account.default_region,
        cart_idle=file.account.cart_idle or _DEFAULTS.cart_idle,
        calculation_hour=file.account.calculation_hour,
        consent_from_browser=file.account.consent_from_browser,
        keep_undeclared_traits=file.account.undeclared_traits == "keep",
        mask_for_viewers=file.account.mask_for_viewers,
    )


def read_webhooks(file: SettingsFile) -> dict[str, Webhook]:
    """The systems that rules can call."""
    return {name: Webhook(name, entry.url, entry.secret) for name, entry in file.webhooks.items()}


def read_double_opt_in(file: SettingsFile) -> DoubleOptIn | None:
    """The confirmation of subscriptions; unset where nothing mails the link."""
    if file.double_opt_in is None:
        return None
    if file.preferences is None:
        file.node.fail("`double_opt_in` needs `preferences`: the link leads there", "double_opt_in")
    return read_opt_in(file.double_opt_in, file.webhooks)
