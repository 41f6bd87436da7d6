"""Importing a file: send it, settle it, see what would become of it, and let the workers do it."""

from __future__ import annotations

from typing import Literal

import streamlit as st
from markupsafe import Markup

from dashboard import formats
from dashboard.imports import import_choices, import_settling
from dashboard.imports.drop_zone import drop_zone
from dashboard.imports.import_check import followed, show_checked
from dashboard.imports.import_columns import ask_columns
from dashboard.imports.import_consents import ask_statements, unsaid
from dashboard.imports.import_settling import settling
from dashboard.jobs.job_status_bar import job_strip
from dashboard.running_instance import account
from dashboard.ui.markup import bullet_list, card_title, link, page_title, quiet, show
from dashboard.ui.problems import notice_box, problem_box, show_errors
from dashboard.ui.router import go_to
from dashboard.wording import plural, sentence
from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission
from engine.errors import ContactSheetsError
from engine.imports import contents, draft_service, import_service
from engine.imports.drafts import Draft
from engine.imports.preview import Checked
from engine.imports.preview_job import Check
from engine.imports.reading.formats import Format
from engine.imports.reading.problems import UnreadableFile
from engine.jobs import job_service
from engine.jobs.job_service import NoSuchJob
from engine.jobs.jobs import Job
from engine.rules.rule_service import current_rules

PAGE = "import"
HERE = f"?page={PAGE}"

_NOT_HERE = "import.not_here"


def render(actor: Actor) -> None:
    """The step that the address names: a file (`file`), its settings, or its check (`step=check`)."""
    actor.require(Permission.IMPORT)
    wanted = st.query_params.get("file")
    try:
        draft = draft_service.draft(actor, wanted) if wanted else None
    except ContactSheetsError as error:
        st.session_state[_NOT_HERE] = sentence(error)
        go_to(HERE)
        draft = None
    if draft is None:
        _send(actor, st.query_params.get("like"))
    elif st.query_params.get("step") == "check" and draft.settings is not None:
        _look(actor, draft)
    else:
        _settle(actor, draft)


def _at(draft: str, step: str = "", *, like: str | None = None) -> str:
    return f"{HERE}&file={draft}{f'&step={step}' if step else ''}{f'&like={like}' if like else ''}"


# The file


def _send(actor: Actor, like: str | None) -> None:
    show(
        page_title(
            "Import contacts", "Nothing is written before you have seen what would become of the file."
        )
    )
    problem_box(filter(None, [st.session_state.pop(_NOT_HERE, None)]))
    if like and (model := _model(actor, like)) is not None:
        words = f"Columns and choices are taken over from {model.wanted['file']}; you can change them."
        notice_box([words])
    drop_zone(actor, key="import.drop", then=lambda id_: go_to(_at(id_, like=like)))
    _unfinished(actor)
    show(_advice())
    job_strip(actor)


def _unfinished(actor: Actor) -> None:
    """What was sent and not imported yet."""
    found = draft_service.mine(actor)
    zone, now = account().time_zone, actor.now
    lines = (
        link(_at(one.id), one.name) + quiet(f" · sent {formats.ago(one.created_at, now, zone)}")
        for one in found
    )
    if found:
        show(card_title("Go on with") + bullet_list(lines, "cs-list cs-links"))


def _advice() -> Markup:
    ways = (
        "Columns are known by their headings, in English and Spanish and as Connectif, HubSpot, Klaviyo, "
        "Mailchimp, Mautic and Shopify name them.",
        "Nobody who unsubscribed is subscribed again, unless the file has a newer date of their consent.",
        "An import can be taken back whole, from the history beside the list of contacts.",
    )
    return bullet_list(ways, "cs-list cs-quiet")


# Its settings


def _settle(actor: Actor, draft: Draft) -> None:
    show(page_title(f"Import {draft.name}", _about(draft)))
    try:
        model = _model(actor, st.query_params.get("like", ""))
        before = None if model is None else draft_service.settings_of(actor, model.id)
        chosen = settling(actor, draft, model=before)
    except UnreadableFile as error:
        _unreadable(actor, draft, error)
        return
    import_choices.ask_format(actor, draft, chosen.opening.format)
    ruleset = current_rules(actor)
    if not chosen.opening.sample:
        problem_box(["The file has headings and no rows: there is nothing to import."])
        _other_file(actor, draft, type_="primary")
        return
    _imported_before(actor, draft)
    notice_box(notice.message for notice in chosen.opening.notices[:5])
    with st.container(border=True, key="import-columns"):
        in_the_way = ask_columns(actor, chosen, ruleset)
    with st.container(border=True, key="import-rules"):
        import_choices.ask_rules(actor, chosen, ruleset)
        ask_statements(chosen)
    in_the_way += unsaid(chosen)
    problem_box(map(sentence, in_the_way))
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Check the whole file", type="primary", disabled=bool(in_the_way), key="import.check"):
            draft_service.settle(actor, draft.id, chosen.settings(ruleset))
            go_to(_at(draft.id, "check"))
            st.rerun()
        _other_file(actor, draft)


