"""Sending a file, over HTTP as the browser does it, and as somebody who forges."""

from datetime import timedelta

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from dashboard.imports import uploads
from engine.accounts import accounts, users
from engine.accounts.current_user import CurrentUser
from engine.db.connection import utc_now
from engine.errors import NotAllowed, StoredFileNotFound
from engine.imports import draft_service, drafts, stored_files
from engine.imports.mapping.import_settings import ImportSettings
from tests.builders import acting

ROOT = CurrentUser("command-line", "", "Root", "admin")
CONTENT = b"email,name\n" + b"".join(b"p%d@x.com,P\n" % n for n in range(1_000))


@pytest.fixture
def client(db):
    return TestClient(Starlette(routes=uploads.upload_routes(db)))


@pytest.fixture
def eva(db):
    """A marketer who is signed in."""
    token = users.invite(acting(db, ROOT), "eva@x.com", role="marketer")
    link = accounts.link_of(db, token, now=utc_now())
    session = accounts.signed_in(db, link.user, now=utc_now())
    return accounts.whoami(db, session, now=utc_now())


def send(client, id_, content=CONTENT, name="people.csv"):
    return client.put(f"/import/{id_}", params={"name": name}, content=content)


def kept(db):
    return {row["_id"] for row in db["imports.files"].find()}, set(db["imports.chunks"].distinct("files_id"))


def test_a_file_is_kept_once_for_who_waits_for_it(db, client, eva):
    id_ = draft_service.expect(acting(db, eva))

    assert send(client, id_, name=r"C:\lists\people.csv").json() == {"sent": True}

    draft = draft_service.draft(acting(db, eva), id_)
    assert (draft.name, draft.size) == ("people.csv", len(CONTENT))
    assert draft_service.opener(acting(db, eva), id_)().read() == CONTENT
    assert draft_service.drafts_of_user(acting(db, eva)) == [draft]
    again = send(client, id_, b"other")
    assert (again.status_code, again.json()["problem"][:14]) == (409, "This page is o")
    assert draft_service.opener(acting(db, eva), id_)().read() == CONTENT
    with pytest.raises(StoredFileNotFound):
        draft_service.draft(acting(db, CurrentUser("u2", "", "Other", "marketer")), id_)


def test_nothing_stays_of_a_file_that_may_not_come(db, client, eva, monkeypatch):
    assert send(client, "made-up").status_code == 409

    id_ = draft_service.expect(acting(db, eva))
    monkeypatch.setattr(drafts, "MAX_BYTES", 1_000)
    monkeypatch.setattr(uploads, "MAX_BYTES", 10_000_000)  # a size that the browser did not say
    large = send(client, id_)
    assert (large.status_code, "is over" in large.json()["problem"]) == (413, True)
    assert kept(db) == (set(), set())
    assert send(client, id_, b"email\na@x.com\n").status_code == 200  # a smaller one may

    other = draft_service.expect(acting(db, eva))
    db.users.update_one({"_id": eva.id}, {"$set": {"role": "viewer"}})
    assert send(client, other, b"email\n").status_code == 403
    db.users.update_one({"_id": eva.id}, {"$set": {"role": "marketer"}})
    accounts.sessions.end(db, eva.session, now=utc_now())
    assert send(client, other, b"email\n").status_code == 409
    assert kept(db)[0] == {id_}
    with pytest.raises(NotAllowed):
        draft_service.expect(acting(db, CurrentUser("u2", "", "Vi", "viewer")))


def test_what_nobody_imports_goes_after_a_while_and_what_is_imported_stays(db, client, eva):
    left, imported = (draft_service.expect(acting(db, eva)) for _ in range(2))
    for id_ in (left, imported):
        send(client, id_, b"email\na@x.com\n")
    wanted = ImportSettings(columns={"email": "email"})
    assert draft_service.start(acting(db, eva), imported, wanted) == imported

    drafts.sweep(db, now=utc_now() + drafts.KEPT_FOR + timedelta(minutes=1))

    assert kept(db)[0] == {imported}
    assert db.import_drafts.count_documents({}) == 0
    again = draft_service.draft_again(acting(db, eva), imported)
    assert draft_service.draft(acting(db, eva), again).settings == wanted
    assert stored_files.opener(db, again)().read() == b"email\na@x.com\n"
    draft_service.discard(acting(db, eva), again)
    assert kept(db)[0] == {imported}
