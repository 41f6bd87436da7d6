"""The table of identification and merging, row by row."""

from datetime import timedelta

from msgspec import structs

from engine.domain.identity.identities import Key
from tests.arrival import Living
from tests.builders import NOON, an_activity, by_hand, contact_of, folded, id_of, identified, minutes


def test_an_unknown_tracker_is_an_anonymous_contact_at_once():
    settled = folded([an_activity(tracker="t1")])

    [contact] = settled.contacts.values()
    assert contact.person.id == id_of("t:t1")
    assert not contact.person.identified


def test_nobody_and_nobody_make_one_identified_contact_with_the_tracker():
    settled = folded([identified(tracker="t1", email="ana@x.com")])

    [contact] = settled.contacts.values()
    assert contact.person.identities == {"e": "e:ana@x.com"}
    assert [t.id for t in contact.person.trackers] == ["t1"]


def test_a_new_tracker_joins_the_contact_it_names():
    settled = folded([identified(email="ana@x.com"), identified(minutes(1), tracker="t2", email="ana@x.com")])

    assert contact_of(settled, "t:t2") is contact_of(settled, "e:ana@x.com")


def test_an_anonymous_contact_that_is_identified_gets_the_id_of_its_identity():
    settled = folded([an_activity(tracker="t1"), identified(minutes(1), tracker="t1", email="ana@x.com")])

    [contact] = settled.contacts.values()
    assert contact.person.id == id_of("e:ana@x.com")
    assert contact.person.renamed == [id_of("t:t1")]
    assert contact.state.activities == 2
    assert settled.merges == []


def test_an_anonymous_contact_merges_into_the_one_it_turns_out_to_be():
    settled = folded(
        [
            identified(email="ana@x.com"),
            an_activity(at=minutes(1), tracker="t1"),
            identified(minutes(2), tracker="t1", email="ana@x.com"),
        ]
    )

    [contact] = settled.contacts.values()
    assert contact.person.id == id_of("e:ana@x.com")
    assert contact.person.merged == [id_of("t:t1")]
    assert contact.state.activities == 3
    assert [(m.loser, m.winner) for m in settled.merges] == [(id_of("t:t1"), id_of("e:ana@x.com"))]


def test_another_person_at_the_same_browser_takes_it_over_from_then_on():
    settled = folded(
        [
            an_activity(at=minutes(0), tracker="t1"),
            identified(minutes(1), tracker="t1", email="ana@x.com"),
            an_activity(at=minutes(2), tracker="t1"),
            identified(minutes(3), tracker="t1", email="bob@x.com"),
            an_activity(at=minutes(4), tracker="t1"),
        ]
    )

    ana, bob = contact_of(settled, "e:ana@x.com"), contact_of(settled, "e:bob@x.com")
    assert (ana.state.activities, bob.state.activities) == (3, 2)
    assert contact_of(settled, "t:t1") is bob
    assert [(s.key, s.until) for s in ana.person.spans if s.key == "t:t1"] == [("t:t1", minutes(3))]


def test_an_identified_contact_gets_the_kind_of_identity_it_lacks():
    settled = folded(
        [identified(tracker="t1", email="ana@x.com"), identified(minutes(1), tracker="t1", external_id="7")]
    )

    [contact] = settled.contacts.values()
    assert contact.person.identities == {"e": "e:ana@x.com", "x": "x:7"}


def test_two_known_people_are_never_merged_silently_but_suggested():
    settled = folded(
        [
            identified(tracker="t1", email="ana@x.com"),
            identified(minutes(1), external_id="7"),
            identified(minutes(2), tracker="t1", external_id="7"),
        ]
    )

    assert len(settled.contacts) == 2
    [suggested] = settled.suggestions
    assert set(suggested.pair) == {id_of("e:ana@x.com"), id_of("x:7")}
    assert suggested.reason == "same_device"
    assert contact_of(settled, "t:t1") is contact_of(settled, "e:ana@x.com"), "the tracker follows the email"


