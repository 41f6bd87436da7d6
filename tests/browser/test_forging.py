"""What a browser says to the server is what somebody's hands say: a viewer repeats, word by word, what
others said with theirs, and gets nothing."""

import re
import uuid

import pytest
from playwright.sync_api import expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

from dashboard.cookies import SESSION as COOKIE
from engine.accounts import accounts
from engine.db import connection
from engine.settings import Settings, locate
from tests.browser.conftest import send, settled, track

SECRET = "forged.target"
"""With what the addresses begin of those whom a viewer would like to change."""


@pytest.fixture
def target(instance):
    """Somebody whom the viewer would like to change; another one for each try."""
    name = f"{SECRET}.{uuid.uuid4().hex[:8]}"
    traits = {"email": f"{name}@example.com", "firstName": "Forged", "lastName": "Target", "city": "Roma"}
    send(
        instance,
        [{"type": "identify", "userId": name, "traits": traits}, track(name, "newsletter_subscribed")],
    )
    instance.sheets("wait", "--timeout", "60")
    return instance.json("contact", "show", name)


@pytest.fixture(scope="module")
def db(instance):
    located = locate(Settings(), instance.data_dir)
    db = connection.connect(located.mongodb_uri, located.database, app="forging")
    yield db
    db.client.close()


def signed_in_as(db, role):
    """The session of somebody with a role."""
    forger = {"email": f"{role}@forging.example", "name": "Forger", "role": role, "disabled_at": None}
    db.users.update_one({"_id": f"forging-{role}"}, {"$set": forger}, upsert=True)
    return accounts.signed_in(db, f"forging-{role}", now=connection.utc_now(), agent="forging")


def said_by(page):
    """All that a page's browser says to the server, as it is said."""
    frames = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: frames.append(frame)))
    return frames


def repeated(instance, token, frames):
    """Say the same with another's session, and what was said to a part of a page to all of it, too.

    Returns all that is answered.
    """
    heard = []
    address = f"{instance.dashboard.replace('http', 'ws', 1)}/_stcore/stream"
    cookie = {"Cookie": f"{COOKIE}={token}"}
    with connect(address, subprotocols=["streamlit"], additional_headers=cookie, max_size=None) as socket:
        for frame in frames:
            said = BackMsg.FromString(frame)
            if said.WhichOneof("type") != "rerun_script":
                continue
            if said.rerun_script.fragment_id:  # there is no such part for others, and no answer
                socket.send(frame)
                said.rerun_script.fragment_id = ""
            socket.send(said.SerializeToString())
            heard += _answers(socket)
    return heard


def _answers(socket):
    while True:
        said = socket.recv(60)
        yield said
        if ForwardMsg.FromString(said).WhichOneof("type") == "script_finished":
            return


def others_do(page, instance, target):
    """A day of somebody who may everything, at the end of which all is as before."""

    def press(name, *, among=page):
        settled(page)
        among.get_by_role("button", name=name).first.click()

    page.goto(f"{instance.dashboard}/?contact={target['id']}")
    press("Edit")
    page.get_by_label("City", exact=True).fill("Forgedtown")
    page.get_by_label("City", exact=True).press("Enter")
    done = page.locator(".st-key-undo-bar-sheet-done")
    expect(done).to_contain_text("Saved 1 change.")
    press("Undo", among=done)
    expect(done).to_contain_text("Undone.")
    press("Stop sending")
    press("Stop sending", among=page.get_by_role("dialog"))
    expect(done).to_contain_text("Sending stopped.")
    press("Undo", among=done)
    expect(done).to_contain_text("Undone.")

    page.goto(f"{instance.dashboard}/?q={target['email']}")
    expect(page.get_by_text("1 found")).to_be_visible()
    press(re.compile("Export$"))
    settled(page)
    page.get_by_role("dialog").get_by_role("button", name=re.compile("^Export")).last.click()
    expect(page.get_by_role("link", name="Download").first).to_be_visible()  # others have theirs here, too
    press(re.compile("^Delete Forged"))
    press("Delete", among=page.get_by_role("dialog"))
    expect(page.get_by_text("was deleted.")).to_be_visible()
    press("Undo")
    expect(page.get_by_text("was deleted.")).to_have_count(0)

    page.goto(f"{instance.dashboard}/?page=settings&section=keys")
    settled(page)


def state_of(instance, db, target):
    """What a forger could have changed: the contact, jobs, keys, people, and what the log says was done."""
    shown = instance.json("contact", "show", target["id"])
    done = db.audit.count_documents({"ending": {"$ne": "refused"}})
    counted = {name: db[name].count_documents({}) for name in ("jobs", "users", "keys", "activities")}
    return (
        {key: shown[key] for key in ("city", "statuses", "points") if key in shown} | counted | {"done": done}
    )


def test_a_viewer_who_repeats_what_others_said_changes_nothing(page, instance, db, target):
    viewer, marketer = (signed_in_as(db, role) for role in ("viewer", "marketer"))
    frames = said_by(page)
    others_do(page, instance, target)
    page.close()
    assert len(frames) > 12
    instance.sheets("wait", "--timeout", "60")
    before = state_of(instance, db, target)

    heard = repeated(instance, viewer, frames)

    assert any(SECRET.encode() in said for said in heard)  # it was the real pages that were asked for
    assert not any(b"/exports/" in said for said in heard)
    instance.sheets("wait", "--timeout", "60")
    assert state_of(instance, db, target) == before

    repeated(instance, marketer, frames)
    assert state_of(instance, db, target) != before, "what was repeated says nothing to anybody"


def test_who_is_not_signed_in_hears_nothing_by_repeating_it(page, instance, target):
    frames = said_by(page)
    page.goto(f"{instance.dashboard}/?contact={target['id']}")
    settled(page)
    page.get_by_role("tab", name="Activity").click()
    settled(page)
    page.get_by_role("button", name="Refresh").click()
    settled(page)

    heard = repeated(instance, "forged", frames)

    assert heard
    assert not any(b"Forged" in said or SECRET.encode() in said for said in heard)
