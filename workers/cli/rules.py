"""Commands on the rules: check, test, publish, roll back, pull, log, and why a contact is as it is."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from engine.contacts.sheet import reasons, sheets
from engine.db import Db
from engine.db.connection import utc_now
from engine.errors import ContactNotFound, InvalidRules, NoInstance, Problem
from engine.pipeline import lanes
from engine.publishing import planning, publish_service, publishing, upkeep
from engine.rules import versions
from engine.rules.conditions.explain import lines
from engine.rules.files.webhook_secrets import secrets_not_set
from engine.rules.rehearsal import rehearse
from engine.rules.ruleset import (
    compile_ruleset,
    read_folder,
    read_present,
    rule_tests_of,
    unknown_files,
    warnings_of,
)
from engine.settings import CONFIG_DIR
from workers.cli.contact_key import contact_of
from workers.cli.environment import rule_secrets
from workers.cli.session import (
    AsJson,
    DataDir,
    cli_actor,
    console,
    open_db,
    print_json,
    print_table,
    shown,
    zone_of,
)
from workers.cli.status import POLL

app = typer.Typer()
rules_app = typer.Typer(help="Check, test, plan, publish and inspect rules.")
app.add_typer(rules_app, name="rules")

Folder = Annotated[
    Path,
    typer.Argument(
        help="The folder with the YAML files; a missing file stays as published.",
        exists=True,
        file_okay=False,
    ),
]
By = Annotated[
    str | None, typer.Option("--by", help="Name of the publisher; default: the user of this machine.")
]
Recompute = Annotated[bool, typer.Option("--recompute", help="Apply these rules to all history.")]
Wait = Annotated[bool, typer.Option("--wait", help="Wait until all contacts are up to date.")]

BASE = ".version"
"""The file in which `pull` records the version of a folder's files."""


