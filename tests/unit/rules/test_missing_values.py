"""`older_than` leaves out what has no value, and a `not` that does not is warned of at its line."""

import pytest

from engine.domain.contact import ContactState
from engine.rules.ruleset import read_folder, warnings_of
from engine.settings import CONFIG_DIR
from tests.builders import NOON, days, rules


def segment(condition):
    indented = "".join(f"      {line}\n" for line in condition.splitlines())
    return f"segments:\n  - id: away\n    name: Away\n    when:\n{indented}"


def warned(condition):
    """The lines of the condition that have a warning, and the messages."""
    found = warnings_of(read_folder(CONFIG_DIR) | {"segments.yaml": segment(condition)})
    assert {warning.file for warning in found} <= {"segments.yaml"}
    return [(warning.line - 4, warning.message) for warning in found]


@pytest.mark.parametrize(
    ("seen", "is_older", "changes"),
    [
        (None, False, None),
        (days(-61), True, None),
        (days(-60), True, None),
        (days(-59), False, days(1)),
        (NOON, False, days(60)),
        (days(1), False, days(1)),
    ],
)
def test_older_than_is_met_by_moments_alone_and_by_time_alone(seen, is_older, changes):
    [only] = rules(segments=segment("contact.last_seen: {older_than: 60d}")).present.dynamic
    state = ContactState(last_seen=seen)

    assert only.condition.meets(None, state, NOON) is is_older
    assert only.condition.next_change(state, NOON) == changes


@pytest.mark.parametrize(
    ("condition", "lines"),
    [
        ("not: {contact.last_seen: {within: 60d}}", [1]),
        ("contact.segments: vip\nnot: {contact.last_seen: {within: 60d}}", [2]),
        ("not: {contact.custom.city: Vigo}", [1]),
        ("not: {contact.custom.shoe_size: {gte: 40}}", [1]),
        ("not: {contact.email: {ends_with: '@example.com'}}", [1]),
        ("not: {contact.average_order: {gte: 40}}", [1]),
        ("not: {contact.last_order_at: {within: 60d}, contact.orders: {gte: 1}}", [1]),
        ("any:\n  - contact.orders: 1\n  - not: {contact.last_seen: {within: 60d}}", [3]),
        (
            "not: {any: [{contact.last_seen: {within: 60d}}, {contact.birth_date: {before: 2000-01-01}}]}",
            [1, 1],
        ),
        ("did: {activity: product_visited, where: {not: {price: {gte: 10}}}}", [1]),
        ("contact.last_seen: {older_than: 60d}", []),
        ("contact.last_seen: {exists: true}\nnot: {contact.last_seen: {within: 60d}}", []),
        ("not: {contact.last_seen: {within: 60d}}\ncontact.last_seen: {before: 2026-01-01}", []),
        ("all:\n  - contact.last_seen: {exists: true}\n  - not: {contact.last_seen: {within: 60d}}", []),
        ("not: {any: [{contact.last_seen: {within: 60d}}, {contact.last_seen: {exists: false}}]}", []),
        ("not: {not: {contact.last_seen: {within: 60d}}}", []),
        ("not: {contact.custom.city: {ne: Vigo}}", []),
        ("contact.custom.city: {ne: Vigo}", []),
        ("not: {contact.segments: vip}", []),
        ("not: {contact.newsletter: subscribed}", []),
        ("not: {contact.points: {gte: 10}}", []),
        ("not: {contact.email.failures: {gte: 1}}", []),
        ("not: {contact.identified: true}", []),
        ("not: {did: {activity: product_visited}}", []),
        ("did_not: {activity: product_visited, where: {price: {gte: 10}}}", []),
    ],
)
def test_a_not_that_a_missing_value_meets_is_warned_of_at_its_line(condition, lines):
    assert [line for line, _ in warned(condition)] == lines


@pytest.mark.parametrize(
    ("condition", "hint"),
    [
        (
            "contact.last_seen: {within: 60d}",
            "write `older_than` instead, or add `contact.last_seen: {exists: true}`",
        ),
        (
            "contact.custom.shoe_size: {gte: 40}",
            "write `lt` instead, or add `contact.custom.shoe_size: {exists: true}`",
        ),
        (
            "contact.custom.city: Vigo",
            "if that is not meant, add `contact.custom.city: {exists: true}` beside it",
        ),
    ],
)
def test_a_warning_says_what_to_write(condition, hint):
    [(_, message)] = warned(f"not: {{{condition}}}")

    assert hint in message


def test_the_rules_that_we_ship_have_no_warnings():
    assert warnings_of(read_folder(CONFIG_DIR)) == []
