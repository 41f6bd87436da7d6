"""fields.yaml: the custom fields of a shop's contacts."""

from __future__ import annotations

from collections import Counter

from engine.domain.folding.field_values import FIELD_TYPES, as_text
from engine.domain.folding.profile import RESERVED
from engine.domain.rulebook import EDITORS, CustomField
from engine.rules.language.entries import Entry, Key, choice, identifier, list_of, optional, text, texts
from engine.rules.language.nodes import Node
from engine.rules.language.suggestions import did_you_mean


def _editors(node: Node, key: str) -> frozenset[str]:
    """The roles that may edit a field manually: admins always may."""
    if key not in node:
        return frozenset(EDITORS)
    named = node.texts(key)
    for role in named:
        if role not in EDITORS:
            node.fail(f"`{key}` cannot name {role!r}{did_you_mean(role, EDITORS)}", key)
    return frozenset({*named, "admin"})


_ROLE = {"enum": sorted(EDITORS)}


class FieldEntry(Entry):
    id = identifier("The trait that fills it; conditions name it `contact.custom.…`.")
    label = optional(text("What people read; without it, the id."))
    type = choice("The kind of its values.", FIELD_TYPES, default="text")
    options = texts("What a person can choose of, if it is a text.")
    edit = Key("Who may change it by hand.", _editors, {"anyOf": [_ROLE, {"type": "array", "items": _ROLE}]})


class FieldsFile(Entry):
    """Custom fields"""

    fields = list_of("The fields, in the order in which they are shown.", FieldEntry)


def read_fields(file: FieldsFile) -> dict[str, CustomField]:
    """The fields by their ids."""
    fields: dict[str, CustomField] = {}
    for entry in file.fields:
        if entry.id in RESERVED:
            entry.node.fail(f"{entry.id!r} is a built-in field or identity: give this one another id", "id")
        if entry.id in fields:
            entry.node.fail(f"another field has the id {entry.id!r}", "id")
        fields[entry.id] = _field(entry)
    return fields


def _field(entry: FieldEntry) -> CustomField:
    _check_options(entry)
    return CustomField(
        id=entry.id,
        label=str(entry.node.raw("id")) if entry.label is None else entry.label,
        type=entry.type,
        options=entry.options,
        edit=entry.edit,
    )


def _check_options(entry: FieldEntry) -> None:
    options, node = entry.options, entry.node
    if not options:
        if "options" in node and not node.raw("options"):
            node.fail("`options` needs at least one choice; without any, leave it out", "options")
        return
    if entry.type != "text":
        node.fail(f"a field of type {entry.type} has no `options`: they are choices of a text", "options")
    repeated = [option for option, times in Counter(options).items() if times > 1]
    if repeated:
        node.fail(f"the option {repeated[0]!r} is there twice", "options")
    for option in options:
        if as_text(option) != option:
            node.fail(f"the option {option!r} is blank, too long, or has blanks around it", "options")
