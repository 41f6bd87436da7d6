"""What is kept in MongoDB, collection by collection, with its indexes.

These documents are the schema: they create the indexes and serve the dashboard's small
reads and writes.  The workers use PyMongo on the same collections (see `commit`).
"""

from __future__ import annotations

import mongoengine as me

from engine.domain.daily_figures import COUNTED_TYPES


class Contact(me.DynamicDocument):
    """A living contact: the fold of its activities (shape: `engine.domain.contact`)."""

    meta = {
        "collection": "contacts",
        "auto_create_index": False,
        "indexes": [
            # A tracker or identity belongs to one living contact.
            {"fields": ["keys"], "unique": True, "partialFilterExpression": {"keys": {"$exists": True}}},
            # The orders of the list (`engine.store.listing`).
            {"fields": ["-active_at", "-_id", "last_seen"]},
            # Of those who were not seen for long, whoever was active since (`engine.store.away`).
            {
                "fields": ["-active_at", "-_id"],
                "partialFilterExpression": {"facets.away": True},
                "name": "away_by_activity",
            },
            {"fields": ["sort_name", "_id"]},
            {"fields": ["-points.total", "-_id"]},
            {"fields": ["-commerce.orders", "-_id"]},
            {"fields": ["-commerce.spent", "-_id"]},
            {"fields": ["-last_seen", "-_id"]},
            {"fields": ["-first_seen", "-_id"]},
            # What a lane has to do.  There are few values of `upkeep`: what is due is found by it, too.
            {"fields": ["lane", "upkeep", "next_due"]},
            # All else: the members of each segment, by when they entered it; who has what few values there
            # are of something (`engine.store.findable`); custom fields, whatever they are; the words of
            # names; components; who was deleted; the orders of a day.
            # In a transaction MongoDB 6 takes a time for each change of a contact that grows with the square
            # of the number of its indexes: seventeen cost 350 us, and all that one can answer is in one.
            {
                "fields": [("$**", 1)],
                "wildcardProjection": {
                    "segments": 1,
                    "facets": 1,
                    "custom": 1,
                    "names": 1,
                    "component": 1,
                    "deleted": 1,
                    "commerce.book.placed_at": 1,
                },
                "name": "found_by",
            },
        ],
    }
    id = me.StringField(primary_key=True)
    v = me.IntField(required=True)
    identified = me.BooleanField(required=True)
    email = me.StringField()
    mobile_phone = me.StringField()
    external_id = me.StringField()
    first_name = me.StringField()
    last_name = me.StringField()
    first_seen = me.DateTimeField()
    last_seen = me.DateTimeField()


