"""The form of a new or edited custom field, with the effect on existing values."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from markupsafe import Markup

from dashboard import formats
from dashboard.ui.markup import card_title, joined, show, tag
from dashboard.ui.problems import problem_box, show_error
from dashboard.wording import FIELD_TYPES as TYPES
from engine.accounts.actor import Actor
from engine.domain.rulebook import EDITORS, CustomField
from engine.errors import ContactSheetsError, InvalidRules
from engine.publishing import custom_fields
from engine.publishing.custom_fields import Fields
from engine.publishing.field_uses import Conversion
from engine.rules.language import editing

WHO = {frozenset(EDITORS): "Marketers and admins", frozenset({"admin"}): "Admins only"}

_OPEN, _EDITION = "field_form.open", "field_form.edition"


@dataclass(frozen=True)
class Editing:
    """An edited field: its value before (unset for a new one), and the version of the rules."""

    before: CustomField | None
    base: int


def begin(before: CustomField | None, base: int) -> None:
    """Open the form and reset its inputs."""
    st.session_state[_OPEN] = Editing(before, base)
    st.session_state[_EDITION] = st.session_state.get(_EDITION, 0) + 1


def opened() -> Editing | None:
    """The edited field, if the form is open."""
    found: Editing | None = st.session_state.get(_OPEN)
    return found


def close() -> None:
    """Close the form."""
    st.session_state.pop(_OPEN, None)


def render(actor: Actor, found: Fields) -> bool:
    """Show the form; true in the run in which it was published."""
    open_ = opened()
    assert open_ is not None
    with st.container(border=True):
        field = _ask(open_, found)
        loses = _conversion(actor, open_.before, field)
        with st.container(horizontal=True):
            words = "Publish anyway" if loses else "Publish"
            pressed = st.button(words, type="primary", key="fields.save")
            st.button("Cancel", key="fields.cancel", on_click=close)
        return pressed and _publish(actor, open_, field)


def _ask(open_: Editing, found: Fields) -> CustomField:
    before = open_.before or CustomField("", "", "text")
    key = f"fields.{st.session_state.get(_EDITION, 0)}"
    title = "New field" if open_.before is None else f"Field {before.label}"
    show(card_title(title))
    label = st.text_input("Label", before.label, key=f"{key}.label", max_chars=80, placeholder="Shoe size")
    id_ = before.id or _new_id(label, found)
    if id_:
        show(tag("div", joined(["Filled by the trait ", tag("code", id_)]), "cs-small cs-quiet"))
    type_ = st.selectbox(
        "Type",
        list(TYPES),
        index=list(TYPES).index(before.type),
        format_func=TYPES.__getitem__,
        key=f"{key}.type",
    )
    options = _ask_options(before, key) if type_ == "text" else ()
    who = st.radio(
        "Who can edit it",
        list(WHO),
        index=list(WHO).index(before.edit),
        format_func=WHO.__getitem__,
        key=f"{key}.edit",
        horizontal=True,
    )
    return CustomField(id_, label.strip(), type_, options, who)


def _new_id(label: str, found: Fields) -> str:
    taken = {usage.field.id.replace("_", "-") for usage in found.fields}
    return editing.id_of(label, taken=taken).replace("-", "_") if label.strip() else ""


def _ask_options(before: CustomField, key: str) -> tuple[str, ...]:
    typed = st.text_area(
        "Choices, one per line",
        "\n".join(before.options),
        key=f"{key}.options",
        placeholder="Leave empty to allow any value",
        help="Users choose one of these. Values from events are kept as sent.",
    )
    return tuple(dict.fromkeys(line.strip() for line in typed.splitlines() if line.strip()))


def _conversion(actor: Actor, before: CustomField | None, field: CustomField) -> bool:
    """Show the effect of a change on existing values; true if some no longer fit."""
    if before is None or (field.type, field.options) == (before.type, before.options):
        return False
    found = custom_fields.conversion(actor, field)
    problem = _losses(found, field)
    if problem is None:
        count = formats.count(found.kept)
        show(tag("p", f"All {count} existing values fit.", "cs-small cs-quiet"))
        return False
    problem_box([problem])
    return True


def _losses(found: Conversion, field: CustomField) -> Markup | None:
    if not found.lost:
        return None
    least = "" if found.exact else "At least "
    wanted = "one of the choices" if field.options else f"a {TYPES[field.type].lower()}"
    examples = ", ".join(f"“{example}”" for example in found.examples)
    return joined(
        [
            f"{least}{formats.count(found.lost)} contacts have a value that is not {wanted}: ",
            tag("b", examples),
            f". The values are kept but no longer treated as {wanted}; "
            f"{formats.count(found.kept)} values fit.",
        ]
    )


def _publish(actor: Actor, open_: Editing, field: CustomField) -> bool:
    act = custom_fields.create if open_.before is None else custom_fields.change
    try:
        act(actor, field, base=open_.base)
    except InvalidRules as error:
        problem_box(problem.message for problem in error.problems)
        return False
    except ContactSheetsError as error:
        show_error(error)
        return False
    close()
    return True