def _model(actor: Actor, job: str) -> Job | None:
    """The import that another one is to be like; unset if it is not there any more."""
    try:
        return draft_service.an_import(actor, job) if job else None
    except NoSuchJob:
        return None


def _about(draft: Draft, found: Checked | None = None) -> str:
    """`3.4 MB · 41 rows · nothing of it is imported yet`."""
    rows = [] if found is None else [f"{formats.count(found.rows)} {plural(found.rows, 'row')}"]
    return " · ".join([formats.size(draft.size), *rows, "nothing of it is imported yet"])


def _imported_before(actor: Actor, draft: Draft) -> None:
    """Say that the very same file was imported before, if it was."""
    before = draft_service.imported_before(actor, draft.id)
    if before is not None:
        when = formats.moment(before.created_at, account().time_zone)
        notice_box([contents.in_words(before, when=when)])


def _unreadable(actor: Actor, draft: Draft, error: UnreadableFile) -> None:
    """Say why, and let somebody say how it is written, if it is text at all."""
    problem_box([sentence(error)])
    format_ = _detected(actor, draft)
    if format_ is not None:
        import_choices.ask_format(actor, draft, format_)
    _other_file(actor, draft, type_="primary")


def _detected(actor: Actor, draft: Draft) -> Format | None:
    open_ = draft_service.opener(actor, draft.id)
    try:
        found = import_service.detect(actor, open_)
        if found.kind == "workbook":
            import_service.sheets(actor, open_)
        return found
    except UnreadableFile:
        return None


def _other_file(actor: Actor, draft: Draft, *, type_: Literal["primary", "tertiary"] = "tertiary") -> None:
    if st.button("Another file", type=type_, key="import.other"):
        draft_service.discard(actor, draft.id)
        import_settling.forget()
        go_to(HERE)
        st.rerun()


# What would become of it


def _look(actor: Actor, draft: Draft) -> None:
    assert draft.settings is not None
    try:
        check = draft_service.check(actor, draft.id)
    except ContactSheetsError as error:
        show(page_title(f"Import {draft.name}", _about(draft)))
        problem_box(f"{line[:1].upper()}{line[1:]}." for line in str(error).splitlines())
        _back(draft)
        return
    show(page_title(f"Import {draft.name}", _about(draft, check.found)))
    if check.job.under_way:
        followed(actor, check.job)
    elif check.found is None:
        _broken_off(actor, draft, check.job)
    else:
        _show_found(actor, draft, check, check.found)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        _back(draft)
        _other_file(actor, draft)


def _show_found(actor: Actor, draft: Draft, check: Check, found: Checked) -> None:
    assert draft.settings is not None
    ruleset = current_rules(actor)
    job_service.dismiss(actor, check.job.id)  # whoever sees it need not be told elsewhere
    _imported_before(actor, draft)
    show_checked(found, draft.settings, ruleset)
    with st.container(horizontal=True, vertical_alignment="center"):
        _start(actor, draft, found)
        _back(draft)
        _other_file(actor, draft)


def _broken_off(actor: Actor, draft: Draft, job: Job) -> None:
    """Say why a check did not come to its end, and offer it again."""
    problem_box([f"The check could not go on: {job.failure}." if job.failure else "The check was stopped."])
    if st.button("Check again", type="primary", key="import.check.again"):
        with show_errors():
            draft_service.check_again(actor, draft.id)
            st.rerun()


def _start(actor: Actor, draft: Draft, found: Checked) -> None:
    assert draft.settings is not None
    count = found.outcomes["created"] + found.outcomes["updated"]
    words = f"Import {formats.count(count)} {plural(count, 'row')}" if count else "Nothing to import"
    if not st.button(words, type="primary", disabled=not count, key="import.start"):
        return
    try:
        draft_service.start(actor, draft.id, draft.settings)
    except ContactSheetsError as error:
        problem_box([sentence(error)])
        return
    import_settling.forget()
    go_to("?")
    st.rerun()


def _back(draft: Draft) -> None:
    if st.button("Back to the columns", key="import.back"):
        go_to(_at(draft.id))
        st.rerun()
