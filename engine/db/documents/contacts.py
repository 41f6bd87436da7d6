"""Contacts: who they are now, and which ids lead to them."""

from __future__ import annotations

import mongoengine as me

from engine.db.documents.outline import Outline


class Contact(Outline):
    """A living contact: the fold of its activities (shape: `engine.domain.contact`)."""

    meta = {
        "collection": "contacts",
        "indexes": [
            # A tracker or identity belongs to one living contact.
            {"fields": ["keys"], "unique": True, "partialFilterExpression": {"keys": {"$exists": True}}},
            # The orders of the list (`engine.contacts.listing`).
            {"fields": ["-active_at", "-_id", "last_seen"]},
            # For contacts not seen for long: those active since (`listing.inactive_order`).
            {
                "fields": ["-active_at", "-_id"],
                "partialFilterExpression": {"facets.away": True},
                "name": "away_by_activity",
            },
            {"fields": ["sort_name", "_id"]},
            {"fields": ["-points.total", "-_id"]},
            {"fields": ["-commerce.orders", "-_id"]},
            {"fields": ["-commerce.spent", "-_id"]},
            {"fields": ["-commerce.last_order_at", "-_id"]},
            {"fields": ["-rfm.code", "-_id"]},
            {"fields": ["-clv.value", "-_id"]},
            {"fields": ["-last_seen", "-_id"]},
            {"fields": ["-first_seen", "-_id"]},
            # What a lane has to do.  There are few values of `upkeep`: what is due is found by it, too.
            {"fields": ["lane", "upkeep", "next_due"]},
            # All else: the members of each segment, by when they entered it; who has what few values there
            # are of something (`engine.db.search_keys`); custom fields, whatever they are; the words of
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


class Merge(Outline):
    """A contact's id that now leads to another: a merge, with what each side had, or a new name."""

    meta = {
        "collection": "merges",
        "indexes": [{"fields": ["into"]}, {"fields": ["kind", "-at", "-_id"]}],
    }
    id = me.StringField(primary_key=True)
    into = me.StringField(required=True)


class SuggestedMerge(Outline):
    """Two contacts that may be one person; a person decides."""

    meta = {
        "collection": "suggestions",
        "indexes": [{"fields": ["contacts"]}, {"fields": ["dismissed_at", "-at", "-_id"]}],
    }
    id = me.StringField(primary_key=True)
    contacts = me.ListField(me.StringField(), required=True)


class SharedDevice(Outline):
    """A tracker that many people used within a day: it never links contacts again."""

    meta = {"collection": "shared_devices"}
    id = me.StringField(primary_key=True)


class EditTurn(Outline):
    """Serialises manual edits of a contact (see `engine.contacts.editing.edit_conflicts`)."""

    meta = {
        "collection": "edit_turns",
        "indexes": [{"fields": ["at"], "expireAfterSeconds": 86_400}],
    }
    id = me.StringField(primary_key=True)
    at = me.DateTimeField(required=True)
    turn = me.IntField(required=True)


class Tombstone(Outline):
    """The hash of a key of an erased person (see `tombstones`)."""

    meta = {
        "collection": "tombstones",
        "indexes": [{"fields": ["marks.erasure"]}],
    }
    id = me.StringField(primary_key=True)


class Erasure(Outline):
    """An erasure and what it removed where; the person is stored only until it is done."""

    meta = {"collection": "erasures"}
    id = me.StringField(primary_key=True)
