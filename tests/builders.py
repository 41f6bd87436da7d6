"""Builders of activities and rules, so that a test says only what matters to it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from msgspec import structs

from engine.accounts.actor import Actor
from engine.accounts.current_user import CurrentUser, Role
from engine.domain.activities import IMPORT, Activity, ActivityId, ContactId
from engine.domain.folding.component import Contact, FoldedComponent, refold
from engine.domain.identity.identities import Identities, Key, stream_of
from engine.domain.identity.people import contact_id_of
from engine.domain.rulebook import Rulebook, Ruleset
from engine.rules.ruleset import compile_ruleset, read_folder
from engine.settings import CONFIG_DIR

NAMESPACE = b"a namespace for tests"
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

_numbers = count()


def minutes(number: float) -> datetime:
    """So many minutes after noon of 2 March 2026."""
    return NOON + timedelta(minutes=number)


def days(number: float) -> datetime:
    return NOON + timedelta(days=number)


def acting(db: Any, user: Any, *, at: datetime | None = None) -> Actor:
    """A user at work on a database, by the clock or at one moment."""
    return Actor(db, user) if at is None else Actor(db, user, clock=lambda: at)


def colleague(name: str = "Mia", role: Role = "marketer") -> CurrentUser:
    """A user who may change contacts."""
    return CurrentUser(f"id-of-{name}", f"{name.lower()}@x.com", name, role)


def an_activity(
    type_: str = "page_visited",
    at: datetime = NOON,
    *,
    id_: str | None = None,
    tracker: str | None = None,
    email: str | None = None,
    phone: str | None = None,
    external_id: str | None = None,
    trusted: bool = False,
    bot: bool = False,
    traits: dict[str, Any] | None = None,
    agent: str | None = None,
    verified: str | None = None,
    also: Iterable[str] = (),
    **properties: Any,
) -> Activity:
    """An activity; without a tracker or identity it is that of tracker `t`."""
    identities = Identities(external_id=external_id, email=email, phone=phone)
    if tracker is None and not identities:
        tracker = "t"
    return Activity(
        id=ActivityId(id_ or f"a{next(_numbers)}"),
        type=type_,
        stream=stream_of(tracker, identities),
        happened_at=at,
        received_at=NOON + timedelta(days=365),
        tracker=tracker,
        identities=identities,
        properties=properties,
        traits=traits or {},
        context={} if agent is None else {"userAgent": agent},
        trusted=trusted,
        verified=None if verified is None else Key(verified),
        also=[Key(key) for key in also],
        bot=bot,
    )


def bought(total: str | float, at: datetime = NOON, **more: Any) -> Activity:
    return an_activity("order_completed", at, **{"total": total, **more})


def identified(at: datetime = NOON, **more: Any) -> Activity:
    return an_activity("identified", at, **more)


def by_hand(stream: str, at: datetime, type_: str = "contact_edited", **properties: Any) -> Activity:
    """What a person does to the contact that holds `t:…`, `e:…`, `p:…` or `x:…`."""
    edit = an_activity(type_, at, trusted=True, **properties)
    return structs.replace(edit, stream=Key(stream), tracker=None)


def imported(at: datetime, type_: str = "contact_imported", *, stream: str = "", **more: Any) -> Activity:
    """What a row of a file says of a contact: of who holds `stream`, or of who it names."""
    said = an_activity(type_, at, trusted=True, **more)
    return structs.replace(said, source=IMPORT, tracker=None, stream=Key(stream) if stream else said.stream)


def rules(**files: str) -> Rulebook:
    """The shipped rules, with whole files replaced: `rules(scoring="rules: …")`."""
    texts = read_folder(CONFIG_DIR) | {f"{name}.yaml": text for name, text in files.items()}
    ruleset: Ruleset = compile_ruleset(texts)
    return Rulebook(rulesets={1: ruleset}, present=ruleset)


SHIPPED = rules()

TOPICS = """
  offers: {label: Offers and sales, about: Discounts twice a month.}
  deals: {label: Deals of the day, channel: sms}
"""


def transitions_with(topics: str = TOPICS) -> str:
    """The shipped transitions.yaml with topics."""
    return read_folder(CONFIG_DIR)["transitions.yaml"].replace("topics:\n", f"topics:{topics}", 1)


def with_topics(**files: str) -> Rulebook:
    """The shipped rules with the topics `offers`, by email, and `deals`, by SMS."""
    return rules(transitions=transitions_with(), **files)


def folded(activities: Iterable[Activity], rulebook: Rulebook = SHIPPED, **more: Any) -> FoldedComponent:
    """What the activities make of everybody, from the start."""
    return refold(list(activities), rulebook, namespace=NAMESPACE, shared=set(), **more)


def the_contact(activities: Iterable[Activity], rulebook: Rulebook = SHIPPED, **more: Any) -> Contact:
    """The one contact that the activities make."""
    [contact] = folded(activities, rulebook, **more).contacts.values()
    return contact


def contact_of(settled: FoldedComponent, key: str) -> Contact:
    """The contact that holds `t:…`, `e:…`, `p:…` or `x:…`."""
    [contact] = [c for c in settled.contacts.values() if key in c.person.keys()]
    return contact


def id_of(key: str) -> ContactId:
    return contact_id_of(Key(key), NAMESPACE)
