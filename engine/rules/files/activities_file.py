"""activities.yaml: the types of activity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, cast, get_args

from engine.domain.activity_types import CUSTOM_ICON, ActivityCatalog, ActivityType, PropertyType
from engine.domain.identity.identities import IDENTIFYING
from engine.rules.language.entries import Entry, Key, choice, mapping_of, optional, text, texts
from engine.rules.language.nodes import Node
from engine.rules.language.references import ID

PROPERTY_TYPES: Sequence[PropertyType] = get_args(PropertyType)
SENDERS: Sequence[Literal["both", "secret"]] = ("both", "secret")
IDENTITIES = {kind.event_field for kind in IDENTIFYING}


def _property_types(node: Node, key: str) -> dict[str, PropertyType]:
    inner = node.node(key)
    return {name: _property_type(inner, name) for name in inner.keys()}


def _property_type(node: Node, name: str) -> PropertyType:
    kind = node.choice(name, PROPERTY_TYPES)
    return cast("PropertyType", kind) if kind in PROPERTY_TYPES else "text"


class ActivityEntry(Entry):
    label = optional(text("What people read; without it, the type's name."))
    icon = text("One emoji.", default=CUSTOM_ICON)
    segment_names = texts("Names in the specifications of Segment and GA4 that mean the same.")
    identified_by = texts("The properties that say whose it is: email, phone, external_id.")
    accepted_from = choice("`secret`: only senders with a secret key can report it.", SENDERS, default="both")
    summary = text("A line for the timeline, with `{property}` where a value goes.", default="")
    properties = Key(
        "What it carries, each property by its type.",
        _property_types,
        {"type": "object", "additionalProperties": {"enum": sorted(PROPERTY_TYPES)}},
    )


class ActivitiesFile(Entry):
    """What contacts can do"""

    activities = mapping_of("The types of activity, by their names.", ActivityEntry)


def read_activities(file: ActivitiesFile) -> ActivityCatalog:
    """All types that a shop declares."""
    return ActivityCatalog([_activity_type(name, entry) for name, entry in file.activities.items()])


def _activity_type(name: str, entry: ActivityEntry) -> ActivityType:
    if not ID.fullmatch(name):
        entry.node.fail(f"{name!r} cannot name an activity: small letters, digits and _ only")
    if not set(entry.identified_by) <= IDENTITIES:
        entry.node.fail("`identified_by` can name email, phone and external_id", "identified_by")
    return ActivityType(
        name=name,
        label=name if entry.label is None else entry.label,
        icon=entry.icon,
        segment_names=entry.segment_names,
        identified_by=entry.identified_by,
        accepted_from=entry.accepted_from,
        summary=entry.summary.strip(),
        properties=entry.properties,
    )