class StoredActivity(me.DynamicDocument):
    """An activity and how far it has come (shape: `engine.domain.activities.Activity`)."""

    meta = {
        "collection": "activities",
        "auto_create_index": False,
        "indexes": [
            # A contact's timeline, and the history that a fold from the start reads; with the type
            # a timeline of some types, and the counts of them, read nothing else.
            {"fields": ["stream", "happened_at", "_id", "type"]},
            {"fields": ["lane", "received_at"], "partialFilterExpression": {"state": "received"}},
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


class LedgerEntry(me.DynamicDocument):
    """A change of points: one for each (rule, activity)."""

    meta = {
        "collection": "ledger",
        "auto_create_index": False,
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


class Merge(me.DynamicDocument):
    """A contact's id that now leads to another: a merge, with what each side had, or a new name."""

    meta = {
        "collection": "merges",
        "auto_create_index": False,
        "indexes": [{"fields": ["into"]}],
    }
    id = me.StringField(primary_key=True)
    into = me.StringField(required=True)


class SuggestedMerge(me.DynamicDocument):
    """Two contacts that may be one person; a person decides."""

    meta = {
        "collection": "suggestions",
        "auto_create_index": False,
        "indexes": [{"fields": ["contacts"]}],
    }
    id = me.StringField(primary_key=True)
    contacts = me.ListField(me.StringField(), required=True)


class SharedDevice(me.Document):
    """A tracker that many people used within a day: it links nobody, for good."""

    meta = {"collection": "shared_devices", "auto_create_index": False, "indexes": []}
    id = me.StringField(primary_key=True)


class IdConflict(me.DynamicDocument):
    """The same activity id came again with other content; kept aside, changes nothing."""

    meta = {
        "collection": "conflicts",
        "auto_create_index": False,
        "indexes": [{"fields": ["activity"]}, {"fields": ["-received_at"]}],
    }
    id = me.StringField(primary_key=True)
    activity = me.StringField(required=True)
    received_at = me.DateTimeField(required=True)


class Call(me.DynamicDocument):
    """A webhook to be called: written with what caused it, sent afterwards (the outbox)."""

    meta = {
        "collection": "outbox",
        "auto_create_index": False,
        "indexes": [
            {"fields": ["due_at"], "partialFilterExpression": {"state": "waiting"}},
            {"fields": ["-happened_at"]},
            {"fields": ["state", "-happened_at"]},
        ],
    }
    id = me.StringField(primary_key=True)
    webhook = me.StringField(required=True)
    contact = me.StringField(required=True)
    state = me.StringField(required=True, choices=("waiting", "sent", "failed"))
    due_at = me.DateTimeField(required=True)


class Sending(me.DynamicDocument):
    """A sending that failed as a whole: its bounces do not count (see `sendings`)."""

    meta = {"collection": "sendings", "auto_create_index": False, "indexes": []}

    id = me.StringField(primary_key=True)
    channel = me.StringField(required=True, choices=("email", "sms"))
    name = me.StringField(required=True)
    noticed_at = me.DateTimeField(required=True)


class Refusal(me.DynamicDocument):
    """An event that was refused at the door, with the reason; kept 30 days for a person to see."""

    meta = {
        "collection": "refusals",
        "auto_create_index": False,
        "indexes": [{"fields": ["received_at"], "expireAfterSeconds": 30 * 86_400}],
    }
    id = me.StringField(primary_key=True)
    received_at = me.DateTimeField(required=True)


class Tombstone(me.DynamicDocument):
    """A key, hashed, that led to somebody who was erased (see `tombstones`)."""

    meta = {
        "collection": "tombstones",
        "auto_create_index": False,
        "indexes": [{"fields": ["marks.erasure"]}],
    }
    id = me.StringField(primary_key=True)


class Erasure(me.DynamicDocument):
    """That somebody was erased, and what was removed where; who it was, only until it is done."""

    meta = {"collection": "erasures", "auto_create_index": False, "indexes": []}
    id = me.StringField(primary_key=True)


class Lane(me.DynamicDocument):
    """A lane's lease; see `lanes`."""

    meta = {"collection": "lanes", "auto_create_index": False, "indexes": []}
    id = me.IntField(primary_key=True)
    fence = me.IntField(required=True)
    holder = me.StringField()
    lease_until = me.DateTimeField()
    attempts = me.IntField(required=True)
    wanted = me.BooleanField(required=True)


class StoredRuleset(me.DynamicDocument):
    """A published version of all YAML files, as text."""

    meta = {"collection": "rulesets", "auto_create_index": False, "indexes": []}
    id = me.IntField(primary_key=True)
    files = me.ListField(me.DictField(), required=True)
    published_at = me.DateTimeField(required=True)
    published_by = me.StringField(required=True)
    message = me.StringField(required=True)


class ApiKey(me.DynamicDocument):
    """A write key (public) or secret key (the shop's server); only its hash is kept."""

    meta = {
        "collection": "keys",
        "auto_create_index": False,
        "indexes": [{"fields": ["digest"], "unique": True}],
    }
    id = me.StringField(primary_key=True)
    kind = me.StringField(required=True, choices=("write", "secret"))
    label = me.StringField(required=True)
    digest = me.StringField(required=True)
    created_at = me.DateTimeField(required=True)
    last_used_at = me.DateTimeField()
    revoked_at = me.DateTimeField()


class User(me.Document):
    """Who may sign in."""

    meta = {
        "collection": "users",
        "auto_create_index": False,
        "indexes": [
            {"fields": ["email"], "unique": True},
            # One account for each person whom the company's provider knows.
            {
                "fields": ["issuer", "subject"],
                "unique": True,
                "partialFilterExpression": {"issuer": {"$exists": True}},
            },
        ],
    }
    id = me.StringField(primary_key=True)
    email = me.StringField(required=True)
    name = me.StringField()
    role = me.StringField(required=True, choices=("viewer", "marketer", "admin"))
    password_hash = me.StringField()
    created_at = me.DateTimeField(required=True)
    password_set_at = me.DateTimeField()
    disabled_at = me.DateTimeField()
    last_signed_in_at = me.DateTimeField()
    issuer = me.StringField()
    subject = me.StringField()
    claims_at = me.DateTimeField()


class AuditEntry(me.DynamicDocument):
    """A change that a person made (see `engine.accounts.audit`)."""

    meta = {
        "collection": "audit",
        "auto_create_index": False,
        "indexes": [
            {"fields": ["-at", "-_id"]},
            {"fields": ["by", "-at", "-_id"]},
            {"fields": ["act", "-at", "-_id"]},
            {"fields": ["subject.kind", "-at", "-_id"]},
            {"fields": ["subject.kind", "subject.id", "-at", "-_id"]},
        ],
    }
    id = me.StringField(primary_key=True)
    at = me.DateTimeField(required=True)
    by = me.StringField(required=True)
    act = me.StringField(required=True)


class StoredJob(me.DynamicDocument):
    """Long work, and how far it is (see `jobs`)."""

    meta = {
        "collection": "jobs",
        "auto_create_index": False,
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
    id = me.StringField(primary_key=True)
    kind = me.StringField(required=True)
    state = me.StringField(required=True, choices=("waiting", "running", "done", "stopped", "failed"))
    created_at = me.DateTimeField(required=True)


class JobItem(me.DynamicDocument):
    """A contact that a job is about, noted before anything is done; `refusal` if it could not be."""

    meta = {
        "collection": "job_items",
        "auto_create_index": False,
        "indexes": [{"fields": ["job", "contact"], "unique": True}],
    }
    job = me.StringField(required=True)
    contact = me.StringField(required=True)


class EditTurn(me.Document):
    """Who edits a contact by hand comes one after another (see `engine.contacts.editing.edit_conflicts`)."""

    meta = {
        "collection": "edit_turns",
        "auto_create_index": False,
        "indexes": [{"fields": ["at"], "expireAfterSeconds": 86_400}],
    }
    id = me.StringField(primary_key=True)
    at = me.DateTimeField(required=True)
    turn = me.IntField(required=True)


class ImportDraft(me.DynamicDocument):
    """A file that was sent to be imported, and how it is settled so far (see `engine.imports.drafts`)."""

    meta = {
        "collection": "import_drafts",
        "auto_create_index": False,
        "indexes": [{"fields": ["by", "-created_at"]}, {"fields": ["created_at"]}],
    }
    id = me.StringField(primary_key=True)
    by = me.StringField(required=True)
    state = me.StringField(required=True, choices=("awaited", "coming", "sent"))
    created_at = me.DateTimeField(required=True)


class SignInLink(me.Document):
    """A one-time link; only its hash is kept."""

    meta = {
        "collection": "sign_in_links",
        "auto_create_index": False,
        "indexes": [{"fields": ["expires_at"], "expireAfterSeconds": 0}],
    }
    id = me.StringField(primary_key=True)
    user = me.StringField(required=True)
    purpose = me.StringField(choices=("sign in", "invitation", "new password"))
    expires_at = me.DateTimeField(required=True)


class Session(me.Document):
    """A signed-in browser; only the token's hash is kept."""

    meta = {
        "collection": "sessions",
        "auto_create_index": False,
        "indexes": [{"fields": ["expires_at"], "expireAfterSeconds": 0}, {"fields": ["user"]}],
    }
    id = me.StringField(primary_key=True)
    user = me.StringField(required=True)
    created_at = me.DateTimeField(required=True)
    seen_at = me.DateTimeField(required=True)
    expires_at = me.DateTimeField(required=True)
    ended_at = me.DateTimeField()
    agent = me.StringField()


class Guesses(me.Document):
    """Attempts to sign in, counted by account and by address (see `engine.accounts.guesses`)."""

    meta = {
        "collection": "guesses",
        "auto_create_index": False,
        "indexes": [{"fields": ["expires_at"], "expireAfterSeconds": 0}],
    }
    id = me.StringField(primary_key=True)
    failures = me.IntField(required=True)
    until = me.DateTimeField(required=True)
    expires_at = me.DateTimeField(required=True)


class KnownBrowser(me.Document):
    """A browser that was signed in before; only the hash of what it carries is kept."""

    meta = {
        "collection": "known_browsers",
        "auto_create_index": False,
        "indexes": [{"fields": ["expires_at"], "expireAfterSeconds": 0}, {"fields": ["user"]}],
    }
    id = me.StringField(primary_key=True)
    user = me.StringField(required=True)
    expires_at = me.DateTimeField(required=True)


class WorkerPulse(me.Document):
    """A process that says that it is alive, every few seconds."""

    meta = {
        "collection": "pulses",
        "auto_create_index": False,
        "indexes": [{"fields": ["at"], "expireAfterSeconds": 86_400}],
    }
    id = me.StringField(primary_key=True)
    kind = me.StringField(required=True, choices=("worker", "scheduler", "collector", "dashboard"))
    pid = me.IntField(required=True)
    host = me.StringField(required=True)
    at = me.DateTimeField(required=True)


class SavedView(me.DynamicDocument):
    """A list of contacts by a name (shape: `engine.contacts.listing.views`)."""

    meta = {
        "collection": "views",
        "auto_create_index": False,
        "indexes": [
            {"fields": ["owner", "key"], "unique": True},
            {"fields": ["key"], "partialFilterExpression": {"shared": True}},
        ],
    }
    id = me.StringField(primary_key=True)
    owner = me.StringField(required=True)
    key = me.StringField(required=True)
    shared = me.BooleanField(required=True)


class Preferences(me.DynamicDocument):
    """How somebody usually sees the list of contacts."""

    meta = {"collection": "preferences", "auto_create_index": False, "indexes": []}
    id = me.StringField(primary_key=True)


class StaleHours(me.DynamicDocument):
    """Hours of which the figures kept by day are no longer right: written with what changed them."""

    meta = {"collection": "stale_hours", "auto_create_index": False, "indexes": []}
    id = me.StringField(primary_key=True)
    hours = me.ListField(me.DateTimeField(), required=True)


class DayFigures(me.DynamicDocument):
    """What one day of the account came to (see `engine.insights.daily`)."""

    meta = {"collection": "daily", "auto_create_index": False, "indexes": []}
    id = me.StringField(primary_key=True)
    zone = me.StringField(required=True)
    at = me.DateTimeField(required=True)


class Census(me.DynamicDocument):
    """All contacts counted at one time (see `engine.insights.census`)."""

    meta = {"collection": "census", "auto_create_index": False, "indexes": []}
    id = me.StringField(primary_key=True)
    at = me.DateTimeField(required=True)


class PaceMark(me.DynamicDocument):
    """How many activities all lanes had applied at some time."""

    meta = {
        "collection": "pace",
        "auto_create_index": False,
        "indexes": [{"fields": ["at"], "expireAfterSeconds": 2 * 86_400}],
    }
    id = me.StringField(primary_key=True)
    at = me.DateTimeField(required=True)
    applied = me.IntField(required=True)


class Fact(me.DynamicDocument):
    """One fact about this installation: how many lanes, the secret that ids are keyed with."""

    meta = {"collection": "installation", "auto_create_index": False, "indexes": []}
    id = me.StringField(primary_key=True)


ALL: tuple[type[me.Document], ...] = (
    Contact, StoredActivity, LedgerEntry, Merge, SuggestedMerge, SharedDevice, IdConflict, Call, Sending,
    Refusal, Lane, StoredRuleset, ApiKey, User, AuditEntry, StoredJob, JobItem, EditTurn, ImportDraft,
    SignInLink, Session, Guesses, KnownBrowser, SavedView, Preferences, WorkerPulse, StaleHours, DayFigures,
    Census, PaceMark, Fact, Tombstone, Erasure,
)  # fmt: skip
