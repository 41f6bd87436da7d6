"""The exports of other tools go in one after the other, at the first try, into one shop."""

import io
from dataclasses import replace

from engine.db.connection import utc_now
from engine.imports import import_request, refused_rows
from engine.imports.mapping import inspection, opt_out_columns
from engine.imports.mapping.import_settings import ImportSettings
from engine.jobs import jobs
from engine.jobs.jobs import JobState
from engine.pipeline import activity_steps
from engine.rules import versions
from tests.exports import EXPORTS
from tests.integration.drained import drain_all
from tests.integration.job_runs import run_next_job


def imported(db, tool):
    """Import a file as it is guessed; return the job."""
    export, ruleset = EXPORTS[tool], versions.current(db)
    found = inspection.inspect(
        lambda: io.BytesIO(export.content),
        ruleset,
        name=export.name,
        remembered=lambda kind, preset: import_request.remembered_mappings(db, kind, preset),
    )
    columns = {column.heading: column.target for column in found.columns}
    readings, undecided = inspection.cell_formats(found, columns, ruleset)
    assert undecided == []
    settings = ImportSettings(format=found.format, columns=columns, readings=readings)
    headings = [column.heading for column in found.columns]
    dropped = opt_out_columns.undecided(headings, found.sample, settings, ruleset)
    assert (tool, tuple(dropped)) == (tool, export.opt_outs)
    settings = replace(settings, dropped_opt_outs=frozenset(dropped))
    stream = io.BytesIO(export.content)
    who = {"name": export.name, "id_": f"job-{tool}", "by": "u1", "by_name": "Mia", "now": utc_now()}
    import_request.start(db, stream, settings, **who)
    while run_next_job(db, clock=utc_now, stopped=lambda: False):
        drain_all(db)
    drain_all(db)
    job = jobs.job(db, f"job-{tool}")
    assert job is not None
    return job


def test_every_export_goes_in_at_the_first_try_and_what_one_settles_misleads_no_other(db, monkeypatch):
    monkeypatch.setattr(activity_steps, "APPLY_TIMEOUT", 0)

    for tool, export in EXPORTS.items():
        job = imported(db, tool)

        assert (tool, job.state, job.failure) == (tool, JobState.DONE, None)
        refused = {one.line: one.reason for one in refused_rows.refusals(db, job.id)}
        assert (tool, tuple(refused)) == (tool, export.refused)
        for email, said in export.people.items():
            row = db.contacts.find_one({"email": email})
            assert row is not None
            states = {name: state["state"] for name, state in row["statuses"].items()}
            known = {
                **row,
                **row.get("custom", {}),
                "newsletter": "not_subscribed",
                "sms": "not_subscribed",
                **states,
            }
            assert (tool, email, {name: known.get(name) for name in said}) == (tool, email, dict(said))
