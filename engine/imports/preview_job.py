"""The preview of a draft as a job: the workers do it, whether the user stays on the page or not.

The result is stored with the draft; nothing of the file is.  If the worker is killed, another one starts
the preview over.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from engine.accounts.permissions import Permission
from engine.db import Db
from engine.db.connection import utc_now
from engine.domain.document import Document
from engine.errors import WorkStopped
from engine.imports import drafts, preview, stored_files
from engine.imports.drafts import Draft
from engine.imports.mapping.import_settings import ImportSettings
from engine.imports.preview import Preview, PreviewRow
from engine.imports.reading.read_progress import ReadProgress
from engine.jobs import job_lease, jobs
from engine.jobs.jobs import Job, Step
from engine.jobs.kinds import JobKind, Work, register
from engine.rules import versions

KIND = "import-check"

REPORT_EVERY = 1.0
"""Seconds between two updates of the progress."""

MAX_SHOWN = 300
"""Characters of a value in the first rows: a document in MongoDB has a limit."""

_DONE = "done"
_DECODER = msgspec.json.Decoder(Preview)


@dataclass(frozen=True)
class PreviewRun:
    """The job of a preview, and its result once it is done."""

    job: Job
    result: Preview | None = None


def start(
    db: Db, draft: Draft, settings: ImportSettings, *, by: str, by_name: str, now: datetime
) -> PreviewRun:
    """Start the preview of a draft, once as long as neither its settings nor the rules change.

    A preview with earlier settings is cancelled.
    """
    encoded = settings.encode()
    digest = hashlib.blake2b(f"{encoded}\n{versions.current_number(db)}".encode(), digest_size=12).hexdigest()
    id_ = f"{drafts.preview_prefix(draft.id)}{digest}"
    if (job := jobs.job(db, id_)) is None:
        drafts.cancel_previews(db, draft.id)
        options: Document = {"draft": draft.id, "settings": encoded, "size": draft.size}
        job = Job(id_, KIND, f"Check of {draft.name}", by, by_name, created_at=now, wanted=options)
        jobs.add(db, job)
    stored = drafts.preview_result(db, draft.id, id_)
    return PreviewRun(job, None if stored is None else _DECODER.decode(stored))


def work_of(db: Db, job: Job) -> Work:
    """Return the work of a job."""
    return _PreviewDraft(db, job)


class _PreviewDraft:
    """Previews a draft in one step; its progress is counted in bytes of the file."""

    def __init__(self, db: Db, job: Job) -> None:
        self._db, self._job = db, job
        self._draft = str(job.wanted["draft"])
        self._progress = ReadProgress(stored_files.opener(db, self._draft))
        self._last_report = time.monotonic()

    def total(self) -> int:
        return max(int(self._job.wanted["size"]), 1)

    def step(self, cursor: str, *, now: datetime) -> Step | None:
        """Preview the file; return None if that is done, or the draft is gone."""
        if cursor == _DONE or not drafts.exists(self._db, self._draft):
            return None
        settings = ImportSettings.decode(self._job.wanted["settings"])
        try:
            result = preview.preview(self._db, self._progress, settings, now=now, go_on=self._go_on)
        except WorkStopped:
            return Step(cursor, 0)
        drafts.store_preview(self._db, self._draft, self._job.id, _encode(result))
        job_lease.reach(self._db, self._job, self.total(), now=utc_now())
        made: Document = {str(outcome): count for outcome, count in result.outcomes.items()}
        made |= {"refused": result.refused, "rows": result.rows}
        return Step(_DONE, 0, made=made)

    def _go_on(self) -> bool:
        """Report the progress from time to time; return false once the job was stopped."""
        if time.monotonic() - self._last_report < REPORT_EVERY:
            return True
        self._last_report = time.monotonic()
        return job_lease.reach(self._db, self._job, min(self._progress.read, self.total()), now=utc_now())


def _encode(result: Preview) -> str:
    rows = [_shortened(row) for row in result.preview]
    return msgspec.json.encode(replace(result, preview=rows)).decode()


def _shortened(row: PreviewRow) -> PreviewRow:
    values = {
        name: f"{value[:MAX_SHOWN]}…" if isinstance(value, str) and len(value) > MAX_SHOWN else value
        for name, value in row.values.items()
    }
    return replace(row, values=values)


register(
    JobKind(
        id=KIND,
        work=work_of,
        permission=Permission.IMPORT,
        acts=("", "stopped checking a file"),
        listed=False,
    )
)
