"""What a claim names before anyone was heard of by it: whatever comes late comes to the same."""

from itertools import islice, permutations

import pytest
from msgspec import structs

from engine.contacts import contact_lookup
from engine.domain.activities import Activity, ActivityId
from engine.domain.identity.identities import Key
from engine.domain.identity.merge_decisions import JOINED, TRACKER_SPLIT
from tests.builders import an_activity, by_hand, identified, minutes
from tests.chaos.truth import dump
from tests.integration.drained import drain_all, receive_and_drain


def decided(type_: str, stream: str, at: float, also: str) -> Activity:
    decision = by_hand(stream, minutes(at), type_)
    return structs.replace(decision, id=ActivityId(f"{type_}-{at}"), also=[Key(also)])


ANA = identified(minutes(0), email="ana@x.com", trusted=True, id_="ana")
VISIT = an_activity("product_visited", minutes(1), tracker="t1", id_="visit")
CLAIM = identified(minutes(2), tracker="t1", email="ana@x.com", id_="claim")
JOIN = decided(JOINED, "e:ana@x.com", 5, "t:t1")
SPLIT = decided(TRACKER_SPLIT, "e:ana@x.com", 6, "t:t1")
LATER = an_activity(at=minutes(9), tracker="t1", id_="later")
OLD_NUMBER = identified(minutes(1), external_id="old", trusted=True, id_="number")
ALIAS = identified(minutes(5), external_id="new", tracker="old", also=["x:old"], trusted=True, id_="alias")
OLD_EMAIL = identified(minutes(1), email="old@x.com", trusted=True, id_="email")
EMAIL_ALIAS = identified(minutes(5), external_id="7", also=["e:old@x.com"], trusted=True, id_="email-alias")
TWO_NAMES = identified(minutes(5), external_id="new", email="ana@x.com", id_="two-names")
BOB = identified(minutes(0), email="bob@x.com", trusted=True, id_="bob")
ANAS_PHONE = identified(minutes(2), tracker="t1", email="ana@x.com", phone="+34600111222", id_="anas-phone")
BOBS_PHONE = identified(minutes(3), tracker="t2", email="bob@x.com", phone="+34600111222", id_="bobs-phone")
NEW_NUMBER = identified(minutes(3), external_id="new", email="else@x.com", trusted=True, id_="new-number")


EVERY = {5: 4}
"""Of the orders of so many activities every so manyth is tried: each takes a second."""


@pytest.mark.parametrize(
    "history",
    [
        pytest.param([ANA, VISIT, JOIN, LATER], id="joined"),
        pytest.param([ANA, VISIT, JOIN, SPLIT, LATER], id="joined and split"),
        pytest.param([ANA, VISIT, CLAIM, SPLIT, LATER], id="split"),
        pytest.param([OLD_NUMBER, ALIAS], id="an alias of two numbers"),
        pytest.param([OLD_EMAIL, EMAIL_ALIAS], id="an alias of an email"),
        pytest.param([ANA, BOB, ANAS_PHONE, BOBS_PHONE], id="two contacts whose browsers name one number"),
        pytest.param([ANA, NEW_NUMBER, TWO_NAMES], id="an event with two names"),
    ],
)
def test_any_order_of_arrival_comes_to_the_same(db, history):
    found = []
    for order in islice(permutations(history), None, None, EVERY.get(len(history), 1)):
        for name in (
            "activities",
            "contacts",
            "ledger",
            "merges",
            "suggestions",
            "shared_devices",
            "stale_hours",
        ):
            db[name].delete_many({})
        for activity in order:
            receive_and_drain(db, [activity])
        found.append(dump(db))

    assert all(one == found[0] for one in found[1:])


def test_a_contact_that_a_user_joins_before_it_is_heard_of_belongs_to_who_it_was_joined_to(db):
    receive_and_drain(db, [ANA, JOIN])
    receive_and_drain(db, [LATER])

    assert contact_lookup.find_contact(db, "t1") == contact_lookup.find_contact(db, "ana@x.com")


def test_a_key_that_is_merely_named_leads_to_nobody(db):
    receive_and_drain(db, [NEW_NUMBER, TWO_NAMES])

    [contact] = db.contacts.find()
    assert contact["named"] == ["e:ana@x.com"]
    assert contact_lookup.find_contact(db, "ana@x.com") is None

    receive_and_drain(db, [identified(minutes(20), email="ana@x.com", trusted=True)])
    assert contact_lookup.find_contact(db, "ana@x.com") not in (None, contact["_id"])
    assert not db.contacts.find_one({"_id": contact["_id"]}).get("named")


def test_a_browser_may_name_any_number_of_strangers_and_the_contact_stays_small(db):
    receive_and_drain(db, [NEW_NUMBER])
    names = [
        identified(minutes(6), external_id="new", email=f"stranger{number}@x.com") for number in range(150)
    ]
    receive_and_drain(db, names)
    drain_all(db)

    contact = db.contacts.find_one({"_id": contact_lookup.find_contact(db, "new")})
    assert len(contact["named"]) == 100
