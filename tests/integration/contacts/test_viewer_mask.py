"""What each role reads of contacts, with and without the mask."""

import json

import pytest

from engine.accounts.current_user import CurrentUser
from engine.contacts import contact_lookup
from engine.contacts.editing import edit_service
from engine.contacts.editing.edit import Edit
from engine.contacts.listing import list_service
from engine.contacts.listing.listing import Listing
from engine.contacts.sheet import sheet_service, sheets
from engine.contacts.sheet.timelines import TimelineFilter
from engine.db.connection import utc_now
from engine.domain.activities import ActivityId
from engine.errors import NotAllowed
from engine.publishing import publishing
from tests.builders import acting, an_activity, bought, colleague, identified, minutes
from tests.integration.drained import drain_all, receive_and_drain

SECRETS = ("leo.secreto@x.com", "Leonardo", "Secreto", "600111222", "customer-77", "Calle Mayor", "10.9.8.7")


def somebody(role):
    return CurrentUser("u1", "eva@x.com", "Eva", role)


@pytest.fixture
def leo(db):
    """Somebody with all kinds of personal data in all places, and an edit by hand."""
    traits = {
        "name": "Leonardo Secreto", "city": "Calle Mayor", "birthday": "1980-02-03", "phone": "+34600111222",
    }  # fmt: skip
    receive_and_drain(
        db,
        [
            identified(
                minutes(0), email="leo.secreto@x.com", external_id="customer-77", phone="+34600111222",
                traits=traits, context={"ip": "10.9.8.7"}, tracker="leo.secreto@x.com-laptop",
            ),
            an_activity("form_submitted", minutes(1), external_id="customer-77",
                        properties={"form": "contact", "name": "Leonardo", "message": "Calle Mayor"}),
            bought("12.10", minutes(2), external_id="customer-77", order_id="A-1"),
        ],
    )  # fmt: skip
    contact = contact_lookup.find_contact(db, "customer-77")
    edit = Edit(fields={"custom.city": "Calle Mayor 5"}, reason="Leonardo said so")
    edit_service.edit(acting(db, colleague("Eva")), contact, edit, id_=ActivityId("e1"))
    drain_all(db)
    return contact


@pytest.fixture
def masked(db):
    mask(db)


def mask(db):
    """Hide personal data from viewers."""
    text = publishing.completed(db, {})["settings.yaml"].replace(
        "mask_for_viewers: false", "mask_for_viewers: true"
    )
    publishing.publish(
        db, publishing.completed(db, {"settings.yaml": text}), by="Eva", message="mask", now=utc_now()
    )


def everything_read(db, user, contact):
    """All that the engine gives somebody of a contact, as text."""
    read = (
        list_service.page(acting(db, user), Listing()).rows,
        list_service.page(acting(db, user), Listing(where={"segments": "newsletter-readers"})).rows,
        sheet_service.sheet(acting(db, user), contact),
        sheet_service.timeline(acting(db, user), contact).rows,
        sheet_service.counts(acting(db, user), contact),
        sheet_service.ledger(acting(db, user), contact),
        sheet_service.points_history(acting(db, user), contact, total=0),
        sheet_service.outlook(acting(db, user), contact),
        sheet_service.reasons(acting(db, user), contact),
    )
    return json.dumps(json.loads(sheets.encode(read)), ensure_ascii=False)


@pytest.mark.parametrize("role", ["viewer", "marketer", "admin"])
def test_without_the_mask_every_role_reads_everything(db, leo, role):
    text = everything_read(db, somebody(role), leo)

    assert [secret for secret in SECRETS if secret not in text] == []


def test_under_the_mask_a_viewer_reads_nothing_that_says_who_it_is(db, leo, masked):
    text = everything_read(db, somebody("viewer"), leo)

    assert [secret for secret in SECRETS if secret.lower() in text.lower()] == []
    for words in ("l•••@x.com", "L••• S•••", "+34•••22", "12.10", "A-1", "contact"):
        assert words in text


