"""What is kept of long work for a while only: files, refused rows, and whom a change was about."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pymongo.database import Database

from engine.contacts.bulk import bulk_change
from engine.imports import import_request
from engine.jobs import jobs

Document = dict[str, Any]


def expire(db: Database[Document], *, now: datetime) -> int:
    """Let go of what belongs to jobs that can no longer be taken back; return how many jobs.

    The history keeps that they were, and what they came to.  Safe to be done at any time.
    """
    over = jobs.ended_before(db, [import_request.KIND, bulk_change.KIND], now - jobs.UNDO_FOR)
    for job in over:
        import_request.clear(db, job.id)
        db.job_items.delete_many({"job": job.id})
        jobs.note_cleared(db, job.id)
    import_request.remove_pieces(db, now=now)
    return len(over)
