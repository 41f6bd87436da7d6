"""`sheets rfm` and `sheets clv`: score all contacts, fit lifetime value, predict a contact's purchases."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, datetime
from math import isnan
from typing import Annotated

import typer

from engine.accounts.actor import Actor
from engine.contacts.valuation import lifetime_service, rfm_service
from engine.contacts.valuation.calculations import CalculationRunning
from engine.contacts.valuation.lifetime_documents import Gate
from engine.contacts.valuation.lifetime_models import FittedModel
from engine.contacts.valuation.order_table import digits_of
from engine.contacts.valuation.rfm_runs import RfmRun
from engine.db import Db
from engine.domain.document import Document
from engine.errors import Conflict
from engine.jobs.jobs import Job, JobState
from engine.rules import versions
from workers.cli.contact_key import contact_of
from workers.cli.jobs import LOOK_EVERY, await_job
from workers.cli.session import AsJson, DataDir, cli_actor, open_db, print_json, print_table

app = typer.Typer()
rfm_app = typer.Typer(help="Score all contacts by recency, frequency, money.")
clv_app = typer.Typer(help="Fit lifetime value; predict a contact's purchases.")
app.add_typer(rfm_app, name="rfm")
app.add_typer(clv_app, name="clv")

AsOf = Annotated[
    datetime | None,
    typer.Option("--as-of", formats=["%Y-%m-%d"], help="The day of the figures; default: today."),
]


class CalculationFailed(Conflict):
    """The job of a calculation failed or was stopped; the message is its reason."""

    def __init__(self, job: Job) -> None:
        super().__init__(job.failure or f"{job.title} was stopped")


@rfm_app.callback()
def rfm() -> None:
    """Score all contacts by recency, frequency, money."""


@rfm_app.command("run")
def run_rfm(as_of: AsOf = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Score all contacts now; print the cut points, and people by score and category."""
    _, db = open_db(data_dir, app="rfm")
    actor = cli_actor(db)
    _await(db, actor, rfm_service.start, as_of, quietly=as_json)
    run = rfm_service.latest(actor)
    assert run is not None
    if as_json:
        print_json(run_summary(run, digits=digits_of(versions.current(db).account)))
    else:
        _print_run(run, db)


@clv_app.callback()
def clv() -> None:
    """Fit lifetime value; predict a contact's purchases."""


