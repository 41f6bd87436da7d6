"""What each source may say of whom: a browser, a browser with a verified identity, the shop's server."""

from itertools import permutations

import pytest

from engine.domain.activities import Source, id_of_sender, source_of
from engine.pipeline import inbox
from tests.builders import (
    an_activity,
    bought,
    contact_of,
    folded,
    id_of,
    identified,
    imported,
    minutes,
    rules,
    the_contact,
)

KNOWN = identified(external_id="7", email="ana@x.com", trusted=True, traits={"first_name": "Ana"})
VICTIM = identified(email="victim@x.com", trusted=True, traits={"first_name": "Vic"})


def test_two_public_calls_take_nobody_over():
    settled = folded(
        [
            VICTIM,
            identified(minutes(1), tracker="att", external_id="attacker", email="victim@x.com"),
            identified(minutes(2), tracker="att", traits={"first_name": "Evil"}),
            bought("50", minutes(3), external_id="attacker", order_id="A", trusted=True),
        ]
    )

    victim, attacker = contact_of(settled, "e:victim@x.com"), contact_of(settled, "x:attacker")
    assert (victim.state.first_name, victim.person.identities) == ("Vic", {"e": "e:victim@x.com"})
    assert victim.state.commerce.orders == 0
    assert (attacker.state.first_name, attacker.state.commerce.orders) == ("Evil", 1)
    assert [suggested.reason for suggested in settled.suggestions] == ["shared_event"]


@pytest.mark.parametrize(
    "call",
    [
        {"email": "attacker@x.com", "external_id": "7"},
        {"phone": "+34600123456", "external_id": "7"},
        {"email": "ana@x.com", "phone": "+34600123456"},
        {"email": "ana@x.com", "external_id": "8"},
        {"email": "victim@x.com", "external_id": "7"},
    ],
)
def test_a_browser_adds_and_changes_no_identity_of_a_known_contact(call):
    settled = folded([KNOWN, VICTIM, identified(minutes(1), tracker="att", **call)])

    assert contact_of(settled, "x:7").person.identities == {"x": "x:7", "e": "e:ana@x.com"}
    assert contact_of(settled, "e:victim@x.com").person.identities == {"e": "e:victim@x.com"}


def test_a_linked_browser_gives_no_number_to_the_contact_and_makes_another_one():
    settled = folded(
        [
            KNOWN,
            identified(minutes(1), tracker="att", external_id="7"),
            identified(minutes(2), tracker="att", phone="+34600123456"),
        ]
    )

    assert contact_of(settled, "p:+34600123456") is not contact_of(settled, "x:7")
    assert [suggested.reason for suggested in settled.suggestions] == ["same_device"]


def test_a_browser_fills_an_empty_field_once_and_changes_none():
    settled = folded(
        [
            KNOWN,
            identified(
                minutes(1), tracker="t2", external_id="7", traits={"first_name": "Eve", "city": "Rome"}
            ),
            identified(minutes(2), tracker="t2", traits={"city": "Oslo", "last_name": "Ruiz"}),
        ]
    )

    state = contact_of(settled, "x:7").state
    assert (state.first_name, state.last_name, state.custom["city"]) == ("Ana", "Ruiz", "Rome")


def test_who_created_a_contact_may_change_it_until_the_server_speaks():
    created = [
        identified(tracker="t1", email="ana@x.com", traits={"city": "Rome"}),
        identified(minutes(1), tracker="t1", external_id="7", traits={"city": "Oslo"}),
    ]
    order = bought("5", minutes(2), external_id="7", order_id="A", trusted=True)
    later = identified(minutes(3), tracker="t1", phone="+34600123456", traits={"city": "Bern"})

    contact = the_contact([*created, later])
    assert (contact.state.custom["city"], set(contact.person.identities)) == ("Bern", {"e", "x", "p"})
    settled = folded([*created, order, later])
    assert contact_of(settled, "x:7").state.custom["city"] == "Oslo"
    assert "p" not in contact_of(settled, "x:7").person.identities


def test_the_server_gives_a_browser_the_right_by_naming_both():
    proof = an_activity("logged_in", minutes(1), tracker="t1", external_id="7", trusted=True)
    later = identified(minutes(2), tracker="t1", traits={"first_name": "Anna"})

    assert the_contact([KNOWN, proof, later]).state.first_name == "Anna"


def test_the_right_does_not_go_with_a_browser_to_another_contact():
    settled = folded(
        [
            an_activity(tracker="att", trusted=True),
            VICTIM,
            identified(minutes(1), tracker="att", email="victim@x.com"),
            identified(minutes(2), tracker="att", traits={"first_name": "Evil"}),
        ]
    )

    assert contact_of(settled, "e:victim@x.com").state.first_name == "Vic"


def test_a_verified_browser_is_believed_of_its_contact_alone():
    settled = folded(
        [
            KNOWN,
            VICTIM,
            identified(
                minutes(1), tracker="t", external_id="7", verified="x:7", traits={"first_name": "Anna"}
            ),
            an_activity(
                "newsletter_unsubscribed", minutes(2), external_id="7", email="ana@x.com", trusted=True
            ),
            an_activity("newsletter_subscribed", minutes(3), tracker="t", external_id="7", verified="x:7"),
            identified(
                minutes(4), tracker="t2", email="victim@x.com", verified="x:7", traits={"first_name": "Evil"}
            ),
        ]
    )

    ana = contact_of(settled, "x:7").state
    assert (ana.first_name, ana.statuses["newsletter"].state) == ("Anna", "subscribed")
    assert contact_of(settled, "e:victim@x.com").state.first_name == "Vic"