@rules_app.command()
def check(folder: Folder, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Check the files; exit 1 if there are problems.

    Warns of webhook secrets that this environment does not set, and of a `not` that a missing value meets.
    """
    texts = _completed_texts(folder, data_dir)
    problems = [*unknown_files(folder), *publishing.check(texts)]
    warnings = [*warnings_of(texts), *secrets_not_set(texts["settings.yaml"], rule_secrets())]
    _report(problems, as_json, warnings=warnings)
    if problems:
        raise typer.Exit(1)


@rules_app.command()
def test(folder: Folder, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Run the tests in the rule files; exit 1 if one fails."""
    _refuse(unknown_files(folder), as_json)
    texts = _completed_texts(folder, data_dir)
    try:
        results = rehearse(rule_tests_of(texts), compile_ruleset(texts))
    except InvalidRules as error:
        _report(error.problems, as_json)
        raise typer.Exit(1) from None
    failed = [result for result in results if not result.passed]
    if as_json:
        tests = [
            {
                "name": result.test.name,
                "file": result.test.file,
                "line": result.test.place[0],
                "passed": result.passed,
                "differences": {
                    name: {"expected": e, "found": f} for name, (e, f) in result.differences.items()
                },
            }
            for result in results
        ]
        print_json({"ok": not failed, "tests": tests})
    else:
        for result in results:
            typer.echo(f"{'✓' if result.passed else '✗'} {result.test.name}")
            for name, (expected, found) in result.differences.items():
                typer.echo(f"    {name}: expected {expected!r}, found {found!r}")
        typer.echo(f"{len(results) - len(failed)} passed, {len(failed)} failed")
    if failed:
        raise typer.Exit(1)


@rules_app.command()
def plan(
    folder: Folder,
    data_dir: DataDir = None,
    sample: Annotated[
        float,
        typer.Option(min=0.001, max=1.0, help="Evaluate only this share of the contacts: 0.1 is a tenth."),
    ] = 1.0,
    from_now: Annotated[
        bool, typer.Option("--from-now", help="Show the impact of publishing without --recompute.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show the impact of these rules on the real contacts; writes nothing."""
    instance, db = open_db(data_dir, app="rules")
    texts = publishing.completed(db, read_present(folder))
    _refuse([*unknown_files(folder), *publishing.check(texts)], as_json)
    change = planning.proposed(db, texts, now=utc_now(), recompute=not from_now)
    with Progress(transient=True, disable=as_json, console=console) as bar:
        task = bar.add_task("Folding history", total=None)
        found = planning.plan(
            db,
            change,
            uri=instance.mongodb_uri,
            share=sample,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    impact = found.as_json(share=sample)
    if as_json:
        print_json(impact)
    else:
        _show_plan(impact)


def _show_plan(impact: dict[str, Any]) -> None:
    points = impact["points"]
    about = "about " if "sample" in impact else ""
    typer.echo(
        f"{about}{impact['contacts']:,} contacts: "
        f"{points['gain']:,} gain points, {points['lose']:,} lose some"
    )
    if "sample" in impact:
        errors = impact["sample"]
        typer.echo(
            f"estimated from {errors['contacts']:,}: ±{errors['gain_error']:,} and ±{errors['lose_error']:,}"
        )
    by_rule = [(c["name"], f"{c['contacts']:,}", f"{c['points']:+,}") for c in points["by_rule"].values()]
    segments = [
        (id_, _with_margin(c, "enter"), _with_margin(c, "leave")) for id_, c in impact["segments"].items()
    ]
    moves = [
        (id_, move, f"{n:,}") for id_, counts in impact["statuses"].items() for move, n in counts.items()
    ]
    examples = [(e["contact"], e["name"], e["what"], "\n".join(e["reasons"])) for e in impact["examples"]]
    for title, headings, rows in (
        ("Points by rule", ("rule", "contacts", "change"), by_rule),
        ("Segments", ("segment", "enter", "leave"), segments),
        ("Statuses", ("status", "move", "contacts"), moves),
        ("Examples", ("contact", "name", "what", "why"), examples),
    ):
        if rows:
            print_table(title, headings, rows)


def _with_margin(counts: dict[str, int], direction: str) -> str:
    """A count, with its margin of error if it was estimated."""
    error = counts.get(f"{direction}_error")
    return f"{counts[direction]:,}{f' ±{error:,}' if error else ''}"


@rules_app.command()
def publish(
    folder: Folder,
    message: Annotated[str, typer.Option("--message", "-m", help="The change and its reason.")],
    data_dir: DataDir = None,
    by: By = None,
    base: Annotated[
        int | None, typer.Option(help="The version that was edited; default: the one recorded by `pull`.")
    ] = None,
    recompute: Recompute = False,
    until_done: Wait = False,
    as_json: AsJson = False,
) -> None:
    """Publish the files as a new version, all at once."""
    _refuse(unknown_files(folder), as_json)
    _, db = open_db(data_dir, app="rules")
    texts = publishing.completed(db, read_present(folder))
    base_file = folder / BASE
    if base is None and base_file.exists():
        base = int(base_file.read_text().strip() or 0) or None
    try:
        version = publish_service.publish(
            cli_actor(db, by), texts, message=message, base=base, recompute=recompute
        )
    except InvalidRules as error:
        _report(error.problems, as_json)
        raise typer.Exit(1) from None
    if base_file.exists():
        base_file.write_text(f"{version.number}\n")
    _published(db, version, until_done=until_done, as_json=as_json)


@rules_app.command()
def rollback(
    version: Annotated[int, typer.Argument(help="The version to restore.")],
    data_dir: DataDir = None,
    by: By = None,
    recompute: Recompute = False,
    until_done: Wait = False,
    as_json: AsJson = False,
) -> None:
    """Publish an older version again, as a new one."""
    _, db = open_db(data_dir, app="rules")
    new = publish_service.roll_back(cli_actor(db, by), version, recompute=recompute)
    _published(db, new, until_done=until_done, as_json=as_json)


@rules_app.command()
def progress(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show how many contacts still have to be updated to the live version."""
    _, db = open_db(data_dir, app="rules")
    found = upkeep.upkeep(db)
    if as_json:
        print_json({**asdict(found), "done": round(found.done, 3), "finished": found.finished})
        return
    what = "history is being recomputed" if found.recomputes else "segments are being filled"
    left = f"{found.done:.0%} done, {found.outdated:,} of {found.contacts:,} contacts are left ({what})"
    typer.echo(f"version {found.version}: " + ("all contacts are up to date" if found.finished else left))


@rules_app.command()
def pull(
    folder: Annotated[Path, typer.Argument(help="The folder for the files.", file_okay=False)],
    data_dir: DataDir = None,
    version: Annotated[int | None, typer.Option(help="The version; default: the live one.")] = None,
) -> None:
    """Write the published files into a folder."""
    _, db = open_db(data_dir, app="rules")
    newest = versions.current_number(db)
    stored = versions.stored_version(db, version or newest)
    for path in publishing.write_folder(stored, folder):
        typer.echo(str(path))
    (folder / BASE).write_text(f"{newest}\n")


@rules_app.command()
def log(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the published versions, the newest first."""
    _, db = open_db(data_dir, app="rules")
    published = versions.history(db)
    if as_json:
        print_json([_version_summary(version) for version in published])
        return
    rows = ((v.number, v.published_at, v.published_by, v.message) for v in published)
    print_table("Versions", ("version", "published", "by", "message"), rows, zone=zone_of(db))


@rules_app.command()
def show(key: str, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Explain a contact's points, segments and statuses."""
    _, db = open_db(data_dir, app="rules")
    found = reasons.reasons_of(db, contact_of(db, key), now=utc_now())
    if found is None:
        raise ContactNotFound(key)
    if as_json:
        typer.echo(sheets.encode(found).decode())
        return
    zone = zone_of(db)
    rows = ((e.happened_at, e.rule_name, e.activity_label, e.points, e.worth) for e in found.points.entries)
    headings = ("when", "rule", "activity", "given", "worth now")
    print_table(f"{found.points.total} points", headings, rows, zone=zone)
    for segment in found.segments:
        since = f" since {shown(segment.since, zone)}" if segment.since else ""
        name = f"[bold]{escape(segment.name)}[/bold]"
        console.print(f"{'in' if segment.member else 'not in'} {name}{since}", highlight=False)
        if segment.condition is not None:
            for line in lines(segment.condition, depth=1):
                console.print(line, markup=False, highlight=False)
    statuses = (
        (s.status.machine_label, s.status.label, s.status.since, s.because, s.status.reason)
        for s in found.statuses
    )
    print_table("Statuses", ("status", "is", "since", "because of", "reason"), statuses, zone=zone)
    moved = ((m.at, m.machine_label, f"{m.from_} → {m.to}", m.because) for m in found.moves)
    print_table("How they came about", ("when", "status", "moved", "because of"), moved, zone=zone)


def _completed_texts(folder: Path, data_dir: Path | None) -> dict[str, str]:
    """The folder's files, and for those it lacks the published ones (without an instance: the shipped)."""
    texts = read_present(folder)
    return (
        publishing.completed(db, texts)
        if (db := _published_rules(data_dir)) is not None
        else read_folder(CONFIG_DIR) | texts
    )


def _published_rules(data_dir: Path | None) -> Db | None:
    try:
        return open_db(data_dir, app="rules")[1]
    except NoInstance:
        return None


def _refuse(problems: Collection[Problem], as_json: bool) -> None:
    """End the command if there are problems, with each of them."""
    if problems:
        _report(problems, as_json)
        raise typer.Exit(1)


def _report(problems: Collection[Problem], as_json: bool, *, warnings: Collection[Problem] = ()) -> None:
    if as_json:
        more = {"warnings": _places(warnings)} if warnings else {}
        print_json({"ok": not problems, "problems": _places(problems), **more})
        return
    for problem in problems:
        typer.echo(str(problem))
    for warning in warnings:
        typer.echo(str(replace(warning, message=f"warning: {warning.message}")))
    if not problems:
        typer.echo("the rules are valid")


def _places(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    return [{"file": p.file, "line": p.line, "column": p.column, "message": p.message} for p in problems]


def _published(db: Db, version: versions.Version, *, until_done: bool, as_json: bool) -> None:
    if until_done:
        _watch(db, as_json=as_json)
    if as_json:
        print_json(_version_summary(version))
        return
    typer.echo(f"version {version.number} is live")
    if version.upkeep == version.number and not until_done:
        typer.echo(
            "the workers are updating all contacts: `sheets rules progress` shows how many remain, "
            "`sheets wait` returns when it is done"
        )


def _watch(db: Db, *, as_json: bool) -> None:
    """Show how contacts are brought up to date, until all are."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, transient=True, disable=as_json, console=console) as bar:
        task = bar.add_task("Bringing contacts up to date", total=1.0)
        while not (found := upkeep.upkeep(db)).finished:
            bar.update(task, completed=found.done)
            time.sleep(POLL)
        begun = utc_now()
        while lanes.any_due(db, begun):  # what lost its worth meanwhile is taken away after the fold
            time.sleep(POLL)


def _version_summary(version: versions.Version) -> dict[str, Any]:
    return {
        "version": version.number,
        "published_at": version.published_at,
        "published_by": version.published_by,
        "message": version.message,
        "recomputed": version.recomputed == version.number and version.number > 1,
    }
