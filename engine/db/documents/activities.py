"""Activities: what happened, what it was worth, and what could not be kept."""

from __future__ import annotations

import mongoengine as me

from engine.db.documents.outline import Outline
from engine.domain.daily_figures import COUNTED_TYPES


class StoredActivity(Outline):
    """An activity and how far it has come (shape: `engine.domain.activities.Activity`)."""

    meta = {
        "collection": "activities",
        "indexes": [
            # A contact's timeline, and the history that a fold from the start reads; with the type
            # a timeline of some types, and the counts of them, read nothing else.
            {"fields": ["stream", "happened_at", "_id", "type"]},
            # What waits: live events, and history that is sent late, each in the order of arrival.
            {"fields": ["lane", "backfill", "received_at"], "partialFilterExpression": {"state": "received"}},
            {"fields": ["failure.at"], "partialFilterExpression": {"state": "failed"}},
            # What is counted by day.
            {
                "fields": ["happened_at", "type"],
                "partialFilterExpression": {"type": {"$in": list(COUNTED_TYPES)}},
            },
            # What was sent, delivered and bounced: how much of a sending fails.
            {
                "fields": ["type", "received_at"],
                "partialFilterExpression": {"properties.message_id": {"$exists": True}},
            },
            # The same for senders that name the attempt as the specification does.
            {
                "fields": ["type", "received_at", "properties.email_id"],
                "partialFilterExpression": {"properties.email_id": {"$exists": True}},
            },
            # Which device a push service means.
            {
                "fields": ["properties.endpoint"],
                "partialFilterExpression": {"properties.endpoint": {"$exists": True}},
            },
            # How a segment moves.
            {
                "fields": ["properties.segment", "happened_at"],
                "partialFilterExpression": {"derived": True, "properties.segment": {"$exists": True}},
            },
        ],
    }
    id = me.StringField(primary_key=True)
    type = me.StringField(required=True)
    stream = me.StringField(required=True)
    lane = me.IntField(required=True)
    state = me.StringField(required=True, choices=("received", "applied", "failed"))
    happened_at = me.DateTimeField(required=True)
    received_at = me.DateTimeField(required=True)


class LedgerEntry(Outline):
    """A change of points: one for each (rule, activity)."""

    meta = {
        "collection": "ledger",
        "indexes": [
            {"fields": ["contact", "-happened_at", "-_id"]},
            {"fields": ["activity"]},
            {"fields": ["rule", "-happened_at"]},
        ],
    }
    id = me.StringField(primary_key=True)
    contact = me.StringField(required=True)
    rule = me.StringField(required=True)
    version = me.IntField(required=True)
    activity = me.StringField(required=True)
    points = me.IntField(required=True)
    happened_at = me.DateTimeField(required=True)
    expires_at = me.DateTimeField()


class IdConflict(Outline):
    """The same activity id came again with other content; kept aside, changes nothing."""

    meta = {
        "collection": "conflicts",
        "indexes": [{"fields": ["activity"]}, {"fields": ["-received_at"]}],
    }
    id = me.StringField(primary_key=True)
    activity = me.StringField(required=True)
    received_at = me.DateTimeField(required=True)


class Refusal(Outline):
    """An event that was refused at the door, with the reason; kept 30 days for a person to see."""

    meta = {
        "collection": "refusals",
        "indexes": [
            {"fields": ["received_at"], "expireAfterSeconds": 30 * 86_400},
            {"fields": ["source", "-received_at"]},
            # Payloads that were not understood, and those of them that are to be run again.
            {
                "fields": ["media", "-received_at"],
                "partialFilterExpression": {"media": {"$exists": True}},
            },
            {"fields": ["again_at"], "partialFilterExpression": {"again_at": {"$exists": True}}},
            {"fields": ["waits_for"], "partialFilterExpression": {"waits_for": {"$exists": True}}},
        ],
    }
    id = me.StringField(primary_key=True)
    received_at = me.DateTimeField(required=True)


class RawNotice(Outline):
    """The notice behind an activity, by the activity's id; kept two years as evidence."""

    meta = {
        "collection": "raw_notices",
        "indexes": [{"fields": ["received_at"], "expireAfterSeconds": 2 * 365 * 86_400}],
    }
    id = me.StringField(primary_key=True)
    received_at = me.DateTimeField(required=True)
