"""The JSON Schema of conditions: comparisons by path, and what combines them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.domain.fields import FIELDS
from engine.rules.conditions.comparisons import CONTACT
from engine.rules.conditions.did_entry import DidEntry, DidNotEntry
from engine.rules.conditions.operators import OPERATORS
from engine.rules.language.entries import DURATION, TEXT, Schema

_SCALAR: Schema = {"type": ["string", "number", "boolean"]}

_OPERANDS: Mapping[str, Schema] = {
    "scalar": _SCALAR,
    "ordered": {"type": ["number", "string"]},
    "date": {"type": "string", "examples": ["2026-03-31"]},
    "list": {"anyOf": [{"type": "array", "minItems": 1, "items": _SCALAR}, _SCALAR]},
    "text": TEXT,
    "boolean": {"type": "boolean"},
    "duration": DURATION,
    "pattern": TEXT,
}


def condition_schema(statuses: Iterable[str] = ()) -> Schema:
    """The schema of a `when`; `statuses` are those of the shop's own."""
    again: Schema = {"$ref": "#/$defs/condition"}
    several: Schema = {"type": "array", "minItems": 1, "items": again}
    combining = {
        "all": several,
        "any": several,
        "not": again,
        "did": DidEntry.schema(),
        "did_not": DidNotEntry.schema(),
    }
    comparison = _comparison()
    own = {f"{CONTACT}{name}": comparison for name in statuses if name not in FIELDS}
    fields = {f"{CONTACT}{name}": {**comparison, "title": field.label} for name, field in FIELDS.items()}
    return {
        "type": "object",
        "minProperties": 1,
        "properties": {**combining, **fields, **own},
        "patternProperties": {r"^(contact\.custom|activity|properties)\.": comparison},
        "additionalProperties": False,
    }


def _comparison() -> Schema:
    operators = {name: _OPERANDS[operator.operand] for name, operator in OPERATORS.items()}
    return {"anyOf": [_SCALAR, {"type": "object", "properties": operators, "additionalProperties": False}]}
