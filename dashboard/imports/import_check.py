"""What would become of a file, said before anything is written: counts, problems, the first rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import streamlit as st
from markupsafe import Markup, escape

from dashboard import formats
from dashboard.contacts.contact_columns import plain_value
from dashboard.jobs import job_description
from dashboard.signin.current_user import fragment
from dashboard.ui.markup import badge, bullet_list, card_title, figures, joined, quiet, show, tag
from dashboard.ui.problems import notice_box, show_errors
from dashboard.wording import plural
from engine.accounts.actor import Actor
from engine.domain.rulebook import Ruleset
from engine.imports import preview
from engine.imports.mapping import columns
from engine.imports.mapping.settings import Settings
from engine.imports.preview import Checked, Counted, Preview
from engine.jobs import job_service
from engine.jobs.jobs import Job

FOLLOWED = 0.5
"""Seconds between two looks how far a check is."""

EXAMPLES = 3
"""Lines that are shown of each problem."""

_OUTCOMES = {"created": ("new", "good"), "updated": ("changed", "info"), "unchanged": ("as it is", "quiet")}


def followed(actor: Actor, job: Job) -> None:
    """How far the check of a file is; once it ends the page comes anew, with what it found."""
    fragment(run_every=FOLLOWED)(_follow)(actor, job.id)


def _follow(actor: Actor, id_: str) -> None:
    with show_errors():
        job = job_service.job(actor, id_)
        if not job.under_way:
            st.rerun()
        st.progress(job.share, f"Reading all of the file: {job_description.progress(job, now=actor.now)}")
        words = (
            "You can leave this page meanwhile. It goes on, and says so above the contacts once it is done."
        )
        show(tag("div", words, "cs-sub"))
        if st.button("Stop", icon=":material/stop_circle:", key="import.check.stop"):
            job_service.stop(actor, id_)
            st.rerun()


def show_checked(found: Checked, wanted: Settings, ruleset: Ruleset) -> None:
    """Counts, problems by their kind, and the first rows as they would be stored."""
    outcomes = found.outcomes
    show(
        figures(
            [
                ("would be created", formats.count(outcomes["created"])),
                ("would change", formats.count(outcomes["updated"])),
                ("are so already", formats.count(outcomes["unchanged"])),
                ("would be refused", formats.count(found.refused)),
            ]
        )
    )
    for lacking in preview.lacking(wanted, ruleset):
        notice_box([lacking])
    if found.problems:
        show(_problems(found.problems))
    if found.preview:
        show(_preview(found.preview, ruleset))


def _problems(problems: Sequence[Counted]) -> Markup:
    title = card_title("What is wrong in the file")
    return title + bullet_list((_problem(found) for found in problems), "cs-wrongs")


def _problem(found: Counted) -> Markup:
    rows = f"{formats.count(found.count)} {plural(found.count, 'row')}"
    word = badge("refused", "bad") if found.refuses else badge("goes in", "good")
    head = joined([tag("b", f"{found.label[:1].upper()}{found.label[1:]}"), f" · {rows} ", word])
    examples = joined(
        tag("div", joined([tag("span", f"Line {formats.count(one.line)}:", "cs-quiet"), f" {one.message}"]))
        for one in found.examples[:EXAMPLES]
    )
    more = found.count - min(EXAMPLES, len(found.examples))
    rest = tag("div", f"and {formats.count(more)} more", "cs-quiet") if more else ""
    return head + tag("div", joined([examples, rest]), "cs-small")


def _preview(rows: Sequence[Preview], ruleset: Ruleset) -> Markup:
    """The first rows as they would be stored, in a table that scrolls by itself."""
    labels = _labels(ruleset)
    names = [name for name in labels if any(name in row.values for row in rows)]
    head = joined(tag("th", words) for words in ("Line", "", *(labels[name] for name in names)))
    types = {name: columns.type_of(name, ruleset) for name in names}
    body = joined(tag("tr", _row(row, types)) for row in rows)
    table = tag("table", tag("thead", tag("tr", head)) + tag("tbody", body), "cs-rows")
    scroller = tag("div", table, "cs-scroll", tabindex="0", role="region", aria_label="The first rows")
    return card_title("The first rows as they would be stored") + scroller


def _labels(ruleset: Ruleset) -> Mapping[str, str]:
    """What values are called, in the order in which they can be chosen."""
    labels = {target.id: target.label for target in columns.targets(ruleset)}
    return labels | {"newsletter": "Newsletter", "sms": "SMS", columns.SEGMENTS: "Segments"}


def _row(row: Preview, types: Mapping[str, str]) -> Markup:
    """A row, with its values of these types."""
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
