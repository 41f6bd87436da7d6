"""Custom fields: stored in fields.yaml; each change publishes a new version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission
from engine.db import Db
from engine.domain.document import Document
from engine.domain.folding.profile import RESERVED
from engine.domain.rulebook import EDITORS, CustomField
from engine.errors import Invalid, NameTaken, NotFound, StillInUse
from engine.insights import census
from engine.publishing import field_uses, publish_service, publishing
from engine.publishing.field_uses import Conversion, Use
from engine.rules import versions
from engine.rules.language import editing
from engine.rules.language.references import ID
from engine.rules.versions import Version

FILE = "fields.yaml"

MAX_MESSAGE = 200
"""Characters of what a version of the rules is called."""


class InvalidField(Invalid):
    """A field that cannot be declared like this; the message says why."""


class FieldNotFound(NotFound):
    """No field with this id is declared, or not any more."""

    def __init__(self, id_: str) -> None:
        self.id = id_
        super().__init__("this field no longer exists: reload the page")


@dataclass(frozen=True)
class FieldUsage:
    """A declared field, how many contacts have a value, and what names it.

    `contacts` is unset until contacts have been counted.
    """

    field: CustomField
    contacts: int | None
    uses: list[Use]


@dataclass(frozen=True)
class Fields:
    """The declared fields in their order, and the version of the rules that they are of."""

    version: int
    fields: list[FieldUsage]
    counted_at: datetime | None


def all_fields(actor: Actor) -> Fields:
    """Every field with its usage.  Raises NotAllowed."""
    actor.require(Permission.EDIT_ACCOUNT)
    census.look(actor.db, now=actor.now)
    ruleset, counted = versions.current(actor.db), census.latest(actor.db)
    fields = [
        FieldUsage(
            field,
            None if counted is None else counted.custom.get(field.id, 0),
            field_uses.uses_of(actor.db, field.id),
        )
        for field in ruleset.fields.values()
    ]
    return Fields(ruleset.version, fields, None if counted is None else counted.at)


def conversion(actor: Actor, field: CustomField) -> Conversion:
    """Preview the effect of a changed field on the existing values.  Raises NotAllowed."""
    actor.require(Permission.EDIT_ACCOUNT)
    return field_uses.converted(actor.db, field)


def create(actor: Actor, field: CustomField, *, base: int) -> Version:
    """Declare a new field.  Raises NotAllowed, InvalidField, NameTaken, and what publishing does."""
    actor.require(Permission.EDIT_ACCOUNT)
    if field.id in versions.current(actor.db).fields:
        raise InvalidField(f"a field with the ID {field.id} already exists")
    if field.id in RESERVED:
        raise InvalidField(f"{field.id} is a built-in field or identity: choose another ID")
    if not ID.fullmatch(field.id):
        raise InvalidField(
            "an ID starts with a lowercase letter, followed by lowercase letters, digits, _ and -"
        )
    return _publish(actor, field, f"New field {field.label}", base=base)


def devised(db: Db, wanted: Sequence[tuple[str, str]]) -> list[CustomField]:
    """New fields of these labels and types, as `create_several` makes them.  Raises InvalidField."""
    taken = {id_.replace("_", "-") for id_ in (*versions.current(db).fields, *RESERVED)}
    made = list[CustomField]()
    for label, type_ in wanted:
        id_ = editing.id_of(label, taken=taken).replace("_", "-")
        taken.add(id_)
        field = CustomField(id_.replace("-", "_"), " ".join(label.split()), type_)
        _check(db, field)
        if field.label.lower() in {other.label.lower() for other in made}:
            raise InvalidField(f"two of the new fields have the label {field.label}")
        made.append(field)
    return made


def create_several(actor: Actor, wanted: Sequence[tuple[str, str]], *, base: int) -> list[str]:
    """Declare new fields, each by its label and type, in one version; return their ids.

    Raises NotAllowed, InvalidField, NameTaken, and what publishing does.
    """
    actor.require(Permission.EDIT_ACCOUNT)
    text, made = _text(actor.db), devised(actor.db, wanted)
    for field in made:
        text = editing.with_entry(text, "fields", field.id, _entry(field))
    names = ", ".join(field.label for field in made)
    words = f"New field {names}" if len(made) == 1 else f"New fields {names}"
    _publish_text(actor, text, words[:MAX_MESSAGE], base=base)
    return [field.id for field in made]


def change(actor: Actor, field: CustomField, *, base: int) -> Version:
    """Declare a field otherwise; its id stays.  Raises as `create`, and FieldNotFound."""
    actor.require(Permission.EDIT_ACCOUNT)
    _field(actor.db, field.id)
    return _publish(actor, field, f"Changed the field {field.label}", base=base)


def reorder(actor: Actor, ids: Sequence[str], *, base: int) -> Version:
    """Put the fields in an order.  Raises NotAllowed, and what publishing does."""
    actor.require(Permission.EDIT_ACCOUNT)
    text = editing.with_order(_text(actor.db), "fields", ids)
    return _publish_text(actor, text, "Put the fields in another order", base=base)


def delete(actor: Actor, id_: str, *, base: int) -> Version:
    """Declare a field no more; what contacts have in it stays with them.

    Raises NotAllowed, FieldNotFound, StillInUse, and what publishing does.
    """
    actor.require(Permission.EDIT_ACCOUNT)
    field = _field(actor.db, id_)
    uses = field_uses.uses_of(actor.db, id_)
    if uses:
        raise StillInUse(field.label, uses)
    text = editing.without_entry(_text(actor.db), "fields", id_)
    return _publish_text(actor, text, f"Deleted the field {field.label}", base=base)


def _field(db: Db, id_: str) -> CustomField:
    field = versions.current(db).fields.get(id_)
    if field is None:
        raise FieldNotFound(id_)
    return field


def _text(db: Db) -> str:
    return publishing.completed(db, {})[FILE]


def _publish(actor: Actor, field: CustomField, message: str, *, base: int) -> Version:
    _check(actor.db, field)
    text = editing.with_entry(_text(actor.db), "fields", field.id, _entry(field))
    return _publish_text(actor, text, message, base=base)


def _publish_text(actor: Actor, text: str, message: str, *, base: int) -> Version:
    texts = publishing.completed(actor.db, {FILE: text})
    return publish_service.publish(actor, texts, message=message, base=base)


def _check(db: Db, field: CustomField) -> None:
    """Refuse a field that the file format allows but that would confuse users."""
    if not field.label.strip():
        raise InvalidField("enter a label")
    others = [other for other in versions.current(db).fields.values() if other.id != field.id]
    if any(other.label.strip().lower() == field.label.strip().lower() for other in others):
        raise NameTaken("another field", field.label)


def _entry(field: CustomField) -> Document:
    """A field as it stands in the file; what is usual is left out."""
    entry: Document = {"id": field.id, "label": field.label.strip(), "type": field.type}
    if field.options:
        entry["options"] = list(field.options)
    if field.edit != frozenset(EDITORS):
        entry["edit"] = [role for role in EDITORS if role in field.edit]
    return entry
