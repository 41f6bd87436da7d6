"""`effects` of a rule: what it brings about besides points."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from engine.domain.folding.field_values import FIELD_TYPES, converted
from engine.domain.rulebook import (
    AddToSegment,
    CallWebhook,
    CustomField,
    Effect,
    MoveStatus,
    RemoveFromSegment,
    SetField,
)
from engine.rules.conditions.operands import plain
from engine.rules.conditions.vocabulary import Vocabulary
from engine.rules.language.entries import ID, TEXT, Key, Schema
from engine.rules.language.nodes import Node
from engine.rules.language.suggestions import did_you_mean

EffectReader = Callable[[Node, str, Vocabulary], list[Effect]]


@dataclass(frozen=True)
class EffectKind:
    """A key of an effect: what it does, how it is read, and the JSON Schema of its value."""

    about: str
    read: EffectReader
    schema: Schema


def effect_list(about: str) -> Key[list[Node]]:
    """A list of effects; `read_effects` reads what they name."""
    kinds = {key: {**kind.schema, "description": kind.about} for key, kind in EFFECTS.items()}
    item: Schema = {"type": "object", "properties": kinds, "additionalProperties": False}
    return Key(about, lambda node, key: list(node.nodes(key)), {"type": "array", "items": item})


def read_effects(nodes: Iterable[Node], words: Vocabulary) -> tuple[Effect, ...]:
    """The effects of a rule, in the order of the file."""
    found: list[Effect] = []
    for node in nodes:
        for key in node.keys():
            kind = EFFECTS.get(key)
            if kind is None:
                node.fail(f"no effect {key!r}{did_you_mean(key, EFFECTS)}", key)
            else:
                found += kind.read(node, key, words)
    return tuple(found)


def _of_segment(effect: Callable[[str], Effect]) -> EffectReader:
    """The reader of an effect that adds contacts to a named segment."""

    def read(node: Node, key: str, words: Vocabulary) -> list[Effect]:
        name = node.text(key)
        if name in words.static:
            return [effect(name)]
        if name in words.dynamic:
            node.fail(f"{name!r} is a dynamic segment: its condition alone decides who is in it", key)
        else:
            message = f"no static segment {name!r}"
            node.fail_undeclared(message, key, name=name, known=words.static, file="segments.yaml")
        return []

    return read


def _set(node: Node, key: str, words: Vocabulary) -> list[Effect]:
    inner = node.node(key)
    found: list[Effect] = []
    for name in inner.keys():
        id_ = name.removeprefix("custom.")
        if id_ in words.fields:
            found.append(SetField(id_, _value(inner, name, words.fields[id_], words.zone)))
        else:
            message = f"no custom field {name!r}"
            inner.fail_undeclared(message, name, name=id_, known=words.fields, file="fields.yaml")
    return found


def _value(node: Node, name: str, field: CustomField, zone: ZoneInfo) -> Any:
    """The value to write into a custom field; no value empties it."""
    value = plain(node.raw(name))
    if value is None or field.type not in FIELD_TYPES:
        return None
    kept = converted(value.isoformat() if isinstance(value, date) else value, field.type, zone)
    if kept is None:
        node.fail(f"{name!r} is of type {field.type}, and {node.raw(name)!s} is not", name)
    elif field.options and kept not in field.options:
        node.fail(f"{name!r} cannot be {kept!r}{did_you_mean(str(kept), field.options)}", name)
    return kept


def _move(node: Node, key: str, words: Vocabulary) -> list[Effect]:
    inner = node.node(key)
    found: list[Effect] = []
    for name in inner.keys():
        states = words.machines.get(name)
        if states is None:
            hint = did_you_mean(name, words.machines)
            inner.fail(f"no status {name!r}{hint}", name, needs="transitions.yaml")
            continue
        to = inner.choice(name, states)
        if to in states and to not in words.reached.get(name, ()):
            inner.fail(f"no transition of {name!r} leads to {to!r}, so that this would do nothing", name)
        found.append(MoveStatus(name, to))
    return found


def _webhook(node: Node, key: str, words: Vocabulary) -> list[Effect]:
    name = node.text(key)
    if name in words.webhooks:
        return [CallWebhook(name)]
    node.fail_undeclared(f"no webhook {name!r}", key, name=name, known=words.webhooks, file="settings.yaml")
    return []


EFFECTS: dict[str, EffectKind] = {
    "add_to_segment": EffectKind("Put the contact into a static segment.", _of_segment(AddToSegment), ID),
    "remove_from_segment": EffectKind(
        "Take the contact out of a static segment.", _of_segment(RemoveFromSegment), ID
    ),
    "set": EffectKind("Write custom fields, by their ids; null empties one.", _set, {"type": "object"}),
    "move": EffectKind(
        "Move statuses, by name, to a state.", _move, {"type": "object", "additionalProperties": TEXT}
    ),
    "webhook": EffectKind("Call another system, declared in settings.yaml.", _webhook, TEXT),
}
