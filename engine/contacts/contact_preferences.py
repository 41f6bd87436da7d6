"""What a contact receives now, as its preference page shows it, and its choices as activities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from engine.contacts.contact_lookup import follow_merges
from engine.contacts.editing.edit import InvalidEdit
from engine.contacts.editing.edit_activities import own_stream
from engine.db import Db
from engine.domain.activities import PREFERENCE_PAGE, Activity, ActivityId, ActivityState, ContactId
from engine.domain.document import Document
from engine.domain.identity.identities import Key
from engine.domain.preference_links import NEWSLETTER, preference_link
from engine.domain.rulebook import Ruleset
from engine.domain.subscriptions import SUBSCRIBED, UNSUBSCRIBED, Channel, Subscription, subscriptions_of
from engine.errors import ContactNotFound, Invalid, Misconfigured
from engine.rules import versions

LANGUAGE_FIELDS = ("language", "locale", "lang")
"""The custom fields that say in which language a contact is written to, the first that is there."""

_READ = ("spans", "email_typed", "email", "mobile_phone", "statuses", "custom")


@dataclass(frozen=True)
class Held:
    """The state of one subscription of a contact, and since when; it may not have been folded yet."""

    subscription: Subscription
    state: str
    since: datetime | None

    @property
    def subscribed(self) -> bool:
        return self.state == SUBSCRIBED


@dataclass(frozen=True)
class ContactPreferences:
    """What a contact receives now.

    Parameters:
      contact(str): The contact that holds the link's id now.
      stream(str): The stream that leads its choices to it.
      email(str): As it was typed; unset for none.
      phone(str): Unset for none.
      addresses(Mapping): The normalised addresses, by channel.
      language(str): As the contact's fields have it; empty for none.
      held(dict): By machine, in the order in which to show them.
    """

    contact: ContactId
    stream: Key
    email: str | None
    phone: str | None
    addresses: Mapping[Channel, str]
    language: str
    held: Mapping[str, Held]

    def has_address_for(self, subscription: Subscription) -> bool:
        """Whether there is an address to which a subscription could be sent."""
        return subscription.channel in self.addresses


@dataclass(frozen=True)
class Evidence:
    """The circumstances of a choice.

    Parameters:
      source(str): By what the contact chose: the page, one click in a mail, a confirmation.
      page(str): The path of the page.
      version(str): Of the texts on it.
      address(str): The network address that the choice came from; empty if it is not known.
      more(Mapping): Other properties of the activity.
    """

    source: str
    page: str
    version: str
    address: str = ""
    more: Mapping[str, str] | None = None


def contact_preferences(db: Db, contact: ContactId, ruleset: Ruleset) -> ContactPreferences:
    """Return what the present holder of an id receives now, its latest choices included.

    Raises ContactNotFound if nobody holds the id, as after an erasure.
    """
    holder = follow_merges(db, contact)
    waiting = [] if holder is None else _waiting_choices(db, holder)
    # Read after the waiting choices: one that is applied in between is in the contact then.
    row = None if holder is None else db.contacts.find_one({"_id": holder}, dict.fromkeys(_READ, 1))
    if row is None:
        raise ContactNotFound(contact)
    try:
        stream = own_stream(row)
    except InvalidEdit:
        raise ContactNotFound(contact) from None
    custom = row.get("custom", {})
    language = next((custom[name] for name in LANGUAGE_FIELDS if isinstance(custom.get(name), str)), "")
    return ContactPreferences(
        contact=row["_id"],
        stream=stream,
        email=row.get("email_typed") or row.get("email"),
        phone=row.get("mobile_phone"),
        addresses=_addresses(row),
        language=language,
        held={
            machine: _held(subscription, row, waiting, ruleset)
            for machine, subscription in subscriptions_of(ruleset).items()
        },
    )


def _addresses(row: Document) -> dict[Channel, str]:
    known: dict[Channel, str | None] = {"email": row.get("email"), "sms": row.get("mobile_phone")}
    return {channel: address for channel, address in known.items() if address}


def _held(subscription: Subscription, row: Document, waiting: Iterable[Document], ruleset: Ruleset) -> Held:
    status = row.get("statuses", {}).get(subscription.machine, {})
    state = status.get("state", ruleset.machines[subscription.machine].initial)
    held = Held(subscription, state, status.get("since"))
    for choice in waiting:
        for to in (SUBSCRIBED, UNSUBSCRIBED):
            properties = choice.get("properties", {})
            named = all(properties.get(name) == value for name, value in subscription.properties.items())
            if choice["type"] == subscription.activity_type(to) and named:
                held = Held(subscription, to, choice["happened_at"])
    return held


def _waiting_choices(db: Db, contact: ContactId) -> list[Document]:
    """The choices on the page that no worker has applied yet, in their order."""
    row = db.contacts.find_one({"_id": contact}, {"spans": 1}) or {}
    streams = [span["key"] for span in row.get("spans", ()) if span.get("until") is None]
    waiting = {"stream": {"$in": streams}, "state": ActivityState.RECEIVED, "source": PREFERENCE_PAGE}
    return list(
        db.activities.find(waiting, {"type": 1, "properties": 1, "happened_at": 1}).sort("happened_at")
    )


def choice(
    chosen: ContactPreferences,
    subscription: Subscription,
    to: str,
    *,
    id_: ActivityId,
    text: str,
    evidence: Evidence,
    ruleset: Ruleset,
    now: datetime,
) -> Activity:
    """Return the activity by which a contact subscribes or unsubscribes; `text` is what it read there."""
    properties = {
        **subscription.properties,
        "source": evidence.source,
        "page": evidence.page,
        "text": text,
        "text_version": evidence.version,
        "ip": evidence.address,
        **(evidence.more or {}),
    }
    return Activity(
        id=id_,
        type=subscription.activity_type(to),
        stream=chosen.stream,
        happened_at=now,
        received_at=now,
        properties={name: value for name, value in properties.items() if value},
        trusted=True,
        ruleset=ruleset.version,
        source=PREFERENCE_PAGE,
    )


class NoPreferencePage(Misconfigured):
    """The rules declare no preference page."""

    def __init__(self) -> None:
        super().__init__("there is no preference page: an admin declares `preferences` in settings.yaml")


class UnknownSubscription(Invalid):
    """No subscription has this name."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(f"no subscription {name!r}; there are {', '.join(known)}")


def link_to_preferences(
    db: Db,
    contact: ContactId,
    environment: Mapping[str, str],
    *,
    now: datetime,
    subscription: str = NEWSLETTER,
) -> str:
    """Return the link to a contact's preference page; one click on it ends `subscription`.

    Raises NoPreferencePage, UnknownSubscription and UnusableSecret.
    """
    ruleset = versions.current(db)
    if ruleset.preferences is None:
        raise NoPreferencePage
    known = subscriptions_of(ruleset)
    if subscription not in known:
        raise UnknownSubscription(subscription, known)
    return preference_link(contact, ruleset.preferences, environment, now=now, subscription=subscription)