@pytest.mark.parametrize(
    ("setting", "state"),
    [("accept", "subscribed"), ("confirm", "not_subscribed"), ("refuse", "not_subscribed")],
)
def test_a_browser_subscribes_as_the_account_accepts_it(setting, state):
    by = rules(settings=f"account: {{consent_from_browser: {setting}}}")

    contact = the_contact([an_activity("newsletter_subscribed", tracker="t", email="a@x.com")], by)

    assert contact.state.statuses["newsletter"].state == state


def test_a_browser_never_lifts_a_refusal_and_may_always_refuse():
    subscribed = an_activity("newsletter_subscribed", minutes(0), email="a@x.com", trusted=True)
    refused = an_activity("newsletter_unsubscribed", minutes(1), tracker="t", email="a@x.com")
    again = an_activity("newsletter_subscribed", minutes(2), tracker="t", email="a@x.com")

    for order in permutations([subscribed, refused, again]):
        assert the_contact(order).state.statuses["newsletter"].state == "unsubscribed"


@pytest.mark.parametrize("type_", ["email_opened", "email_clicked", "email_delivered"])
def test_a_browser_gives_no_sign_of_life(type_):
    bounces = [
        an_activity("email_bounced", minutes(n), email="a@x.com", message_id=f"m{n}", bounce="permanent", trusted=True)
        for n in range(3)
    ]  # fmt: skip
    alive = an_activity(type_, minutes(4), email="a@x.com", tracker="t", message_id="m2")

    assert the_contact([*bounces, alive]).state.statuses["email_status"].state == "bounced"


def test_the_servers_order_counts_whichever_came_first():
    public = bought("999999999", minutes(0), tracker="t", email="a@x.com", order_id="A", id_="browser:1")
    server = bought("20", minutes(1), email="a@x.com", order_id="A", trusted=True, id_="2")
    known = identified(minutes(-1), tracker="t", email="a@x.com")

    for order in permutations([known, public, server]):
        state = the_contact(order).state
        assert (state.commerce.orders, state.commerce.spent) == (1, 20)
        assert state.points.total == the_contact([known, server]).state.points.total


def test_the_servers_event_replaces_the_browsers_with_the_same_id():
    public = an_activity("product_visited", minutes(0), email="a@x.com", tracker="t", id_="browser:1")
    server = an_activity("product_visited", minutes(1), email="a@x.com", trusted=True, id_="1")

    alone, both = the_contact([server]).state, the_contact([public, server]).state

    assert both.points.total == alone.points.total


@pytest.mark.parametrize(
    ("given", "trusted", "kept"),
    [
        ("1", True, "1"),
        ("1", False, "browser:1"),
        ("browser:1", True, "server:browser:1"),
        ("browser:1", False, "browser:browser:1"),
        ("server:1", True, "server:server:1"),
    ],
)
def test_no_browser_takes_an_id_of_the_server(given, trusted, kept):
    assert id_of_sender(given, trusted=trusted) == kept
    assert an_activity(id_=kept, trusted=trusted).senders_id == given


def test_an_id_never_comes_to_be_another_persons():
    visit = an_activity(at=minutes(0), tracker="t")
    ana = identified(minutes(3), tracker="t", email="ana@x.com")
    late = identified(minutes(2), tracker="t", email="bob@x.com")

    before, after = folded([visit, ana]), folded([visit, ana, late])

    assert contact_of(before, "e:ana@x.com").person.id == contact_of(after, "e:ana@x.com").person.id
    assert contact_of(after, "e:bob@x.com").person.id == id_of("e:bob@x.com")


def test_six_spellings_of_one_customers_email_are_no_shared_device():
    claims = [
        identified(minutes(n), tracker="t", external_id="7", email=f"ana{n}@x.com", trusted=True) for n in range(7)
    ]  # fmt: skip
    people = [identified(minutes(n), tracker="t", email=f"p{n}@x.com") for n in range(7)]

    assert not folded(claims).newly_shared
    assert folded(people).newly_shared == {"t"}


def test_an_alias_of_two_customers_is_suggested_and_leaves_no_tracker():
    settled = folded(
        [
            identified(external_id="old", trusted=True),
            identified(minutes(1), external_id="7", trusted=True),
            identified(minutes(2), tracker="old", external_id="7", also=["x:old"], trusted=True),
        ]
    )

    assert [(s.reason, set(s.pair)) for s in settled.suggestions] == [
        ("alias", {id_of("x:old"), id_of("x:7")})
    ]
    assert not any(contact.person.trackers for contact in settled.contacts.values())


def test_an_alias_from_an_email_to_a_customer_merges_when_the_server_says_it():
    settled = folded(
        [
            identified(email="ana@x.com", trusted=True),
            identified(minutes(1), external_id="7", trusted=True),
            identified(minutes(2), external_id="7", also=["e:ana@x.com"], trusted=True),
        ]
    )

    [contact] = settled.contacts.values()
    assert contact.person.identities == {"e": "e:ana@x.com", "x": "x:7"}


@pytest.mark.parametrize(
    ("activity", "source"),
    [
        (an_activity(tracker="t"), Source.BROWSER),
        (an_activity(tracker="t", external_id="7", verified="x:7"), Source.VERIFIED_BROWSER),
        (an_activity(external_id="7", trusted=True), Source.SERVER),
        (imported(minutes(0), email="a@x.com"), Source.IMPORT),
    ],
)
def test_each_activity_names_its_source(activity, source):
    assert source_of(inbox.encode_activity(activity)) is source
