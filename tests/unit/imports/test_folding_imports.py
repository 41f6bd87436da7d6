"""What a file says of contacts is folded like all else, in any order, and can be taken back."""

import itertools

import pytest

from tests.builders import (
    an_activity,
    by_hand,
    contact_of,
    days,
    folded,
    identified,
    imported,
    rules,
    the_contact,
)

STATIC = rules(segments="segments:\n  - {id: fair, name: Met at the fair, static: true}\n")
ANA = {"external_id": "7", "email": "ana@x.com", "traits": {"first_name": "Ana", "city": "Roma"}}
ROW = imported(days(5), id_="row", **ANA, add_to=["fair"], newsletter="subscribed", author="Mia")
UNDONE = by_hand("x:7", days(6), undoes="row")


def newsletter(*activities):
    """The status, which no order of arrival changes."""
    found = {
        the_contact(order).state.statuses["newsletter"].state for order in itertools.permutations(activities)
    }
    [state] = found
    return state


def test_a_row_makes_a_contact_with_its_fields_segment_and_subscription():
    ana = the_contact([ROW], STATIC)

    assert set(ana.person.identities.values()) == {"x:7", "e:ana@x.com"}
    assert (ana.state.first_name, ana.state.custom) == ("Ana", {"city": "Roma"})
    assert ana.state.segments == {"fair": days(5)}
    assert (ana.state.statuses["newsletter"].state, ana.state.statuses["newsletter"].by) == (
        "subscribed",
        "Mia",
    )
    assert ana.state.last_seen is None


def test_what_comes_with_a_key_cannot_pretend_to_be_a_file():
    sent = an_activity("contact_imported", email="ana@x.com", trusted=True, add_to=["fair"])

    assert the_contact([sent], STATIC).state.segments == {}


def test_a_row_gives_a_known_contact_another_email_as_an_edit_does():
    known = identified(days(0), external_id="7", email="old@x.com")
    row = imported(days(5), stream="x:7", email="new@x.com", cleared=["first_name"])

    ana = the_contact([known, row])
    assert ana.person.identities == {"x": "x:7", "e": "e:new@x.com"}
    assert ana.state.first_name is None


SUBSCRIBED = an_activity("newsletter_subscribed", days(1), email="ana@x.com")
ENDED = an_activity("newsletter_unsubscribed", days(3), email="ana@x.com")


def test_a_file_without_dates_subscribes_nobody_who_unsubscribed():
    assert newsletter(SUBSCRIBED, ENDED, ROW) == "unsubscribed"


@pytest.mark.parametrize(("at", "state"), [(2, "unsubscribed"), (4, "subscribed")])
def test_a_file_with_a_date_subscribes_if_that_is_newer(at, state):
    dated = imported(days(at), "newsletter_subscribed", stream="e:ana@x.com")

    assert newsletter(SUBSCRIBED, ENDED, dated) == state


def test_what_happened_after_the_consent_in_the_file_counts_though_it_is_known_later():
    dated = imported(days(2), "newsletter_subscribed", email="ana@x.com")

    assert newsletter(ENDED, dated, ROW) == "unsubscribed"


def test_who_unsubscribed_elsewhere_is_known_to_have_though_nothing_was_heard_of_a_subscription():
    dated = imported(days(2), "newsletter_unsubscribed", email="ana@x.com")
    undated = imported(days(5), email="ana@x.com", newsletter="unsubscribed")

    assert newsletter(dated, ROW) == "unsubscribed"
    assert newsletter(undated) == "unsubscribed"
    assert the_contact([dated]).state.statuses["newsletter"].by == "the contact"


def test_a_contact_that_an_import_alone_made_is_not_there_once_that_is_taken_back():
    settled = folded([ROW, UNDONE], STATIC)
    [gone] = settled.contacts.values()

    assert gone.state.deleted
    assert gone.state.deletion is None
    assert (gone.state.first_name, gone.state.segments, gone.person.identities) == (None, {}, {})
    assert gone.state.statuses["newsletter"].state == "not_subscribed"


def test_taking_an_import_back_frees_the_identities_that_it_joined_wrongly():
    other = imported(days(5), id_="other", external_id="8", email="bea@x.com")
    again = imported(days(7), external_id="7", email="bea@x.com")
    takes_back = by_hand("x:8", days(6), undoes="other")

    right = contact_of(folded([ROW, other, UNDONE, takes_back, again]), "x:7")
    assert right.person.identities == {"x": "x:7", "e": "e:bea@x.com"}
    assert not right.state.deleted


@pytest.mark.parametrize(
    "since",
    [
        an_activity("order_completed", days(5.5), email="ana@x.com", order_id="1", total="10"),
        by_hand("x:7", days(5.5), add_to=["fair"], author="Leo"),
        an_activity("page_visited", days(0), tracker="t", email="ana@x.com"),
    ],
)
def test_what_else_was_known_of_the_contact_stays_when_an_import_is_taken_back(since):
    with_it = folded([since, ROW, UNDONE], STATIC)
    [stays] = [contact for contact in with_it.contacts.values() if not contact.state.deleted]

    assert (stays.state.first_name, stays.state.custom) == (None, {})
    assert ("fair" in stays.state.segments) == since.by_hand
    assert ("e:ana@x.com" in stays.person.identities.values()) == bool(since.identities)


def test_taking_back_a_dated_subscription_makes_it_as_if_it_had_not_been():
    dated = imported(days(2), "newsletter_subscribed", id_="consent", email="ana@x.com")
    undone = by_hand("e:ana@x.com", days(6), undoes="consent")

    assert newsletter(identified(days(0), email="ana@x.com"), dated, undone) == "not_subscribed"
