"""Imports: a file is uploaded, its settings are decided, it is previewed, started and can be undone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from functools import partial

from engine.accounts.scopes import Scope
from engine.errors import StoredFileNotFound
from engine.imports import draft_service, import_service
from engine.imports.drafts import Draft, Upload
from engine.imports.stored_files import CHUNK
from engine.jobs import job_service
from workers.collector.api import parameters
from workers.collector.api.errors import InvalidParameters
from workers.collector.api.import_drafts import DraftView, SettingsChange, prepare, view_of
from workers.collector.api.import_views import ImportView, PreviewRunView, preview_view
from workers.collector.api.jobs import Started, job_view, started
from workers.collector.api.operation import Call, Download, Example, InThread, Operation, Outcome, Reply

TAG = "Imports"
SCOPES = frozenset({Scope.IMPORTS})


async def _receive(call: Call, chunks: AsyncIterator[bytes], in_thread: InThread) -> str:
    """Store the file; what breaks off leaves nothing."""
    id_, upload = await in_thread(partial(draft_service.begin, call.actor, call.query["name"]))
    try:
        size = await _store(upload, chunks, in_thread)
        if not size:
            raise InvalidParameters({"body": "is empty; send the file as it is"})
        await in_thread(upload.finish)
    except BaseException:
        await in_thread(upload.abort)
        raise
    return str(id_)


async def _store(upload: Upload, chunks: AsyncIterator[bytes], in_thread: InThread) -> int:
    buffer, size = bytearray(), 0
    async for part in chunks:
        buffer += part
        size += len(part)
        if len(buffer) >= CHUNK:
            await in_thread(partial(upload.write, bytes(buffer)))
            buffer.clear()
    await in_thread(partial(upload.write, bytes(buffer)))
    return size


def _create(call: Call) -> Outcome:
    id_: str = call.body
    try:
        draft = _prepared(call, id_, SettingsChange())
    except BaseException:
        draft_service.discard(call.actor, id_)
        raise
    return Reply(ImportView(id_, draft, None), 201, headers={"Location": f"/v1/imports/{id_}"})


def _prepared(call: Call, id_: str, change: SettingsChange) -> DraftView:
    draft = draft_service.draft(call.actor, id_)
    prepared = prepare(call.actor, draft, change)
    draft_service.store_settings(call.actor, id_, prepared.settings)
    return view_of(draft, prepared)


def _get(call: Call) -> Outcome:
    return Reply(_view(call, call.path["import"]))


def _view(call: Call, id_: str) -> ImportView:
    draft = _draft(call, id_)
    if draft is not None:
        return ImportView(id_, view_of(draft, prepare(call.actor, draft, SettingsChange())), None)
    return ImportView(id_, None, job_view(call, import_service.import_job(call.actor, id_)))


def _draft(call: Call, id_: str) -> Draft | None:
    """The file while it is being prepared; None once it is imported."""
    try:
        return draft_service.draft(call.actor, id_)
    except StoredFileNotFound:
        return None


def _settings(call: Call) -> Outcome:
    id_ = call.path["import"]
    return Reply(ImportView(id_, _prepared(call, id_, call.body), None))


def _preview(call: Call) -> Outcome:
    run = draft_service.preview(call.actor, call.path["import"])
    result = None if run.result is None else preview_view(run.result)
    return Reply(PreviewRunView(job_view(call, run.job), result), 200 if result is not None else 202)


def _start(call: Call) -> Outcome:
    id_ = call.path["import"]
    draft = _draft(call, id_)
    if draft is None:  # started before: the same answer
        return started(import_service.import_job(call.actor, id_).id)
    prepared = prepare(call.actor, draft, SettingsChange())
    if prepared.undecided:
        raise InvalidParameters({"settings": "; ".join(prepared.undecided)})
    return started(draft_service.start(call.actor, id_, prepared.settings))


def _discard(call: Call) -> Outcome:
    draft_service.discard(call.actor, call.path["import"])
    return Reply(None, 204)


def _refused(call: Call) -> Outcome:
    name, lines = import_service.refused_file(call.actor, call.path["import"])
    return Download(name, "text/csv; charset=utf-8", _encoded(lines))


def _encoded(lines: Iterator[str]) -> Iterator[bytes]:
    return (line.encode() for line in lines)


def _undo(call: Call) -> Outcome:
    job = import_service.import_job(call.actor, call.path["import"])
    if job.undone_by is not None:
        return started(job.undone_by)
    return started(job_service.undo(call.actor, job.id))


_IMPORT: Mapping[str, str] = {"import": "$IMPORT"}

OPERATIONS: Sequence[Operation] = (
    Operation(
        id="createImport",
        method="POST",
        path="/v1/imports",
        tag=TAG,
        summary="Upload a file to import",
        about="The body is the file as it is: CSV, TSV, either gzipped, XLSX or Parquet, up to 1 GB. The "
        "answer has the guessed targets of its columns, and what is undecided. Nothing is imported yet; a "
        "file that is not started is discarded after two days.",
        scopes=SCOPES,
        query=(parameters.text("name", "The name of the file.", required=True),),
        upload=_receive,
        answer=ImportView,
        statuses={201: "The file was stored"},
        creates=True,
        run=_create,
        example=Example(
            query={"name": "spring-fair.csv"},
            file="Email,First name\ncleo@example.com,Cleo\ndora@example.com,Dora\n",
            headers={"Idempotency-Key": "spring-fair"},
        ),
    ),
    Operation(
        id="getImport",
        method="GET",
        path="/v1/imports/{import}",
        tag=TAG,
        summary="Get an import",
        about="Its settings until it is started, then its job.",
        scopes=SCOPES,
        answer=ImportView,
        run=_get,
        example=Example(path=_IMPORT),
    ),
    Operation(
        id="changeImport",
        method="PATCH",
        path="/v1/imports/{import}",
        tag=TAG,
        summary="Change the settings of an import",
        scopes=SCOPES,
        body=SettingsChange,
        answer=ImportView,
        run=_settings,
        example=Example(path=_IMPORT, body={"columns": {"First name": "first_name"}, "mode": "create"}),
    ),
    Operation(
        id="previewImport",
        method="POST",
        path="/v1/imports/{import}/preview",
        tag=TAG,
        summary="Preview an import",
        about="A job reads the whole file and writes nothing. Ask again until it answers 200: the preview "
        "starts once as long as the settings do not change.",
        scopes=SCOPES,
        answer=PreviewRunView,
        statuses={200: "The preview is done", 202: "The preview is under way"},
        run=_preview,
        example=Example(path=_IMPORT),
    ),
    Operation(
        id="startImport",
        method="POST",
        path="/v1/imports/{import}/start",
        tag=TAG,
        summary="Start an import",
        about="It starts once, however often it is asked for.",
        scopes=SCOPES,
        answer=Started,
        statuses={202: "The job was started"},
        creates=True,
        run=_start,
        example=Example(path=_IMPORT),
    ),
    Operation(
        id="downloadRefusedRows",
        method="GET",
        path="/v1/imports/{import}/refused",
        tag=TAG,
        summary="Download the refused rows of an import",
        about="As a CSV file with the line and the reason added; once fixed it can be imported as it is.",
        scopes=SCOPES,
        media_type="text/csv",
        run=_refused,
        example=Example(path=_IMPORT),
    ),
    Operation(
        id="undoImport",
        method="POST",
        path="/v1/imports/{import}/undo",
        tag=TAG,
        summary="Undo an import",
        about="What was changed since stays. It is undone once, however often it is asked for.",
        scopes=SCOPES,
        answer=Started,
        statuses={202: "The job was started"},
        creates=True,
        run=_undo,
        example=Example(path=_IMPORT),
    ),
    Operation(
        id="discardImport",
        method="DELETE",
        path="/v1/imports/{import}",
        tag=TAG,
        summary="Discard a file that is not imported",
        scopes=SCOPES,
        statuses={204: "It is gone"},
        run=_discard,
        example=Example(path={"import": "$DRAFT"}),
    ),
)
