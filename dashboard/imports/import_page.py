"""The import page: upload a file, choose its settings, see its preview, and start the import."""

from __future__ import annotations

from typing import Literal

import streamlit as st
from markupsafe import Markup

from dashboard import formats
from dashboard.imports import import_options
from dashboard.imports.drop_zone import drop_zone
from dashboard.imports.import_columns import ask_columns
from dashboard.imports.import_consents import ask_statements, ask_suppression, missing_sources
from dashboard.imports.import_form import current_form, discard_form
from dashboard.imports.import_preview import show_preview, show_progress
from dashboard.jobs.job_status_bar import job_status_bar
from dashboard.running_instance import account
from dashboard.ui.markup import bullet_list, card_title, link, page_title, quiet, show
from dashboard.ui.problems import lines_of, notice_box, problem_box, show_error, show_errors, show_kept
from dashboard.ui.router import go_to
from dashboard.wording import sentence
from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission
from engine.errors import Invalid, NotFound
from engine.imports import draft_service, import_request, import_service
from engine.imports.drafts import Draft
from engine.imports.mapping.kinds import KINDS
from engine.imports.mapping.presets import registry
from engine.imports.preview import Preview
from engine.imports.reading.formats import Format
from engine.imports.reading.problems import UnreadableFile
from engine.jobs import job_service
from engine.jobs.jobs import Job
from engine.rules.rule_service import current_rules

PAGE = "import"
HERE = f"?page={PAGE}"

_GONE = "import.gone"

NAMED_TOOLS = 7
"""Tools that the advice names."""


def render(actor: Actor) -> None:
    """Show the step of the address: the upload, the settings of a draft (`file`), or its preview."""
    actor.require(Permission.IMPORT)
    id_ = st.query_params.get("file")
    try:
        draft = draft_service.draft(actor, id_) if id_ else None
    except NotFound as error:
        st.session_state[_GONE] = lines_of(error)
        go_to(HERE)
        draft = None
    if draft is None:
        _upload(actor, st.query_params.get("like"))
    elif st.query_params.get("step") == "check" and draft.settings is not None:
        _preview(actor, draft)
    else:
        _settings(actor, draft)


def _at(draft: str, step: str = "", *, like: str | None = None) -> str:
    return f"{HERE}&file={draft}{f'&step={step}' if step else ''}{f'&like={like}' if like else ''}"


# The upload


def _upload(actor: Actor, like: str | None) -> None:
    show(
        page_title("Import contacts, orders or activities", "You see a preview before anything is imported.")
    )
    show_kept(_GONE)
    if like and (model := _model(actor, like)) is not None:
        words = f"Settings are copied from {model.wanted['file']}. You can change them."
        notice_box([words])
    drop_zone(actor, key="import.drop", then=lambda id_: go_to(_at(id_, like=like)))
    _unfinished(actor)
    show(_advice())
    job_status_bar(actor)


def _unfinished(actor: Actor) -> None:
    """The drafts of the user."""
    drafts = draft_service.drafts_of_user(actor)
    zone, now = account().time_zone, actor.now
    lines = (
        link(_at(one.id), one.name) + quiet(f" · uploaded {formats.ago(one.created_at, now, zone)}")
        for one in drafts
    )
    if drafts:
        show(card_title("Continue an import") + bullet_list(lines, "cs-list cs-links"))


def _advice() -> Markup:
    others = len({one.tool for one in registry.PRESETS.values()}) - NAMED_TOOLS
    ways = (
        "Exports of Mailchimp, Klaviyo, Brevo, HubSpot, Salesforce, Shopify, WooCommerce and "
        f"{others} more tools are recognised; other files are matched by headings and values.",
        "Order exports from Shopify, WooCommerce, PrestaShop and Magento are recognised; of any other file "
        "you choose the columns with order number, date, customer and total.",
        "Unsubscribed contacts are not subscribed again, unless the file has a newer consent date.",
        "You can undo an import under History on the Contacts page.",
    )
    return bullet_list(ways, "cs-list cs-quiet")


# The settings


def _settings(actor: Actor, draft: Draft) -> None:
    show(page_title(f"Import {draft.name}", _about(draft)))
    try:
        model = _model(actor, st.query_params.get("like", ""))
        like = None if model is None else draft_service.settings_of(actor, model.id)
        form = current_form(actor, draft, model=like)
    except UnreadableFile as error:
        _unreadable(actor, draft, error)
        return
    found = form.inspection
    import_options.ask_format(actor, draft, found.format, kind=form.kind, accented=found.accented())
    ruleset = current_rules(actor)
    if not form.inspection.sample:
        problem_box(["The file has headings but no rows."])
        _other_file(actor, draft, type_="primary")
        return
    _imported_before(actor, draft)
    unused = form.unused_addresses(ruleset)
    notice_box(
        [
            *(notice.message for notice in form.inspection.notices[:5]),
            *(f"Column {heading!r} holds email addresses and is not imported." for heading in unused),
        ]
    )
    with st.container(border=True, key="import-kind"):
        import_options.ask_kind(actor, form)
    with st.container(border=True, key="import-columns"):
        problems = ask_columns(actor, form, ruleset)
    with st.container(border=True, key="import-rules"):
        import_options.ask_options(actor, form, ruleset)
        if form.kind == "contacts":
            ask_suppression(form)
            if form.suppressed is None:
                ask_statements(form, ruleset)
    if form.kind == "contacts":
        problems += missing_sources(form, ruleset)
    problem_box(map(sentence, problems))
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Check file", type="primary", disabled=bool(problems), key="import.check"):
            draft_service.store_settings(actor, draft.id, form.settings(ruleset))
            go_to(_at(draft.id, "check"))
            st.rerun()
        _other_file(actor, draft)


