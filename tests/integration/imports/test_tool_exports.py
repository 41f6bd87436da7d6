"""The exports of the usual tools go into one shop, one after the other, and nobody who refused can be written to."""

import io

from engine.contacts.reachability_lookup import reachability
from engine.db.connection import utc_now
from engine.imports import import_request, refused_rows
from engine.imports.mapping import inspection
from engine.imports.mapping.import_settings import ImportSettings
from engine.jobs import jobs
from engine.jobs.jobs import JobState
from engine.pipeline import activity_steps
from engine.rules import versions
from tests.integration.drained import drain_all
from tests.integration.job_runs import run_next_job
from tests.tool_exports import TOOL_EXPORTS


def start(db, id_, export):
    """Start the import of a file as it is guessed, with the mappings of earlier ones remembered."""
    ruleset = versions.current(db)
    found = inspection.inspect(
        lambda: io.BytesIO(export.content),
        ruleset,
        name=export.file,
        remembered=lambda kind, preset: import_request.remembered_mappings(db, kind, preset),
    )
    columns = {column.heading: column.target for column in found.columns}
    readings, _ = inspection.cell_formats(found, columns, ruleset, dates="dmy")
    settings = ImportSettings(format=found.format, columns=columns, readings=readings, preset=found.preset)
    import_request.start(
        db,
        io.BytesIO(export.content),
        settings,
        name=export.file,
        id_=id_,
        by="u1",
        by_name="Mia",
        now=utc_now(),
    )


def test_every_export_goes_in_and_nobody_who_refused_is_subscribed_or_reachable(db, monkeypatch):
    monkeypatch.setattr(activity_steps, "APPLY_TIMEOUT", 0)
    ids = {f"job-{number}": title for number, title in enumerate(TOOL_EXPORTS)}

    for id_, title in ids.items():
        start(db, id_, TOOL_EXPORTS[title])
        while run_next_job(db, clock=utc_now, stopped=lambda: False):
            drain_all(db)
        drain_all(db)

    for id_, title in ids.items():
        job, export = jobs.job(db, id_), TOOL_EXPORTS[title]
        assert (title, job.state, job.failure) == (title, JobState.DONE, None)
        refused = {one.line: one.reason for one in refused_rows.refusals(db, job.id)}
        assert (title, job.created, refused) == (title, len(export.people), {})
        reach = {
            one.key: {line.id: line for line in one.reach}
            for one in reachability(db, list(export.people), versions.current(db))
        }
        for email, person in export.people.items():
            newsletter = reach[email]["newsletter"]
            assert (title, email, newsletter.reachable) == (title, email, person.standing == "yes")
