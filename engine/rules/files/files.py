"""The YAML files, each read into what the core obeys.  One function a file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import cast, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from babel import Locale, UnknownLocaleError
from phonenumbers import SUPPORTED_REGIONS

from engine.domain.activity_types import CUSTOM_ICON, ActivityCatalog, ActivityType, PropertyType
from engine.domain.conditions import ALWAYS
from engine.domain.identities import IDENTIFYING
from engine.domain.profile import FIELD_TYPES, as_text
from engine.domain.rulebook import EDITORS, Account, CustomField, Machine, Transition, Webhook
from engine.domain.statuses import UNTIL
from engine.rules.conditions.condition_reader import Subject, read_condition
from engine.rules.conditions.vocabulary import Vocabulary
from engine.rules.language.nodes import Node
from engine.rules.language.references import ID, activity_name, identifier
from engine.rules.language.suggestions import did_you_mean

_PROPERTY_TYPES = set(get_args(PropertyType))
_DEFAULTS = Account()


def read_activities(root: Node) -> ActivityCatalog:
    """activities.yaml: the types of activity."""
    declared = root.node("activities")
    types = [_activity_type(declared.node(name), name) for name in declared.keys()]
    return ActivityCatalog(types)


def _activity_type(node: Node, name: str) -> ActivityType:
    if not ID.fullmatch(name):
        node.fail(f"{name!r} cannot name an activity: small letters, digits and _ only")
    properties = node.node("properties")
    type_ = ActivityType(
        name=name,
        label=node.text("label", default=name),
        icon=node.text("icon", default=CUSTOM_ICON),
        segment_names=node.texts("segment_names"),
        identified_by=node.texts("identified_by"),
        accepted_from="secret"
        if node.choice("accepted_from", {"both", "secret"}, default="both") == "secret"
        else "both",
        summary=node.text("summary", default=" ").strip(),
        properties={
            key: cast("PropertyType", properties.choice(key, _PROPERTY_TYPES)) for key in properties.keys()
        },
    )
    for property_ in type_.identified_by:
        if property_ not in {kind.event_field for kind in IDENTIFYING}:
            node.fail("`identified_by` can name email, phone and external_id", "identified_by")
    node.finish()
    return type_


def machine_states(root: Node) -> dict[str, frozenset[str]]:
    """The states of each machine, before any is read."""
    machines = root.node("machines")
    return {name: frozenset(machines.node(name).names("states")) for name in machines.keys()}


def initial_states(root: Node) -> dict[str, str]:
    """The state in which each machine begins, before any is read."""
    machines = root.node("machines")
    return {name: str(machines.node(name).raw("initial")) for name in machines.keys()}


def reached_states(root: Node) -> dict[str, frozenset[str]]:
    """The states of each machine that some transition leads to, before any is read."""
    machines = root.node("machines")
    return {
        name: frozenset(str(move.raw("to")) for move in machines.node(name).nodes("transitions"))
        for name in machines.keys()
    }


def read_transitions(root: Node, words: Vocabulary) -> dict[str, Machine]:
    """transitions.yaml: the machines, one a status."""
    machines = root.node("machines")
    return {name: _machine(machines.node(name), name, words) for name in machines.keys()}


def _machine(node: Node, name: str, words: Vocabulary) -> Machine:
    states = _states(node)
    transitions: dict[str, tuple[Transition, ...]] = {}
    for inner in node.nodes("transitions"):
        transition = _transition(inner, states, words)
        _check_turn(inner, transition, transitions.get(transition.on, ()))
        transitions[transition.on] = (*transitions.get(transition.on, ()), transition)
    machine = Machine(
        id=name,
        label=node.text("label", default=name.replace("_", " ").capitalize()),
        states=states,
        initial=node.choice("initial", states),
        transitions=transitions,
    )
    _check_reach(node, machine)
    node.finish()
    return machine


def _check_turn(node: Node, transition: Transition, before: Iterable[Transition]) -> None:
    """Note a transition that leads nowhere else, or is never its turn: the first that fits is taken."""
    leaves = transition.sources - {transition.to}
    if not leaves and transition.to:
        node.fail(f"this can never match: it leads from {transition.to!r} to the same", "to")
        return
    for earlier in before:
        if earlier.when is ALWAYS:
            leaves -= earlier.sources - {earlier.to}
    if not leaves and transition.on and transition.to:
        node.fail(f"this can never match: a transition before it is taken on each {transition.on}", "on")


def _check_reach(node: Node, machine: Machine) -> None:
    """Note states that no transition leads to, and that a rule's effect alone could not, either."""
    moves = [move for moves in machine.transitions.values() for move in moves]
    reached, before = {machine.initial}, set[str]()
    while reached != before:
        before = set(reached)
        reached |= {move.to for move in moves if move.sources & reached}
    for state in machine.states:
        if state not in reached and machine.initial in machine.states:
            node.fail_name(f"nothing leads to the state {state!r}", "states", state)


def _states(node: Node) -> Mapping[str, str]:
    """States as a list of names, or as names with the words that a person reads."""
    value = node.raw("states")
    if isinstance(value, list):
        return {name: name.replace("_", " ") for name in node.texts("states")}
    words = node.node("states")
    return {name: words.text(name) for name in words.keys()}


def _transition(node: Node, states: Mapping[str, str], words: Vocabulary) -> Transition:
    waits = node.raw("on") == UNTIL
    on = UNTIL if waits else activity_name(node, words.catalog)
    sources = node.texts("from")
    for state in sources:
        if state not in states:
            node.fail(f"no state {state!r}{did_you_mean(state, states)}", "from")
    transition = Transition(
        on=on,
        sources=frozenset(sources or states),
        to=node.choice("to", states),
        when=read_condition(node, Subject(words, () if waits else (on,), any_activity=not on)),
    )
    node.finish(also={"when"})
    return transition