def test_the_shops_server_merges_identities_that_complement_each_other():
    both = {"external_id": "7", "email": "ana@x.com"}
    apart = [identified(email="ana@x.com"), identified(minutes(1), external_id="7")]

    public = folded([*apart, identified(minutes(2), **both)])
    secret = folded([*apart, identified(minutes(2), **both, trusted=True)])

    assert len(public.contacts) == 2 and len(public.suggestions) == 1
    [contact] = secret.contacts.values()
    assert contact.person.id == id_of("e:ana@x.com"), "the older survives"


def test_identities_that_contradict_are_suggested_even_from_the_server():
    settled = folded(
        [
            identified(external_id="1", email="ana@x.com", trusted=True),
            identified(minutes(1), external_id="2", email="bob@x.com", trusted=True),
            an_activity(at=minutes(2), external_id="1", email="bob@x.com", trusted=True),
        ]
    )

    assert len(settled.contacts) == 2
    assert len(settled.suggestions) == 1
    assert contact_of(settled, "x:1").state.activities == 2


def test_a_public_key_never_changes_an_email_and_a_secret_one_does():
    first = identified(external_id="7", email="old@x.com")
    second = {"external_id": "7", "email": "new@x.com"}

    public = folded([first, identified(minutes(1), **second)])
    secret = folded([first, identified(minutes(1), **second, trusted=True)])

    assert contact_of(public, "x:7").person.identities["e"] == "e:old@x.com"
    assert contact_of(secret, "x:7").person.identities["e"] == "e:new@x.com"
    assert contact_of(secret, "e:old@x.com") is contact_of(secret, "x:7"), "the old one still leads here"


def test_a_browser_fills_gaps_of_a_known_contact_and_changes_nothing():
    settled = folded(
        [
            identified(email="ana@x.com", trusted=True, traits={"first_name": "Ana"}),
            identified(
                minutes(1), tracker="new", email="ana@x.com", traits={"first_name": "Eve", "city": "Rome"}
            ),
            identified(minutes(2), tracker="new", email="ana@x.com", traits={"last_name": "Ruiz"}),
        ]
    )

    [contact] = settled.contacts.values()
    assert (contact.state.first_name, contact.state.last_name) == ("Ana", "Ruiz")
    assert contact.state.custom["city"] == "Rome"


def test_six_people_in_a_day_make_a_shared_device_that_links_nobody():
    settled = folded(
        [
            an_activity(at=minutes(0), tracker="kiosk"),
            *(identified(minutes(n + 1), tracker="kiosk", email=f"p{n}@x.com") for n in range(6)),
            an_activity(at=minutes(9), tracker="kiosk"),
        ]
    )

    kiosk = contact_of(settled, "t:kiosk")
    assert not kiosk.person.identified
    assert kiosk.person.trackers[0].shared
    assert kiosk.state.activities == 2
    assert len(settled.contacts) == 7


def test_emails_and_customer_numbers_may_be_the_same_peoples_and_are_not_added_up():
    emails = [identified(minutes(n), tracker="kiosk", email=f"{n}@x.com") for n in range(4)]
    numbers = [identified(minutes(n + 10), tracker="kiosk", external_id=f"{n}") for n in range(4)]

    assert folded([*emails, *numbers]).newly_shared == set()


def test_six_people_are_six_also_where_the_shop_knows_some_by_number():
    known = [
        an_activity("logged_in", minutes(0), email=f"p{n}@x.com", external_id=f"{n}", trusted=True)
        for n in range(3)
    ]
    claims = [identified(minutes(n + 1), tracker="kiosk", email=f"p{n}@x.com") for n in range(6)]

    assert folded([*known, *claims]).newly_shared == {"kiosk"}


def test_a_shared_device_that_did_nothing_itself_is_no_contact():
    settled = folded([identified(minutes(n), tracker="kiosk", email=f"p{n}@x.com") for n in range(6)])

    assert settled.newly_shared == {"kiosk"}
    assert len(settled.contacts) == 6


def test_five_people_in_a_day_share_nothing():
    settled = folded([identified(minutes(n), tracker="family", email=f"p{n}@x.com") for n in range(5)])

    assert len(settled.contacts) == 5
    assert contact_of(settled, "t:family") is contact_of(settled, "e:p4@x.com")


