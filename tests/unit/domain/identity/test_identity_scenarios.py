"""The scenarios of docs/identity.md, run from the same table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import permutations
from pathlib import Path

import pytest
from msgspec import structs

from engine.domain.activities import Activity, ActivityId
from engine.domain.folding.component import Contact, FoldedComponent
from engine.domain.identity.identities import Key
from tests.builders import an_activity, by_hand, folded, imported, minutes

PAGE = Path(__file__).parents[4] / "docs" / "identity.md"

VERBS = {
    "visits": "page_visited",
    "says": "identified",
    "subscribes": "newsletter_subscribed",
    "unsubscribes": "newsletter_unsubscribed",
    "buys": "order_completed",
    "opens": "email_opened",
    "aliases": "identified",
}


def scenarios() -> Iterator[tuple[str, str, str]]:
    """Number, given and then of each row of the table."""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == 3 and cells[0].isdigit():
            yield cells[0], *(re.sub(r"`", "", cell) for cell in cells[1:])


def key(word: str) -> Key:
    """`t1` is a tracker, `7` a customer number, `+1` a phone number, `ana` an email."""
    if re.fullmatch(r"t\d", word):
        return Key(f"t:{word}")
    if word.isdigit():
        return Key(f"x:{word}")
    return Key(f"p:+3460000000{word[1:]}") if word.startswith("+") else Key(f"e:{word}@x.com")


_FIELDS = {"x": "external_id", "e": "email", "p": "phone", "t": "tracker"}


def step(text: str, number: int) -> Activity:
    words = text.split()
    at = minutes(float(words.pop()[1:]) if words[-1].startswith("@") else number)
    verb = next(word for word in words if word in VERBS or word in ("joins", "splits", "separates"))
    who, rest = words[: words.index(verb)], words[words.index(verb) + 1 :]
    if who == ["user"]:
        return decision(verb, rest, number)
    named = [key(word) for word in rest if "=" not in word and word != "signed"]
    traits = dict(word.split("=") for word in rest if "=" in word)
    properties: dict[str, str] = {}
    if verb == "buys":
        named = [key(word) for word in rest[:-2]]
        properties = {"order_id": rest[-2], "total": rest[-1], "currency": "EUR"}
    ids = {_FIELDS[name[0]]: name[2:] for name in named if name[0] != "t"}
    trackers = [word for word in who if re.fullmatch(r"t\d", word)]
    also: list[str] = []
    if verb == "aliases":
        previous, ids = named[0], {_FIELDS[name[0]]: name[2:] for name in named[1:]}
        also = [previous] if previous[0] != "t" else [f"x:{previous[2:]}"]
        trackers = [previous[2:]] if previous[0] in "tx" else []
    if who == ["file"]:
        return imported(at, traits=traits, id_=f"s{number}", **ids)
    prefix = "" if "server" in who else "browser:"
    return an_activity(
        VERBS[verb], at, id_=f"{prefix}s{number}", tracker=trackers[0] if trackers else None,
        trusted="server" in who, verified=named[0] if "signed" in rest else None,
        traits=traits, also=also, **ids, **properties,
    )  # fmt: skip


def decision(verb: str, rest: list[str], number: int) -> Activity:
    one, other = key(rest[0]), key(rest[1])
    types = {"joins": "contacts_joined", "splits": "tracker_split"}
    made = by_hand(one, minutes(number), types[verb], tracker_id=other[2:])
    return structs.replace(made, id=ActivityId(f"s{number}"), also=[other])


def holder(settled: FoldedComponent, word: str) -> Contact:
    [found] = [contact for contact in settled.contacts.values() if key(word) in contact.person.keys()]
    return found


def check(settled: FoldedComponent, text: str) -> None:
    words = text.split()
    match words:
        case [count, "contact" | "contacts"]:
            assert len(settled.contacts) == int(count)
        case [one, "=", other]:
            assert holder(settled, one) is holder(settled, other)
        case [one, "≠", other]:
            assert holder(settled, one) is not holder(settled, other)
        case ["suggested", one, other]:
            wanted = {holder(settled, one).person.id, holder(settled, other).person.id}
            assert wanted in [set(suggested.pair) for suggested in settled.suggestions]
        case ["nothing", "suggested"]:
            assert settled.suggestions == []
        case [word, "shared"]:
            assert holder(settled, word).person.trackers[0].shared
        case [one, field, value]:
            assert shown(holder(settled, one), field) == value
        case _:
            raise AssertionError(f"no such statement: {text}")


def shown(contact: Contact, field: str) -> str:
    state = contact.state
    read: dict[str, Callable[[], object]] = {
        "newsletter": lambda: state.statuses["newsletter"].state,
        "orders": lambda: state.commerce.orders,
        "spent": lambda: format(state.commerce.spent.normalize(), "f"),
        "activities": lambda: state.activities,
        "first_name": lambda: state.first_name,
        "last_name": lambda: state.last_name,
    }
    return str(read[field]() if field in read else state.custom.get(field))


@pytest.mark.parametrize(("number", "given", "then"), list(scenarios()))
def test_the_scenarios_hold_in_any_order_of_arrival(number: str, given: str, then: str) -> None:
    steps = [step(text.strip(), index) for index, text in enumerate(given.split(";"))]
    orders = list(permutations(steps)) if len(steps) <= 4 else [steps, steps[::-1]]
    for order in orders:
        settled = folded(order)
        for statement in then.split(";"):
            check(settled, statement.strip())


def test_there_are_thirty_scenarios() -> None:
    assert [int(number) for number, _, _ in scenarios()] == list(range(1, 31))
