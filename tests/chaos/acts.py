"""What senders and users do at the same time: events of all kinds, merges, undos, splits and edits.

Each act draws what it does from a source of chance that it is given, looks at the contacts as they are
now, and goes through the collector's translation or through the service that a page would call.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from engine.accounts.actor import Actor
from engine.contacts.contact_lookup import find_contact
from engine.contacts.editing import edit_service
from engine.contacts.editing.edit import Edit
from engine.contacts.editing.identity_decisions import can_be_split_off
from engine.contacts.merging import merge_list, merge_preview, merge_service
from engine.db.contact_codec import LIVING
from engine.domain.activities import ActivityId, ContactId
from engine.errors import Conflict, ContactNotFound, Family, Invalid, NotFound
from engine.pipeline import activity_spans, inbox
from engine.rules import versions
from engine.tracking.translate import Sender, translate
from tests.builders import acting, colleague

EXPECTED: tuple[Family, ...] = (NotFound, Invalid, Conflict)
"""The families of what a user is told when others were quicker."""

TICK = timedelta(seconds=20)
"""The clock moves on by this each time that anybody looks at it."""

LATE = timedelta(hours=6)
"""An event comes as late as this, at most."""

SECRET_KEY, WRITE_KEY = Sender("server", trusted=True), Sender("web", trusted=False)

HOUSEHOLD = 5
"""People who are taken for one another: contacts of one household are merged by hand."""

TARGETS = 8
"""What an act tries to take back, at most, before giving up."""

NEIGHBOURS = 10
"""The first people, who use one tablet: so many that it turns out to be nobody's."""

VIEWS = (
    "page_visited",
    "product_visited",
    "category_visited",
    "searched",
    "added_to_cart",
    "removed_from_cart",
)


