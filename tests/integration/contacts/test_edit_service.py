"""What people change, checked for their role and in the audit log."""

import pytest

from engine.accounts import audit
from engine.accounts.current_user import CurrentUser
from engine.contacts import contact_lookup
from engine.contacts.editing import edit_service
from engine.contacts.editing.edit import Edit, InvalidEdit
from engine.domain.activities import ActivityId
from engine.errors import NotAllowed
from engine.publishing import publish_service, publishing
from engine.rules import versions
from tests.builders import acting, identified, minutes
from tests.integration.drained import drain_all, receive_and_drain


def somebody(role):
    return CurrentUser("u1", "ana@x.com", "Ana", role)


@pytest.fixture
def leo(db):
    receive_and_drain(db, [identified(minutes(0), email="leo@x.com", traits={"name": "Leo"})])
    return contact_lookup.find_contact(db, "leo@x.com")


def log(db):
    return [audit.entry_of(row) for row in db.audit.find().sort("at", 1)]


def rename(db, role, leo, id_="edit-1"):
    change = Edit(fields={"first_name": "Leonardo"})
    return edit_service.edit(acting(db, somebody(role)), leo, change, id_=ActivityId(id_))


def test_an_edit_is_in_the_log_with_what_was_before_and_after(db, leo):
    rename(db, "marketer", leo)
    drain_all(db)

    [entry] = log(db)
    assert (entry.act, entry.by_name, entry.subject.id, entry.ending) == (
        "edited a contact", "Ana", leo, "done",
    )  # fmt: skip
    assert [(c.what, c.before, c.after) for c in entry.changes] == [("first_name", "Leo", "Leonardo")]


def test_an_edit_that_is_sent_twice_is_one_line_of_the_log(db, leo):
    rename(db, "marketer", leo)
    rename(db, "marketer", leo)

    assert len(log(db)) == 1


def test_a_viewer_who_forges_an_edit_changes_nothing(db, leo):
    with pytest.raises(NotAllowed):
        rename(db, "viewer", leo)

    assert log(db) == []
    assert db.activities.count_documents({"type": "contact_edited"}) == 0


def test_an_edit_that_is_refused_is_in_the_log_with_the_reason(db, leo):
    change = Edit(fields={"birth_date": "the third of May"})
    with pytest.raises(InvalidEdit):
        edit_service.edit(acting(db, somebody("admin")), leo, change, id_=ActivityId("e"))

    [entry] = log(db)
    assert entry.ending == "refused"
    assert "a date is wanted" in entry.refusal


def test_a_marketer_publishes_segments_and_no_scoring(db):
    texts = publishing.completed(db, {"segments.yaml": "segments: []\n"})
    publish_service.publish(acting(db, somebody("marketer")), texts, message="none")

    with pytest.raises(NotAllowed, match="edit rules"):
        publish_service.publish(
            acting(db, somebody("marketer")), {**texts, "scoring.yaml": "rules: []\n"}, message="x"
        )

    assert versions.current_number(db) == 2
    [entry] = log(db)
    assert [(c.what, c.before, c.after) for c in entry.changes] == [
        ("segments.yaml", "version 1", "version 2")
    ]


def test_only_an_admin_changes_fields(db):
    texts = publishing.completed(db, {"fields.yaml": "fields: []\n"})
    with pytest.raises(NotAllowed, match="account settings and custom fields"):
        publish_service.publish(acting(db, somebody("marketer")), texts, message="x")
    with pytest.raises(NotAllowed):
        publish_service.roll_back(acting(db, somebody("marketer")), 1)
