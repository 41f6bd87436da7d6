"""What becomes of a row, from what it wants and the contacts that its keys lead to."""

from typing import NamedTuple

import pytest
from msgspec import structs

from engine.db import contact_codec
from engine.domain.activities import Activity, ContactId
from engine.domain.folding.component import refold
from engine.domain.identity.identities import Identities, Key
from engine.imports.mapping.consents import Consent
from engine.imports.rows.matching import match
from engine.imports.rows.parsed_row import ParsedRow, RefusedRow
from engine.imports.rows.row_activities import RowActivities, activity_id
from engine.imports.rows.row_decision import Outcome, decide
from tests.builders import (
    NAMESPACE,
    SHIPPED,
    an_activity,
    by_hand,
    contact_of,
    days,
    folded,
    identified,
    imported,
)


def a_row(
    line=2, *, email=None, phone=None, external_id=None, values=None, cleared=(), consents=(), segments=()
):
    identities = Identities(external_id=external_id, email=email, phone=phone)
    return ParsedRow(line, identities, email, values or {}, tuple(cleared), tuple(consents), tuple(segments))


def documents(*activities):
    """The contacts that some activities make, by the keys that lead to them."""
    contacts = folded(activities).contacts.values()
    rows = [
        contact_codec.encode(contact, component=contact.person.id, linked=False, lanes=16, now=days(9))
        for contact in contacts
    ]
    return {Key(key): row for row in rows for key in row["keys"]}


def decided(row, *history, mode="both"):
    known = documents(*history) if history else {}
    holders = {key: known[key] for key in row.keys if key in known}
    decision = decide(row, match(row, holders), mode=mode)
    activities = RowActivities("job", "people.csv", "Mia", SHIPPED.present, NAMESPACE)
    return Decided(decision.outcome, tuple(activities.of(decision, now=days(9))), decision.contact)


class Decided(NamedTuple):
    """What becomes of a row, with its activities."""

    outcome: Outcome
    activities: tuple[Activity, ...]
    contact: ContactId | None


def refusal(row, *history, mode="both"):
    with pytest.raises(RefusedRow) as caught:
        decided(row, *history, mode=mode)
    [problem] = caught.value.problems
    return problem.kind, problem.message


ANA = identified(
    days(0), external_id="7", email="ana@x.com", traits={"first_name": "Ana", "city": "Roma"}, trusted=True
)
BEA = identified(days(0), email="bea@x.com", trusted=True)


def test_somebody_new_is_created_by_one_activity_whose_id_follows_from_job_and_line():
    decision = decided(a_row(5, email="new@x.com", values={"custom.city": "Roma"}))

    [activity] = decision.activities
    assert (decision.outcome, activity.id, activity.type) == (
        "created",
        activity_id("job", 5, "row"),
        "contact_imported",
    )
    assert activity.traits == {"city": "Roma", "email": "new@x.com"}


def test_what_is_as_wanted_already_gives_no_activity():
    row = a_row(
        external_id="7",
        email="ana@x.com",
        values={"first_name": "Ana", "custom.city": "Roma"},
        cleared=["last_name"],
    )

    assert decided(row, ANA) == decided(row, ANA)
    assert (decided(row, ANA).outcome, decided(row, ANA).activities) == ("unchanged", ())


def test_only_what_differs_is_changed_and_told():
    row = a_row(
        external_id="7",
        email="new@x.com",
        values={"first_name": "Ana", "custom.city": "Bari"},
        cleared=["first_name"],
    )
    [activity] = decided(row, ANA).activities

    assert activity.by_hand
    assert (activity.identities, activity.traits) == (
        Identities(email="new@x.com"),
        {"city": "Bari", "email": "new@x.com"},
    )
    assert activity.properties["what"] == [
        "Email: ana@x.com → new@x.com",
        "City: Roma → Bari",
        "First name: Ana → nothing",
    ]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (
            a_row(external_id="7", email="bea@x.com"),
            "external id 7 is one contact's and email bea@x.com another contact's",
        ),
        (
            a_row(external_id="8", email="ana@x.com"),
            "email ana@x.com is that of a contact whose external id is 7, and not 8",
        ),
    ],
)
def test_a_row_about_two_people_is_refused(row, says):
    assert refusal(row, ANA, BEA) == ("two_contacts", says)


def test_only_new_or_only_known_contacts_are_touched_if_that_is_wanted():
    assert refusal(a_row(email="ana@x.com"), ANA, mode="create") == (
        "exists",
        "email ana@x.com already exists",
    )
    assert refusal(a_row(email="new@x.com"), ANA, mode="update") == (
        "unknown",
        "email new@x.com does not exist",
    )


def test_a_former_email_leads_to_its_contact_and_does_not_come_back():
    moved = identified(days(1), external_id="7", email="later@x.com", trusted=True)

    assert decided(a_row(email="ana@x.com"), ANA, moved).outcome == "unchanged"
    [back] = decided(a_row(external_id="7", email="ana@x.com"), ANA, moved).activities
    assert back.identities == Identities(email="ana@x.com")


def test_who_was_deleted_comes_back_by_a_file():
    deleted = by_hand("x:7", days(2), "contact_deleted")
    decision = decided(a_row(external_id="7", email="ana@x.com"), ANA, deleted)

    assert decision.outcome == "created"
    [ana] = folded([ANA, deleted, *decision.activities]).contacts.values()
    assert not ana.state.deleted


