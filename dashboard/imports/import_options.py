"""The options of an import besides its columns: format, which contacts change, empty cells, a segment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import streamlit as st
from markupsafe import Markup

from dashboard import formats
from dashboard.imports import import_form
from dashboard.imports.import_form import ImportForm
from dashboard.ui.markup import bullet_list, card_title, joined, quiet, show, tag
from dashboard.ui.problems import show_error, show_errors
from engine.accounts.actor import Actor
from engine.domain.fields import IDENTITY_FIELDS
from engine.domain.rulebook import Ruleset
from engine.errors import Invalid
from engine.imports import draft_service, import_service
from engine.imports.drafts import Draft
from engine.imports.history.activity_parser import OWN_TYPES
from engine.imports.mapping.import_settings import BAD_CELLS, MODES, BadCells, Mode
from engine.imports.mapping.kinds import KINDS, ImportKind
from engine.imports.mapping.presets import registry
from engine.imports.reading.encodings import ENCODINGS
from engine.imports.reading.formats import SEPARATORS, Format
from engine.segments import segment_service

_NONE, _NEW = "", "\0new"

MAX_HEADER_ROW = 1_000
"""The last line in which a user can look for headings."""

_EMPTIES = {"keep": "Keep the existing value", "clear": "Clear the field"}


def ask_format(
    actor: Actor,
    draft: Draft,
    present: Format,
    *,
    kind: ImportKind | None = None,
    accented: Sequence[tuple[int, str]] = (),
) -> None:
    """Show the format of a file of some kind, and inspect the file again if the user changes it.

    `accented` are rows by which the user sees whether the encoding is right.
    """
    with st.expander(f"File format: {_in_words(present)}", icon=":material/description:"):
        if present.kind == "parquet":
            show(tag("div", "A Parquet file says itself how it is to be read.", "cs-small cs-quiet"))
            return
        chosen = _workbook(actor, draft, present) if present.kind == "workbook" else _text(draft, present)
        chosen = _headings(draft, chosen)
        show(_accents(accented))
    if chosen == present:
        return
    try:
        import_form.new_form(actor, draft, chosen, kind=kind)
    except Invalid as error:  # the form with the earlier format stays
        show_error(error)
    else:
        st.rerun()


def _accents(rows: Sequence[tuple[int, str]]) -> Markup:
    """Rows with accented characters: with another encoding they would be others."""
    lines = [joined([quiet(f"Line {formats.count(line)}: "), words]) for line, words in rows]
    title = quiet("Accented characters are read like this. If they look wrong, choose another encoding.")
    return tag("div", title + bullet_list(lines), "cs-small") if lines else Markup("")


def ask_kind(actor: Actor, form: ImportForm) -> None:
    """Ask what the rows of the file are, and guess the columns again if the user changes it."""
    kinds: list[ImportKind] = list(KINDS)
    chosen = st.radio(
        "What is in the file",
        kinds,
        index=kinds.index(form.kind),
        format_func=lambda kind: KINDS[kind].label,
        key=form.key("kind"),
        horizontal=True,
    )
    if chosen != form.kind:
        import_form.new_form(actor, form.draft, form.inspection.format, kind=chosen)
        st.rerun()
    show(tag("div", _about_kind(form), "cs-small cs-quiet"))
    if form.kind == "contacts":
        _ask_preset(actor, form)


def _ask_preset(actor: Actor, form: ImportForm) -> None:
    """Ask which tool exported the file, and guess the columns again if the user changes it."""
    options = [registry.NONE, *registry.PRESETS]
    present = form.inspection.preset or registry.NONE
    chosen = st.selectbox(
        "Exported from",
        options,
        index=options.index(present),
        format_func=_preset_label,
        key=form.key("preset"),
        help="A preset knows what the columns of a tool's exports hold, and which of them are refusals.",
    )
    if chosen != present:
        import_form.new_form(actor, form.draft, form.inspection.format, kind=form.kind, preset=chosen)
        st.rerun()


def _preset_label(id_: str) -> str:
    """`Mailchimp: unsubscribed` for one of several exports of a tool."""
    if id_ == registry.NONE:
        return "Another tool (columns are matched by headings and values)"
    tool = registry.PRESETS[id_].tool
    variant = id_.partition("-")[2] if sum(one.tool == tool for one in registry.PRESETS.values()) > 1 else ""
    return f"{tool}: {variant}" if variant else tool


def _about_kind(form: ImportForm) -> str:
    if form.kind == "orders":
        tool = f"This is an order export from {form.inspection.tool}. " if form.inspection.tool else ""
        return f"{tool}Rows with the same order number become one order."
    if form.kind == "activities":
        return "Each row becomes an activity of a contact."
    return "Each row becomes a contact, or changes one."


def ask_options(actor: Actor, form: ImportForm, ruleset: Ruleset) -> None:
    """Ask which contacts change; of contacts also what empty cells do, and into which segment they go."""
    show(card_title("Import options"))
    modes: list[Mode] = list(MODES)
    labels = MODES if form.kind == "contacts" else _HISTORY_MODES
    form.mode = st.radio(
        "Contacts" if form.kind == "contacts" else "Customers",
        modes,
        index=modes.index(form.mode),
        format_func=lambda mode: f"{labels[mode][:1].upper()}{labels[mode][1:]}",
        key=form.key("mode"),
    )
    if form.kind == "contacts":
        _ask_empties(form)
        _ask_bad_cells(form)
        _ask_segment(actor, form, ruleset)
    elif form.kind == "activities" and "type" not in form.mapping.values():
        _ask_type(form, ruleset)


_HISTORY_MODES: Mapping[Mode, str] = {
    "both": "all customers, creating contacts that do not exist yet",
    "create": "only customers who are not contacts yet",
    "update": "only existing contacts",
}


def _ask_type(form: ImportForm, ruleset: Ruleset) -> None:
    """Ask for the one type of all activities of the file; any name makes a type of its own."""
    known = {name: ruleset.catalog.label(name) for name in ruleset.catalog.types() if name not in OWN_TYPES}
    if form.activity_type and form.activity_type not in known:
        known[form.activity_type] = form.activity_type
    options = list(known)
    chosen = st.selectbox(
        "Type of all activities in the file",
        options,
        index=options.index(form.activity_type) if form.activity_type else None,
        format_func=lambda name: known.get(name, name),
        accept_new_options=True,
        placeholder="Choose a type, or enter the name of a new one",
        key=form.key("type"),
    )
    if (chosen or "") != form.activity_type:
        form.activity_type = chosen or ""
        st.rerun()


def _in_words(format_: Format) -> str:
    header = "" if format_.header else ", without headings"
    return f"{format_}{header}"


def _key(draft: Draft, name: str) -> str:
    return f"import.format.{draft.id[:8]}.{name}"


def _text(draft: Draft, present: Format) -> Format:
    with st.container(horizontal=True):
        separator = _select("Separator", SEPARATORS, present.separator, _key(draft, "separator"))
        encoding = _select("Encoding", ENCODINGS, present.encoding, _key(draft, "encoding"))
    return replace(present, separator=separator, encoding=encoding)


def _headings(draft: Draft, present: Format) -> Format:
    """Ask for the line of the headings; the keys of the widgets change with what was detected."""
    at = f"{present.sheet}.{present.header_row}"
    header = st.checkbox("The file has headings", present.header, key=_key(draft, "header"))
    if not header:
        return replace(present, header=False)
    line = st.number_input(
        "Headings in line", 1, MAX_HEADER_ROW, present.header_row or 1, key=_key(draft, f"header_row.{at}")
    )
    return replace(present, header=True, header_row=0 if line == 1 else int(line))


def _workbook(actor: Actor, draft: Draft, present: Format) -> Format:
    """Ask for the sheet; of another one the headings are looked for anew."""
    names = _sheets(actor, draft)
    known = {("" if number == 0 else name): name for number, name in enumerate(names)}
    sheet = _select("Sheet", known, present.sheet, _key(draft, "sheet"))
    if sheet == present.sheet:
        return present
    return import_service.detect(actor, draft_service.opener(actor, draft.id), sheet=sheet)


def _sheets(actor: Actor, draft: Draft) -> list[str]:
    """The sheets of a workbook, kept in the session: to list them takes as long as to read the file."""
    known: tuple[str, list[str]] | None = st.session_state.get("import.sheets")
    if known is None or known[0] != draft.id:
        known = draft.id, import_service.sheets(actor, draft_service.opener(actor, draft.id))
        st.session_state["import.sheets"] = known
    return known[1]


def _select(label: str, options: Mapping[str, str], present: str, key: str) -> str:
    known = list(options)
    index = known.index(present) if present in options else 0
    chosen: str = st.selectbox(label, known, index=index, format_func=lambda one: options[one], key=key)
    return chosen


def _ask_empties(form: ImportForm) -> None:
    fillable = [heading for heading, target in form.mapping.items() if target not in IDENTITY_FIELDS]
    chosen = st.radio(
        "Empty cells",
        list(_EMPTIES),
        index=1 if form.cleared else 0,
        format_func=_EMPTIES.__getitem__,
        key=form.key("empties"),
        horizontal=True,
    )
    if chosen == "keep" or not fillable:
        form.cleared = frozenset()
        return
    kept = [heading for heading in fillable if heading in form.cleared] or fillable
    cleared: Sequence[str] = st.multiselect(
        "Clear these fields", fillable, kept, key=form.key(f"cleared.{len(fillable)}")
    )
    form.cleared = frozenset(cleared)


def _ask_bad_cells(form: ImportForm) -> None:
    choices: list[BadCells] = list(BAD_CELLS)
    form.bad_cells = st.radio(
        "Cells that cannot be read",
        choices,
        index=choices.index(form.bad_cells),
        format_func=lambda one: f"{BAD_CELLS[one][:1].upper()}{BAD_CELLS[one][1:]}",
        key=form.key("bad_cells"),
        horizontal=True,
        help="A phone number, birthday, number, choice or consent. What is left out is listed with its line.",
    )


def _ask_segment(actor: Actor, form: ImportForm, ruleset: Ruleset) -> None:
    static = {one.id: one.name for one in ruleset.segments.values() if not one.dynamic}
    options = {_NONE: "None", **static, _NEW: "New segment…"}
    if form.segment not in static:
        form.segment = ""
    known = list(options)
    chosen = st.selectbox(
        "Add all contacts to a static segment",
        known,
        index=known.index(form.segment),
        format_func=lambda id_: options[id_],
        key=form.key("segment"),
    )
    if chosen != _NEW:
        form.segment = chosen
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Segment name", key=form.key("segment.name"), max_chars=80)
        pressed = st.button("Create segment", key=form.key("segment.create"))
    if pressed:
        with show_errors():
            form.segment = segment_service.create_static(actor, name)
            form.renew_widgets()
            st.rerun()
    show(tag("div", "The segment is created now and filled by the import.", "cs-small cs-quiet"))
