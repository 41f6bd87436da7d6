"""JSON Schemas of the files, for editors that complete and check YAML while somebody types.

Made of the same tables that the readers use: operators, fields, periods, the activities
of the shipped catalog.  A schema says less than `check` (it knows no line of another
file), but never refuses what `check` takes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, get_args

from engine.domain.activity_types import PropertyType
from engine.domain.fields import FIELDS
from engine.domain.profile import FIELD_TYPES
from engine.domain.rulebook import EDITORS
from engine.rules.conditions.condition_reader import COMBINING
from engine.rules.conditions.operators import OPERATORS
from engine.rules.files.scoring_file import EFFECTS, PERIODS

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_ID: Schema = {"type": "string", "pattern": "^[a-z][a-z0-9_-]{0,63}$"}
_DURATION: Schema = {"type": "string", "pattern": r"^\d+\s*(s|m|h|d|w)$", "examples": ["30d", "4h", "15m"]}
_TEXT: Schema = {"type": "string", "minLength": 1}
_TEXTS: Schema = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]}
_SCALAR: Schema = {"type": ["string", "number", "boolean"]}
_COUNT: Schema = {"type": "integer", "minimum": 0}

_OPERANDS: Mapping[str, Schema] = {
    "scalar": _SCALAR,
    "ordered": {"type": ["number", "string"]},
    "date": {"type": "string", "examples": ["2026-03-31"]},
    "list": {"anyOf": [{"type": "array", "minItems": 1, "items": _SCALAR}, _SCALAR]},
    "text": _TEXT,
    "boolean": {"type": "boolean"},
    "duration": _DURATION,
    "pattern": _TEXT,
}


def schemas(statuses: Iterable[str] = ()) -> dict[str, Schema]:
    """The schema of each file, by the file's name; `statuses` are those of the shop's own."""
    found = {
        "scoring.yaml": _file("What activities bring about", _scoring()),
        "segments.yaml": _file("Segments", {"segments": _list(_segment()), "tests": _list(_test())}),
        "transitions.yaml": _file("Statuses", {"machines": _map(_machine()), "tests": _list(_test())}),
        "activities.yaml": _file("What contacts can do", {"activities": _map(_activity())}),
        "fields.yaml": _file("Custom fields", {"fields": _list(_field())}),
        "settings.yaml": _file("The account", _settings()),
    }
    condition = {"$defs": {"condition": _condition(statuses)}}
    return {name: {**schema, **condition} for name, schema in found.items()}


def _file(title: str, properties: Schema) -> Schema:
    return {"$schema": DIALECT, "title": title, **_object(properties)}


def _object(properties: Schema, *, required: tuple[str, ...] = ()) -> Schema:
    found: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**found, "required": list(required)} if required else found


def _list(item: Schema) -> Schema:
    return {"type": ["array", "null"], "items": item}


def _map(item: Schema) -> Schema:
    return {"type": ["object", "null"], "additionalProperties": item}


def _condition(statuses: Iterable[str]) -> Schema:
    """Comparisons by path, and what combines them."""
    again = {"$ref": "#/$defs/condition"}
    compared = _object({name: _OPERANDS[o.operand] for name, o in OPERATORS.items()})
    comparison: Schema = {"anyOf": [_SCALAR, compared]}
    did = {"activity": _TEXTS, "where": {"type": "object"}, "within": _DURATION, "times": _times()}
    combining = {
        "all": {"type": "array", "minItems": 1, "items": again},
        "any": {"type": "array", "minItems": 1, "items": again},
        "not": again,
        "did": _object(did, required=("activity",)),
        "did_not": _object(
            {name: did[name] for name in ("activity", "where", "within")}, required=("activity",)
        ),
    }
    fields = {f"contact.{name}": {**comparison, "title": field.label} for name, field in FIELDS.items()}
    fields |= {f"contact.{name}": comparison for name in statuses if name not in FIELDS}
    return {
        "type": "object",
        "minProperties": 1,
        "properties": {**{name: combining[name] for name in COMBINING}, **fields},
        "patternProperties": {r"^(contact\.custom|activity|properties)\.": comparison},
        "additionalProperties": False,
    }


def _times() -> Schema:
    return {"anyOf": [_COUNT, _object(dict.fromkeys(("gte", "gt", "eq", "lte", "lt"), _COUNT))]}


def _scoring() -> Schema:
    group = {
        "id": _ID,
        "name": _TEXT,
        "at_most": {"type": "integer", "minimum": 1},
        "per": _choice({*PERIODS, "ever"}),
    }
    return {
        "groups": _list(_object(group, required=("id", "at_most"))),
        "rules": _list(_object(_rule(), required=("id", "name", "on"))),
        "tests": _list(_test()),
    }


def _rule() -> Schema:
    computed = {"per": _TEXT, "times": {"type": "number"}, "at_most": {"type": "integer"}}
    limit = {"times": {"type": "integer", "minimum": 1}, "per": _choice({*PERIODS, "ever"})}
    day = {"type": "string", "examples": ["2026-11-20"]}
    return {
        "id": _ID,
        "name": _TEXT,
        "description": _TEXT,
        "on": _TEXT,
        "when": {"$ref": "#/$defs/condition"},
        "points": {"anyOf": [{"type": "integer"}, _object(computed, required=("per",))]},
        "limit": {"anyOf": [{"const": "once"}, _object(limit, required=("times", "per"))]},
        "once_per": {"type": "string", "pattern": r"^(properties|activity)\..+"},
        "group": _ID,
        "expires_after": _DURATION,
        "fades": _object(
            {"by": {"type": "string", "pattern": r"^\d+\s*%$"}, "every": _DURATION}, required=("by", "every")
        ),
        "active": _object({"from": day, "until": day}),
        "effects": _list(_object({key: {"type": ["string", "object"]} for key in EFFECTS})),
    }


def _segment() -> Schema:
    segment = {
        "id": _ID,
        "name": _TEXT,
        "description": _TEXT,
        "static": {"type": "boolean"},
        "when": {"$ref": "#/$defs/condition"},
    }
    return _object(segment, required=("id", "name"))


def _machine() -> Schema:
    transition = {"on": _TEXT, "from": _TEXTS, "to": _TEXT, "when": {"$ref": "#/$defs/condition"}}
    machine = {
        "label": _TEXT,
        "states": {
            "anyOf": [{"type": "array", "items": _TEXT}, {"type": "object", "additionalProperties": _TEXT}]
        },
        "initial": _TEXT,
        "transitions": _list(_object(transition, required=("on", "to"))),
    }
    return _object(machine, required=("states", "initial"))


def _activity() -> Schema:
    activity = {
        "label": _TEXT,
        "icon": _TEXT,
        "segment_names": _TEXTS,
        "identified_by": _TEXTS,
        "accepted_from": _choice({"both", "secret"}),
        "summary": {"type": "string"},
        "properties": {"type": "object", "additionalProperties": _choice(set(get_args(PropertyType)))},
    }
    return {**_object(activity), "type": ["object", "null"]}


def _field() -> Schema:
    editors = {"anyOf": [_choice(set(EDITORS)), {"type": "array", "items": _choice(set(EDITORS))}]}
    field = {
        "id": _ID,
        "label": _TEXT,
        "type": _choice(set(FIELD_TYPES)),
        "options": _TEXTS,
        "edit": editors,
    }
    return _object(field, required=("id",))


def _settings() -> Schema:
    account = {
        "name": _TEXT,
        "time_zone": _TEXT,
        "locale": {"type": "string", "examples": ["en", "en_GB", "es", "de_AT"]},
        "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
        "rates": {"type": "object", "additionalProperties": {"type": ["number", "string"]}},
        "default_region": _TEXT,
        "cart_idle": _DURATION,
        "undeclared_traits": _choice({"keep", "ignore"}),
        "mask_for_viewers": {"type": "boolean"},
    }
    webhook = {"url": {"type": "string", "pattern": "^https?://"}, "secret": _TEXT}
    return {"account": _object(account), "webhooks": _map(_object(webhook, required=("url",)))}


def _test() -> Schema:
    test = {
        "name": _TEXT,
        "given": {"type": "array", "items": {"type": "object", "minProperties": 1}},
        "later": _DURATION,
        "expect": {"type": "object", "minProperties": 1},
    }
    return _object(test, required=("name", "given", "expect"))


def _choice(names: set[str]) -> Schema:
    return {"enum": sorted(names)}


def write_schemas(folder: Path, statuses: Iterable[str] = ()) -> None:
    """Write each schema as a file of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in schemas(statuses).items():
        text = json.dumps(schema, indent=1, ensure_ascii=False, sort_keys=True)
        (folder / f"{Path(name).stem}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]))
