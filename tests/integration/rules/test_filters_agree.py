"""A query that an index answers finds whom the condition means, whatever the contacts are like."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymongo import ASCENDING

from engine.db import contact_codec
from engine.db.connection import connect
from engine.db.search_keys import search_fields
from engine.domain.activities import ContactId
from engine.domain.conditions import Compare, Not, Path
from engine.domain.folding.component import Contact
from engine.domain.identity.people import Person
from engine.operations.preparation import prepare
from engine.rules.conditions import index_query
from engine.rules.conditions.operators import OPERATORS
from engine.rules.conditions.predicate import predicate
from engine.settings import CONFIG_DIR
from tests.builders import NOON
from tests.integration.rules.test_conditions_agree import (
    NOTHING_SLOW,
    NOW,
    PATHS,
    comparisons,
    dids,
    states,
    trees,
)


@pytest.fixture(scope="module")
def contacts(mongod):
    database = connect(mongod.uri, "filters_agree", app="tests")
    prepare(database, config_dir=CONFIG_DIR, now=NOON)
    yield database.contacts
    database.client.drop_database(database.name)


def stored(number, state):
    """A contact as it is kept, identified as the state says."""
    person = Person(id=ContactId(f"{number:024x}"), first_seen=NOON)
    document = contact_codec.encode(
        Contact(person, state), component=person.id, linked=False, lanes=1, now=NOW
    )
    document |= {"identified": state.identified, "external_id": state.external_id}
    return {**document, **search_fields(document)}


def found(contacts, tree):
    rows = contacts.find(index_query.query(tree, now=NOW), {"_id": 1}).sort("_id", ASCENDING)
    return [int(row["_id"], 16) for row in rows]


@NOTHING_SLOW
@given(
    st.lists(states(), min_size=1, max_size=6),
    st.lists(trees(comparisons(PATHS) | dids), min_size=1, max_size=12),
)
def test_a_query_finds_whom_the_condition_means(contacts, everybody, conditions):
    contacts.delete_many({})
    contacts.insert_many([stored(number, state) for number, state in enumerate(everybody)])

    for tree in conditions:
        meets = predicate(tree)
        meant = [number for number, state in enumerate(everybody) if meets(None, state, NOW)]
        assert found(contacts, tree) == meant, tree


@pytest.mark.parametrize("prefix", ["a", "\ud7ff", "a\U0010ffff", "\U0010ffff", "ß", "\U0001f97e"])
@pytest.mark.parametrize("negated", [False, True])
def test_a_beginning_is_a_range_of_texts(contacts, prefix, negated):
    texts = ["", "a", "b", "ab", "\ud7ff", "\ue000", "a\U0010ffff", "a\U0010ffffb", "\U0010ffffb", "ß", "st", "\U0001f97e!", "\uffff"]  # fmt: skip
    contacts.delete_many({})
    contacts.insert_many([{"_id": f"{n:024x}", "first_name": text} for n, text in enumerate(texts)])
    begins = Compare(Path("contact", "first_name", "text"), "starts_with", prefix)

    assert found(contacts, Not(begins) if negated else begins) == [
        number for number, text in enumerate(texts) if text.startswith(prefix) is not negated
    ]


def test_every_operator_has_been_thought_of():
    by_expression = {"contains", "ends_with", "matches"}
    assert OPERATORS.keys() - by_expression == (
        index_query._OPERATORS.keys() | index_query._POSITIVE.keys() | {"exists"}
    )
