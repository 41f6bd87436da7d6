"""Exports: contacts or activities of a list as a file, written in the background."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Literal

import msgspec

from engine.accounts.scopes import Scope
from engine.contacts.bulk.selection import Selection
from engine.contacts.listing.listing import DEFAULT_SORT, SORTS, Listing
from engine.exports import export_service
from engine.exports.export_files import FORMATS
from engine.exports.exporting import CHUNK, KIND, Export, Made, made_of
from engine.jobs import job_service
from engine.jobs.errors import JobNotFound
from engine.jobs.jobs import Job
from workers.collector.api.contact_values import contact_of
from workers.collector.api.errors import InvalidParameters
from workers.collector.api.jobs import JobView, Started, job_view, started
from workers.collector.api.operation import Call, Download, Example, Operation, Outcome, Reply

TAG = "Exports"
SCOPES = frozenset({Scope.EXPORTS})

MAX_CONTACTS = 1_000
"""Contacts that one export names by their keys; more are a list."""


class NewExport(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A file to write: of the contacts of a list (`where`, `q`), or of some `contacts` by their keys.

    `columns` are ids of the export's columns; none: all.  Of activities only some `types`, `from` a day
    `to` a day, included.
    """

    what: Literal["contacts", "activities"] = "contacts"
    format: Literal["csv", "xlsx", "parquet"] = "csv"
    columns: list[str] = []
    where: dict[str, Any] = {}
    q: str = ""
    sort: str = f"-{DEFAULT_SORT}"
    contacts: list[str] | None = None
    types: list[str] = []
    first: date | None = msgspec.field(default=None, name="from")
    last: date | None = msgspec.field(default=None, name="to")
    name: str = ""


class FileView(msgspec.Struct):
    """The file of an export: whose state it shows (`as_of`), and until when it can be downloaded."""

    name: str
    bytes: int
    rows: int
    as_of: datetime
    until: datetime


class ExportView(msgspec.Struct):
    """An export: its job, and its file once that is whole."""

    id: str
    job: JobView
    file: FileView | None


def _start(call: Call) -> Outcome:
    body: NewExport = call.body
    wanted = Export(
        what=body.what,
        format=body.format,
        columns=tuple(body.columns),
        selection=_selection(call, body),
        types=tuple(body.types),
        first=body.first,
        last=body.last,
        name=body.name.strip() or body.what,
    )
    return started(export_service.start(call.actor, wanted, id_=call.id("export")))


def _selection(call: Call, body: NewExport) -> Selection:
    if body.contacts is not None:
        if not 1 <= len(body.contacts) <= MAX_CONTACTS:
            raise InvalidParameters({"contacts": f"send 1 to {MAX_CONTACTS:,}, or `where` for a list"})
        return Selection(ids=tuple(contact_of(call.actor, key) for key in body.contacts))
    name = body.sort.removeprefix("-")
    if name not in SORTS:
        raise InvalidParameters({"sort": f"is unknown; there are: {', '.join(SORTS)}, each also with -"})
    return Selection(listing=Listing(body.where, body.q, name, body.sort.startswith("-")))


def _get(call: Call) -> Outcome:
    job = _job(call)
    return Reply(ExportView(job.id, job_view(call, job), _file(made_of(job))))


def _file(made: Made | None) -> FileView | None:
    return None if made is None else FileView(made.name, made.bytes, made.rows, made.as_of, made.until)


def _job(call: Call) -> Job:
    job = job_service.job(call.actor, call.path["export"])
    if job.kind != KIND:
        raise JobNotFound(job.id, "export")
    return job


def _download(call: Call) -> Outcome:
    made, file = export_service.download(call.actor, call.path["export"])
    format_ = made.name.rpartition(".")[2]
    media_type = FORMATS[format_].mime if format_ in FORMATS else "application/octet-stream"  # type: ignore[index]

    def chunks() -> Iterator[bytes]:
        while chunk := file.read(CHUNK):
            yield chunk

    return Download(made.name, media_type, chunks(), made.bytes)


OPERATIONS = (
    Operation(
        id="createExport",
        method="POST",
        path="/v1/exports",
        tag=TAG,
        summary="Start an export",
        about="The file is written in the background. Cells that a spreadsheet would run as a formula are "
        "made harmless, and importing the file gives the same contacts back.",
        scopes=SCOPES,
        body=NewExport,
        answer=Started,
        statuses={202: "The job was started"},
        creates=True,
        run=_start,
        example=Example(
            body={
                "format": "csv",
                "columns": ["email", "first_name"],
                "where": {"email": {"exists": True}},
            },
            headers={"Idempotency-Key": "nightly-2026-03-31"},
        ),
    ),
    Operation(
        id="getExport",
        method="GET",
        path="/v1/exports/{export}",
        tag=TAG,
        summary="Get an export and its progress",
        scopes=SCOPES,
        answer=ExportView,
        run=_get,
        example=Example(path={"export": "$EXPORT"}),
    ),
    Operation(
        id="downloadExport",
        method="GET",
        path="/v1/exports/{export}/file",
        tag=TAG,
        summary="Download the file of an export",
        about="It is kept for seven days. Each download is in the audit log.",
        scopes=SCOPES,
        media_type="application/octet-stream",
        run=_download,
        example=Example(path={"export": "$EXPORT"}),
    ),
)
