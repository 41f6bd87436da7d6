"""Commands that import files, and those on the jobs that people started."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import typer
import uuid_utils
from pymongo.database import Database

from engine.access import jobs as access
from engine.access import transfer as imports
from engine.core.rulebook import Ruleset
from engine.errors import ContactSheetsError
from engine.store import jobs, rulesets
from engine.store.connection import utc_now
from engine.store.jobs import Job, JobState
from engine.transfer import checking, formats, importing, refusals
from engine.transfer.checking import Checked, Opening
from engine.transfer.columns import CHANNELS, Channel, InvalidMapping, plain
from engine.transfer.consents import Statement
from engine.transfer.formats import Format, Opener
from engine.transfer.settings import Mode, Settings
from engine.transfer.values import DateOrder, Decimals
from workers.commands import import_fields
from workers.commands.session import AsJson, DataDir, open_db, print_json, print_table, whoever, zone_of

app = typer.Typer()
jobs_app = typer.Typer(help="Long work that people started: imports, exports, changes of many.")
app.add_typer(jobs_app, name="jobs")

Document = dict[str, Any]

LOOK_EVERY = 0.5
"""Seconds between two looks how far a job is."""


class NotSettled(ContactSheetsError):
    """Something of a file that has to be said before it can be imported."""


@app.command("import")
def import_(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, TSV, .gz or XLSX; or a folder of such.")],
    map_: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="COLUMN=FIELD", help="What a column fills; nothing leaves it out."),
    ] = None,
    mode: Annotated[Mode, typer.Option(help="Which contacts may be touched.")] = "both",
    empty: Annotated[Literal["keep", "clear"], typer.Option(help="What an empty cell does.")] = "keep",
    segment: Annotated[str, typer.Option(help="The static segment to put all into, by id or name.")] = "",
    consent: Annotated[
        list[str] | None,
        typer.Option(
            "--consent",
            metavar="CHANNEL=DATE,SOURCE",
            help="That all in the file agreed to the newsletter or to sms, when and where.",
        ),
    ] = None,
    new_field: Annotated[
        list[str] | None,
        typer.Option(
            "--new-field",
            metavar="COLUMN[:TYPE]",
            help="Make a custom field of a column (admin): text, number, boolean, date or list.",
        ),
    ] = None,
    dates: Annotated[
        Literal["dmy", "mdy", ""], typer.Option(help="The order of dates such as 3/4/2026.")
    ] = "",
    decimals: Annotated[Literal[",", ".", ""], typer.Option(help="What divides decimals.")] = "",
    encoding: Annotated[str, typer.Option(help="The file's encoding, if it is not found out.")] = "",
    separator: Annotated[
        str, typer.Option(help="The separator, if it is not found out; `tab` for a tab.")
    ] = "",
    sheet: Annotated[str, typer.Option(help="The sheet of a workbook; else its first.")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would become of it, and write nothing.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it is done.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Import contacts from a file: columns are guessed by their headings."""
    _, db = open_db(data_dir, app="import")
    ruleset = rulesets.current(db)
    statements = tuple(map(_statement, consent or []))
    settled = Settings(mode=mode, segment=_static(segment, ruleset), statements=statements)
    results = []
    for file in _files(path):
        open_ = _opener(file)
        found = checking.opening(
            open_,
            ruleset,
            name=file.name,
            format_=_format(open_, encoding, separator, sheet),
            remembered=importing.remembered(db),
        )
        columns = _columns(found, map_ or [])
        if new_field:
            columns |= import_fields.made(db, whoever(), found, columns, new_field, pretend=dry_run)
            ruleset = rulesets.current(db)
        readings, undecided = checking.readings(
            found,
            columns,
            ruleset,
            dates=cast(DateOrder, dates) or None,
            decimals=cast(Decimals, decimals) or None,
        )
        if undecided:
            raise NotSettled("\n".join(map(_question, undecided)))
        clear = frozenset(columns) if empty == "clear" else frozenset[str]()
        settings = replace(settled, format=found.format, columns=columns, readings=readings, clear=clear)
        if not as_json:
            _say_how(file, found, columns)
        for lacking in checking.lacking(settings, ruleset):
            typer.echo(lacking, err=True)
        if dry_run:
            results.append(
                _foretold(file, checking.check(db, open_, settings, now=utc_now()), as_json=as_json)
            )
        else:
            results.append(_imported(db, file, settings, wait=wait, as_json=as_json))
    if as_json:
        print_json(results[0] if path.is_file() else results)
    if any(result.get("state") == JobState.FAILED for result in results):
        sys.exit(1)