def read_fields(root: Node) -> dict[str, CustomField]:
    """fields.yaml: the custom fields of this shop's contacts."""
    fields: dict[str, CustomField] = {}
    for node in root.nodes("fields"):
        custom = CustomField(
            id=identifier(node),
            label=node.text("label", default=str(node.raw("id"))),
            type=node.choice("type", set(FIELD_TYPES), default="text"),
            options=node.texts("options"),
            edit=_editors(node),
        )
        _check_options(node, custom)
        node.finish()
        if custom.id in fields:
            node.fail(f"another field has the id {custom.id!r}", "id")
        fields[custom.id] = custom
    return fields


def _editors(node: Node) -> frozenset[str]:
    """Who may change a field by hand: an admin may, whoever else is named."""
    if "edit" not in node:
        return frozenset(EDITORS)
    named = node.texts("edit")
    for role in named:
        if role not in EDITORS:
            node.fail(f"`edit` cannot name {role!r}{did_you_mean(role, EDITORS)}", "edit")
    return frozenset({*named, "admin"})


def _check_options(node: Node, custom: CustomField) -> None:
    if not custom.options:
        if "options" in node and not node.raw("options"):
            node.fail("`options` needs at least one choice; without any, leave it out", "options")
        return
    if custom.type != "text":
        node.fail(f"a field of type {custom.type} has no `options`: they are choices of a text", "options")
    twice = [option for option, times in Counter(custom.options).items() if times > 1]
    if twice:
        node.fail(f"the option {twice[0]!r} is there twice", "options")
    for option in custom.options:
        if as_text(option) != option:
            node.fail(f"the option {option!r} is blank, too long, or has blanks around it", "options")


def read_account(root: Node) -> Account:
    """settings.yaml: what holds for the whole shop."""
    node = root.node("account")
    account = Account(
        name=node.text("name", default=_DEFAULTS.name),
        time_zone=_time_zone(node),
        locale=_locale(node),
        currency=_currency(node),
        rates=_rates(node.node("rates")),
        default_region=_region(node),
        cart_idle=node.duration("cart_idle") or _DEFAULTS.cart_idle,
        keep_undeclared_traits=node.choice("undeclared_traits", {"keep", "ignore"}, default="keep") == "keep",
        mask_for_viewers=node.flag("mask_for_viewers"),
    )
    node.finish()
    return account


def read_webhooks(root: Node) -> dict[str, Webhook]:
    """settings.yaml: the systems that rules can tell of something."""
    declared = root.node("webhooks")
    return {name: _webhook(declared.node(name), name) for name in declared.keys()}


def _webhook(node: Node, name: str) -> Webhook:
    url = node.text("url")
    if url and not re.fullmatch(r"https?://[^\s/]+(/\S*)?", url):
        node.fail("`url` must begin with https:// (or http:// for a server of your own)", "url")
    webhook = Webhook(name=name, url=url, secret=node.text("secret", default=""))
    node.finish()
    return webhook


def _time_zone(node: Node) -> ZoneInfo:
    name = node.text("time_zone", default="UTC")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        node.fail(f"no time zone {name!r}{_zone_hint(name)}", "time_zone")
        return ZoneInfo("UTC")


def _zone_hint(name: str) -> str:
    """The zone that was meant: the whole name, or a city alone, is written a little differently."""
    zones = {zone.lower(): zone for zone in available_timezones()}
    cities = {zone.rpartition("/")[2]: full for zone, full in zones.items() if "/" in zone}
    said = name.strip().lower().replace(" ", "_")
    for known in (zones, cities):
        close = get_close_matches(said, known, n=1, cutoff=0.7)
        if close:
            return f", did you mean {known[close[0]]!r}?"
    return "; write it as Europe/Madrid"


def _region(node: Node) -> str:
    name = node.text("default_region", default=_DEFAULTS.default_region).upper()
    if name not in SUPPORTED_REGIONS:
        node.fail(f"no region {name!r}; write two letters, such as ES, FR or GB", "default_region")
    return name


def _locale(node: Node) -> str:
    name = node.text("locale", default=_DEFAULTS.locale)
    try:
        return str(Locale.parse(name, sep="-" if "-" in name else "_"))
    except (UnknownLocaleError, ValueError):
        node.fail(
            f"no locale {name!r}; write a language, or language and country: es, en_GB, de_AT", "locale"
        )
        return _DEFAULTS.locale


def _currency(node: Node) -> str | None:
    value = node.raw("currency")
    if value is None:
        return None
    if isinstance(value, str) and re.fullmatch(r"[A-Z]{3}", value):
        return str(value)
    node.fail("`currency` must be three capitals, such as EUR", "currency")
    return None


def _rates(node: Node) -> Mapping[str, Decimal]:
    rates = {}
    for currency in node.keys():
        if not re.fullmatch(r"[A-Z]{3}", currency):
            node.fail(f"{currency!r} is no currency: write three capitals, such as USD", currency)
        try:
            rates[currency] = Decimal(str(node.raw(currency)))
        except InvalidOperation:
            rates[currency] = Decimal(0)
        if not (rates[currency].is_finite() and rates[currency] > 0):
            node.fail(
                "a rate must be a number above 0: the worth of one unit in the account's currency", currency
            )
    return rates