def test_six_people_over_a_week_share_nothing():
    settled = folded(
        [identified(NOON + timedelta(days=n), tracker="loan", email=f"p{n}@x.com") for n in range(6)]
    )

    assert not any(t.shared for c in settled.contacts.values() for t in c.person.trackers)


def test_a_late_claim_changes_whose_the_activities_after_it_were():
    activities = [
        an_activity(at=minutes(0), tracker="t1"),
        identified(minutes(5), tracker="t1", email="ana@x.com"),
    ]
    late = identified(minutes(2), tracker="t1", email="bob@x.com")

    settled = folded([*activities, late])

    assert contact_of(settled, "e:bob@x.com").state.activities == 2
    assert contact_of(settled, "e:ana@x.com").state.activities == 1


def test_chains_of_merges_lead_to_one_living_contact():
    settled = folded(
        [
            identified(minutes(0), email="ana@x.com"),
            an_activity(at=minutes(1), tracker="t1"),
            identified(minutes(2), tracker="t1", external_id="7"),
            identified(minutes(3), external_id="7", email="ana@x.com", trusted=True),
        ]
    )

    [contact] = settled.contacts.values()
    assert set(contact.person.merged) == {id_of("x:7")}
    assert contact.person.renamed == [id_of("t:t1")]
    assert contact.state.activities == 4


# Browsers and apps


def devices_of(contact):
    return {tracker.id: (tracker.seen, tracker.agent) for tracker in contact.person.trackers}


def test_a_browser_is_what_it_last_said_however_long_ago_and_was_there_when_it_last_did_something():
    settled = folded(
        [
            identified(tracker="t1", email="ana@x.com", agent="Firefox 1"),
            an_activity(at=minutes(1), tracker="t1", agent="Firefox 2"),
            an_activity(at=minutes(2), tracker="t2", agent="Safari"),
            identified(minutes(3), tracker="t2", email="ana@x.com"),
            *(an_activity(at=minutes(4 + n), tracker="t2") for n in range(400)),
        ]
    )

    [ana] = settled.contacts.values()
    assert devices_of(ana) == {"t1": (minutes(1), "Firefox 2"), "t2": (minutes(403), "Safari")}


def test_a_deleted_contact_keeps_nothing_of_its_browsers():
    settled = folded(
        [
            identified(tracker="t1", email="ana@x.com", agent="Firefox"),
            by_hand("e:ana@x.com", minutes(1), "contact_deleted"),
        ]
    )

    assert devices_of(contact_of(settled, "e:ana@x.com")) == {"t1": (None, "")}


def test_a_number_that_nobody_has_is_kept_by_the_first_of_those_whose_browsers_name_it():
    """A key leads to one contact: two that keep it could not be stored."""
    known = [identified(email=email, trusted=True) for email in ("ana@x.com", "bob@x.com")]
    named = [
        identified(minutes(n), tracker=f"t{n}", email=email, phone="+34600111222")
        for n, email in ((1, "ana@x.com"), (2, "bob@x.com"))
    ]

    quiet, living = folded([*known, *named]), Living()
    for activity in (*known, *named):
        living.receive([activity])

    for contacts in (quiet.contacts, living.contacts):
        kept = {key for contact in contacts.values() for key in contact.person.named}
        assert kept == {"p:+34600111222"}
        assert sum(len(contact.person.named) for contact in contacts.values()) == 1


def test_a_claim_unites_all_that_hold_its_keys_each_once():
    first = identified(email="ana@x.com", external_id="1")
    by_phone = structs.replace(
        identified(minutes(6), tracker="t2", phone="+34600111222"), also=[Key("e:ana@x.com")]
    )
    all_three = structs.replace(
        identified(
            minutes(7), email="ana@x.com", external_id="2", phone="+34600111222", trusted=True
        ),
        also=[Key("e:ana@x.com")],
    )  # fmt: skip

    [contact] = folded([first, by_phone, all_three]).contacts.values()

    assert contact.person.identities == {"e": "e:ana@x.com", "x": "x:2", "p": "p:+34600111222"}