def _model(actor: Actor, job: str) -> Job | None:
    """The import whose settings are the model of this one; None if it no longer exists."""
    try:
        return import_service.import_job(actor, job) if job else None
    except NotFound:
        return None


def _about(draft: Draft, preview: Preview | None = None) -> str:
    """`3.4 MB · 41 rows · not imported yet`."""
    words = KINDS["contacts" if draft.settings is None else draft.settings.kind]
    rows = [] if preview is None else [formats.counted(preview.rows, words.one, words.rows)]
    return " · ".join([formats.size(draft.size), *rows, "not imported yet"])


def _imported_before(actor: Actor, draft: Draft) -> None:
    """Show that the same content was imported before, if it was."""
    earlier = draft_service.imported_before(actor, draft.id)
    if earlier is not None:
        when = formats.moment(earlier.created_at, account().time_zone)
        notice_box([import_request.describe_earlier(earlier, when=when)])


def _unreadable(actor: Actor, draft: Draft, error: UnreadableFile) -> None:
    """Show why a file cannot be read, and let the user correct its format, if it is text."""
    show_error(error)
    format_ = _detected(actor, draft)
    if format_ is not None:
        import_options.ask_format(actor, draft, format_)
    _other_file(actor, draft, type_="primary")


def _detected(actor: Actor, draft: Draft) -> Format | None:
    open_ = draft_service.opener(actor, draft.id)
    try:
        format_ = import_service.detect(actor, open_)
        if format_.kind == "workbook":
            import_service.sheets(actor, open_)
        return format_
    except UnreadableFile:
        return None


def _other_file(actor: Actor, draft: Draft, *, type_: Literal["primary", "tertiary"] = "tertiary") -> None:
    if st.button("Choose another file", type=type_, key="import.other"):
        draft_service.discard(actor, draft.id)
        discard_form()
        go_to(HERE)
        st.rerun()


# The preview


def _preview(actor: Actor, draft: Draft) -> None:
    assert draft.settings is not None
    try:
        run = draft_service.preview(actor, draft.id)
    except (Invalid, NotFound) as error:
        show(page_title(f"Import {draft.name}", _about(draft)))
        show_error(error)
        _back(draft)
        return
    show(page_title(f"Import {draft.name}", _about(draft, run.result)))
    if run.job.under_way:
        show_progress(actor, run.job)
    elif run.result is None:
        _failed(actor, draft, run.job)
    else:
        _show_result(actor, draft, run.job, run.result)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        _back(draft)
        _other_file(actor, draft)


def _show_result(actor: Actor, draft: Draft, job: Job, preview: Preview) -> None:
    assert draft.settings is not None
    ruleset = current_rules(actor)
    job_service.dismiss(actor, job.id)  # the user sees it here
    _imported_before(actor, draft)
    show_preview(actor, preview, draft.settings, ruleset)
    with st.container(horizontal=True, vertical_alignment="center"):
        _start(actor, draft, preview)
        _back(draft)
        _other_file(actor, draft)


def _failed(actor: Actor, draft: Draft, job: Job) -> None:
    """Show why a preview did not finish, and offer it again."""
    problem_box([f"The check failed: {job.failure}." if job.failure else "The check was stopped."])
    if st.button("Check again", type="primary", key="import.check.again"):
        with show_errors():
            draft_service.resume_preview(actor, draft.id)
            st.rerun()


def _start(actor: Actor, draft: Draft, preview: Preview) -> None:
    assert draft.settings is not None
    count = preview.outcomes["created"] + preview.outcomes["updated"]
    kind = KINDS[draft.settings.kind]
    words = f"Import {formats.counted(count, kind.one, kind.rows)}" if count else "Nothing to import"
    if not st.button(words, type="primary", disabled=not count, key="import.start"):
        return
    with show_errors():
        draft_service.start(actor, draft.id, draft.settings)
        discard_form()
        go_to("?")
        st.rerun()


def _back(draft: Draft) -> None:
    if st.button("Back to columns", key="import.back"):
        go_to(_at(draft.id))
        st.rerun()
