"""What a contact receives now, as its preference page shows it, and its choices as activities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.contacts.contact_lookup import follow_merges
from engine.contacts.editing.edit import InvalidEdit
from engine.contacts.editing.edit_activities import own_stream
from engine.db import Db, contact_codec
from engine.domain import opt_in, statuses
from engine.domain.activities import PREFERENCE_PAGE, Activity, ActivityId, ActivityState, ContactId
from engine.domain.contact import ContactState
from engine.domain.deliverability import MAIL
from engine.domain.identity.identities import Key
from engine.domain.preference_links import NEWSLETTER, preference_link
from engine.domain.rulebook import Ruleset
from engine.domain.statuses import EMAILS_PAUSED, EMAILS_RESUMED, THE_CONTACT, UNTIL
from engine.domain.subscriptions import SUBSCRIBED, Channel, Subscription, subscriptions_of
from engine.errors import ContactNotFound, Invalid, Misconfigured
from engine.pipeline.groups import decode_activity
from engine.rules import versions

LANGUAGE_FIELDS = ("language", "locale", "lang")
"""The custom fields that say in which language a contact is written to, the first that is there."""

WAITING_FOR = timedelta(days=7)
"""The longest time for which a choice may wait for the workers and is shown all the same."""


@dataclass(frozen=True)
class Held:
    """The state of one subscription of a contact, and since when; it may not have been folded yet.

    `asked_at` is since when it waits for a confirmation.
    """

    subscription: Subscription
    state: str
    since: datetime | None
    asked_at: datetime | None = None

    @property
    def subscribed(self) -> bool:
        return self.state == SUBSCRIBED


@dataclass(frozen=True)
class Pause:
    """The pause of all email by the contact itself.

    Parameters:
      offered(bool): Whether the contact can begin one now.
      until(datetime): When the present one ends; unset if there is none that the contact began.
    """

    offered: bool
    until: datetime | None


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
      pause(Pause): Of all email.
    """

    contact: ContactId
    stream: Key
    email: str | None
    phone: str | None
    addresses: Mapping[Channel, str]
    language: str
    held: Mapping[str, Held]
    pause: Pause

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


def contact_preferences(db: Db, contact: ContactId, ruleset: Ruleset, *, now: datetime) -> ContactPreferences:
    """Return what the present holder of an id receives now, its latest choices included.

    Raises ContactNotFound if nobody holds the id, as after an erasure.
    """
    holder = follow_merges(db, contact)
    waiting = [] if holder is None else _waiting_choices(db, holder, since=now - WAITING_FOR)
    # Read after the waiting choices: one that is applied in between is in the contact then.
    row = None if holder is None else db.contacts.find_one({"_id": holder})
    if row is None:
        raise ContactNotFound(contact)
    try:
        stream = own_stream(row)
    except InvalidEdit:
        raise ContactNotFound(contact) from None
    state = contact_codec.decode(row).state
    for activity in waiting:
        statuses.move(state, activity, ruleset)
    opt_in.settle(state, ruleset)
    email, phone = row.get("email"), row.get("mobile_phone")
    addresses: dict[Channel, str | None] = {"email": email, "sms": phone}
    return ContactPreferences(
        contact=row["_id"],
        stream=stream,
        email=state.email_typed or email,
        phone=phone,
        addresses={channel: address for channel, address in addresses.items() if address},
        language=next((text for n in LANGUAGE_FIELDS if isinstance(text := state.custom.get(n), str)), ""),
        held={
            machine: _held(state, subscription, ruleset)
            for machine, subscription in subscriptions_of(ruleset).items()
        },
        pause=_pause(state, ruleset),
    )


def _pause(state: ContactState, ruleset: Ruleset) -> Pause:
    machine = ruleset.machines.get(MAIL)
    if machine is None or state.mail.address is None:
        return Pause(offered=False, until=None)
    present = statuses.state_of(state, machine)
    moves = machine.transitions.get(EMAILS_PAUSED, ())
    status = state.statuses.get(MAIL)
    own = status is not None and status.state == "paused" and status.by == THE_CONTACT
    return Pause(
        offered=any(present in move.sources and move.to == "paused" for move in moves),
        until=status.until if own and status is not None else None,
    )


def _held(state: ContactState, subscription: Subscription, ruleset: Ruleset) -> Held:
    machine = subscription.machine
    status, asked = state.statuses.get(machine), state.asked.get(machine)
    return Held(
        subscription,
        statuses.state_of(state, ruleset.machines[machine]),
        None if status is None else status.since,
        None if asked is None else asked.at,
    )


def _waiting_choices(db: Db, contact: ContactId, *, since: datetime) -> list[Activity]:
    """The choices on the page that no worker has applied yet, in their order."""
    row = db.contacts.find_one({"_id": contact}, {"spans": 1}) or {}
    streams = [span["key"] for span in row.get("spans", ()) if span.get("until") is None]
    waiting = {
        "stream": {"$in": streams},
        "happened_at": {"$gte": since},
        "state": ActivityState.RECEIVED,
        "source": PREFERENCE_PAGE,
    }
    return sorted(map(decode_activity, db.activities.find(waiting)), key=lambda activity: activity.moment)


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
    address = "email" if subscription.channel == "email" else "phone"
    properties = {
        **subscription.properties,
        address: chosen.addresses.get(subscription.channel, ""),
        "text": text,
        "text_version": evidence.version,
    }
    return _activity(chosen, subscription.activity_type(to), properties, id_, evidence, ruleset, now)


def pause_emails(
    chosen: ContactPreferences,
    until: datetime | None,
    *,
    id_: ActivityId,
    evidence: Evidence,
    ruleset: Ruleset,
    now: datetime,
) -> Activity:
    """Return the activity by which a contact gets no email until a time, or gets it again."""
    type_ = EMAILS_RESUMED if until is None else EMAILS_PAUSED
    properties = {} if until is None else {UNTIL: until.isoformat()}
    return _activity(chosen, type_, properties, id_, evidence, ruleset, now)


def _activity(
    chosen: ContactPreferences,
    type_: str,
    properties: Mapping[str, str],
    id_: ActivityId,
    evidence: Evidence,
    ruleset: Ruleset,
    now: datetime,
) -> Activity:
    """Return what the contact itself did on the page, with the circumstances as properties."""
    circumstances = {"source": evidence.source, "page": evidence.page, "ip": evidence.address}
    properties = {**properties, **circumstances, **(evidence.more or {})}
    return Activity(
        id=id_,
        type=type_,
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
