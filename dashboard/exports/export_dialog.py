"""The export dialog: data, columns and file format."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

import streamlit as st
import uuid_utils
from markupsafe import Markup

from dashboard import formats
from dashboard.exports import export_description
from dashboard.listing.selection_summary import contacts_counted, selection_summary
from dashboard.running_instance import today
from dashboard.ui.dialog_state import close_dialog, confirm_buttons, count_once, dialog, open_dialog
from dashboard.ui.markup import escape_label, joined, quiet, show, tag
from dashboard.ui.problems import show_error, show_errors
from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission
from engine.contacts.bulk.selection import Selection
from engine.contacts.sheet.timelines import EVERYTHING, TimelineFilter
from engine.domain.reachability import receiving
from engine.domain.rulebook import Ruleset
from engine.domain.subscriptions import subscriptions_of
from engine.errors import LimitExceeded
from engine.exports import export_columns, export_service, exporting
from engine.exports.column import Column, What
from engine.exports.export_files import FORMATS, FileFormat
from engine.exports.exporting import Export
from engine.rules.rule_service import current_rules

EXPORT = "export"

_WHAT: dict[What, str] = {"contacts": "Contacts", "activities": "Activities"}
_NOT_BACK: dict[What, str] = {
    "contacts": "Without email, phone or external ID the file cannot be imported again.",
    "activities": "To import the file again as it is, add Activity ID, Happened at, Activity type, "
    "Properties, Can be imported, and one of External ID, Email and Mobile phone.",
}
_LISTED = {"name": ("first_name", "last_name"), "segments": ("static_segments", "dynamic_segments")}
"""Columns of the list that are several columns in a file."""


@dataclass(frozen=True)
class ExportQuestion:
    """An open export dialog: the selected contacts, the columns of the list, the name of the
    file, and the id of the job that it starts; pressing the button twice starts it once.
    `acts` are the filters of a timeline, if its activities are exported."""

    selection: Selection
    shown: tuple[str, ...]
    name: str
    job: str
    acts: TimelineFilter | None = None


def question(
    selection: Selection,
    shown: tuple[str, ...],
    *,
    name: str = "contacts",
    acts: TimelineFilter | None = None,
) -> ExportQuestion:
    """A new export dialog for these contacts."""
    return ExportQuestion(selection, shown, name, uuid_utils.uuid7().hex, acts)


def export_button(
    actor: Actor, asked: ExportQuestion, *, key: str, width: Literal["content", "stretch"] = "content"
) -> None:
    """The button that opens the dialog, if the user may export."""
    if actor.may(Permission.EXPORT):
        icon = ":material/download:"
        st.button("Export", icon=icon, width=width, key=key, on_click=open_dialog, args=(EXPORT, asked))


@dialog("Export")
def export_dialog(actor: Actor, asked: ExportQuestion) -> None:
    """Show the dialog and start the export."""
    with show_errors():
        _content(actor, asked)


def _content(actor: Actor, asked: ExportQuestion) -> None:
    ruleset, key = current_rules(actor), f"export.{asked.job}"
    asked = _those_who_receive(asked, ruleset, key)
    number = _count(actor, asked)
    show(_subject(actor, asked, number, ruleset))
    first_asked = 0 if asked.acts is None else 1
    what: What = st.radio(
        "Data", list(_WHAT), index=first_asked, format_func=_WHAT.get, horizontal=True, key=f"{key}.what"
    )
    acts = _activities(asked.acts or EVERYTHING, ruleset, key) if what == "activities" else EVERYTHING
    columns = _columns(asked, what, ruleset, key)
    format_: FileFormat = st.radio(
        "File",
        list(FORMATS),
        format_func=lambda id_: FORMATS[id_].label,
        horizontal=True,
        key=f"{key}.format",
    )
    show(tag("div", export_description.about_format(format_), "cs-sub"))
    name = f"{asked.name}{'' if what == 'contacts' else '-activities'}-{today().isoformat()}"
    wanted = Export(what, format_, columns or (), asked.selection, acts.types, acts.first, acts.last, name)
    too_large = _too_large(wanted, number)
    empty = number == 0 or columns is None or bool(too_large)
    if confirm_buttons(_words(what, number), key="export", disabled=empty):
        export_service.start(actor, wanted, id_=asked.job)
        close_dialog()
        st.rerun()


def _those_who_receive(asked: ExportQuestion, ruleset: Ruleset, key: str) -> ExportQuestion:
    """Ask whether the contacts of a list are only those who can receive something."""
    listing = asked.selection.listing
    if listing is None:
        return asked
    labels = {
        "email": "email",
        **{id_: known.label for id_, known in subscriptions_of(ruleset).items()},
        "push": "Web push",
    }
    chosen: str | None = st.selectbox(
        "Only who can receive",
        list(labels),
        index=None,
        format_func=lambda id_: escape_label(labels[id_]),
        placeholder="Everyone in the list",
        key=f"{key}.receiving",
    )
    if chosen is None:
        return asked
    return replace(
        asked, selection=replace(asked.selection, listing=listing.also(receiving(chosen, ruleset)))
    )


def _count(actor: Actor, asked: ExportQuestion) -> int | None:
    """The number of selected contacts, counted once for each dialog."""
    where = "" if asked.selection.listing is None else str(asked.selection.listing.where)
    return count_once(
        f"export.{asked.job}.count.{where}", lambda: export_service.count(actor, asked.selection)
    )


def _subject(actor: Actor, asked: ExportQuestion, number: int | None, ruleset: Ruleset) -> Markup:
    parts: list[object] = [selection_summary(actor, asked.selection, number)]
    filters = export_description.exported_contacts(asked.selection, ruleset)
    if number != 0 and asked.selection.listing is not None and filters != export_description.EVERYBODY:
        parts.append(quiet(f" · {filters}"))
    return tag("div", joined(parts), "cs-confirm")


def _words(what: What, number: int | None) -> str:
    if what == "activities":
        return "Export activities"
    return f"Export {contacts_counted(number)}"


def _activities(looked_at: TimelineFilter, ruleset: Ruleset, key: str) -> TimelineFilter:
    """Ask for types and days of activities, initially those of the timeline's filters."""
    known = [*ruleset.catalog.types(), *looked_at.types]
    types: list[str] = st.multiselect(
        "Activities",
        list(dict.fromkeys(known)),
        default=list(looked_at.types),
        format_func=lambda name: escape_label(ruleset.catalog.label(name)),
        placeholder="All",
        key=f"{key}.types",
    )
    left, right = st.columns(2)
    with left:
        first = st.date_input("From", value=looked_at.first, format=formats.date_entry(), key=f"{key}.first")
    with right:
        last = st.date_input("To", value=looked_at.last, format=formats.date_entry(), key=f"{key}.last")
    return TimelineFilter(tuple(types), first, last)


