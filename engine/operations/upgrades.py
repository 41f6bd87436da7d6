"""Upgrades of a database from an older version: run once, idempotent."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import timedelta
from itertools import islice

from pymongo import UpdateOne
from pymongo.errors import DuplicateKeyError, OperationFailure

from engine.db import Db, search_keys
from engine.db.contact_codec import LIVING
from engine.domain.activity_types import folded_name
from engine.domain.document import Document
from engine.domain.identity.identities import tracker_key
from engine.domain.identity.people import MAX_AGENT
from engine.domain.rulebook import Account
from engine.domain.valuation import RFM_CHANGED
from engine.errors import InvalidRules
from engine.notices.raw_notices import EVIDENCE_OF
from engine.rules.language import editing
from engine.rules.ruleset import compile_ruleset, read_folder
from engine.settings import CONFIG_DIR

RETIRED = {
    "contacts": (
        "segments.$**_1",
        "active_at_-1__id_-1",
        "members_facets_custom",
        "component_1",
        "deleted_1",
        "names_1",
        "commerce.book.placed_at_1",
        "lane_1_next_due_1",
        "lane_1_upkeep_1",
    ),
    "activities": ("stream_1_happened_at_1__id_1", "lane_1_received_at_1"),
}
"""Indexes that others have replaced: each would cost every write."""

BATCH = 1_000

SETTINGS = "settings.yaml"

_INDEX_NOT_FOUND = (26, 27)
"""MongoDB's error codes for a missing collection or index."""


def upgrade(db: Db) -> None:
    """Run the pending upgrades; an interrupted one starts again the next time."""
    _drop_retired(db)
    for name, make in {**_STEPS, labels_step(): label_types, names_step(): name_types}.items():
        if db.installation.find_one({"_id": name}) is None:
            make(db)
            with suppress(DuplicateKeyError):  # another process did it, too
                db.installation.insert_one({"_id": name, "value": 1})


def make_findable(db: Db) -> None:
    """Add the fields for lists and filters to contacts that lack them.

    A contact that is written meanwhile gets it by that.
    """
    _describe(db, db.contacts.find({"facets": None}, [*search_keys.SOURCE_FIELDS, "v"]))


def find_by_each_word(db: Db) -> None:
    """Rewrite search keys so that names are found by each word and without accents."""
    named = db.contacts.find({"names": {"$exists": True}}, [*search_keys.SOURCE_FIELDS, "names", "v"])
    _describe(db, (row for row in named if not set(search_keys.search_words(row)) <= set(row["names"])))


