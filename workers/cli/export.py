"""Commands that export contacts and activities to a file."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path
from typing import Annotated, cast

import typer
import uuid_utils

from engine.contacts.bulk.selection import Selection
from engine.contacts.listing.listing import Listing
from engine.db import Db
from engine.domain.document import Document
from engine.domain.reachability import receiving
from engine.errors import Invalid
from engine.exports import export_columns, export_service, suppression_list
from engine.exports.column import What
from engine.exports.export_files import FORMATS, FileFormat
from engine.exports.exporting import Export
from engine.exports.suppression_list import FORMS, REASONS
from engine.jobs.jobs import Job, JobState
from engine.rules import versions
from workers.cli.errors import FileNotWritable, InvalidOption
from workers.cli.jobs import await_job
from workers.cli.look import filters_of
from workers.cli.session import AsJson, DataDir, cli_actor, open_db, print_json, print_table

app = typer.Typer()
export_app = typer.Typer(help="Export contacts or activities to a file.")
app.add_typer(export_app, name="export")


To = Annotated[
    Path, typer.Option("--to", metavar="FILE", help="The file to write; its extension sets the format.")
]
Where = Annotated[str, typer.Option(help='Filter as JSON: \'{"newsletter": "subscribed"}\'; default: all.')]
Search = Annotated[str, typer.Option(help="Search by the beginning of an email, phone number, name or ID.")]
InSegment = Annotated[
    str, typer.Option("--segment", help="Only the members of a segment, by its ID or name.")
]
Columns = Annotated[
    str, typer.Option(help="Columns, separated by commas; default: all (see `sheets export columns`).")
]
AsFormat = Annotated[
    str, typer.Option("--format", help="csv, xlsx or parquet; default: by the file's extension.")
]


@export_app.command("contacts")
def export_contacts(
    to: To,
    where: Where = "{}",
    search: Search = "",
    segment: InSegment = "",
    can_receive: Annotated[
        str,
        typer.Option(help="Only those who can receive this: email, newsletter, sms, push, topic_…"),
    ] = "",
    columns: Columns = "",
    format_: AsFormat = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Export contacts to a file that `sheets import` accepts unchanged."""
    _, db = open_db(data_dir, app="export")
    listing = _listing(db, where, search, segment)
    if can_receive:
        listing = listing.also(receiving(can_receive, versions.current(db)))
    wanted = Export(
        "contacts", _format(to, format_), _columns(columns), Selection(listing=listing), name=to.stem
    )
    _write(db, wanted, to, as_json=as_json)


@export_app.command("activities")
def export_activities(
    to: To,
    where: Where = "{}",
    search: Search = "",
    segment: InSegment = "",
    type_: Annotated[
        list[str] | None, typer.Option("--type", help="Only this type; may be repeated.")
    ] = None,
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="From this day on.")] = None,
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Up to this day.")] = None,
    columns: Columns = "",
    format_: AsFormat = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Export activities to a file, one a row."""
    _, db = open_db(data_dir, app="export")
    wanted = Export(
        "activities",
        _format(to, format_),
        _columns(columns),
        Selection(listing=_listing(db, where, search, segment)),
        tuple(type_ or ()),
        None if since is None else since.date(),
        None if until is None else until.date(),
        name=to.stem,
    )
    _write(db, wanted, to, as_json=as_json)


@export_app.command("suppressions")
def export_suppressions(
    to: To,
    for_: Annotated[
        str, typer.Option("--for", metavar="SENDER", help=f"The form of a sender: {', '.join(FORMS)}.")
    ] = "plain",
    only: Annotated[
        list[str] | None, typer.Option("--only", help=f"{', '.join(REASONS)}; may be repeated.")
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Export who must not be written to by email, as CSV in the form that another sender takes."""
    _, db = open_db(data_dir, app="export")
    parts = suppression_list.as_csv(cli_actor(db), for_, only or REASONS)
    rows, beside = 0, to.with_name(f"{to.name}.part")
    try:
        with beside.open("w", newline="", encoding="utf-8") as out:
            for part in parts:
                out.write(part)
                rows += part.count("\r\n")
        beside.replace(to)
    except OSError as error:
        raise FileNotWritable(to, error) from None
    addresses = rows - FORMS[for_].headed
    if as_json:
        print_json({"file": str(to), "addresses": addresses})
    else:
        typer.echo(f"{addresses:,} addresses in {to}")


@export_app.command("columns")
def list_columns(
    what: Annotated[str, typer.Argument(help="contacts or activities")] = "contacts",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List the columns of an export."""
    if what not in ("contacts", "activities"):
        raise Invalid(f"{what!r} cannot be exported: contacts or activities are wanted")
    _, db = open_db(data_dir, app="export")
    found = export_columns.offered(cast(What, what), versions.current(db)).values()
    if as_json:
        print_json([{"id": column.id, "label": column.label, "kind": column.kind} for column in found])
        return
    print_table("Columns", ("id", "label", "kind"), ((c.id, c.label, c.kind) for c in found))


def _format(to: Path, option: str) -> FileFormat:
    """The format of the option, else of the file's extension."""
    name = option or to.suffix.lstrip(".").lower()
    if name not in FORMATS:
        asked = f"--format {option}" if option else f"--to {to}"
        formats = ", ".join(FORMATS)
        raise InvalidOption(asked, f"one of {formats} is wanted, as --format or as the file's ending")
    return cast(FileFormat, name)


def _columns(option: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in option.split(",") if name.strip())


def _listing(db: Db, where: str, search: str, segment: str) -> Listing:
    listing = Listing(where=filters_of(where), search=search)
    if not segment:
        return listing
    segments = versions.current(db).segments.values()
    found = next((known.id for known in segments if segment in (known.id, known.name)), None)
    if found is None:
        known_ids = ", ".join(known.id for known in segments) or "none"
        raise InvalidOption(f"--segment {segment}", f"there is no such segment; there are: {known_ids}")
    return listing.also({"segments": {"has_any": [found]}})


def _write(db: Db, wanted: Export, to: Path, *, as_json: bool) -> None:
    if not to.parent.is_dir():
        raise InvalidOption(f"--to {to}", f"there is no folder {to.parent}")
    id_ = uuid_utils.uuid7().hex
    export_service.start(cli_actor(db), wanted, id_=id_)
    job = await_job(db, id_, quietly=as_json)
    if job.state != JobState.DONE:
        typer.echo(f"sheets: {job.failure or 'the export was stopped'}", err=True)
        raise typer.Exit(1)
    result = _fetched(db, job, to)
    if as_json:
        print_json(result)
    else:
        typer.echo(f"{result['rows']:,} {wanted.what} in {to} ({result['bytes']:,} bytes)")


def _fetched(db: Db, job: Job, to: Path) -> Document:
    """Copy the exported file to `to`; an incomplete copy has another name."""
    made, stream = export_service.download(cli_actor(db), job.id)
    beside = to.with_name(f"{to.name}.part")
    try:
        with beside.open("wb") as out:
            shutil.copyfileobj(stream, out, length=1024**2)
        beside.replace(to)
    except OSError as error:
        raise FileNotWritable(to, error) from None
    return {
        "job": job.id, "file": str(to), "rows": made.rows, "bytes": made.bytes, "contacts": job.done,
        "as_of": made.as_of,
    }  # fmt: skip