def _columns(asked: ExportQuestion, what: What, ruleset: Ruleset, key: str) -> tuple[str, ...] | None:
    """The columns of the file (empty: all); unset while none is chosen."""
    known = export_columns.offered(what, ruleset)
    ways = {"all": f"All {formats.count(len(known))}", "chosen": "Choose"}
    if what == "contacts":
        ways = {"shown": "As in the list", **ways}
    way = st.radio("Columns", list(ways), format_func=ways.get, horizontal=True, key=f"{key}.{what}.columns")
    if way == "all":
        return ()
    listed = _of_list(asked.shown, known)
    if way == "chosen":
        listed = tuple(
            st.multiselect(
                "Columns, in order",
                list(known),
                default=listed if what == "contacts" else None,
                format_func=lambda id_: escape_label(known[id_].label),
                key=f"{key}.{what}.chosen",
            )
        )
    if listed and not export_columns.comes_back(what, [known[id_] for id_ in listed]):
        show(quiet(_NOT_BACK[what]))
    return listed or None


def _of_list(shown: tuple[str, ...], known: dict[str, Column]) -> tuple[str, ...]:
    """The columns of a file that correspond to those of a list."""
    found = [id_ for name in ("name", *shown) for id_ in _LISTED.get(name, (name,))]
    return tuple(id_ for id_ in dict.fromkeys(found) if id_ in known)


def _too_large(wanted: Export, number: int | None) -> str:
    """Show and return why the file would be too large for its format; empty if it fits."""
    try:
        exporting.refuse_too_large(wanted, number, len(wanted.columns))
    except LimitExceeded as error:
        show_error(error)
        return str(error)
    return ""


def file_name(words: str) -> str:
    """A file name from text, with characters that every system accepts."""
    return re.sub(r"[^\w-]+", "-", words.strip().lower()).strip("-")[:60] or "contacts"
