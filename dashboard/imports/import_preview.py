"""The preview of an import: its progress, then counts, problems and the first rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import streamlit as st
from markupsafe import Markup, escape

from dashboard import formats
from dashboard.current_user import fragment
from dashboard.jobs import job_description
from dashboard.listing.contact_columns import plain_value
from dashboard.ui.markup import badge, bullet_list, card_title, figures, joined, quiet, scrollable, show, tag
from dashboard.ui.problems import notice_box, show_errors
from dashboard.wording import plural
from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission
from engine.domain.rulebook import Ruleset
from engine.imports import preview as previews
from engine.imports.mapping import columns, suppressions
from engine.imports.mapping.import_settings import ImportSettings
from engine.imports.mapping.kinds import KINDS, ImportKind
from engine.imports.mapping.subscriptions import subscriptions
from engine.imports.preview import Preview, PreviewRow, ProblemCount
from engine.imports.reading.problems import CELL_KINDS
from engine.jobs import job_service
from engine.jobs.jobs import Job
from engine.segments import segment_service

POLL = 0.5
"""Seconds between two updates of the progress."""

TAGS = 12
"""Tags shown."""

EXAMPLES = 3
"""Examples shown of each kind of problem."""

_OUTCOMES = {"created": ("new", "good"), "updated": ("update", "info"), "unchanged": ("unchanged", "quiet")}


def show_progress(actor: Actor, job: Job) -> None:
    """Show the progress of a preview; once it ends the page is drawn again with the result."""
    fragment(run_every=POLL)(_progress)(actor, job.id)


def _progress(actor: Actor, id_: str) -> None:
    with show_errors():
        job = job_service.job(actor, id_)
        if not job.under_way:
            st.rerun()
        st.progress(job.share, f"Checking the file: {job_description.progress(job, now=actor.now)}")
        words = "You can leave this page. The check continues, and its result appears on the Contacts page."
        show(tag("div", words, "cs-sub"))
        if st.button("Stop", icon=":material/stop_circle:", key="import.check.stop"):
            job_service.stop(actor, id_)
            st.rerun()


def show_preview(actor: Actor, preview: Preview, settings: ImportSettings, ruleset: Ruleset) -> None:
    """Show counts, problems by kind, and the first rows as they would be stored."""
    outcomes = preview.outcomes
    show(
        figures(
            [
                ("to create", formats.count(outcomes["created"])),
                ("to update", formats.count(outcomes["updated"])),
                ("unchanged", formats.count(outcomes["unchanged"])),
                ("refused", formats.count(preview.refused)),
                *([("with cells left out", formats.count(preview.left_out))] if preview.left_out else []),
            ]
        )
    )
    for warning in previews.missing_transitions(settings, ruleset):
        notice_box([warning])
    if preview.tags:
        _tags(actor, preview)
    if preview.problems:
        show(_problems(preview.problems))
    if preview.preview:
        show(_preview(preview.preview, settings.kind, ruleset))


def _tags(actor: Actor, preview: Preview) -> None:
    """Show the tags of the file, and offer to create segments for those that are none."""
    new = preview.new_tags
    with st.container(border=True, key="import-tags"):
        total = len(preview.tags)
        counted = f"{formats.count(total)} {plural(total, 'segment')}, {formats.count(len(new))} new"
        shown = [
            joined(
                [
                    one.name,
                    quiet(f" · {formats.count(one.rows)} "),
                    "" if one.segment else badge("new", "info"),
                ]
            )
            for one in preview.tags[:TAGS]
        ]
        more = total - len(shown)
        rest = [quiet(f"and {formats.count(more)} more")] if more else []
        show(card_title(f"Tags: {counted}") + bullet_list([*shown, *rest], "cs-list"))
        if not new or not actor.may(Permission.EDIT_SEGMENTS):
            return
        words = f"Create {formats.count(len(new))} {plural(len(new), 'segment')}"
        if st.button(words, icon=":material/add:", key="import.tags.create"):
            with show_errors():
                segment_service.create_static_for(actor, new)
                st.rerun()
        show(
            tag(
                "div",
                "Tags without a segment are left out. The check runs again afterwards.",
                "cs-small cs-quiet",
            )
        )


def _problems(problems: Sequence[ProblemCount]) -> Markup:
    title = card_title("Problems in the file")
    return title + bullet_list((_problem(found) for found in problems), "cs-wrongs")


def _problem(found: ProblemCount) -> Markup:
    rows = f"{formats.count(found.count)} {plural(found.count, 'row')}"
    word = badge("refused", "bad") if found.refuses else badge("imported", "good")
    if not found.refuses and found.kind in CELL_KINDS:
        word = badge("cell left out", "info")
    head = joined([tag("b", f"{found.label[:1].upper()}{found.label[1:]}"), f" · {rows} ", word])
    examples = joined(
        tag("div", joined([tag("span", f"Line {formats.count(one.line)}:", "cs-quiet"), f" {one.message}"]))
        for one in found.examples[:EXAMPLES]
    )
    more = found.count - min(EXAMPLES, len(found.examples))
    rest = tag("div", f"and {formats.count(more)} more", "cs-quiet") if more else ""
    return head + tag("div", joined([examples, rest]), "cs-small")


def _preview(rows: Sequence[PreviewRow], kind: ImportKind, ruleset: Ruleset) -> Markup:
    """The first rows as they would be stored, in a table that scrolls on its own."""
    labels = _labels(ruleset) if kind == "contacts" else _history_labels(rows, kind)
    names = [name for name in labels if any(name in row.values for row in rows)]
    head = joined(tag("th", words) for words in ("Line", "", *(labels[name] for name in names)))
    types = {name: columns.type_of(name, ruleset) if kind == "contacts" else "text" for name in names}
    body = joined(tag("tr", _row(row, types)) for row in rows)
    table = tag("table", tag("thead", tag("tr", head)) + tag("tbody", body), "cs-rows")
    title = f"Preview of the first {KINDS[kind].rows}"
    scroller = scrollable("div", table, title, "cs-scroll")
    return card_title(title) + scroller


def _labels(ruleset: Ruleset) -> Mapping[str, str]:
    """The labels of targets, in the order in which they can be chosen."""
    labels = {target.id: target.label for target in columns.targets(ruleset)}
    subscribed = {one.id: one.label for one in subscriptions(ruleset)}
    return labels | subscribed | {suppressions.TARGET: "Email status", columns.SEGMENTS: "Segments"}


def _history_labels(rows: Sequence[PreviewRow], kind: ImportKind) -> Mapping[str, str]:
    """The labels of the values of orders or activities, properties last."""
    fixed = {
        "order_id": "Order",
        "type": "Type",
        "happened_at": "Date",
        "external_id": "External ID",
        "email": "Email",
        "mobile_phone": "Mobile phone",
    }
    if kind == "orders":
        return fixed | {"total": "Total", "status": "Status", "products": "Products"}
    others = dict.fromkeys(name for row in rows for name in row.values if name not in fixed)
    return fixed | {name: name for name in others}


def _row(row: PreviewRow, types: Mapping[str, str]) -> Markup:
    """A row of the table; `types` are those of its values."""
    word, tone = _OUTCOMES[row.outcome]
    cells = [tag("td", quiet(formats.count(row.line))), tag("td", badge(word, tone))]
    return joined(
        [*cells, *(tag("td", _value(row.values.get(name), type_)) for name, type_ in types.items())]
    )


def _value(value: Any, type_: str) -> Markup:
    if value in (None, "", []):
        return quiet(formats.NOTHING)
    return escape(
        formats.calendar_day(date.fromisoformat(str(value))) if type_ == "date" else plain_value(value)
    )