def test_who_was_there_by_an_import_alone_that_was_taken_back_stands_in_nobodys_way():
    wrong = imported(days(2), id_="wrong", external_id="9", email="cai@x.com")
    undone = by_hand("x:9", days(3), undoes="wrong")
    row = a_row(external_id="9", email="bea@x.com", values={"first_name": "Bea"}, cleared=["last_name"])
    known = [structs.replace(BEA, traits={"last_name": "Old"}), wrong, undone]
    decision = decided(row, *known)

    assert decision.outcome == "updated"
    [bea] = folded([*known, *decision.activities]).contacts.values()
    assert not bea.state.deleted
    assert bea.person.identities == {"x": "x:9", "e": "e:bea@x.com"}
    assert (bea.state.first_name, bea.state.last_name) == ("Bea", None)


SUBSCRIBED = an_activity("newsletter_subscribed", days(1), email="ana@x.com")
ENDED = an_activity("newsletter_unsubscribed", days(3), email="ana@x.com")


@pytest.mark.parametrize(
    ("consent", "history", "state", "activities"),
    [
        (Consent("newsletter", "subscribed"), (ANA,), "subscribed", 1),
        (Consent("newsletter", "subscribed"), (ANA, SUBSCRIBED), "subscribed", 0),
        (Consent("newsletter", "subscribed"), (ANA, SUBSCRIBED, ENDED), "unsubscribed", 0),
        (Consent("newsletter", "subscribed", days(2)), (ANA, SUBSCRIBED, ENDED), "unsubscribed", 0),
        (Consent("newsletter", "subscribed", days(4)), (ANA, SUBSCRIBED, ENDED), "subscribed", 1),
        (Consent("newsletter", "unsubscribed"), (ANA, SUBSCRIBED), "unsubscribed", 1),
        (Consent("newsletter", "unsubscribed", days(2)), (ANA, SUBSCRIBED), "unsubscribed", 1),
        (Consent("newsletter", "unsubscribed", days(0.5)), (ANA, SUBSCRIBED), "subscribed", 0),
        (Consent("newsletter", "unsubscribed", days(-9)), (ANA,), "unsubscribed", 1),
        (Consent("newsletter", "no"), (ANA,), "not_subscribed", 0),
        (Consent("newsletter", "no"), (ANA, SUBSCRIBED), "unsubscribed", 1),
    ],
)
def test_a_subscription_follows_the_newest_act_and_no_file_subscribes_who_unsubscribed(
    consent, history, state, activities
):
    decision = decided(a_row(email="ana@x.com", consents=[consent]), *history)

    assert len(decision.activities) == activities
    ana = contact_of(folded([*history, *decision.activities]), "x:7")
    assert ana.state.statuses["newsletter"].state == state


def test_a_consent_from_before_we_knew_somebody_leaves_them_the_same_contact():
    visit = an_activity("page_visited", days(0), tracker="t1")
    known = identified(days(1), tracker="t1", email="ana@x.com")
    decision = decided(
        a_row(email="ana@x.com", consents=[Consent("newsletter", "subscribed", days(-400))]), visit, known
    )

    before, after = folded([visit, known]), folded([visit, known, *decision.activities])
    assert list(before.contacts) == list(after.contacts)
    assert before.merges == []
    assert [merge.winner for merge in after.merges] == list(after.contacts), "the visitor turns out to be her"
    [ana] = after.contacts.values()
    assert ana.state.statuses["newsletter"].since == days(-400)


def test_a_new_contact_with_a_dated_consent_is_one_contact():
    row = a_row(email="a@x.com", external_id="9", consents=[Consent("sms", "unsubscribed", days(-3))])
    activities = decided(row).activities

    for order in (activities, activities[::-1]):
        [contact] = refold(order, SHIPPED, namespace=NAMESPACE, shared=set()).contacts.values()
        assert contact.state.statuses["sms"].state == "unsubscribed"


@pytest.mark.parametrize(
    ("history", "acts"),
    [
        ([], ["contact_imported", "newsletter_subscribed"]),
        ([ANA], ["newsletter_subscribed"]),
        ([ANA, an_activity("newsletter_subscribed", days(1), email="ana@x.com")], []),
        ([ANA, an_activity("newsletter_subscribed", days(1), email="ana@x.com"),
          an_activity("newsletter_unsubscribed", days(2), email="ana@x.com")], []),
    ],
    ids=["new", "never subscribed", "subscribed", "unsubscribed"],
)  # fmt: skip
def test_what_is_stated_of_all_subscribes_who_never_was_and_nobody_who_unsubscribed(history, acts):
    stated = Consent("newsletter", "subscribed", days(5), "Form at the fair")
    found = decided(a_row(email="ana@x.com", consents=[stated]), *history)

    assert [activity.type for activity in found.activities] == acts
    sources = [one.properties["source"] for one in found.activities if one.type == "newsletter_subscribed"]
    assert sources == ["Form at the fair (people.csv)"] * len(sources)
    assert all(one.happened_at == days(5) for one in found.activities if one.type == "newsletter_subscribed")
