"""Merges that users undo, make and take back; contacts that they split."""

from itertools import permutations

import pytest
from msgspec import structs

from engine.domain.activities import Activity, ActivityId
from engine.domain.identity.identities import Key
from engine.domain.identity.merge_decisions import ACTIVITIES_SPLIT, JOINED, MERGE_UNDONE, TRACKER_SPLIT
from tests.arrival import Living
from tests.builders import an_activity, bought, by_hand, contact_of, folded, id_of, identified, minutes


def decided(type_: str, stream: str, at: float, *, also: str = "", id_: str = "d", **properties) -> Activity:
    made = by_hand(stream, minutes(at), type_, **properties)
    return structs.replace(made, id=ActivityId(id_), also=[Key(also)] if also else [])


def undone_merge(at: float, cause: str, loser: str = "t:t1", winner: str = "e:ana@x.com", **more) -> Activity:
    return decided(
        MERGE_UNDONE, winner, at, also=loser, cause=cause, loser=id_of(loser), winner=id_of(winner), **more
    )


def undoing(decision: Activity, at: float, id_: str = "u") -> Activity:
    edit = by_hand(decision.stream, minutes(at), undoes=decision.id)
    return structs.replace(edit, id=ActivityId(id_), also=decision.also)


MERGED = [
    identified(minutes(0), email="ana@x.com", trusted=True, traits={"first_name": "Ana"}),
    an_activity("product_visited", minutes(1), tracker="t1", id_="seen"),
    identified(minutes(2), tracker="t1", email="ana@x.com", id_="claim"),
    an_activity(at=minutes(3), tracker="t1", id_="later"),
]


def test_an_undone_merge_leaves_both_as_they_would_be():
    undone = folded([*MERGED, undone_merge(9, "claim")])

    ana, visitor = contact_of(undone, "e:ana@x.com"), contact_of(undone, "t:t1")
    assert visitor.person.id == id_of("t:t1")
    assert visitor.state.activities == 2, "what the browser did later follows it"
    assert ana.state.activities == 3, "her own, the claim and the decision"
    assert undone.merges == [] and undone.suggestions == []


def test_the_two_stay_apart_whatever_the_browser_claims_again_and_arrives_late():
    again = identified(minutes(5), tracker="t1", email="ana@x.com")
    after = identified(minutes(20), tracker="t1", email="ana@x.com")
    early = an_activity(at=minutes(-5), tracker="t1")
    for order in permutations([MERGED[2], undone_merge(9, "claim"), again, after]):
        settled = folded([MERGED[0], MERGED[1], early, *order])
        assert len(settled.contacts) == 2


def test_who_gets_the_browser_later_is_not_kept_apart_in_the_visitors_place():
    hers_from_the_start = identified(minutes(-9), tracker="t1", email="ana@x.com")
    his = identified(minutes(20), tracker="t1", email="bob@x.com")
    history = [*MERGED, undone_merge(9, "claim"), hers_from_the_start, his]

    quiet, living = folded(history), Living()
    for activity in history:
        living.receive([activity])

    for contacts in (quiet.contacts, living.contacts):
        assert contacts.keys() == {id_of("e:ana@x.com"), id_of("e:bob@x.com")}
        assert [contact.person.apart for contact in contacts.values()] == [[], []]


def test_a_user_who_joins_them_afterwards_has_the_last_word():
    joined = decided(JOINED, "e:ana@x.com", 12, also="t:t1", id_="j")
    history = [*MERGED, undone_merge(9, "claim"), joined]

    [contact] = folded(history).contacts.values()
    assert contact.person.id == id_of("e:ana@x.com")
    assert len(folded([*history, undone_merge(15, "j", id_="d2")]).contacts) == 2


def test_an_undo_that_is_taken_back_merges_them_again():
    undone = undone_merge(9, "claim")

    assert len(folded([*MERGED, undone, undoing(undone, 10)]).contacts) == 1


def test_a_merge_in_the_middle_of_a_chain_is_undone_alone():
    chain = [
        identified(minutes(0), email="ana@x.com", trusted=True),
        an_activity(at=minutes(1), tracker="t1"),
        identified(minutes(2), tracker="t1", email="ana@x.com", id_="first"),
        identified(minutes(3), external_id="7", trusted=True),
        identified(minutes(4), external_id="7", email="ana@x.com", trusted=True, id_="second"),
        an_activity(at=minutes(5), tracker="t1"),
    ]
    assert len(folded(chain).contacts) == 1

    settled = folded([*chain, undone_merge(9, "first")])

    assert contact_of(settled, "e:ana@x.com") is contact_of(settled, "x:7")
    assert contact_of(settled, "t:t1").state.activities == 2


def test_joined_contacts_keep_the_survivors_values_and_all_keys():
    settled = folded(
        [
            identified(external_id="1", email="ana@x.com", trusted=True, traits={"first_name": "Ana"}),
            identified(
                minutes(1), external_id="2", email="bob@x.com", trusted=True, traits={"first_name": "Bo", "city": "Rome"}
            ),
            decided(JOINED, "x:1", 5, also="x:2"),
        ]
    )  # fmt: skip

    [contact] = settled.contacts.values()
    assert (contact.state.first_name, contact.state.custom["city"]) == ("Ana", "Rome")
    assert contact.person.identities == {"x": "x:1", "e": "e:ana@x.com"}
    assert {"x:2", "e:bob@x.com"} <= set(contact.person.keys())


