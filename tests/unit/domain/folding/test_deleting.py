"""A person deletes a contact: what it did is forgotten, and what must not be is kept."""

from engine.domain.folding import component
from tests.builders import (
    NAMESPACE,
    SHIPPED,
    an_activity,
    bought,
    by_hand,
    contact_of,
    days,
    folded,
    identified,
    the_contact,
)

EVA = [
    an_activity("page_visited", days(0), tracker="t1"),
    identified(days(1), tracker="t1", email="eva@x.com", traits={"first_name": "Eva"}),
    an_activity("newsletter_subscribed", days(2), email="eva@x.com"),
    an_activity("newsletter_unsubscribed", days(3), email="eva@x.com"),
    bought("90", days(4), email="eva@x.com", order_id="1"),
]
DELETION = by_hand("e:eva@x.com", days(5), "contact_deleted", author="Mia")


def test_nothing_that_it_did_is_left():
    settled = folded([*EVA, DELETION])
    eva = contact_of(settled, "e:eva@x.com").state

    assert eva.deleted
    assert (eva.first_name, eva.points.total, eva.commerce.orders, eva.segments) == (None, 0, 0, {})
    assert settled.ledger == []
    assert [d.type for d in settled.derived if d.type != "contacts_merged"] == []


def test_it_is_remembered_that_somebody_unsubscribed_and_that_an_address_bounces():
    bounces = [
        an_activity("email_bounced", days(n / 10), email="eva@x.com", bounce="permanent", message_id=f"m{n}", trusted=True)
        for n in (41, 42, 43)
    ]  # fmt: skip
    eva = the_contact([*EVA, *bounces, DELETION]).state

    assert eva.statuses["newsletter"].state == "unsubscribed"
    assert eva.statuses["email_status"].state == "bounced"


def test_who_comes_back_begins_anew():
    eva = the_contact([*EVA, DELETION, bought("10", days(6), tracker="t1", order_id="2")]).state

    assert not eva.deleted
    assert (eva.commerce.orders, eva.commerce.spent, eva.first_name) == (1, 10, None)
    assert eva.statuses["newsletter"].state == "unsubscribed"


def test_a_bounce_or_a_bot_brings_nobody_back():
    bounce = an_activity("email_bounced", days(6), email="eva@x.com", bounce="temporary", trusted=True)
    bot = an_activity("page_visited", days(7), tracker="t1", bot=True)

    assert the_contact([*EVA, DELETION, bounce, bot]).state.deleted


def test_late_news_of_what_was_deleted_brings_nobody_back():
    late = bought("500", days(4.5), email="eva@x.com", order_id="late")

    eva = the_contact([*EVA, DELETION, late]).state
    assert eva.deleted
    assert eva.commerce.orders == 0


def test_taking_the_deletion_back_makes_all_as_if_it_had_not_been():
    restored = by_hand("e:eva@x.com", days(8), undoes=DELETION.id)
    without = the_contact([*EVA, by_hand("e:eva@x.com", days(8))]).state
    back = the_contact([*EVA, DELETION, restored]).state

    assert not back.deleted
    assert (back.first_name, back.points.total, back.commerce, back.segments) == (
        without.first_name, without.points.total, without.commerce, without.segments,
    )  # fmt: skip


def test_of_two_who_merge_only_the_deleted_ones_past_is_forgotten():
    ana = identified(days(0), email="ana@x.com", traits={"first_name": "Ana"})
    visitor = bought("70", days(1), tracker="t9", order_id="v")
    deletion = by_hand("t:t9", days(2), "contact_deleted")
    merge = identified(days(3), tracker="t9", email="ana@x.com")
    after = bought("5", days(4), tracker="t9", order_id="w")

    contact = the_contact([ana, visitor, deletion, merge, after])
    assert not contact.state.deleted
    assert (contact.state.first_name, contact.state.commerce.spent) == ("Ana", 5)


def test_deleting_the_survivor_deletes_what_the_merged_one_did_too():
    ana = identified(days(0), email="ana@x.com")
    visitor = bought("70", days(1), tracker="t9", order_id="v")
    merge = identified(days(3), tracker="t9", email="ana@x.com")

    contact = the_contact([ana, visitor, merge, by_hand("e:ana@x.com", days(5), "contact_deleted")])
    assert contact.state.deleted
    assert contact.state.commerce.orders == 0


def test_its_timeline_begins_at_the_deletion():
    person = the_contact([*EVA, DELETION]).person

    assert {span.key for span in person.spans} == {"t:t1", "e:eva@x.com"}
    assert all(span.since == days(5) for span in person.spans)


def test_who_is_deleted_enters_no_segment_as_time_goes_by():
    anonymous = an_activity("page_visited", days(0), tracker="t1")
    deletion = by_hand("t:t1", days(1), "contact_deleted")

    state = the_contact([anonymous, deletion], until=days(300)).state
    assert state.segments == {}
    assert state.next_due is None


def test_a_shop_cannot_delete_anybody_by_an_event():
    event = an_activity("contact_deleted", days(5), email="eva@x.com", trusted=True)

    assert not the_contact([*EVA, event]).state.deleted


def test_a_deletion_is_always_folded_with_the_past():
    contact = the_contact(EVA)
    assert (
        component.step({contact.person.id: contact}, [DELETION], SHIPPED, namespace=NAMESPACE, shared=set())
        is None
    )
