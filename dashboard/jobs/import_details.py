"""An import in the history: its settings, its refused rows as a file, and how to repeat it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from markupsafe import Markup

from dashboard import formats
from dashboard.exports.downloads import LEFT_OUT, REFUSED, link_to
from dashboard.ui.dialog_state import close_dialog
from dashboard.ui.markup import bullet_list, card_title, facts, joined, quiet, show, tag
from dashboard.ui.problems import show_errors
from dashboard.ui.router import go_to
from engine.accounts.actor import Actor
from engine.domain.rulebook import Ruleset
from engine.imports import draft_service, import_service, refused_rows
from engine.imports.mapping import columns
from engine.imports.mapping.import_settings import BAD_CELLS, MODES, ImportSettings
from engine.imports.mapping.subscriptions import subscriptions
from engine.imports.mapping.suppressions import SUPPRESSIONS
from engine.imports.refused_rows import Listing
from engine.jobs.jobs import Job, Refused
from engine.rules.rule_service import current_rules

EXAMPLES = 20
"""Rows with cells left out that are shown."""


def import_details(actor: Actor, job: Job) -> None:
    """Show what the user can do with an import that is over, and its settings."""
    if not job.under_way:
        with st.container(horizontal=True):
            _refused(actor, job)
            left_out, examples = import_service.left_out(actor, job.id, limit=EXAMPLES)
            if left_out:
                hint = "Fix the cells and import the file again"
                _download(actor, LEFT_OUT, job, refused_rows.LEFT_OUT, "Download cells left out", hint)
            _repeat_buttons(actor, job)
        if left_out:
            _show_left_out(left_out, examples)
    with st.expander("Import settings"):
        settings = draft_service.settings_of(actor, job.id)
        show(_settings(settings, current_rules(actor)))


def _refused(actor: Actor, job: Job) -> None:
    """The link to the refused rows: like the original, with line and reason added."""
    if job.refused:
        hint = "Fix the rows and import the file again"
        _download(actor, REFUSED, job, refused_rows.REFUSED, "Download refused rows", hint)


def _download(actor: Actor, place: str, job: Job, of: Listing, words: str, hint: str) -> None:
    address, name = link_to(actor, place, job.id), refused_rows.file_name(job, of=of)
    button = tag("a", words, "cs-button cs-download", href=address, download=name, title=hint)
    st.html(button, width="content")


def _show_left_out(total: int, rows: Sequence[Refused]) -> None:
    """The first cells that were left out, with their lines."""
    lines = (joined([quiet(f"Line {formats.count(row.line or 0)}: "), row.reason]) for row in rows)
    more = total - len(rows)
    rest = quiet(f"and {formats.counted(more, 'row', 'rows')} more, in the file") if more else ""
    show(card_title("Imported without cells that cannot be read") + bullet_list(lines) + rest)


def _repeat_buttons(actor: Actor, job: Job) -> None:
    """Buttons to import another file, or the same one, with these settings."""
    if st.button("Import with these settings", icon=":material/upload:", key=f"history.like.{job.id}"):
        close_dialog()
        go_to(f"?page=import&like={job.id}")
        st.rerun()
    if st.button("Import this file again", icon=":material/replay:", key=f"history.again.{job.id}"):
        with show_errors():
            draft = draft_service.draft_again(actor, job.id)
            close_dialog()
            go_to(f"?page=import&file={draft}&step=check")
            st.rerun()


def _settings(settings: ImportSettings, ruleset: Ruleset) -> Markup:
    labels = {target.id: target.label for target in columns.targets(ruleset)}
    filled = [(heading, labels.get(target, target)) for heading, target in settings.columns.items() if target]
    segment = ruleset.segments.get(settings.segment)
    emptied = f"clear {', '.join(sorted(settings.clear))}" if settings.clear else "keep the existing value"
    names = {one.id: one.name for one in subscriptions(ruleset)}
    rows: list[tuple[str, object]] = [
        ("File format", str(settings.format)),
        ("Contacts", MODES[settings.mode]),
        ("Empty cells", emptied),
        ("Unreadable cells", BAD_CELLS[settings.bad_cells]),
        ("Static segment", quiet("none") if segment is None else segment.name),
    ]
    rows += [
        (f"Opt-in to {names.get(one.channel, one.channel)}", f"{formats.calendar_day(one.on)}: {one.source}")
        for one in settings.statements
    ]
    if settings.suppressed is not None:
        rows.append(("Suppression list", SUPPRESSIONS[settings.suppressed]))
    return joined([facts(rows), tag("h3", "Columns", "cs-card-title"), facts(filled)])
