"""Remove what is stored of jobs only for a while: imported files, refused rows, contacts of bulk changes."""

from __future__ import annotations

from datetime import datetime

from engine.contacts.bulk import bulk_change
from engine.db import Db
from engine.imports import import_request, import_steps, refused_rows, stored_files
from engine.jobs import jobs


def expire(db: Db, *, now: datetime) -> int:
    """Remove the data of jobs that can no longer be undone; return of how many jobs.

    The history keeps the jobs with their counts.  Safe to run at any time.
    """
    expired = jobs.ended_before(db, [import_request.KIND, bulk_change.KIND], now - jobs.UNDO_FOR)
    for job in expired:
        stored_files.delete(db, job.id)
        stored_files.delete(db, f"{job.id}:repeats")  # of imports by older versions
        refused_rows.delete(db, job.id)
        import_steps.delete(db, job.id)
        db.job_items.delete_many({"job": job.id})
        jobs.note_cleared(db, job.id)
    stored_files.remove_orphaned_chunks(db, now=now)
    return len(expired)
