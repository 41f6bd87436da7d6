"""An import in the history: how it was settled, its refused rows as a file, and doing it again."""

from __future__ import annotations

import streamlit as st
from markupsafe import Markup

from dashboard import formats
from dashboard.exports.downloads import REFUSED, link_to
from dashboard.ui.dialog_state import close_dialog
from dashboard.ui.markup import facts, joined, quiet, show, tag
from dashboard.ui.problems import show_errors
from dashboard.ui.router import go_to
from engine.accounts.actor import Actor
from engine.domain.rulebook import Ruleset
from engine.imports import draft_service, importing, refusals
from engine.imports.mapping import columns
from engine.imports.mapping.consents import NAMES
from engine.imports.mapping.settings import MODES, Settings
from engine.jobs.jobs import Job
from engine.rules.rule_service import current_rules


def is_import(job: Job) -> bool:
    """Whether a job imported a file, rather than taking that back."""
    return job.kind == importing.KIND and job.undoes is None


def import_details(actor: Actor, job: Job) -> None:
    """What can be done with an import that is over, and how it was settled."""
    if not job.under_way:
        with st.container(horizontal=True):
            _refused(actor, job)
            _again(actor, job)
    with st.expander("How it was imported"):
        wanted = draft_service.settings_of(actor, job.id)
        show(_settled(wanted, current_rules(actor)))


def _refused(actor: Actor, job: Job) -> None:
    """The way to the refused rows: like the original, with line and reason added."""
    if job.refused:
        address, name = link_to(actor, REFUSED, job.id), refusals.name_of(job)
        hint = "Mended, it goes in as it is"
        words = "Refused rows as a file"
        button = tag("a", words, "cs-button cs-download", href=address, download=name, title=hint)
        st.html(button, width="content")


def _again(actor: Actor, job: Job) -> None:
    """Import once more with the same settings: another file, or this one."""
    if st.button("Another file like this", icon=":material/upload:", key=f"history.like.{job.id}"):
        close_dialog()
        go_to(f"?page=import&like={job.id}")
        st.rerun()
    if st.button("The same file again", icon=":material/replay:", key=f"history.again.{job.id}"):
        with show_errors():
            draft = draft_service.again(actor, job.id)
            close_dialog()
            go_to(f"?page=import&file={draft}&step=check")
            st.rerun()


def _settled(wanted: Settings, ruleset: Ruleset) -> Markup:
    labels = {target.id: target.label for target in columns.targets(ruleset)}
    filled = [(heading, labels.get(target, target)) for heading, target in wanted.columns.items() if target]
    segment = ruleset.segments.get(wanted.segment)
    emptied = f"empty {', '.join(sorted(wanted.clear))}" if wanted.clear else "leave what is there"
    said: list[tuple[str, object]] = [
        ("Written as", str(wanted.format)),
        ("Contacts", MODES[wanted.mode]),
        ("Empty cells", emptied),
        ("Static segment", quiet("none") if segment is None else segment.name),
    ]
    said += [
        (f"All agreed to the {NAMES[one.channel]}", f"{formats.calendar_day(one.on)}: {one.source}")
        for one in wanted.statements
    ]
    return joined([facts(said), tag("h3", "Columns", "cs-card-title"), facts(filled)])