@dataclass
class Acts:
    """A shop of so many people, and what was done there so far.  Several threads may act at once.

    Parameters:
      db: The shop's database.
      people(int): How many there are; each has two browsers, two emails, a number and a phone.
      start(datetime): The time of the first act.

    `acknowledged` are the activities whose receipt was confirmed, `shown` every contact id that anybody
    saw, and `orders` what was bought, by order id.
    """

    db: Any
    people: int
    start: datetime
    acknowledged: set[str] = field(default_factory=set)
    shown: set[ContactId] = field(default_factory=set)
    orders: set[str] = field(default_factory=set)
    events: list[tuple[dict[str, Any], Sender]] = field(default_factory=list)
    edits: list[tuple[ContactId, ActivityId]] = field(default_factory=list)
    decisions: list[ActivityId] = field(default_factory=list)
    _ticks: itertools.count[int] = field(default_factory=itertools.count)
    _ids: itertools.count[int] = field(default_factory=itertools.count)

    def act(self, kind: str, source: random.Random) -> None:
        """Do something of a kind.  Raises an error of one of the families of EXPECTED."""
        ACTS[kind](self, source)

    def begin(self, source: random.Random) -> None:
        """Let everybody be known, so that there is somebody to decide on."""
        for _ in range(4 * self.people):
            self.act(source.choice(("browse", "identify", "vouch")), source)

    def now(self) -> datetime:
        """A time that nobody saw before."""
        return self.start + TICK * next(self._ticks)

    # Senders

    def browse(self, source: random.Random) -> None:
        """A page view by a browser without a name."""
        product = source.randrange(20)
        said = {"product_id": f"p{product}", "name": f"Product {product}", "price": 60, "quantity": 1}
        browser = self._browser(source, self._person(source))
        self._track(source, source.choice(VIEWS), WRITE_KEY, anonymousId=browser, properties=said)

    def identify(self, source: random.Random) -> None:
        """A browser says who uses it."""
        person = self._person(source)
        traits = {**self._ids_of(source, person), "first_name": f"B{source.randrange(9)}"}
        self._send(
            source, WRITE_KEY, type="identify", anonymousId=self._browser(source, person), **_parted(traits)
        )

    def vouch(self, source: random.Random) -> None:
        """The shop's server says who somebody is, perhaps with the browser."""
        person = self._person(source)
        ids = {**self._ids_of(source, person), "userId": f"n{person}"}
        browser = {"anonymousId": self._browser(source, person)} if source.random() < 0.5 else {}
        traits = {"first_name": f"S{source.randrange(9)}", "city": f"City {source.randrange(3)}"}
        self._send(source, SECRET_KEY, type="identify", **browser, **_parted({**ids, **traits}))

    def alias(self, source: random.Random) -> None:
        """A browser or an email is said to be a person's."""
        person = self._person(source)
        previous = source.choice((f"b{person}-{source.randrange(2)}", *self._emails(person)))
        key = source.choice((SECRET_KEY, WRITE_KEY))
        self._send(source, key, type="alias", previousId=previous, userId=f"n{person}")

    def order(self, source: random.Random) -> None:
        """An order, reported by the server or by a browser."""
        person, order = self._person(source), f"o{next(self._ids)}"
        said = {"order_id": order, "total": source.randrange(100, 9_999) / 100, "currency": "EUR"}
        if source.random() < 0.7:
            said["email"] = source.choice(self._emails(person))
            self._track(source, "order_completed", SECRET_KEY, userId=f"n{person}", properties=said)
        else:
            browser = self._browser(source, person)
            self._track(source, "order_completed", WRITE_KEY, anonymousId=browser, properties=said)
        self.orders.add(order)

    def mail(self, source: random.Random) -> None:
        """What became of a mail, or of a subscription."""
        person = self._person(source)
        said = {"message_id": f"m{next(self._ids)}", "bounce": source.choice(("temporary", "permanent"))}
        kinds = ("email_delivered", "email_bounced", "newsletter_subscribed", "newsletter_unsubscribed")
        traits = {"email": source.choice(self._emails(person))}
        self._track(source, source.choice(kinds), SECRET_KEY, properties={**said, **traits}, traits=traits)

    def repeat(self, source: random.Random) -> None:
        """An event comes a second time: by the same key, or by the other one."""
        event, key = source.choice(_some(self.events, "event"))
        again = key if source.random() < 0.6 else next(k for k in (SECRET_KEY, WRITE_KEY) if k != key)
        self._receive(event, again)

    # Users

    def merge(self, source: random.Random) -> None:
        one, *others = _some(self._contacts(source), "contact")
        one, other = source.sample([one, *_some(others, "second contact")], 2)
        survivor, loser = merge_preview.pair(self._actor(), one, other)
        self._decide(
            lambda actor, id_: merge_service.merge(actor, survivor, loser, id_=id_, reason="one person"),
            source,
        )

    def undo_merge(self, source: random.Random) -> None:
        merged = source.choice(_some(merge_list.page(self._actor()).merges, "merge"))
        self.shown |= {merged.loser, merged.winner, merged.into}
        self._decide(lambda actor, id_: merge_service.undo_merge(actor, merged.loser, id_=id_), source)

    def split_tracker(self, source: random.Random) -> None:
        contact = self._contact(source)
        trackers = self._row(contact).get("trackers", ())
        tracker = source.choice(_some(sorted(held["id"] for held in trackers), "tracker"))
        self._decide(lambda actor, id_: merge_service.split_tracker(actor, contact, tracker, id_=id_), source)

    def split_activities(self, source: random.Random) -> None:
        contact = self._contact(source)
        query = activity_spans.query(self._row(contact), {"state": "applied", "derived": None})
        rows = self.db.activities.find(query).sort("_id", 1)
        ids = _some([ActivityId(row["_id"]) for row in rows if can_be_split_off(row)], "activity")
        chosen = source.sample(ids, min(len(ids), source.randrange(1, 4)))
        self._decide(
            lambda actor, id_: merge_service.split_activities(actor, contact, chosen, id_=id_), source
        )

    def take_back_decision(self, source: random.Random) -> None:
        def take_back(decision: ActivityId) -> None:
            self._once_or_twice(source, lambda actor, id_: merge_service.take_back(actor, decision, id_=id_))

        _first_that_works(take_back, _sampled(_some(self.decisions, "decision"), source))

    def edit(self, source: random.Random) -> None:
        contact = self._contact(source)
        row = self._row(contact)
        change, read = self._change(source), {}
        if source.random() < 0.5 and "first_name" in change.fields:
            read = {"first_name": row.get("first_name")}
        id_ = self._once_or_twice(
            source, lambda actor, id_: edit_service.edit(actor, contact, change, id_=id_, read=read)
        )
        self.edits.append((contact, id_))

    def edit_identity(self, source: random.Random) -> None:
        person = self._person(source)
        contact = source.choice(
            _some(self._contacts_of(range(person - person % HOUSEHOLD, person + 1)), "contact")
        )
        name, value = source.choice(
            [
                ("email", self._emails(person)[1]),
                ("mobile_phone", _phone(person)),
                ("external_id", f"n{person}"),
            ]
        )
        change = Edit(fields={name: value})
        id_ = self._once_or_twice(
            source, lambda actor, id_: edit_service.edit(actor, contact, change, id_=id_)
        )
        self.edits.append((contact, id_))

    def take_back_edit(self, source: random.Random) -> None:
        def take_back(edited: tuple[ContactId, ActivityId]) -> None:
            contact, edit = self._found(edited[0]), edited[1]
            self._once_or_twice(
                source, lambda actor, id_: edit_service.take_back(actor, contact, edit, id_=id_)
            )

        _first_that_works(take_back, _sampled(_some(self.edits, "edit"), source))

    # How events are sent

    def _track(self, source: random.Random, name: str, key: Sender, **more: Any) -> None:
        self._send(source, key, type="track", event=name, **more)

    def _send(self, source: random.Random, key: Sender, **event: Any) -> None:
        late = LATE * source.random() if source.random() < 0.3 else timedelta(0)
        event["messageId"] = f"event-{next(self._ids)}"
        event["timestamp"] = (self.now() - late).isoformat()
        self._receive(event, key)
        self.events.append((event, key))

    def _receive(self, event: dict[str, Any], key: Sender) -> None:
        activity = translate(event, key, versions.current(self.db), received_at=self.now())
        receipt = inbox.receive(self.db, [activity])
        assert not receipt.conflicts, receipt.conflicts
        self.acknowledged.update([*receipt.accepted, *receipt.duplicates])

    # How users act

    def _decide(self, decide: Callable[[Actor, ActivityId], object], source: random.Random) -> None:
        self.decisions.append(self._once_or_twice(source, decide))

    def _once_or_twice(self, source: random.Random, do: Callable[[Actor, ActivityId], object]) -> ActivityId:
        """Do something under an id of its own; now and then a page sends it twice."""
        id_ = ActivityId(f"by-hand-{next(self._ids)}")
        do(self._actor(), id_)
        self.acknowledged.add(id_)
        if source.random() < 0.1:
            do(self._actor(), id_)
        return id_

    def _actor(self) -> Actor:
        now = self.now()
        return acting(self.db, MIA, at=now)

    def _change(self, source: random.Random) -> Edit:
        return source.choice(
            [
                Edit(fields={"first_name": f"H{source.randrange(9)}"}),
                Edit(fields={"custom.city": f"City {source.randrange(3)}", "last_name": None}),
                Edit(points=source.randrange(1, 50), reason="a gift"),
                Edit(statuses={"newsletter": "unsubscribed"}),
            ]
        )

    # Who it is about

    def _person(self, source: random.Random) -> int:
        return source.randrange(self.people)

    def _emails(self, person: int) -> tuple[str, str]:
        return f"person{person}@example.com", f"p{person}@work.example"

    def _ids_of(self, source: random.Random, person: int) -> dict[str, str]:
        """One or two of a person's identities, as an event names them."""
        ids = {"email": source.choice(self._emails(person)), "userId": f"n{person}", "phone": _phone(person)}
        return {name: ids[name] for name in source.sample(sorted(ids), source.randrange(1, 3))}

    def _browser(self, source: random.Random, person: int) -> str:
        """One of a person's two, the one that is shared with another person, or the tablet of the first ones."""
        chance = source.random()
        if chance < 0.25 and person < NEIGHBOURS < self.people:
            return "tablet"
        return f"shared{person // 2}" if chance < 0.15 else f"b{person}-{int(chance < 0.45)}"

    def _contacts(self, source: random.Random) -> list[ContactId]:
        """The living contacts of one household; two of them are often one person's."""
        first = source.randrange(0, self.people, HOUSEHOLD)
        return self._contacts_of(range(first, min(first + HOUSEHOLD, self.people)))

    def _contacts_of(self, people: Sequence[int]) -> list[ContactId]:
        keys = [key for person in people for key in _keys(person)]
        found = self.db.contacts.find({"keys": {"$in": keys}, **LIVING}, {"_id": 1})
        ids = sorted(ContactId(row["_id"]) for row in found)
        self.shown.update(ids)
        return ids

    def _contact(self, source: random.Random) -> ContactId:
        return source.choice(_some(self._contacts(source), "contact"))

    def _found(self, key: str) -> ContactId:
        found = find_contact(self.db, key)
        if found is None:
            raise ContactNotFound(key)
        self.shown.add(found)
        return found

    def _row(self, contact: ContactId) -> Mapping[str, Any]:
        row = self.db.contacts.find_one({"_id": contact, **LIVING})
        if row is None:
            raise ContactNotFound(contact)
        found: Mapping[str, Any] = row
        return found


