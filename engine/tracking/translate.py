"""One event of the Segment tracking API becomes one activity, or an error that names its field.

Decisions where the specification is open:

- A blank (`null`, `""`, `[]`, `{}`, white space) is no value: of an id, a time, or a set of
  properties, traits or context.  The event is refused only if no id is left.
- A placeholder as `userId` or `anonymousId` refuses the event.  An email or number that cannot
  be read, beside an id that can, is left out, and the activity's context says so under
  `identities_not_taken`: a mistyped number must not cost an order.
- `screen` is a page visit; `alias` says that the tracker `previousId` is the customer `userId`;
  `group` is a custom activity, and its traits are the group's and not the person's.
- Without a `messageId` the id is a hash of the content and its timestamp, else of the time of
  receipt: equal events without a timestamp are distinct.
- Shop events of Google Analytics 4 are read in our terms (`engine.domain.ga4`).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from engine.domain.activities import Activity, ActivityId, id_of_sender
from engine.domain.activity_types import ActivityCatalog
from engine.domain.ga4 import in_our_terms
from engine.domain.identity.blanks import is_blank
from engine.domain.identity.identities import Key, stream_of
from engine.domain.identity.normalisation import is_placeholder
from engine.domain.rulebook import Ruleset
from engine.errors import InvalidActivity
from engine.tracking.bots import MAX_LENGTH, is_bot, is_browser
from engine.tracking.identification import identify
from engine.tracking.identity_signature import FIELD, MISMATCH, NOT_VERIFIED, verified_key
from engine.tracking.times import happened_at, time_field
from engine.tracking.values import mapping, text

KINDS = ("track", "identify", "page", "screen", "alias", "group")

MAX_NAME = 200
"""Characters of an event's name."""

MAX_ID = 256
"""Characters of a `messageId`."""

NOT_TAKEN = "identities_not_taken"
"""The context field with the emails and numbers that could not be read, and the reasons."""

SENT_TIME = "timestamp_said"
"""The context field that keeps the sender's timestamp, if it was clamped."""

_NOT_KEPT = ("traits", NOT_TAKEN, SENT_TIME, FIELD, NOT_VERIFIED)

_TYPES = {
    "identify": "identified",
    "alias": "identified",
    "page": "page_visited",
    "screen": "page_visited",
    "group": "group",
}


@dataclass(frozen=True)
class Sender:
    """The sender of an event: its key and its browser.

    Parameters:
      key(str): The key's id.
      trusted(bool): Whether it is a secret key.
      identity_secrets(tuple): What the shop's server may have signed an identity with.
      user_agent(str): The request's header, used if it is a browser's.
      prefetching(bool): Whether the browser prefetches the page without showing it.
    """

    key: str
    trusted: bool
    identity_secrets: tuple[str, ...] = ()
    user_agent: str = ""
    prefetching: bool = False


def translate(
    event: dict[str, Any],
    sender: Sender,
    ruleset: Ruleset,
    *,
    received_at: datetime,
    sent_at: datetime | None = None,
) -> Activity:
    """Translate one event; raise InvalidActivity or InvalidIdentity, which name the field.

    `received_at` and `sent_at` (the batch's own) are aware, in UTC.
    """
    kind = _kind(event)
    type_ = _type(event, kind, ruleset.catalog)
    properties, context = mapping(event, "properties"), mapping(event, "context")
    traits = _traits(event, kind, context)
    found = identify(
        event,
        alias=kind == "alias",
        traits=traits,
        properties=properties,
        identified_by=ruleset.catalog.identified_by(type_),
        region=ruleset.account.default_region,
    )
    verified = None
    if not sender.trusted:
        verified = verified_key(context, found.identities, traits.get("email"), sender.identity_secrets)
    at, clamped = happened_at(event, sent_at=sent_at, received_at=received_at, trusted=sender.trusted)
    properties = ruleset.catalog.typed(
        type_,
        in_our_terms(type_, _properties(event, kind, properties, context)),
        ruleset.account.decimal_mark,
    )
    content = (type_, found.tracker, found.identities, properties, traits)
    return Activity(
        id=_id(event, sender, content, received_at=received_at),
        type=type_,
        stream=stream_of(found.tracker, found.identities),
        happened_at=at,
        received_at=received_at,
        tracker=found.tracker,
        identities=found.identities,
        properties=properties,
        traits=traits,
        context=_context(
            context, found.not_taken, verified=verified, sent_time=_sent_time(event) if clamped else None
        ),
        trusted=sender.trusted,
        verified=verified,
        also=found.also,
        bot=sender.prefetching or is_bot(_user_agent(context, sender)),
        clamped=clamped,
        ruleset=ruleset.version,
        source=sender.key,
    )


