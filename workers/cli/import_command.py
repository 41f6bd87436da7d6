"""`sheets import`: import files from the command line, as the import page does."""

from __future__ import annotations

import sys
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import Annotated, Literal, TextIO, cast

import typer
import uuid_utils

from engine.db import Db
from engine.domain.document import Document
from engine.imports import file_tags, import_request, import_service, preview, refused_rows
from engine.imports.mapping import undecided_columns
from engine.imports.mapping.cell_format import DateOrder, Decimals
from engine.imports.mapping.import_settings import BadCells, Mode
from engine.imports.mapping.kinds import KINDS, ImportKind
from engine.imports.mapping.state_words import Suppression
from engine.imports.reading.problems import UnreadableFile
from engine.imports.refused_rows import Listing
from engine.jobs.jobs import Job, JobState
from engine.rules import versions
from engine.segments import segment_service
from workers.cli import import_files
from workers.cli.import_files import Options, PreparedFile
from workers.cli.jobs import await_job, job_summary
from workers.cli.session import (
    AsJson,
    DataDir,
    cli_actor,
    open_db,
    print_json,
    print_table,
    shown,
    zone_of,
)

app = typer.Typer()


@app.command("import")
def import_(
    path: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="A CSV, TSV, .gz, XLSX or Parquet file, or a folder of them."),
    ],
    kind: Annotated[
        Literal["contacts", "orders", "activities", ""],
        typer.Option(help="What the file has; default: guessed from its headings."),
    ] = "",
    type_: Annotated[
        str, typer.Option("--type", help="The type of all activities, if no column has it.")
    ] = "",
    map_: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="COLUMN=FIELD",
            help="The field of a column; without a field the column is left out.",
        ),
    ] = None,
    mode: Annotated[Mode, typer.Option(help="Create new contacts, update existing ones, or both.")] = "both",
    empty: Annotated[
        Literal["keep", "clear"], typer.Option(help="Keep or clear the field of an empty cell.")
    ] = "keep",
    bad_cells: Annotated[
        BadCells,
        typer.Option(help="Leave out a cell that cannot be read (it is listed), or refuse its row."),
    ] = "leave-out",
    segment: Annotated[
        str, typer.Option(help="Add all contacts to this static segment, by ID or name.")
    ] = "",
    consent: Annotated[
        list[str] | None,
        typer.Option(
            "--consent",
            metavar="CHANNEL=DATE,SOURCE",
            help="Everyone in the file opted in to newsletter or sms: date and source.",
        ),
    ] = None,
    suppress: Annotated[
        Literal["bounced", "complained", "blocked", "unsubscribed", ""],
        typer.Option(help="Everyone in the file must not be written to: what their addresses are."),
    ] = "",
    new_field: Annotated[
        list[str] | None,
        typer.Option(
            "--new-field",
            metavar="COLUMN[:TYPE]",
            help="Create a custom field for a column (admin): text, number, boolean, date or list.",
        ),
    ] = None,
    dates: Annotated[
        Literal["dmy", "mdy", ""], typer.Option(help="The order of dates such as 3/4/2026.")
    ] = "",
    decimals: Annotated[Literal[",", ".", ""], typer.Option(help="The decimal separator.")] = "",
    encoding: Annotated[
        str, typer.Option(metavar="NAME", help="The encoding, such as windows-1250; default: detected.")
    ] = "",
    separator: Annotated[str, typer.Option(help="The separator, `tab` for a tab; default: detected.")] = "",
    sheet: Annotated[
        str, typer.Option(metavar="NAME", help="The sheet of a workbook; default: the one with the data.")
    ] = "",
    header_row: Annotated[
        int | None,
        typer.Option(
            "--header-row",
            min=0,
            metavar="N",
            help="The line of the headings, 0 for none; default: detected.",
        ),
    ] = None,
    new_segments: Annotated[
        bool, typer.Option("--new-segments", help="Create a static segment for each tag that is none yet.")
    ] = False,
    preset: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="The tool that exported the file, such as klaviyo, or none; default: recognised.",
        ),
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the result without writing anything.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it is done.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Import contacts, orders or activities from a file; columns are matched by their headings."""
    _, db = open_db(data_dir, app="import")
    options = Options(
        mappings=map_ or [],
        mode=mode,
        clears=empty == "clear",
        bad_cells=bad_cells,
        segment=segment,
        consents=consent or [],
        suppressed=cast(Suppression, suppress) or None,
        new_fields=new_field or [],
        dates=cast(DateOrder, dates) or None,
        decimals=cast(Decimals, decimals) or None,
        encoding=encoding,
        separator=separator,
        sheet=sheet,
        header_row=header_row,
        kind=cast(ImportKind, kind) or None,
        activity_type=type_,
        preset=preset,
    )
    batch = import_files.prepare(db, path, options, dry_run=dry_run)
    results = [_skipped(file, error) for file, error in batch.unreadable]
    for prepared in batch.prepared:
        if not as_json:
            _print_mapping(prepared)
        _name_addresses(prepared)
        if not prepared.inspection.sample:
            typer.echo(f"{prepared.file.name} has headings but no rows", err=True)
        earlier = _imported_before(db, prepared)
        for warning in preview.missing_transitions(prepared.settings, versions.current(db)):
            typer.echo(warning, err=True)
        made = _new_segments(db, prepared, dry_run=dry_run) if new_segments else []
        if dry_run:
            result = _preview(db, prepared, as_json=as_json)
        else:
            result = _import(db, prepared, wait=wait, as_json=as_json)
        results.append({**result, "new_segments": made, "imported_before": earlier})
    if as_json:
        print_json(results[0] if path.is_file() else results)
    if any(result.get("state") == JobState.FAILED for result in results):
        sys.exit(1)


def _new_segments(db: Db, prepared: PreparedFile, *, dry_run: bool) -> list[str]:
    """Create the static segments of the tags that are none; return their names."""
    names = file_tags.new_tags(prepared.opener, prepared.settings, versions.current(db))
    if names:
        verb = "would be created" if dry_run else "were created"
        typer.echo(f"{len(names):,} new segments {verb}: {', '.join(names)}", err=True)
    if not dry_run:
        segment_service.create_static_for(cli_actor(db), names)
    return names


def _skipped(file: Path, error: UnreadableFile) -> Document:
    typer.echo(f"{file.name} is left out: {error}", err=True)
    return {"file": file.name, "state": JobState.FAILED, "failure": str(error)}


def _print_mapping(prepared: PreparedFile) -> None:
    found = prepared.inspection
    preset = f" (preset {found.preset})" if found.preset else ""
    tool = f" from {found.tool}{preset}" if found.tool else ""
    typer.echo(f"{prepared.file.name}: {KINDS[found.kind].label.lower()}{tool}, {found.format}")
    for notice in prepared.inspection.notices:
        typer.echo(f"line {notice.line}: {notice.message}", err=True)
    for line, words in found.accented():
        typer.echo(f"line {line}, as it is read: {words}")
    print_table(
        "Columns",
        ("column", "fills"),
        ((h, target or "— left out") for h, target in prepared.settings.columns.items()),
    )


def _name_addresses(prepared: PreparedFile) -> None:
    """Print which columns of addresses are left out beside the one that is imported."""
    headings = [column.heading for column in prepared.inspection.columns]
    sample = prepared.inspection.sample
    for heading in undecided_columns.address_columns(headings, sample, prepared.settings):
        typer.echo(f"column {heading!r} holds email addresses and is left out", err=True)


def _imported_before(db: Db, prepared: PreparedFile) -> Document | None:
    """Print that the same content was imported before, if it was; return that import."""
    size = prepared.file.stat().st_size
    earlier = import_service.imported_before(cli_actor(db), prepared.opener, size=size)
    if earlier is None:
        return None
    when = shown(earlier.created_at, zone_of(db))
    typer.echo(import_request.describe_earlier(earlier, when=when), err=True)
    return {**job_summary(earlier), "file": earlier.wanted["file"]}


def _preview(db: Db, prepared: PreparedFile, *, as_json: bool) -> Document:
    found = import_service.preview(cli_actor(db), prepared.opener, prepared.settings)
    result: Document = {
        "file": prepared.file.name,
        "format": str(prepared.settings.format),
        "accented": [{"line": line, "text": text} for line, text in prepared.inspection.accented()],
        "contents": prepared.settings.kind,
        "tool": prepared.inspection.tool,
        "preset": prepared.inspection.preset,
        "rows": found.rows,
        **{name: found.outcomes.get(name, 0) for name in ("created", "updated", "unchanged")},
        "refused": found.refused,
        "left_out": found.left_out,
        "tags": [asdict(tag) for tag in found.tags],
        "problems": [asdict(problem) for problem in found.problems],
        "preview": [asdict(row) for row in found.preview],
    }
    if not as_json:
        _print_counts("would be", result)
        examples = ((c.label, c.count, e.line, e.message) for c in found.problems for e in c.examples[:3])
        if found.tags:
            new = len(found.new_tags)
            typer.echo(f"tags: {len(found.tags):,} segments, {new:,} new (--new-segments creates them)")
        if found.problems:
            print_table("Problems", ("what", "rows", "line", "for example"), examples)
    return result


def _import(db: Db, prepared: PreparedFile, *, wait: bool, as_json: bool) -> Document:
    id_, file = uuid_utils.uuid7().hex, prepared.file
    with file.open("rb") as stream:
        import_service.start(cli_actor(db), stream, prepared.settings, name=file.name, id_=id_)
    if not wait:
        if not as_json:
            typer.echo(f"job {id_}: in progress; see `sheets jobs`")
        return {"job": id_, "file": file.name, "contents": prepared.settings.kind, "state": "waiting"}
    job = await_job(db, id_, quietly=as_json)
    result = job_summary(job) | {
        "file": file.name,
        "contents": prepared.settings.kind,
        "refused_file": _write(db, job, refused_rows.REFUSED) if job.refused else None,
        "left_out": (left_out := import_service.left_out(cli_actor(db), id_, limit=1)[0]),
        "left_out_file": _write(db, job, refused_rows.LEFT_OUT) if left_out else None,
    }
    if not as_json:
        _print_counts("were", result)
        if job.failure:
            typer.echo(f"the import stopped early: {job.failure}", err=True)
        if result["refused_file"]:
            typer.echo(f"refused rows, each with the reason: {result['refused_file']}")
        if result["left_out_file"]:
            typer.echo(f"rows with cells that were left out: {result['left_out_file']}")
    return result


def _write(db: Db, job: Job, of: Listing) -> str:
    """Write the refused rows, or those without some cells, to a new file here; return its name."""
    name, lines = import_service.refused_file(cli_actor(db), job.id, of=of)
    with _new_file(name) as out:
        out.writelines(lines)
    return out.name


def _new_file(name: str) -> TextIO:
    """Open a new file of this name, with a number added if it exists already."""
    path = first = Path.cwd() / name
    numbers = count(2)
    while True:
        try:
            return path.open("x", encoding="utf-8", newline="")
        except FileExistsError:
            path = first.with_stem(f"{first.stem} ({next(numbers)})")


def _print_counts(verb: str, result: Document) -> None:
    counts = ", ".join(f"{result[name]:,} {name}" for name in ("created", "updated", "unchanged", "refused"))
    typer.echo(f"of {result['rows']:,} {KINDS[result['contents']].rows} {verb}: {counts}")
    if result["left_out"]:
        typer.echo(f"{result['left_out']:,} of them {verb} imported without cells that cannot be read")
