"""Contacts side by side: which fields are compared, and which value a merge keeps."""

import pytest

from engine.contacts.merging.comparison import compare, default_survivor, masked_side, side_of, united
from engine.contacts.merging.suggestion_reasons import reason_words
from tests.builders import NOON, SHIPPED, an_activity, bought, contact_of, folded, identified, minutes

RULES = SHIPPED.present


@pytest.fixture
def people():
    settled = folded(
        [
            identified(
                minutes(0), email="ana@x.com", traits={"name": "Ana Ruiz", "city": "Roma"}, trusted=True
            ),
            bought("10", minutes(1), email="ana@x.com", order_id="A-1", currency="EUR", trusted=True),
            identified(
                minutes(2), external_id="A-7", traits={"first_name": "Anna", "size": "M"}, trusted=True
            ),
            an_activity(at=minutes(-9), tracker="t1"),
        ]
    )
    return [contact_of(settled, key) for key in ("e:ana@x.com", "x:A-7", "t:t1")]


def lines(people, *after):
    before = [side_of(person, RULES) for person in people]
    return {line.name: line for line in compare(before, after, RULES)}


def test_fields_that_say_nothing_are_left_out(people):
    found = lines(people[:2])

    assert {"first_name", "last_name", "email", "external_id", "custom.city", "custom.size", "orders"} <= set(
        found
    )
    assert not {"birth_date", "mobile_phone", "newsletter", "email_status", "former"} & set(found)


def test_values_differ_only_if_both_have_one(people):
    found = lines(people[:2])

    assert found["first_name"].differs
    assert not found["last_name"].differs and not found["email"].differs


def test_a_union_without_a_fold_fills_gaps_and_leaves_totals_open(people):
    ana, other = (side_of(person, RULES) for person in people[:2])

    both = united(ana, other).values

    assert (both["first_name"], both["external_id"], both["custom.size"]) == ("Ana", "A-7", "M")
    assert (both["orders"], both["points"], both["first_seen"]) == (None, None, minutes(0))


def test_identifiers_that_lose_become_former_ones(people):
    ana = side_of(people[0], RULES)
    [contact] = folded([identified(minutes(0), email="b@x.com", trusted=True)]).contacts.values()

    assert united(ana, side_of(contact, RULES)).values["former"] == ["b@x.com"]


def test_the_identified_contact_survives_and_else_the_older(people):
    ana, other, anonymous = people

    assert default_survivor(other, ana, now=NOON) == ana.person.id
    assert default_survivor(anonymous, other, now=NOON) == other.person.id


def test_a_masked_side_has_nothing_that_names_a_person(people):
    side = masked_side(side_of(people[0], RULES))

    assert (side.name, side.values["email"]) == ("A••• R•••", "a•••@x.com")
    assert side.values["custom.city"] == "•••"
    assert side.values["orders"] == 1


@pytest.mark.parametrize(
    ("code", "evidence", "words"),
    [
        ("alias", {}, "Your shop reported them as one person"),
        ("name_and_phone", {"values": ["ana ruiz", "612345678"]}, "phone number: ana ruiz, 612345678"),
        ("something else", {}, "An event suggests that they are one person"),
    ],
)
def test_a_reason_is_said_in_words(code, evidence, words):
    assert words in reason_words(code, evidence)