def test_an_identified_contact_survives_an_anonymous_one_whichever_way_they_are_joined():
    settled = folded(
        [
            identified(email="ana@x.com", trusted=True),
            an_activity(at=minutes(1), tracker="t1"),
            decided(JOINED, "t:t1", 5, also="e:ana@x.com"),
        ]
    )

    [contact] = settled.contacts.values()
    assert contact.person.id == id_of("e:ana@x.com")


def test_a_tracker_that_is_split_off_takes_what_it_did_and_stays_apart():
    split = decided(TRACKER_SPLIT, "e:ana@x.com", 5, also="t:t1", tracker="t1")
    later = [
        an_activity(at=minutes(6), tracker="t1"),
        identified(minutes(7), tracker="t1", email="ana@x.com"),
    ]

    settled = folded([*MERGED, split, *later])

    part, ana = contact_of(settled, "t:t1"), contact_of(settled, "e:ana@x.com")
    assert (part.state.activities, part.person.identified) == (3, False)
    assert ana.state.first_name == "Ana"
    assert part.person.id not in {id_of("t:t1"), ana.person.id}
    assert len(folded([*MERGED, split, undoing(split, 8), *later]).contacts) == 1


def test_activities_that_were_not_hers_go_to_a_contact_of_their_own():
    split = decided(ACTIVITIES_SPLIT, "e:ana@x.com", 5, activities=["seen", "unknown"], id_="s")

    settled = folded([*MERGED, split])

    part = contact_of(settled, "t:split:s")
    assert part.state.activities == 1
    assert contact_of(settled, "e:ana@x.com").state.activities == 4
    assert len(folded([*MERGED, split, undoing(split, 6)]).contacts) == 1


def test_what_was_split_off_by_error_is_the_other_contacts_alone_once_their_merge_is_undone():
    split = decided(ACTIVITIES_SPLIT, "e:ana@x.com", 5, activities=["seen"], id_="s")
    undone = undone_merge(9, "claim")

    settled = folded([*MERGED, split, undone])

    assert contact_of(settled, "t:t1").state.activities == 2
    assert [contact.person.taken_over for contact in settled.contacts.values()] == [[], [], []]
    joined = decided(JOINED, "e:ana@x.com", 12, also="t:t1", id_="j")
    ana = contact_of(folded([*MERGED, split, undone, joined]), "e:ana@x.com")
    assert ana.person.split_off == []


@pytest.mark.parametrize("chosen", ["o", "browser:o"])
def test_an_order_that_the_browser_and_the_server_reported_is_split_off_as_one(chosen):
    reported = [
        structs.replace(
            bought(10, minutes(1.5), id_=id_, tracker="t1", order_id="1", trusted=trusted), source="key"
        )
        for id_, trusted in (("o", True), ("browser:o", False))
    ]
    split = decided(ACTIVITIES_SPLIT, "e:ana@x.com", 5, activities=[chosen], id_="s")

    settled = folded([*MERGED, *reported, split])

    part, ana = contact_of(settled, "t:split:s"), contact_of(settled, "e:ana@x.com")
    assert (part.state.commerce.orders, ana.state.commerce.orders) == (1, 0)
    assert sorted(part.person.taken_over) == sorted(ana.person.split_off) == ["browser:o", "o"]


def test_an_edit_of_a_part_fills_gaps_once_its_split_is_undone():
    split = decided(ACTIVITIES_SPLIT, "e:ana@x.com", 5, activities=["seen"], id_="s")
    edit = by_hand("t:split:s", minutes(6))
    edit = structs.replace(edit, traits={"first_name": "Bob", "last_name": "Roe"})

    part = contact_of(folded([*MERGED, split, edit]), "t:split:s")
    [whole] = folded([*MERGED, split, edit, undoing(split, 7)]).contacts.values()

    assert (part.state.first_name, part.state.last_name) == ("Bob", "Roe")
    assert (whole.state.first_name, whole.state.last_name) == ("Ana", "Roe")
    assert whole.person.id == id_of("e:ana@x.com") and len(whole.person.trackers) == 1


def test_no_sender_of_events_can_decide():
    forged = an_activity(
        JOINED, minutes(5), external_id="7", email="ana@x.com", also=["e:bob@x.com"], trusted=False
    )

    settled = folded([*MERGED, identified(minutes(1), email="bob@x.com", trusted=True), forged])

    assert contact_of(settled, "e:bob@x.com") is not contact_of(settled, "e:ana@x.com")


def test_an_id_that_became_another_one_never_leads_in_a_circle():
    edited = by_hand("e:ana@x.com", minutes(0))  # before anything else of her was heard
    settled = folded(
        [
            edited,
            an_activity(at=minutes(1), tracker="t1"),
            decided(JOINED, "t:t1", 2, also="e:ana@x.com"),
            identified(minutes(3), tracker="t1", email="ana@x.com"),
        ]
    )

    [contact] = settled.contacts.values()
    assert contact.person.ids() == {id_of("t:t1"), id_of("e:ana@x.com")}
    assert contact_of(settled, "e:ana@x.com") is contact_of(settled, "t:t1")