@pytest.mark.parametrize("role", ["marketer", "admin"])
def test_the_mask_is_for_viewers_alone(db, leo, masked, role):
    text = everything_read(db, somebody(role), leo)

    assert [secret for secret in SECRETS if secret not in text] == []


@pytest.mark.parametrize("guess", ["leo.secreto@x.com", "l", "Leonardo", "+34600111222", "customer-77"])
def test_under_the_mask_no_guess_is_confirmed(db, leo, masked, guess):
    viewer = somebody("viewer")

    with pytest.raises(list_service.PersonalDataMasked):
        list_service.page(acting(db, viewer), Listing(search=guess))
    assert list_service.find(acting(db, viewer), guess) is None
    assert list_service.find(acting(db, somebody("marketer")), leo) == leo


def test_under_the_mask_a_search_of_the_timeline_confirms_no_guess(db, leo, masked):
    def found(role, text):
        return [
            row.id
            for row in sheet_service.timeline(
                acting(db, somebody(role)), leo, where=TimelineFilter(text=text)
            ).rows
        ]

    for guess in ("leo.secreto", "secreto", "Leonardo", "600111222", "customer-77", "Mayor", "10.9.8.7", "l"):
        known = [id_ for id_ in found("marketer", guess) if guess != "l"]
        assert known or guess in ("l", "10.9.8.7"), "who may see it finds by it"
        assert not set(known) & set(found("viewer", guess)), guess
    assert found("viewer", "A-1") == found("marketer", "A-1") != []
    assert sheet_service.timeline(
        acting(db, somebody("viewer")), leo, where=TimelineFilter(text="secreto")
    ).scanned == len(sheet_service.timeline(acting(db, somebody("viewer")), leo).rows), (
        "nothing is left out of the count that says what was found"
    )


def test_under_the_mask_nobody_reads_why_somebody_gave_points(db, leo, masked):
    edit = Edit(points=7, reason="Leonardo called")
    edit_service.edit(acting(db, colleague("Eva")), leo, edit, id_=ActivityId("gave"))
    drain_all(db)
    edit_service.edit(
        acting(db, colleague("Eva")),
        leo,
        Edit(undoes=ActivityId("e1"), reason="Leonardo moved"),
        id_=ActivityId("back"),
    )
    drain_all(db)

    assert sheet_service.ledger(acting(db, somebody("admin")), leo).rows[0].reason == "Leonardo called"
    seen = everything_read(db, somebody("viewer"), leo)
    assert "Leonardo" not in seen
    assert "Corrected by hand" in seen


def test_under_the_mask_an_address_with_an_id_still_leads_to_its_contact(db, leo, masked):
    viewer = somebody("viewer")

    assert list_service.find(acting(db, viewer), leo) == leo
    assert [row.id for row in list_service.page(acting(db, viewer), Listing(search=leo)).rows] == [leo]


@pytest.mark.parametrize(
    "read",
    [
        lambda db, _leo: list_service.page(acting(db, None), Listing()),
        lambda db, leo: list_service.find(acting(db, None), leo),
        lambda db, leo: sheet_service.sheet(acting(db, None), leo),
        lambda db, leo: sheet_service.timeline(acting(db, None), leo),
        lambda db, leo: sheet_service.counts(acting(db, None), leo),
        lambda db, leo: sheet_service.ledger(acting(db, None), leo),
        lambda db, leo: sheet_service.points_history(acting(db, None), leo, total=0),
        lambda db, leo: sheet_service.outlook(acting(db, None), leo),
        lambda db, leo: edit_service.take_back(acting(db, None), leo, ActivityId("e1"), id_=ActivityId("e2")),
        lambda db, leo: edit_service.take_back(
            acting(db, somebody("viewer")), leo, ActivityId("e1"), id_=ActivityId("e2")
        ),
        lambda db, leo: sheet_service.reasons(acting(db, None), leo),
    ],
)
def test_nobody_reads_nothing(db, leo, read):
    with pytest.raises(NotAllowed):
        read(db, leo)
