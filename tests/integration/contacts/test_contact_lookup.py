"""Finding contacts, and that every question reads an index."""

import pytest

from engine.contacts import contact_lookup
from engine.pipeline import lanes
from tests.builders import an_activity, bought, identified, minutes
from tests.integration.drained import receive_and_drain


@pytest.fixture
def people(db):
    receive_and_drain(
        db,
        [
            *(an_activity(at=minutes(n), tracker=f"t{n}") for n in range(7)),
            identified(
                minutes(7), email="Ana@x.com".lower(), phone="+34600123456", traits={"name": "Ana Ruiz"}
            ),
            bought(50, minutes(8), external_id="C-9"),
        ],
    )
    return db


@pytest.mark.parametrize("key", ["ana@x.com", " ANA@X.COM ", "+34 600 12 34 56", "600123456", "C-9", "t3"])
def test_a_contact_is_found_by_whatever_is_known(people, key):
    assert contact_lookup.find_contact(people, key) is not None


def test_nobody_is_found_by_a_stranger(people):
    assert contact_lookup.find_contact(people, "nobody@x.com") is None
    assert contact_lookup.find_contact(people, "f" * 24) is None


@pytest.mark.parametrize(
    ("collection", "query", "sort"),
    [
        ("contacts", {"keys": {"$in": ["t:t1", "e:a"]}}, None),
        ("contacts", {"component": {"$in": ["a"]}, "_id": {"$nin": ["b"]}}, None),
        ("contacts", lanes.due_in(3, minutes(0)), None),
        ("contacts", {}, [("active_at", -1), ("_id", -1)]),
        ("activities", {"lane": 3, "state": "received"}, [("received_at", 1)]),
        ("activities", {"stream": {"$in": ["a", "b"]}, "state": "applied", "derived": None}, None),
        (
            "activities",
            {
                "$or": [{"stream": "a"}, {"stream": "b", "happened_at": {"$gte": minutes(0)}}],
                "state": "applied",
            },
            [("happened_at", -1), ("_id", -1)],
        ),
        ("activities", {"state": "failed", "failure.at": {"$exists": True}}, [("failure.at", -1)]),
        ("ledger", {"contact": "a"}, [("happened_at", -1), ("_id", -1)]),
        ("ledger", {"activity": {"$in": ["a"]}}, None),
        ("merges", {"$or": [{"into": {"$in": ["a"]}}, {"_id": {"$in": ["b"]}}]}, None),
        ("suggestions", {"contacts": {"$in": ["a"]}}, None),
    ],
)
def test_what_the_workers_and_pages_ask_reads_an_index(people, collection, query, sort):
    cursor = people[collection].find(query)
    plan = str((cursor.sort(sort) if sort else cursor).explain()["queryPlanner"]["winningPlan"])

    assert "COLLSCAN" not in plan
    assert "'SORT'" not in plan, "sorted by the index, not in memory"


def test_a_search_reads_an_index_and_not_the_collection(people):
    plan = people.contacts.find(contact_lookup.starting_with(people, "ana")).explain()

    assert "COLLSCAN" not in str(plan["queryPlanner"]["winningPlan"])