@jobs_app.callback(invoke_without_command=True)
def list_jobs(context: typer.Context, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """The last jobs, the newest first."""
    if context.invoked_subcommand is not None:
        return
    _, db = open_db(data_dir, app="jobs")
    found = access.recent(db, whoever())
    if as_json:
        print_json([_told(job) for job in found])
        return
    headings = ("id", "what", "by", "started", "state", "done", "created", "changed", "unchanged", "refused")
    rows = (
        (
            job.id, job.title, job.by_name, job.created_at, job.state.value, f"{job.share:.0%}", job.created,
            job.changed - job.created, job.unchanged, job.refused,
        )
        for job in found
    )  # fmt: skip
    print_table("Jobs", headings, rows, zone=zone_of(db))


@jobs_app.command()
def undo(
    job: str,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it is done.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Take back what a job did, and nothing that happened since."""
    _, db = open_db(data_dir, app="jobs")
    id_ = access.undo(db, whoever(), job, now=utc_now())
    if wait:
        await_job(db, id_, quietly=False)
    typer.echo(f"job {id_}")


@jobs_app.command()
def stop(job: str, data_dir: DataDir = None) -> None:
    """Stop a job where it is; what it has done stays."""
    _, db = open_db(data_dir, app="jobs")
    access.stop(db, whoever(), job, now=utc_now())


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise NotSettled(f"there is no file {path}")
    files = sorted(found for found in path.iterdir() if found.is_file()) if path.is_dir() else [path]
    if not files:
        raise NotSettled(f"there is no file in {path}")
    return files


def _opener(path: Path) -> Opener:
    return lambda: path.open("rb")


def _format(open_: Opener, encoding: str, separator: str, sheet: str) -> Format:
    """How a file is written, as it is found out and corrected."""
    found = formats.detect(open_)
    if encoding:
        if encoding.lower() not in formats.ENCODINGS:
            raise NotSettled(f"--encoding {encoding}: one of {', '.join(formats.ENCODINGS)} is wanted")
        found = replace(found, encoding=encoding.lower())
    if separator:
        mark = "\t" if separator == "tab" else separator
        if mark not in formats.SEPARATORS:
            raise NotSettled(f"--separator {separator}: one of , ; | tab is wanted")
        found = replace(found, separator=mark)
    return replace(found, sheet=sheet) if sheet else found


def _columns(found: Opening, said: list[str]) -> dict[str, str]:
    """What each column fills: as it was said, else as it is guessed."""
    columns = {column.heading: column.target for column in found.columns}
    by_name = {plain(heading): heading for heading in columns}
    for entry in said:
        name, mark, target = entry.rpartition("=")
        if not mark:
            raise InvalidMapping(f"--map {entry}: COLUMN=FIELD is wanted")
        heading = name if name in columns else by_name.get(plain(name), name)
        columns = {known: "" if other == target else other for known, other in columns.items()}
        columns[heading] = target
    return columns


def _static(name: str, ruleset: Ruleset) -> str:
    """The id of a static segment, by its id or name; empty for none."""
    if not name:
        return ""
    static = [segment for segment in ruleset.segments.values() if not segment.dynamic]
    for segment in static:
        if name in (segment.id, segment.name):
            return segment.id
    known = ", ".join(segment.id for segment in static) or "none"
    raise NotSettled(f"--segment {name}: there is no such static segment; there are: {known}")


def _statement(said: str) -> Statement:
    """`newsletter=2026-01-31,form at the fair`: that all agreed, when and where."""
    channel, _, rest = said.partition("=")
    day, _, source = rest.partition(",")
    known: tuple[Channel, ...] = CHANNELS
    found = next((one for one in known if one == channel.strip()), None)
    try:
        on = date.fromisoformat(day.strip())
    except ValueError:
        on = None
    if found is None or on is None or not source.strip():
        raise NotSettled(
            f"--consent {said}: CHANNEL=DATE,SOURCE is wanted, such as newsletter=2026-01-31,form at the fair"
        )
    return Statement(found, on, source.strip())


def _question(undecided: checking.Undecided) -> str:
    heading, example = undecided.heading, undecided.ambiguous.example
    if undecided.ambiguous.what == "dates":
        return f"column {heading!r}: is {example} day/month or month/day? Say --dates dmy or --dates mdy"
    return (
        f"column {heading!r}: does {example or 'a comma'} divide decimals or thousands? Say --decimals , or ."
    )


def _say_how(file: Path, found: Opening, columns: dict[str, str]) -> None:
    typer.echo(f"{file.name}: {found.format}")
    for notice in found.notices:
        typer.echo(f"line {notice.line}: {notice.message}", err=True)
    print_table(
        "Columns", ("column", "fills"), ((h, target or "— left out") for h, target in columns.items())
    )


def _foretold(file: Path, checked: Checked, *, as_json: bool) -> Document:
    told: Document = {
        "file": file.name,
        "rows": checked.rows,
        **{name: checked.outcomes.get(name, 0) for name in ("created", "updated", "unchanged")},
        "refused": checked.refused,
        "problems": [asdict(found) for found in checked.problems],
        "preview": [asdict(row) for row in checked.preview],
    }
    if not as_json:
        _say_counts("would be", told)
        examples = ((c.label, c.count, e.line, e.message) for c in checked.problems for e in c.examples[:3])
        if checked.problems:
            print_table("Problems", ("what", "rows", "line", "for example"), examples)
    return told


def _imported(
    db: Database[Document], file: Path, settings: Settings, *, wait: bool, as_json: bool
) -> Document:
    id_ = uuid_utils.uuid7().hex
    with file.open("rb") as stream:
        imports.start(db, whoever(), stream, settings, name=file.name, id_=id_, now=utc_now())
    if not wait:
        if not as_json:
            typer.echo(f"job {id_}: the workers do it; see `sheets jobs`")
        return {"job": id_, "file": file.name, "state": "waiting"}
    job = await_job(db, id_, quietly=as_json)
    told = _told(job) | {"file": file.name, "refused_file": _written(db, job, file)}
    if not as_json:
        _say_counts("were", told)
        if job.failure:
            typer.echo(f"it ended before the file did: {job.failure}", err=True)
        if told["refused_file"]:
            typer.echo(f"refused rows, each with the reason: {told['refused_file']}")
    return told


def await_job(db: Database[Document], id_: str, *, quietly: bool) -> Job:
    """Wait until a job ends, telling how far it is."""
    said = ""
    while (job := jobs.job(db, id_)) is None or job.under_way:
        share = "" if job is None else f"{job.title}: {job.share:.0%}"
        if share != said and not quietly:
            typer.echo(share, err=True)
        said = share
        time.sleep(LOOK_EVERY)
    return job


def _written(db: Database[Document], job: Job, file: Path) -> str | None:
    """Write the refused rows beside where the command runs; the path, if there are any."""
    if not job.refused:
        return None
    path = Path.cwd() / f"{file.stem}.refused-{job.id[-6:]}.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        out.writelines(refusals.refused_file(db, job))
    return str(path)


def _told(job: Job) -> Document:
    return {
        "job": job.id,
        "kind": job.kind,
        "title": job.title,
        "by": job.by_name,
        "state": job.state.value,
        "created_at": job.created_at,
        "rows": job.done,
        "created": job.created,
        "updated": job.changed - job.created,
        "unchanged": job.unchanged,
        "refused": job.refused,
        "failure": job.failure,
        "undone_by": job.undone_by,
    }


def _say_counts(verb: str, told: Document) -> None:
    counts = ", ".join(f"{told[name]:,} {name}" for name in ("created", "updated", "unchanged", "refused"))
    typer.echo(f"of {told['rows']:,} rows {verb}: {counts}")
