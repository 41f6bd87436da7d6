"""On the sheet: the undo of a merge, a device and activities that are split off."""

import pytest

from dashboard.merges.division_dialogs import SPLIT, UNDO_MERGE, split_of_tracker, undo_of_merge
from dashboard.sheet.activity.activity_tab import TabState
from dashboard.ui.dialog_state import OpenDialog
from engine.contacts import contact_lookup
from engine.contacts.merging import merge_service
from engine.db.connection import utc_now
from engine.domain.activities import ActivityId
from tests.builders import acting, an_activity, colleague, identified, minutes
from tests.integration.dashboard.test_pages import shown
from tests.integration.drained import drain_all, receive_and_drain

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"


@pytest.fixture
def ana(db):
    """Ana with two browsers; another Ana was merged into her."""
    receive_and_drain(
        db,
        [
            identified(minutes(0), tracker="t1", email="ana@x.com", trusted=True, agent=CHROME),
            an_activity("product_visited", minutes(1), id_="gift", tracker="t2", name="Tie"),
            identified(minutes(2), tracker="t2", email="ana@x.com", trusted=True),
            identified(minutes(3), email="ana@work.com", traits={"name": "Ana <i>Ruiz"}, trusted=True),
        ],
    )
    contact, other = (contact_lookup.find_contact(db, key) for key in ("ana@x.com", "ana@work.com"))
    mia = acting(db, colleague("Mia"))
    merge_service.merge(mia, contact, other, id_=ActivityId("m1"), reason="asked <b>us")
    drain_all(db)
    return contact


def asked(app, name, question):
    """Open a dialog as its button does."""
    app.session_state["dialog.open"] = OpenDialog(name, question)
    return app.run()


def test_the_sheet_shows_devices_identifiers_and_merges_with_their_causes(ana, open_as):
    text = shown(open_as("marketer", contact=ana))

    for words in (
        "Chrome 120 on Windows",
        "Split off…",
        "ana@work.com",
        "Email, former",
        "Server",
    ):
        assert words in text
    assert "by Mia: asked &lt;b&gt;us" in text
    assert "Ana &lt;i&gt;Ruiz" in text and "Undo merge…" in text


def test_a_viewer_is_offered_none_of_it(ana, open_as):
    text = shown(open_as("viewer", contact=ana))

    assert "Undo merge…" not in text and "Split off…" not in text
    assert "Not theirs" not in shown(open_as("viewer", contact=ana, tab="activity"))


def test_a_merge_is_undone_after_a_preview_and_merged_again_by_undo(ana, db, open_as):
    [record] = db.merges.find({"kind": "merged", "cause": "m1"})
    app = asked(open_as("marketer", contact=ana), UNDO_MERGE, undo_of_merge(record["_id"]))
    assert "Now: " in shown(app)

    app.button(key="merges.divide.sure").click().run()

    assert "The merge was undone." in shown(app)
    assert contact_lookup.find_contact(db, "ana@work.com") == record["_id"]
    app.button(key="merges.done.undo").click().run()
    assert contact_lookup.find_contact(db, "ana@work.com") == ana


def test_a_device_is_split_off_and_comes_back(ana, db, open_as):
    app = asked(open_as("marketer", contact=ana), SPLIT, split_of_tracker(ana, "t2"))
    app.button(key="merges.divide.sure").click().run()

    assert "The browser or app was split off." in shown(app)
    assert contact_lookup.find_contact(db, "t2") != ana
    app.button(key="merges.done.undo").click().run()
    assert contact_lookup.find_contact(db, "t2") == ana


def test_chosen_activities_are_split_off(ana, db, open_as):
    app = open_as("marketer", contact=ana, tab="activity")
    assert "Not theirs" in shown(app)
    app.session_state["activity.seen"] = TabState(ana, utc_now(), set(), chosen=[ActivityId("gift")])
    app.run()
    assert "1 activity chosen that another person did" in shown(app)
    before = db.contacts.count_documents({})

    app.button(key="sheet.split").click().run()
    assert app.session_state["dialog.open"].name == SPLIT
    app.button(key="merges.divide.sure").click().run()

    assert "1 activity was split off." in shown(app)
    assert db.contacts.count_documents({}) == before + 1
