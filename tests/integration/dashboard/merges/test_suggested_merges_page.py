"""The page of suggested merges and the dialog that merges two contacts, for each role."""

import json

import pytest

from dashboard.merges.merge_dialog import MERGE, MergeQuestion
from dashboard.ui.dialog_state import OpenDialog
from engine.contacts.merging.suggestion_rows import pair_id
from engine.db.connection import utc_now
from engine.domain.activities import ActivityId
from engine.publishing import publishing
from tests.browser.conftest import HOSTILE
from tests.builders import an_activity, bought, identified, minutes
from tests.integration.dashboard.test_pages import shown
from tests.integration.drained import drain_all, receive_and_drain, the_id


@pytest.fixture
def pair(db):
    """Ana by email, who bought, and Ana by customer number; one public event named both."""
    receive_and_drain(
        db,
        [
            identified(minutes(0), email="ana@x.com", traits={"name": "Ana Ruiz"}, trusted=True),
            bought("12.10", minutes(1), email="ana@x.com", order_id="A-1", currency="EUR", trusted=True),
            identified(minutes(2), external_id="A-7", traits={"name": HOSTILE}, trusted=True),
        ],
    )
    receive_and_drain(db, [identified(minutes(3), email="ana@x.com", external_id="A-7")])
    return the_id(db, "ana@x.com"), the_id(db, "A-7")


def button(app, start):
    [found] = [button for button in app.button if button.key and button.key.startswith(start)]
    return found


def keys(app):
    return {button.key for button in app.button if button.key}


def test_the_navigation_counts_what_is_open(pair, open_as):
    assert 'Suggested merges <span class="cs-badge info">1</span>' in shown(open_as("viewer"))


def test_without_suggestions_the_page_says_where_they_come_from(db, open_as):
    app = open_as("marketer", page="merges")

    assert "No suggested merges" in shown(app)
    assert "cs-badge info" not in shown(app)
    assert "Nothing was dismissed" in shown(open_as("marketer", page="merges", state="dismissed"))


def test_a_pair_stands_side_by_side_with_the_reason_and_is_escaped(pair, open_as):
    text = shown(open_as("marketer", page="merges"))

    for words in ("Ana Ruiz", "A-7", "€12.10", "stays", "1 pair of contacts"):
        assert words in text
    assert HOSTILE not in text


def test_an_accepted_pair_is_one_contact_and_undo_makes_two_of_it_again(pair, db, open_as):
    app = open_as("marketer", page="merges")
    button(app, "merges.accept.").click().run()

    assert "was merged into Ana Ruiz." in shown(app)
    assert the_id(db, "A-7") == pair[0]
    button(app, "merges.done.undo").click().run()
    assert "Undone." in shown(app)
    assert the_id(db, "A-7") == pair[1]
    assert "1 pair of contacts" in shown(app)


def test_a_dismissed_pair_is_suggested_again_on_undo_or_from_its_list(pair, db, open_as):
    app = open_as("marketer", page="merges")
    button(app, "merges.dismiss.").click().run()
    assert "No suggested merges" in shown(app)
    button(app, "merges.done.undo").click().run()
    assert "1 pair of contacts" in shown(app)

    button(app, "merges.dismiss.").click().run()
    dismissed = open_as("marketer", page="merges", state="dismissed")
    assert "dismissed by Eva" in shown(dismissed)
    button(dismissed, "merges.reopen.").click().run()
    assert db.suggestions.count_documents({"dismissed_at": None}) == 1


def test_the_preview_lets_the_user_choose_whose_values_win(pair, db, open_as):
    app = open_as("marketer", page="merges")
    button(app, "merges.preview.").click().run()
    [survivor] = [radio for radio in app.radio if radio.key.endswith(".survivor")]
    assert survivor.value == pair[0]
    survivor.set_value(pair[1]).run()

    button(app, "merges.sure").click().run()

    assert the_id(db, "ana@x.com") == pair[1]
    assert db.suggestions.count_documents({}) == 0


def test_a_viewer_sees_the_pairs_masked_and_decides_nothing(pair, db, open_as):
    settings = publishing.completed(db, {})["settings.yaml"]
    masked = {"settings.yaml": settings.replace("mask_for_viewers: false", "mask_for_viewers: true")}
    publishing.publish(db, publishing.completed(db, masked), by="Eva", message="mask", now=utc_now())

    app = open_as("viewer", page="merges")

    assert "Ruiz" not in shown(app) and "ana@" not in shown(app)
    assert not [key for key in keys(app) if key.startswith("merges.")]


def test_pairs_are_paged(db, open_as):
    receive_and_drain(db, [an_activity(at=minutes(n), tracker=f"t{n}") for n in range(26)])
    contacts = [the_id(db, f"t{n}") for n in range(26)]
    for number, other in enumerate(contacts[1:]):
        row = {"contacts": [contacts[0], other], "at": minutes(number), "found_by": "nightly"}
        db.suggestions.insert_one({"_id": pair_id(contacts[0], other), **row})

    app = open_as("marketer", page="merges")

    assert len([key for key in keys(app) if key.startswith("merges.accept.")]) == 20
    text = shown(app)
    after = text.partition("after=")[2].partition('"')[0]
    second = open_as("marketer", page="merges", after=after)
    assert len([key for key in keys(second) if key.startswith("merges.accept.")]) == 5


# From the list of contacts


def test_two_ticked_contacts_are_merged_from_the_list(pair, db, open_as):
    app = open_as("marketer")
    [listed] = [e for e in app.get("bidi_component") if e.proto.component_name == "contact_list"]
    actions = {action["id"]: action["exactly"] for action in json.loads(listed.proto.json)["actions"]}
    assert actions.pop(MERGE) == 2 and set(actions.values()) == {None}

    app.session_state["dialog.open"] = OpenDialog(MERGE, MergeQuestion(pair[1], pair[0], ActivityId("m1")))
    app.run()
    assert "Merged: " in shown(app)
    button(app, "merges.sure").click().run()

    assert "was merged into Ana Ruiz." in shown(app)
    assert the_id(db, "A-7") == pair[0]
    button(app, "merges.done.undo").click().run()
    assert the_id(db, "A-7") == pair[1]


def test_a_viewer_who_forges_the_dialog_merges_nothing(pair, db, open_as):
    app = open_as("viewer")
    app.session_state["dialog.open"] = OpenDialog(MERGE, MergeQuestion(*pair, ActivityId("m1")))
    app.run()
    if "merges.sure" in keys(app):
        button(app, "merges.sure").click().run()
    drain_all(db)

    assert the_id(db, "A-7") == pair[1]
