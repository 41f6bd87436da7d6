"""The YAML files, each read into what the core obeys.  One function a file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import cast, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.core.activities import RuleId
from engine.core.catalog import CUSTOM_ICON, ActivityCatalog, ActivityType, PropertyType
from engine.core.profile import FIELD_TYPES
from engine.core.rulebook import (
    Account,
    CustomField,
    Limit,
    Machine,
    Period,
    ScoringRule,
    Transition,
)
from engine.rules.conditions import compile_condition
from engine.rules.source import Node, did_you_mean

_ID = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_PROPERTY_TYPES = set(get_args(PropertyType))
_PERIODS = set(get_args(Period)) - {"ever"}
_DEFAULTS = Account()


def read_activities(root: Node) -> ActivityCatalog:
    """activities.yaml: the types of activity."""
    declared = root.node("activities")
    types = [_activity_type(declared.node(name), name) for name in declared.keys()]
    root.finish()
    return ActivityCatalog(types)


def _activity_type(node: Node, name: str) -> ActivityType:
    if not _ID.fullmatch(name):
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
        if property_ not in ("email", "phone", "external_id"):
            node.fail("`identified_by` can name email, phone and external_id", "identified_by")
    node.finish()
    return type_


def read_scoring(root: Node, catalog: ActivityCatalog) -> dict[str, tuple[ScoringRule, ...]]:
    """scoring.yaml: the rules that give points, by the type of activity."""
    by_type: dict[str, tuple[ScoringRule, ...]] = {}
    seen: set[str] = set()
    for node in root.nodes("rules"):
        rule = _scoring_rule(node, catalog)
        if rule.id in seen:
            node.fail(f"another rule has the id {rule.id!r}", "id")
        seen.add(rule.id)
        by_type[rule.on] = (*by_type.get(rule.on, ()), rule)
    root.finish()
    return by_type


def _scoring_rule(node: Node, catalog: ActivityCatalog) -> ScoringRule:
    rule = ScoringRule(
        id=RuleId(identifier(node)),
        name=node.text("name"),
        on=_activity_name(node, catalog),
        points=node.whole("points"),
        when=compile_condition(node),
        limit=_limit(node),
        expires_after=node.duration("expires_after"),
    )
    node.finish(also={"when"})
    return rule


def _limit(node: Node) -> Limit | None:
    value = node.raw("limit")
    if value is None:
        return None
    if value == "once":
        return Limit(times=1, per="ever")
    if isinstance(value, str):
        node.fail("`limit` can be `once` or {times: 3, per: day}", "limit")
        return None
    limit = node.node("limit")
    times, per = limit.whole("times"), limit.choice("per", _PERIODS)
    limit.finish()
    if times < 1:
        limit.fail("`times` must be 1 or more", "times")
    return Limit(times=times, per=cast("Period", per))


def read_transitions(root: Node, catalog: ActivityCatalog) -> dict[str, Machine]:
    """transitions.yaml: the machines, one a status."""
    machines = root.node("machines")
    read = {name: _machine(machines.node(name), name, catalog) for name in machines.keys()}
    root.finish()
    return read


def _machine(node: Node, name: str, catalog: ActivityCatalog) -> Machine:
    states = _states(node)
    transitions: dict[str, tuple[Transition, ...]] = {}
    for inner in node.nodes("transitions"):
        transition = _transition(inner, states, catalog)
        transitions[transition.on] = (*transitions.get(transition.on, ()), transition)
    machine = Machine(
        id=name,
        label=node.text("label", default=name.replace("_", " ").capitalize()),
        states=states,
        initial=node.choice("initial", states),
        transitions=transitions,
    )
    node.finish()
    return machine


def _states(node: Node) -> Mapping[str, str]:
    """States as a list of names, or as names with the words that a person reads."""
    value = node.raw("states")
    if isinstance(value, list):
        return {name: name.replace("_", " ") for name in node.texts("states")}
    words = node.node("states")
    return {name: words.text(name) for name in words.keys()}


def _transition(node: Node, states: Mapping[str, str], catalog: ActivityCatalog) -> Transition:
    sources = node.texts("from")
    for state in sources:
        if state not in states:
            node.fail(f"no state {state!r}{did_you_mean(state, states)}", "from")
    transition = Transition(
        on=_activity_name(node, catalog),
        sources=frozenset(sources or states),
        to=node.choice("to", states),
        when=compile_condition(node),
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
        )
        node.finish()
        if custom.id in fields:
            node.fail(f"another field has the id {custom.id!r}", "id")
        fields[custom.id] = custom
    root.finish()
    return fields


def read_settings(root: Node) -> Account:
    """settings.yaml: what holds for the whole shop."""
    node = root.node("account")
    account = Account(
        name=node.text("name", default=_DEFAULTS.name),
        time_zone=_time_zone(node),
        currency=_currency(node),
        rates=_rates(node.node("rates")),
        default_region=node.text("default_region", default=_DEFAULTS.default_region).upper(),
        cart_idle=node.duration("cart_idle") or _DEFAULTS.cart_idle,
        keep_undeclared_traits=node.choice("undeclared_traits", {"keep", "ignore"}, default="keep") == "keep",
    )
    node.finish()
    root.finish()
    return account


def _time_zone(node: Node) -> ZoneInfo:
    name = node.text("time_zone", default="UTC")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        node.fail(f"no time zone {name!r}; write it as Europe/Madrid", "time_zone")
        return ZoneInfo("UTC")


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
        try:
            rates[currency] = Decimal(str(node.raw(currency)))
        except InvalidOperation:
            node.fail("a rate must be a number: the worth of one unit in the account's currency", currency)
    return rates


def identifier(node: Node) -> str:
    """The `id` of a rule or field: small letters, digits, dashes and underscores."""
    value = node.text("id")
    if value and not _ID.fullmatch(value):
        node.fail(f"{value!r} cannot be an id: small letters, digits, - and _, a letter first", "id")
    return value


def _activity_name(node: Node, catalog: ActivityCatalog) -> str:
    name = node.text("on")
    known = set(catalog.types())
    if name and name not in known:
        node.fail(f"no activity {name!r}{did_you_mean(name, known)} (declare it in activities.yaml)", "on")
    return name
