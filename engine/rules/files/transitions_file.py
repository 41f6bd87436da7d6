"""transitions.yaml: the statuses of contacts, each a machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.domain.conditions import ALWAYS
from engine.domain.rulebook import Machine, Topic, Transition
from engine.domain.statuses import REFUSED, UNTIL
from engine.rules.conditions.condition_reader import condition, read_condition
from engine.rules.conditions.vocabulary import Subject, Vocabulary
from engine.rules.files.rule_tests import RuleTestEntry
from engine.rules.files.topics_entry import TOPIC_ACTIVITIES, TopicEntry, read_topic
from engine.rules.language.entries import TEXT, Entry, Key, list_of, mapping_of, optional, text, texts
from engine.rules.language.nodes import Node
from engine.rules.language.references import known_activities
from engine.rules.language.suggestions import did_you_mean


def _states(node: Node, key: str) -> Mapping[str, str]:
    """States as a list of names, or as names with the words that a person reads."""
    if isinstance(node.raw(key), list):
        return {name: name.replace("_", " ") for name in node.texts(key)}
    labels = node.node(key)
    return {name: labels.text(name) for name in labels.keys()}


class TransitionEntry(Entry):
    on = text("The activity that moves it; `until`: the date until which the state was given has come.")
    sources = texts("The states that it leads from; without it, all.", name="from")
    to = text("The state that it leads to.")
    when = condition("A condition on the activity and the contact.")


class MachineEntry(Entry):
    label = optional(text("What people read; without it, the name."))
    states = Key(
        "The states, as a list or with what people read of each.",
        _states,
        {"anyOf": [{"type": "array", "items": TEXT}, {"type": "object", "additionalProperties": TEXT}]},
        required=True,
    )
    initial = text("The state in which a contact begins.")
    transitions = list_of("What moves it; the first that fits is taken.", TransitionEntry)

    def names(self) -> frozenset[str]:
        """The states by name, whatever is wrong with the words for them."""
        value = self.node.raw("states")
        return frozenset(str(name) for name in value) if isinstance(value, dict | list) else frozenset()


class TransitionsFile(Entry):
    """Statuses"""

    machines = mapping_of("The statuses, by name.", MachineEntry)
    topics = mapping_of(
        "Lists besides the newsletter and SMS, by name; each is a status `topic_…`.", TopicEntry
    )
    tests = list_of("What a few activities must come to.", RuleTestEntry)


def read_transitions(file: TransitionsFile, words: Vocabulary) -> dict[str, Machine]:
    """The machines that the file writes out, one a status."""
    return {name: _machine(name, entry, words) for name, entry in file.machines.items()}


def read_topics(
    file: TransitionsFile, machines: Mapping[str, Machine], words: Vocabulary
) -> dict[str, Topic]:
    """The topics; report the id or label of one that a status or another topic has."""
    names = file.node.node("topics")
    if file.topics:
        known_activities(TOPIC_ACTIVITIES, words.catalog, node=file.node, key="topics")
    labels = {machine.label.casefold(): f"the status {id_!r}" for id_, machine in machines.items()}
    topics: dict[str, Topic] = {}
    for id_, entry in file.topics.items():
        topic = read_topic(id_, entry, names)
        if topic.machine in machines:
            names.fail(f"the status {topic.machine!r} is the one of the topic {id_!r}: rename either", id_)
        label = topic.label.casefold()
        if label in labels:
            entry.node.fail(f"{labels[label]} has the label {topic.label!r}, too", "label")
        labels.setdefault(label, f"the topic {id_!r}")
        topics[id_] = topic
    return topics


def _machine(name: str, entry: MachineEntry, words: Vocabulary) -> Machine:
    transitions: dict[str, tuple[Transition, ...]] = {}
    for inner in entry.transitions:
        transition = _transition(inner, entry.states, words)
        earlier = transitions.get(transition.on, ())
        _check_turn(inner.node, transition, earlier)
        transitions[transition.on] = (*earlier, transition)
    machine = Machine(
        id=name,
        label=name.replace("_", " ").capitalize() if entry.label is None else entry.label,
        states=entry.states,
        initial=entry.initial,
        transitions=transitions,
    )
    entry.node.require_choice("initial", entry.initial, entry.states)
    _check_reach(entry.node, machine)
    _warn_of_lost_refusals(entry.node, machine)
    return machine


def _transition(entry: TransitionEntry, states: Mapping[str, str], words: Vocabulary) -> Transition:
    waits = entry.on == UNTIL
    activities = () if waits else known_activities([entry.on], words.catalog, node=entry.node, key="on")
    for state in entry.sources:
        if state not in states:
            entry.node.fail(f"no state {state!r}{did_you_mean(state, states)}", "from")
    entry.node.require_choice("to", entry.to, states)
    subject = Subject(words, activities, any_activity=not (waits or activities))
    return Transition(
        on=UNTIL if waits else activities[0] if activities else "",
        sources=frozenset(entry.sources or states),
        to=entry.to,
        when=read_condition(entry.node, subject),
    )


def _check_turn(node: Node, transition: Transition, before: Iterable[Transition]) -> None:
    """Report a transition that leads nowhere else, or is never its turn: the first that fits is taken."""
    leaves = transition.sources - {transition.to}
    if not leaves and transition.to:
        node.fail(f"this can never match: it leads from {transition.to!r} to the same", "to")
        return
    for earlier in before:
        if earlier.when is ALWAYS:
            leaves -= earlier.sources - {earlier.to}
    if not leaves and transition.on and transition.to:
        node.fail(f"this can never match: a transition before it is taken on each {transition.on}", "on")


def _check_reach(node: Node, machine: Machine) -> None:
    """Report states that no transition leads to, and that a rule's effect alone could not, either."""
    moves = [move for moves in machine.transitions.values() for move in moves]
    reached, before = {machine.initial}, set[str]()
    while reached != before:
        before = set(reached)
        reached |= {move.to for move in moves if move.sources & reached}
    for state in machine.states:
        if state not in reached and machine.initial in machine.states:
            node.fail_item(f"nothing leads to the state {state!r}", "states", state)


def _warn_of_lost_refusals(node: Node, machine: Machine) -> None:
    """Warn of states in which an activity that elsewhere leads to a refusal changes nothing."""
    if REFUSED not in machine.states:
        return
    for activity, moves in machine.transitions.items():
        refusing = [move.sources for move in moves if move.to == REFUSED]
        lost = machine.states.keys() - {REFUSED} - frozenset().union(*refusing)
        if refusing and lost:
            states = ", ".join(sorted(lost))
            node.warn(
                f"{activity} does not lead from {states} to {REFUSED}: a refusal is lost", "transitions"
            )
