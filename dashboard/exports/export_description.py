"""How an export is described in lists of jobs, and the link to its file."""

from __future__ import annotations

import streamlit as st
from markupsafe import Markup

from dashboard import formats
from dashboard.exports.downloads import EXPORTS, link_to
from dashboard.listing.filter_bar import written
from dashboard.running_instance import account
from dashboard.ui.markup import tag
from engine.accounts.actor import Actor
from engine.contacts.bulk.selection import Selection
from engine.contacts.listing.filter_bar import chips
from engine.db.connection import utc_now
from engine.domain.rulebook import Ruleset
from engine.exports import export_service, exporting
from engine.exports.export_files import FORMATS, FileFormat
from engine.exports.exporting import Export
from engine.jobs.jobs import Job

EVERYBODY = "all contacts"
"""The description of an export without filters."""


def outcome(job: Job) -> str:
    """`1,204 contacts · 310 kB`, or that there is no file."""
    made = exporting.made_of(job)
    if made is None:
        return "no file"
    contacts = exporting.export_of(job).what == "contacts"
    one, several = ("contact", "contacts") if contacts else ("activity", "activities")
    rows = formats.counted(made.rows, one, several)
    whose = "" if contacts else f" of {formats.counted(job.done, 'contact')}"
    return f"{rows}{whose} · {formats.size(made.bytes)}"


def about(job: Job, ruleset: Ruleset) -> str:
    """`Newsletter: subscribed · 7 columns · kept until 2 Dec 2026`."""
    wanted = exporting.export_of(job)
    columns = len(wanted.columns)
    parts = [exported_contacts(wanted.selection, ruleset), *_of_activities(wanted, ruleset)]
    parts.append(formats.counted(columns, "column") if columns else "all columns")
    made = exporting.made_of(job)
    if made is not None:
        until = "expired on" if utc_now() >= made.until else "available until"
        parts.append(f"{until} {formats.day(made.until, account().time_zone)}")
    return " · ".join(parts)


def exported_contacts(selection: Selection, ruleset: Ruleset) -> str:
    """The exported contacts, in the words of the filters."""
    asked = selection.listing
    if asked is None:
        return formats.counted(len(selection.ids), "selected contact")
    parts = [chip.words for chip in chips(asked, ruleset, written())]
    if asked.search.strip():
        parts.append(f"search “{asked.search.strip()}”")
    if selection.but:
        parts.append(f"except {formats.count(len(selection.but))}")
    return ", ".join(parts) or EVERYBODY


def download(actor: Actor, job: Job) -> None:
    """Show the link to the file while it is kept."""
    if job.kind == exporting.KIND and export_service.is_kept(actor, job):
        st.html(_link(actor, job), width="content")


def _link(actor: Actor, job: Job) -> Markup:
    address, name = link_to(actor, EXPORTS, job.id), exporting.export_of(job).file
    return tag("a", "Download", "cs-button cs-download", href=address, download=name)


def _of_activities(wanted: Export, ruleset: Ruleset) -> list[str]:
    if wanted.what == "contacts":
        return []
    labels = ruleset.catalog.label
    types = ", ".join(labels(type_) for type_ in wanted.types) or "all activities"
    days = [
        f"{word} {formats.calendar_day(day)}"
        for word, day in (("from", wanted.first), ("to", wanted.last))
        if day is not None
    ]
    return [types, *([" ".join(days)] if days else [])]


def about_format(format_: FileFormat) -> str:
    """The use of a file format, in a sentence."""
    most = FORMATS["xlsx"].most_rows or 0
    return {
        "csv": "Opens in any tool, and can be imported again.",
        "xlsx": f"For spreadsheets, up to {formats.count(most)} rows.",
        "parquet": "For analytics tools: compact, with typed columns.",
    }[format_]
