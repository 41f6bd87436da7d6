"""The check of a whole file as a job: the workers do it, whoever leaves the page, and what it found
is kept with the draft.

It writes nothing of the file.  A worker that is killed over it leaves it to the next, which
begins anew.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec
from pymongo.database import Database

from engine.accounts.permissions import Permission
from engine.db.connection import utc_now
from engine.imports import drafts, importing, preview
from engine.imports.drafts import Draft
from engine.imports.mapping import settings
from engine.imports.mapping.settings import Settings
from engine.imports.preview import Checked, Preview
from engine.imports.reading.watched import Watched
from engine.imports.rows.judging import StoppedMeanwhile
from engine.jobs import jobs
from engine.jobs.jobs import Job, Step
from engine.jobs.kinds import JobKind, Work, register
from engine.rules import rulesets

Document = dict[str, Any]

KIND = "import-check"

TOLD_EVERY = 1.0
"""Seconds between two notes of how far it is."""

LONGEST = 300
"""Characters that are kept of a value that is shown as it would be stored."""

_DONE = "done"


@dataclass(frozen=True)
class Check:
    """The check of a file, and what it found once it is done."""

    job: Job
    found: Checked | None = None


def begin(
    db: Database[Document], draft: Draft, wanted: Settings, *, by: str, by_name: str, now: datetime
) -> Check:
    """Let a file be checked, once as long as neither its settings nor the rules change; say how far it is.

    A check of the file as it was settled before is given up.
    """
    encoded = settings.encode(wanted)
    digest = hashlib.blake2b(f"{encoded}\n{rulesets.current_number(db)}".encode(), digest_size=12).hexdigest()
    id_ = f"{drafts.checks_of(draft.id)}{digest}"
    if (there := jobs.job(db, id_)) is None:
        drafts.forget_checks(db, draft.id)
        said = {"draft": draft.id, "settings": encoded, "size": draft.size}
        there = Job(id_, KIND, f"Check of {draft.name}", by, by_name, created_at=now, wanted=said)
        jobs.add(db, there)
    return Check(there, _found(db, draft.id, id_))


def work_of(db: Database[Document], job: Job) -> Work:
    """What a job of this kind does."""
    return _Checking(db, job)


class _Checking:
    """A file, read whole in one go; what is done of it is counted in bytes."""

    def __init__(self, db: Database[Document], job: Job) -> None:
        self._db, self._job = db, job
        self._draft = str(job.wanted["draft"])
        self._watched = Watched(importing.stored(db, self._draft))
        self._said = time.monotonic()

    def total(self) -> int:
        return max(int(self._job.wanted["size"]), 1)

    def step(self, cursor: str, *, now: datetime) -> Step | None:
        """Check the file; unset if that is done, or nobody wants the file any more."""
        if cursor == _DONE or not drafts.is_kept(self._db, self._draft):
            return None
        wanted = settings.decode(self._job.wanted["settings"])
        try:
            found = preview.check(self._db, self._watched, wanted, now=now, go_on=self._go_on)
        except StoppedMeanwhile:
            return Step(cursor, 0)
        drafts.keep_findings(self._db, self._draft, self._job.id, _encode(found))
        jobs.reach(self._db, self._job, self.total(), now=utc_now())
        made: Document = {str(outcome): count for outcome, count in found.outcomes.items()}
        made |= {"refused": found.refused, "rows": found.rows}
        return Step(_DONE, 0, made=made)

    def _go_on(self) -> bool:
        """Tell from time to time how far it is; false once it was stopped."""
        if time.monotonic() - self._said < TOLD_EVERY:
            return True
        self._said = time.monotonic()
        return jobs.reach(self._db, self._job, min(self._watched.read, self.total()), now=utc_now())


_DECODER = msgspec.json.Decoder(Checked)


def _found(db: Database[Document], draft: str, job: str) -> Checked | None:
    kept = drafts.findings(db, draft, job)
    return None if kept is None else _DECODER.decode(kept)


def _encode(found: Checked) -> str:
    shown = [_short(row) for row in found.preview]
    return msgspec.json.encode(replace(found, preview=shown)).decode()


def _short(row: Preview) -> Preview:
    """A row whose long values are cut: a document in MongoDB has a limit."""
    values = {
        name: f"{value[:LONGEST]}…" if isinstance(value, str) and len(value) > LONGEST else value
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