@clv_app.command()
def fit(as_of: AsOf = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Fit the models to all orders; print the parameters, or what is missing for a model."""
    _, db = open_db(data_dir, app="clv")
    actor = cli_actor(db)
    job = _await(db, actor, lifetime_service.start, as_of, quietly=as_json)
    status = lifetime_service.status(actor)
    fitted = status.model if status.model is not None and status.model.id == job.id else None
    if as_json:
        print_json({"model": _model(fitted, db), "gate": _gate(status.gate)})
    elif fitted is None:
        for short in () if status.gate is None else status.gate.missing:
            typer.echo(f"missing: {short}")
    else:
        about = {name: value for name, value in (_model(fitted, db) or {}).items() if name != "holdout"}
        print_table("Lifetime value", ("figure", "value"), about.items())


@clv_app.command()
def predict(
    key: Annotated[str, typer.Argument(help="An id, email, phone, external id or tracker.")],
    weeks: Annotated[float, typer.Option(min=0.1, help="How many weeks ahead.")] = 52.0,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Print what a contact is expected to buy in the next weeks."""
    _, db = open_db(data_dir, app="clv")
    contact = contact_of(db, key)
    found = lifetime_service.predict(cli_actor(db), contact, weeks=weeks)
    about = {
        "contact": contact,
        "weeks": weeks,
        "expected_purchases": found.purchases,
        "expected_average": found.average,
        "value": found.value,
        "currency": versions.current(db).account.currency,
        "probability_alive": found.alive,
        "as_of": found.as_of,
        "model": found.model,
    }
    if as_json:
        print_json(about)
    else:
        print_table("Expected", ("figure", "value"), about.items())


def _await(db: Db, actor: Actor, start: Callable[..., str], as_of: datetime | None, *, quietly: bool) -> Job:
    """Start a calculation, once none is under way, and wait until it is done.  Raises CalculationFailed."""
    day = None if as_of is None else as_of.date()
    job = await_job(db, _begin(actor, start, day), quietly=quietly)
    if job.state is not JobState.DONE:
        raise CalculationFailed(job)
    return job


def _begin(actor: Actor, start: Callable[..., str], day: date | None) -> str:
    while True:
        try:
            return start(actor, as_of=day)
        except CalculationRunning:
            time.sleep(LOOK_EVERY)


def run_summary(run: RfmRun, *, digits: int) -> Document:
    """A run as `--json` prints it; money is in the account's currency."""
    cuts = {measure: list(points) for measure, points in run.cuts.items()}
    cuts["monetary"] = [point / 10**digits for point in cuts.get("monetary", [])]
    return {
        "run": run.id,
        "as_of": run.as_of.isoformat(),
        "months": run.months,
        "monetary": run.monetary,
        "currency": run.currency,
        "customers": run.customers,
        "changed": run.changed,
        "cuts": cuts,
        "scores": {
            measure: {str(score): people for score, people in enumerate(counts, start=1)}
            for measure, counts in run.scores.items()
        },
        "codes": {str(code): people for code, people in sorted(run.codes.items())},
        "categories": {
            id_: {"people": count.people, "revenue": count.revenue} for id_, count in run.categories.items()
        },
        "cells": [
            {"recency": r, "frequency": f, "people": count.people, "revenue": count.revenue}
            for (r, f), count in run.cells.items()
        ],
        "movement": [vars(moved) for moved in run.movement],
    }


def _print_run(run: RfmRun, db: Db) -> None:
    summary = run_summary(run, digits=digits_of(versions.current(db).account))
    typer.echo(f"{run.customers:,} customers as of {run.as_of}, {run.changed:,} changed")
    print_table(
        "Scores",
        ("measure", "cut points", "1", "2", "3", "4", "5"),
        (
            (measure, ", ".join(f"{cut:,.6g}" for cut in summary["cuts"].get(measure, [])), *counts)
            for measure, counts in run.scores.items()
        ),
    )
    categories = {} if (rules := versions.current(db).rfm) is None else rules.categories
    print_table(
        "Categories",
        ("category", "people", "revenue"),
        (
            (categories[id_].label if id_ in categories else id_, count.people, count.revenue)
            for id_, count in run.categories.items()
        ),
    )


def _model(fitted: FittedModel | None, db: Db) -> Document | None:
    """A model as `--json` prints it; `v` is in the account's currency, as in the papers."""
    if fitted is None:
        return None
    model, digits = fitted.model, digits_of(versions.current(db).account)
    holdout = fitted.holdout
    return {
        "model": fitted.id,
        "as_of": model.as_of.isoformat(),
        "r": model.purchases.r,
        "alpha": model.purchases.alpha,
        "a": model.purchases.a,
        "b": model.purchases.b,
        "p": model.spend.p,
        "q": model.spend.q,
        "v": model.spend.v / 10**digits,
        "log_likelihood": model.log_likelihood,
        "spend_log_likelihood": model.spend_log_likelihood,
        "customers": model.customers,
        "returning": model.returning,
        "correlation": None if isnan(model.correlation) else model.correlation,
        "currency": fitted.currency,
        "holdout": None
        if holdout is None
        else {"until": holdout.until.isoformat(), "expected": holdout.expected, "actual": holdout.actual},
    }


def _gate(gate: Gate | None) -> Document:
    missing = [] if gate is None else [str(short) for short in gate.missing]
    return {"passed": gate is not None and gate.passed, "missing": missing}