MIA = colleague("Mia", "admin")

ACTS: dict[str, Callable[[Acts, random.Random], None]] = {
    "browse": Acts.browse,
    "identify": Acts.identify,
    "vouch": Acts.vouch,
    "alias": Acts.alias,
    "order": Acts.order,
    "mail": Acts.mail,
    "repeat": Acts.repeat,
    "merge": Acts.merge,
    "undo_merge": Acts.undo_merge,
    "split_tracker": Acts.split_tracker,
    "split_activities": Acts.split_activities,
    "take_back_decision": Acts.take_back_decision,
    "edit": Acts.edit,
    "edit_identity": Acts.edit_identity,
    "take_back_edit": Acts.take_back_edit,
}
"""Every kind of act by its name."""


def _keys(person: int) -> list[str]:
    """All that leads to a person."""
    trackers = (f"b{person}-0", f"b{person}-1", f"shared{person // 2}")
    emails = (f"person{person}@example.com", f"p{person}@work.example")
    return [*(f"t:{t}" for t in trackers), *(f"e:{e}" for e in emails), f"x:n{person}", f"p:{_phone(person)}"]


def _phone(person: int) -> str:
    return f"+34600{person:06}"


def _parted(said: Mapping[str, str]) -> dict[str, Any]:
    """What an identify says, with the customer's number in its place."""
    traits = {name: value for name, value in said.items() if name != "userId"}
    return {"traits": traits, **({"userId": said["userId"]} if "userId" in said else {})}


def _some(found: Any, what: str) -> Any:
    """What there is to choose from.  Raises NotFound if there is nothing."""
    if not found:
        raise NotFound(f"there is no {what} yet")
    return found


def _sampled(found: Sequence[Any], source: random.Random) -> list[Any]:
    found = list(found)
    return source.sample(found, min(len(found), TARGETS))


def _first_that_works(do: Callable[[Any], None], targets: Sequence[Any]) -> None:
    """Try one target after the other, as a user does who is refused.  Raises the last one's refusal."""
    for target in targets[:-1]:
        with suppress(*EXPECTED):
            do(target)
            return
    do(targets[-1])