def _kind(event: dict[str, Any]) -> str:
    kind = event.get("type")
    plain = kind.strip().lower() if isinstance(kind, str) else kind
    if plain not in KINDS:
        raise InvalidActivity("type", f"must be one of {', '.join(KINDS)}")
    return str(plain)


def _type(event: dict[str, Any], kind: str, catalog: ActivityCatalog) -> str:
    if kind == "group" and not text(event, "groupId"):
        raise InvalidActivity("groupId", "is missing: a group call names the group")
    if kind in _TYPES:
        return _TYPES[kind]
    name = plain_name(text(event, "event") or "")
    if not name:
        raise InvalidActivity("event", "is missing: a track call needs the event's name")
    if len(name) > MAX_NAME:
        raise InvalidActivity("event", f"has {len(name)} characters; at most {MAX_NAME} are kept")
    if any(unicodedata.category(letter) in _UNPRINTABLE for letter in name):
        raise InvalidActivity("event", "has control characters; send plain text")
    return catalog.type_of(name)


_UNPRINTABLE = frozenset({"Cc", "Cs", "Cn", "Co"})
"""Categories of characters that no event's name has: controls, halves of pairs, and what is unassigned."""

_DIRECTIONS = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
"""Marks that say how text runs or breaks; the joiners and selectors of an emoji are others."""


def plain_name(name: str) -> str:
    """A name with plain single spaces, and without marks that nobody sees."""
    return " ".join(_DIRECTIONS.sub("", name).split())


def _traits(event: dict[str, Any], kind: str, context: dict[str, Any]) -> dict[str, Any]:
    """The person's traits from the event and its context; the traits of a group call are the group's."""
    traits = context.get("traits")
    of_context: dict[str, Any] = traits if isinstance(traits, dict) else {}
    return of_context if kind == "group" else {**of_context, **mapping(event, "traits")}


def _properties(
    event: dict[str, Any], kind: str, properties: dict[str, Any], context: dict[str, Any]
) -> dict[str, Any]:
    """An event's own properties, with what page, screen and group calls carry beside them."""
    if kind in ("page", "screen"):
        page = context.get("page")
        seen = page if isinstance(page, dict) else {}
        return {**seen, **_beside(event, "name", "category"), **properties}
    if kind == "group":
        return {**mapping(event, "traits"), **_beside(event, "groupId")}
    return properties


def _beside(event: dict[str, Any], *names: str) -> dict[str, str]:
    return {name: value for name in names if (value := text(event, name))}


def _context(
    context: dict[str, Any], not_taken: dict[str, str], *, verified: Key | None, sent_time: str | None
) -> dict[str, Any]:
    """The stored context: without the traits, which the activity has, and with our own fields.

    Without the signature, too: it is a credential.
    """
    kept = {name: value for name, value in context.items() if name not in _NOT_KEPT}
    if context.get(FIELD) and verified is None:
        kept[NOT_VERIFIED] = MISMATCH
    if not_taken:
        kept[NOT_TAKEN] = not_taken
    if sent_time is not None:
        kept[SENT_TIME] = sent_time
    return kept


def _sent_time(event: dict[str, Any]) -> str | None:
    named = time_field(event)
    return None if named is None else str(event[named])


def _user_agent(context: dict[str, Any], sender: Sender) -> str:
    """The visitor's user agent: from the event, else from the header of a browser's request."""
    agent = context.get("userAgent")
    if isinstance(agent, str) and not is_blank(agent):
        return agent[:MAX_LENGTH]
    return sender.user_agent[:MAX_LENGTH] if not sender.trusted and is_browser(sender.user_agent) else ""


def _id(
    event: dict[str, Any], sender: Sender, content: tuple[Any, ...], *, received_at: datetime
) -> ActivityId:
    """The sender's id, else a hash of the content and the time: a placeholder would make all events one."""
    given = (text(event, "messageId") or "").strip()
    if len(given) > MAX_ID or "\0" in given:
        raise InvalidActivity("messageId", f"must be plain text of at most {MAX_ID} characters")
    if given and not is_placeholder(given):
        return id_of_sender(given, trusted=sender.trusted)
    when = _sent_time(event) or received_at
    encoded = msgspec.json.encode((*content, when), order="deterministic")
    derived = "content-" + hashlib.blake2b(encoded, digest_size=16).hexdigest()
    return id_of_sender(derived, trusted=sender.trusted)
