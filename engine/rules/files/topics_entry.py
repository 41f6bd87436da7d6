"""Topics: lists besides the newsletter and SMS, each with a machine like that of the newsletter."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from engine.domain.conditions import Compare, Condition, Path
from engine.domain.rulebook import TOPIC_CHANNELS, Machine, Topic, TopicChannel, Transition
from engine.domain.statuses import REFUSED
from engine.rules.conditions.predicate import condition
from engine.rules.language.entries import Entry, choice, text
from engine.rules.language.nodes import Node
from engine.rules.language.references import ID

TOPIC_STATES: Mapping[str, str] = {
    "not_subscribed": "not subscribed",
    "subscribed": "subscribed",
    REFUSED: "unsubscribed",
}

TOPIC_INITIAL = "not_subscribed"

TOPIC_ACTIVITIES = ("topic_subscribed", "topic_unsubscribed")
"""The activities that subscribe to a topic, which their property `topic` names, and unsubscribe from it."""

_REFUSALS_OF_ALL: Mapping[TopicChannel, str] = {"email": "email_complained", "sms": "sms_unsubscribed"}
"""What refuses every topic of a channel: a complaint about a mail, STOP to a message."""

_IMPORTED = ("_at", "_out")
"""The endings of the targets of a topic's columns: another topic cannot be called like one."""

_NEW, _YES, _NO = frozenset({TOPIC_INITIAL}), frozenset({"subscribed"}), frozenset({REFUSED})


class TopicEntry(Entry):
    label = text("What people read.")
    about = text("One sentence for contacts who choose what they receive.", default="")
    channel = choice("How it is sent.", TOPIC_CHANNELS, default="email")


def read_topic(id_: str, entry: TopicEntry, names: Node) -> Topic:
    """One topic; `names` is the mapping in which it stands."""
    if not ID.fullmatch(id_):
        names.fail(f"{id_!r} cannot name a topic: small letters, digits, - and _, a letter first", id_)
    if id_.endswith(_IMPORTED):
        names.fail(f"the name of a topic cannot end in {' or '.join(_IMPORTED)}: columns of imports do", id_)
    channel = entry.channel if entry.channel in TOPIC_CHANNELS else TOPIC_CHANNELS[0]
    return Topic(id_, entry.label.strip(), entry.about.strip(), channel)


def with_topics(machines: Mapping[str, Machine], topics: Collection[Topic]) -> dict[str, Machine]:
    """All machines by id, those of topics after the subscription of their channel."""
    found: dict[str, Machine] = {}
    for id_, machine in machines.items():
        found[id_] = machine
        found |= {t.machine: _machine(t) for t in topics if _BESIDE[t.channel] == id_}
    return found | {t.machine: _machine(t) for t in topics if t.machine not in found}


_BESIDE: Mapping[TopicChannel, str] = {"email": "newsletter", "sms": "sms"}


def topic_states(topics: Iterable[str]) -> dict[str, frozenset[str]]:
    """The states of the machine of each topic, given as their ids."""
    return {Topic(id_, id_).machine: frozenset(TOPIC_STATES) for id_ in topics}


def _machine(topic: Topic) -> Machine:
    by_word = {to: _activity(topic.machine, to) for to in ("subscribed", REFUSED)}
    moves = [
        Transition("topic_subscribed", _NEW | _NO, "subscribed", _activity("topic", topic.id)),
        Transition("topic_unsubscribed", _NEW | _YES, REFUSED, _activity("topic", topic.id)),
        Transition(_REFUSALS_OF_ALL[topic.channel], _NEW | _YES, REFUSED),
        Transition("contact_edited", _NEW | _NO, "subscribed", by_word["subscribed"]),
        Transition("contact_edited", _NEW | _YES, REFUSED, by_word[REFUSED]),
        Transition("contact_imported", _NEW, "subscribed", by_word["subscribed"]),
        Transition("contact_imported", _NEW | _YES, REFUSED, by_word[REFUSED]),
    ]
    on = dict.fromkeys(move.on for move in moves)
    return Machine(
        id=topic.machine,
        label=topic.label,
        states=TOPIC_STATES,
        initial=TOPIC_INITIAL,
        transitions={type_: tuple(move for move in moves if move.on == type_) for type_ in on},
    )


def _activity(name: str, value: str) -> Condition:
    """That an activity carries a value."""
    return condition(Compare(Path("activity", name), "eq", value))
