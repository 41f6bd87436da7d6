"""The pipeline and its processes: lanes, outgoing calls, heartbeats and throughput."""

from __future__ import annotations

import mongoengine as me

from engine.db.documents.outline import Outline


class Lane(Outline):
    """A lane's lease; see `lanes`."""

    meta = {"collection": "lanes"}
    id = me.IntField(primary_key=True)
    fence = me.IntField(required=True)
    holder = me.StringField()
    lease_until = me.DateTimeField()
    attempts = me.IntField(required=True)
    wanted = me.BooleanField(required=True)


class Call(Outline):
    """A webhook to be called: written with what caused it, sent afterwards (the outbox)."""

    meta = {
        "collection": "outbox",
        "indexes": [
            {"fields": ["due_at"], "partialFilterExpression": {"state": "waiting"}},
            {"fields": ["-happened_at"]},
            {"fields": ["state", "-happened_at"]},
        ],
    }
    id = me.StringField(primary_key=True)
    webhook = me.StringField(required=True)
    contact = me.StringField(required=True)
    state = me.StringField(required=True, choices=("waiting", "sent", "failed", "dropped"))
    due_at = me.DateTimeField(required=True)


class Sending(Outline):
    """A sending that failed as a whole: its bounces do not count (see `engine.pipeline.outages`)."""

    meta = {"collection": "sendings"}

    id = me.StringField(primary_key=True)
    channel = me.StringField(required=True, choices=("email", "sms"))
    name = me.StringField(required=True)
    noticed_at = me.DateTimeField(required=True)


class WatchedMailbox(Outline):
    """How far a mailbox was read, and why it cannot be read now (see `engine.notices.watching`)."""

    meta = {"collection": "mailboxes"}

    id = me.StringField(primary_key=True)


class WorkerPulse(Outline):
    """A process that says that it is alive, every few seconds."""

    meta = {
        "collection": "pulses",
        "indexes": [{"fields": ["at"], "expireAfterSeconds": 86_400}],
    }
    id = me.StringField(primary_key=True)
    kind = me.StringField(required=True, choices=("worker", "scheduler", "collector", "dashboard"))
    pid = me.IntField(required=True)
    host = me.StringField(required=True)
    at = me.DateTimeField(required=True)


class PaceMark(Outline):
    """The number of activities that all lanes had applied at a time."""

    meta = {
        "collection": "pace",
        "indexes": [{"fields": ["at"], "expireAfterSeconds": 2 * 86_400}],
    }
    id = me.StringField(primary_key=True)
    at = me.DateTimeField(required=True)
    applied = me.IntField(required=True)


class NewContacts(Outline):
    """The new contacts of a key in one day of the account (see `engine.pipeline.new_contacts`)."""

    meta = {
        "collection": "new_contacts",
        "indexes": [{"fields": ["until"], "expireAfterSeconds": 30 * 86_400}],
    }
    id = me.StringField(primary_key=True)
    key = me.StringField(required=True)
    until = me.DateTimeField(required=True)


class Arrivals(Outline):
    """The events that a key sent in one minute (see `engine.pipeline.arrivals`)."""

    meta = {
        "collection": "arrivals",
        "indexes": [{"fields": ["at"], "expireAfterSeconds": 2 * 3_600}],
    }
    id = me.StringField(primary_key=True)
    key = me.StringField(required=True)
    at = me.DateTimeField(required=True)


class Fact(Outline):
    """One fact about this installation: how many lanes, the secret that ids are keyed with."""

    meta = {"collection": "installation"}
    id = me.StringField(primary_key=True)