def mark_away(db: Db) -> None:
    """Mark contacts that are `away`, those that are not marked.

    One that comes back meanwhile may stay marked until it is written the next time: harmless.
    """
    apart = {"$gte": [{"$subtract": ["$active_at", "$last_seen"]}, search_keys.AWAY_AFTER // _MILLISECOND]}
    db.contacts.update_many(
        {
            "facets": {"$ne": None},
            "active_at": {"$ne": None},
            "$or": [{"last_seen": None}, {"$expr": apart}],
        },
        {"$set": {"facets.away": True}},
    )


_MILLISECOND = timedelta(milliseconds=1)


def count_failures(db: Db) -> None:
    """Let contacts be found by their failed attempts, those that have any."""
    failing = [{f"{channel}.failing.0": {"$exists": True}} for channel in ("mail", "mobile")]
    _describe(db, db.contacts.find({"$or": failing}, [*search_keys.SOURCE_FIELDS, "v"]))


def describe_devices(db: Db) -> None:
    """Set the last visit and the user agent of trackers that lack them, in one pass over all activities."""
    named = {"$cond": [{"$gt": ["$context.userAgent", ""]}, "$happened_at", None]}
    newest = {"sortBy": {"named": -1}, "output": "$context.userAgent"}
    seen = db.activities.aggregate(
        [
            {"$match": {"tracker": {"$gt": ""}}},
            {"$set": {"named": named}},
            {"$group": {"_id": "$tracker", "seen": {"$max": "$happened_at"}, "agent": {"$top": newest}}},
        ],
        allowDiskUse=True,
    )
    updates = (_described(row) for row in seen)
    while batch := list(islice(updates, BATCH)):
        db.contacts.bulk_write(batch, ordered=False)


def declare_currency(db: Db) -> None:
    """Write the account's currency into published settings that leave it open.

    It was that of the first order received; without an order it is the default.
    """
    first = db.installation.find_one({"_id": "first_currency"})
    currency = Account().currency if first is None else first["value"]
    for row in db.rulesets.find({"files.name": SETTINGS}, {"files": 1}):
        files = [{**file, "text": _with_currency(file, currency)} for file in row["files"]]
        if files != row["files"]:
            db.rulesets.update_one({"_id": row["_id"]}, {"$set": {"files": files}})


def _with_currency(file: Document, currency: str) -> str:
    text: str = file["text"]
    if file["name"] != SETTINGS or editing.value_at(text, "account", "currency") is not None:
        return text
    return editing.with_values(text, "account", {"currency": currency})


def correct_orders(db: Db) -> None:
    """Let the present rules know updates of orders, and have all orders and carts folded again.

    They are as amounts are read and orders corrected now.  Workers fold them, like contacts that were
    folded for older rules.
    """
    newest = db.rulesets.find_one({}, {"files": 1}, sort=[("_id", -1)])
    if newest is not None:
        files = [{**file, "text": _with_names(file)} for file in newest["files"]]
        db.rulesets.update_one({"_id": newest["_id"]}, {"$set": {"files": files}})
    bought = [{"commerce.book.0": {"$exists": True}}, {"cart": {"$exists": True}}]
    db.contacts.update_many({"$or": bought}, {"$set": {"upkeep": _NEVER}})


def find_order_lines(db: Db) -> None:
    """Have orders folded again, so that each names the activity with its lines."""
    db.contacts.update_many({"commerce.book.0": {"$exists": True}}, {"$set": {"upkeep": _NEVER}})


def declare_rfm(db: Db) -> None:
    """Let the present rules have the shipped rfm.yaml, if they have none, and the activity of RFM."""
    newest = db.rulesets.find_one({}, {"files": 1}, sort=[("_id", -1)])
    if newest is None:
        return
    files = [{**file, "text": _with_rfm_changed(file)} for file in newest["files"]]
    if not any(file["name"] == RFM for file in files):
        files.append({"name": RFM, "text": read_folder(CONFIG_DIR)[RFM]})
    db.rulesets.update_one({"_id": newest["_id"]}, {"$set": {"files": files}})


def keep_refusals(db: Db) -> None:
    """Let all versions of the rules keep refusals, and have contacts that refused or bounced folded again.

    The transitions as they were shipped lost them; those of one's own are left, and warned of.
    """
    for row in db.rulesets.find({}, {"files": 1}):
        texts = {file["name"]: file["text"] for file in row["files"]}
        changed = with_refusals(texts.get(TRANSITIONS, ""))
        if changed != texts.get(TRANSITIONS, ""):
            files = [
                {**file, "text": changed} if file["name"] == TRANSITIONS else file for file in row["files"]
            ]
            db.rulesets.update_one({"_id": row["_id"]}, {"$set": {"files": files}})
    streams = db.activities.aggregate(
        [{"$match": {"type": {"$in": _REFUSING}}}, {"$group": {"_id": "$stream"}}], allowDiskUse=True
    )
    while batch := [row["_id"] for row in islice(streams, BATCH)]:
        db.contacts.update_many({"keys": {"$in": batch}}, {"$set": {"upkeep": _NEVER}})


def take_suppressions(db: Db) -> None:
    """Let all versions of the rules take bounced and blocked addresses from files."""
    for row in db.rulesets.find({}, {"files": 1}):
        texts = with_suppressions({file["name"]: file["text"] for file in row["files"]})
        files = [{**file, "text": texts[file["name"]]} for file in row["files"]]
        if files != row["files"]:
            db.rulesets.update_one({"_id": row["_id"]}, {"$set": {"files": files}})


def with_suppressions(texts: Mapping[str, str]) -> dict[str, str]:
    """The declared transitions of the email, with those that a file causes, unless there are any.

    They ask for a property of an import, which is declared with them.
    """
    transitions, activities = texts.get(TRANSITIONS, ""), texts.get(ACTIVITIES, "")
    machine = editing.value_at(transitions, "machines", "email_status") or {}
    present = any(move.get("on") == "contact_imported" for move in machine.get("transitions", ()))
    imported = editing.value_at(activities, "activities", "contact_imported")
    if present or imported is None or not _END_OF_PAUSE.search(transitions):
        return dict(texts)
    properties = {**imported.get("properties", {}), "email_status": "text", "reason": "text"}
    changed = {"contact_imported": {**imported, "properties": properties}}
    return {
        **texts,
        TRANSITIONS: _END_OF_PAUSE.sub(_BY_FILES + r"\g<0>", transitions, count=1),
        ACTIVITIES: editing.with_values(activities, "activities", changed),
    }


_BY_FILES = "".join(
    f"      - {{on: contact_imported, from: [{from_}], to: {to}, when: {{activity.email_status: {to}}}}}\n"
    for from_, to in (("active, paused", "bounced"), ("active, bounced, paused", "blocked"))
)

_END_OF_PAUSE = re.compile(r"^      - \{on: until, from: paused, to: active\}\n", re.M)
"""The shipped transition after which those of files stand; it is the first in the file, that of the email."""


def fold_push_again(db: Db) -> None:
    """Have contacts with web push folded again, so that each device knows its endpoint."""
    db.contacts.update_many({"push_devices.0": {"$exists": True}}, {"$set": {"upkeep": _NEVER}})


RELIED_ON = EVIDENCE_OF | frozenset(
    {
        "email_sent", "email_delivered", "email_opened", "email_clicked", "sms_sent", "sms_delivered",
        "push_subscribed", "push_unsubscribed", "topic_subscribed", "topic_unsubscribed",
    }
)  # fmt: skip
"""Types that programs of ours send or react to: an undeclared one names no contact by its email or number."""


def labels_step() -> str:
    """The step's name: of its own for each set of types, so that it runs again when there are more."""
    return "labels " + hashlib.blake2b(" ".join(sorted(RELIED_ON)).encode(), digest_size=4).hexdigest()


def label_types(db: Db) -> None:
    """Declare in the present rules, as shipped, the types that we rely on and that they lack.

    The shop's own words for a type stay, and rules never get worse by it.
    """
    _change_activities(db, with_types)


def _change_activities(db: Db, changed: Callable[[Mapping[str, str]], str]) -> None:
    """Write the declared activities of the present rules anew, out of all their files."""
    newest = db.rulesets.find_one({}, {"files": 1}, sort=[("_id", -1)])
    if newest is None:
        return
    texts = {file["name"]: file["text"] for file in newest["files"]}
    text = changed(texts)
    if text != texts.get(ACTIVITIES, ""):
        files = [{**file, "text": text} if file["name"] == ACTIVITIES else file for file in newest["files"]]
        db.rulesets.update_one({"_id": newest["_id"]}, {"$set": {"files": files}})


NAMED_TYPES = frozenset(
    {
        "added_to_wishlist", "removed_from_wishlist", "checkout_step_viewed", "checkout_step_completed",
        "payment_info_entered", "coupon_entered", "coupon_applied", "coupon_denied", "coupon_removed",
        "product_shared", "cart_shared", "account_closed",
    }
)  # fmt: skip
"""Types that became known with the names of their events, or with connected shops."""


def names_step() -> str:
    """The step's name: of its own for each shipped file, so that it runs again when there are more names."""
    shipped = read_folder(CONFIG_DIR)[ACTIVITIES]
    return "event names " + hashlib.blake2b(shipped.encode(), digest_size=4).hexdigest()


def name_types(db: Db) -> None:
    """Let the present rules know the shipped names of events, and the types that they stand for.

    A name that the shop gives to a type of its own stays there, and rules never get worse by it.
    """
    _change_activities(db, with_event_names)


def with_event_names(texts: Mapping[str, str]) -> str:
    """The declared activities, with each shipped name that none of them has, if that fits."""
    text = texts.get(ACTIVITIES, "")
    try:
        declared = editing.read(text).get("activities") or {}
    except InvalidRules:
        return text
    shipped = editing.read(read_folder(CONFIG_DIR)[ACTIVITIES])["activities"]
    taken = {
        folded_name(name)
        for type_, entry in declared.items()
        for name in (type_, *((entry or {}).get("segment_names") or ()))
    }
    changes = {}
    for type_, ours in shipped.items():
        fresh = [name for name in ours.get("segment_names", ()) if folded_name(name) not in taken]
        if type_ in declared and fresh:
            own = declared[type_] or {}
            changes[type_] = {**own, "segment_names": [*(own.get("segment_names") or ()), *fresh]}
        elif type_ in NAMED_TYPES and folded_name(type_) not in taken:
            changes[type_] = {**ours, "segment_names": fresh}
    if not changes:
        return text
    more = editing.with_values(text, "activities", changes)
    fits = _problems({**texts, ACTIVITIES: more}) <= _problems({**texts, ACTIVITIES: text})
    return more if fits else text


def with_types(texts: Mapping[str, str]) -> str:
    """The declared activities, with each shipped type that we rely on and that fits."""
    text, shipped = texts.get(ACTIVITIES, ""), read_folder(CONFIG_DIR)[ACTIVITIES]
    for type_ in sorted(RELIED_ON):
        declaration = editing.value_at(shipped, "activities", type_)
        if declaration is None or editing.value_at(text, "activities", type_) is not None:
            continue
        more = editing.with_values(text, "activities", {type_: declaration})
        if _problems({**texts, ACTIVITIES: more}) <= _problems({**texts, ACTIVITIES: text}):
            text = more
    return text


def _problems(texts: Mapping[str, str]) -> set[str]:
    try:
        compile_ruleset(texts)
    except InvalidRules as error:
        return {problem.message for problem in error.problems}
    return set()


TRANSITIONS, ACTIVITIES = "transitions.yaml", "activities.yaml"

_REFUSING = [
    "newsletter_unsubscribed", "sms_unsubscribed", "email_complained", "email_bounced", "sms_bounced",
    "contact_edited",
]  # fmt: skip
"""Activities whose effects on statuses have changed."""


def with_refusals(transitions: str) -> str:
    """The shipped transitions of before, with refusals that lead out of each state."""
    text = transitions
    for channel in ("newsletter", "sms"):
        of_files = (
            f"- {{on: {channel}_unsubscribed, from: not_subscribed, to: unsubscribed, when: {_BY_FILE}}}"
        )
        text = text.replace(f"      {of_files}\n", "")
    return _FROM_SUBSCRIBED.sub(r"\g<1>[not_subscribed, subscribed]\g<2>", text)


_BY_FILE = "{activity.source: import}"

_FROM_SUBSCRIBED = re.compile(
    r"(\{on: (?:(?:newsletter|sms)_unsubscribed|email_complained|contact_edited), from: )subscribed"
    r"(, to: unsubscribed\b)"
)
"""A refusal that is kept only of who was subscribed."""

RFM = "rfm.yaml"


def _with_rfm_changed(file: Document) -> str:
    """The declared activities, with that of a change of category."""
    text: str = file["text"]
    if file["name"] != ACTIVITIES or editing.value_at(text, "activities", RFM_CHANGED) is not None:
        return text
    shipped = editing.value_at(read_folder(CONFIG_DIR)[ACTIVITIES], "activities", RFM_CHANGED)
    return editing.with_values(text, "activities", {RFM_CHANGED: shipped})


_NEVER = 0
"""An `upkeep` before that of any version of the rules."""

_CART_NAME = "Wishlist Product Added to Cart"


def _with_names(file: Document) -> str:
    """The declared activities, with the update of an order and the cart's other name."""
    text: str = file["text"]
    if file["name"] != ACTIVITIES:
        return text
    added = editing.value_at(text, "activities", "added_to_cart")
    if added is not None and _CART_NAME not in (names := added.get("segment_names", [])):
        added = {**added, "segment_names": [*names, _CART_NAME]}
        text = editing.with_values(text, "activities", {"added_to_cart": added})
    placed = editing.value_at(text, "activities", "order_completed")
    if placed is not None and editing.value_at(text, "activities", "order_updated") is None:
        names = {"label": "Order updated", "icon": "📝", "segment_names": ["Order Updated"]}
        text = editing.with_values(text, "activities", {"order_updated": {**placed, **names}})
    return text


def _described(row: Document) -> UpdateOne:
    agent = row.get("agent")
    agent_fields = {"trackers.$[it].agent": agent[:MAX_AGENT]} if isinstance(agent, str) and agent else {}
    lacking = {"keys": tracker_key(row["_id"]), "trackers": {"$elemMatch": {"id": row["_id"], "seen": None}}}
    return UpdateOne(
        {**lacking, **LIVING},
        {"$set": {"trackers.$[it].seen": row["seen"], **agent_fields}},
        # (`trackers.$` would be the place of the key among `keys`)
        array_filters=[{"it.id": row["_id"], "it.seen": None}],
    )


def _describe(db: Db, rows: Iterable[Document]) -> None:
    """Rewrite the search keys of contacts, in batches."""
    updates = (_update(row) for row in rows)
    while batch := list(islice(updates, BATCH)):
        db.contacts.bulk_write(batch, ordered=False)


def _update(row: Document) -> UpdateOne:
    return UpdateOne({"_id": row["_id"], "v": row["v"]}, {"$set": search_keys.search_fields(row)})


_STEPS = {
    "findable": make_findable,
    "names": find_by_each_word,
    "away": mark_away,
    "devices": describe_devices,
    "currency": declare_currency,
    "orders": correct_orders,
    "order_lines": find_order_lines,
    "rfm": declare_rfm,
    "refusals": keep_refusals,
    "failures": count_failures,
    "suppressions": take_suppressions,
    "push": fold_push_again,
}
"""One-time upgrades, by the name under which the installation records them."""


def _drop_retired(db: Db) -> None:
    for collection, name in ((collection, name) for collection, names in RETIRED.items() for name in names):
        try:
            db[collection].drop_index(name)
        except OperationFailure as error:
            if error.code not in _INDEX_NOT_FOUND:
                raise
