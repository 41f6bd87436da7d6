"""A job as it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import mongoengine as me

from engine.db.documents.fields import Moment, PlainData
from engine.db.documents.stored import Stored

MAX_FAILURE = 500
"""Characters that are kept of why a job failed."""


class JobState(StrEnum):
    """How far a job has come."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


class StoredJob(Stored):
    """Long work, and how far it is; what most fields mean says `engine.jobs.jobs.Job`.

    Parameters:
      holder, claimed_until: The worker that holds the lease, and the end of the lease.
      attempts: Holders in a row that began its next step and did not end it.
      applied: Activities that its steps have applied themselves.
      rules, erasures: A step that knows of an older version of the rules, or of fewer erasures, is void.
      dismissed: Whether who began it wants to see no more of it.
      cleared: Whether all that was kept for it besides this row is gone.
    """

    meta = {
        "collection": "jobs",
        "indexes": [
            {"fields": ["kind", "-created_at", "-_id"]},
            {"fields": ["by", "-finished_at"]},
            {
                "fields": ["created_at"],
                "partialFilterExpression": {"state": {"$in": ["waiting", "running"]}},
                "name": "under_way",
            },
        ],
    }
    id: str = me.StringField(primary_key=True)
    kind: str = me.StringField(required=True)
    title: str = me.StringField(required=True)
    by: str = me.StringField(required=True)
    by_name: str = me.StringField(required=True)
    created_at: datetime = Moment(required=True)
    wanted: Mapping[str, Any] = PlainData(required=True)
    undoes: str | None = me.StringField(null=True)

    state: JobState = me.EnumField(JobState, required=True)
    cursor: str | None = me.StringField()
    total: int | None = me.IntField(min_value=0)
    done: int = me.IntField(required=True, min_value=0)
    unchanged: int | None = me.IntField(min_value=0)
    refused: int | None = me.IntField(min_value=0)
    created: int | None = me.IntField(min_value=0)
    made: Mapping[str, Any] | None = PlainData()
    started_at: datetime | None = Moment()
    finished_at: datetime | None = Moment()
    failure: str | None = me.StringField(max_length=MAX_FAILURE)
    undone_by: str | None = me.StringField()

    attempts: int = me.IntField(required=True, min_value=0)
    holder: str | None = me.StringField()
    claimed_until: datetime | None = Moment()
    applied: int | None = me.IntField(min_value=0)
    rules: int | None = me.IntField()
    erasures: int | None = me.IntField()
    dismissed: bool | None = me.BooleanField()
    cleared: bool | None = me.BooleanField()

    def clean(self) -> None:
        if self.undoes == self.id:
            self.refuse("undoes", "a job cannot take itself back")
