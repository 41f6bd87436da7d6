"""Rows of long work: what a job is about, and files on their way to be imported."""

from __future__ import annotations

import mongoengine as me

from engine.db.documents.outline import Outline


class JobItem(Outline):
    """A contact of a job, stored before it is changed; `refusal` is the reason if it could not be."""

    meta = {
        "collection": "job_items",
        "indexes": [{"fields": ["job", "contact"], "unique": True}],
    }
    job = me.StringField(required=True)
    contact = me.StringField(required=True)


class ImportDraft(Outline):
    """A file that was sent to be imported, and how it is settled so far (see `engine.imports.drafts`)."""

    meta = {
        "collection": "import_drafts",
        "indexes": [{"fields": ["by", "-created_at"]}, {"fields": ["created_at"]}],
    }
    id = me.StringField(primary_key=True)
    by = me.StringField(required=True)
    state = me.StringField(required=True, choices=("awaited", "coming", "sent"))
    created_at = me.DateTimeField(required=True)
