"""Activities that arrive in batches, as a worker takes them: a step at the tip where it can, else a refold."""

from __future__ import annotations

import msgspec

from engine.domain.folding import component
from engine.domain.identity.people import Person
from tests.builders import NAMESPACE, SHIPPED


class Living:
    """What the store does with a component, kept in memory: a step where it can, else a refold."""

    def __init__(self, rulebook=SHIPPED):
        self.rulebook = rulebook
        self.contacts, self.ledger, self.derived, self.seen, self.history = {}, {}, {}, set(), []
        self.shared = set()

    def receive(self, batch):
        new = sorted({a.id: a for a in batch if a.id not in self.seen}.values(), key=lambda a: a.moment)
        if not new:
            return
        self.seen |= {a.id for a in new}
        repeats = any(activity.counterpart in self.seen for activity in new)
        settled = (
            None
            if repeats
            else component.step(
                _copied(self.contacts), new, self.rulebook, namespace=NAMESPACE, shared=self.shared
            )
        )
        self.history += new
        if settled is None:
            settled = component.refold(self.history, self.rulebook, namespace=NAMESPACE, shared=self.shared)
            self.shared |= settled.newly_shared
            self.contacts, self.ledger, self.derived = {}, {}, {}
        self.contacts |= settled.contacts
        self.ledger |= {entry.id: entry for entry in settled.ledger}
        self.derived |= {derived.id: derived for derived in settled.derived}

    def picture(self):
        return _picture(self.contacts), self.ledger, self.derived


def _copied(contacts):
    return {
        id_: component.Contact(
            msgspec.convert(msgspec.to_builtins(c.person), Person),
            msgspec.convert(msgspec.to_builtins(c.state), type(c.state)),
        )
        for id_, c in contacts.items()
    }


def _picture(contacts):
    pictures = {}
    for id_, contact in contacts.items():
        person = msgspec.to_builtins(contact.person)
        for unordered in ("former", "trackers", "spans", "merged", "renamed"):
            person[unordered] = sorted(person.get(unordered, []), key=str)
        pictures[id_] = (person, msgspec.to_builtins(contact.state))
    return pictures
