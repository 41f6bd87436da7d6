"""The notice behind an activity: kept once, shown to those who may see it, gone with the person."""

import json

import pytest

from dashboard.sheet.activity.timeline import RowOptions, timeline
from engine.accounts.current_user import CurrentUser
from engine.contacts import contact_lookup
from engine.contacts.sheet import sheet_service
from engine.db.connection import utc_now
from engine.domain.masking import HIDDEN
from engine.notices import raw_notices
from engine.notices.taken import take_mail
from engine.pipeline import inbox
from engine.privacy import privacy_service
from engine.privacy.known import known_of
from engine.publishing import publishing
from engine.rules import versions
from tests.builders import acting
from tests.integration.cli.commands import run
from tests.integration.drained import drain_all, run_jobs
from tests.returned import bounce
from workers.embedded.mongod import Mongod

ADMIN = CurrentUser("u1", "eva@x.com", "Eva", "admin")
VIEWER = CurrentUser("u2", "vic@x.com", "Vic", "viewer")


@pytest.fixture
def take(db):
    def taken(raw):
        _, found = take_mail(raw, versions.current(db), source="webhook:bounce", received_at=utc_now())
        inbox.receive(db, found.activities)
        found.keep_beside(db)
        drain_all(db)
        return found.activities[0].id

    return taken


def ana(db):
    return contact_lookup.find_contact(db, "ana@x.example")


def test_the_timeline_has_the_notice_a_click_away(db, take):
    take(bounce(1))
    actor = acting(db, ADMIN)
    rows = sheet_service.timeline(actor, ana(db)).rows
    [row] = [row for row in rows if row.type == "email_bounced"]
    assert row.notice and not any(other.notice for other in rows if other is not row)
    look = RowOptions(actor.now, versions.current(db).account.time_zone, actor.now)
    assert (
        "Show the notice" in timeline(rows, look)
        and "User unknown" not in timeline([row], look).split("Raw")[1]
    )

    opened = RowOptions(
        look.now, look.zone, look.since, notices={row.id: sheet_service.raw_notice(actor, row.id)}
    )

    assert "Diagnostic-Code: smtp; 550 5.1.1 User unknown" in timeline(rows, opened)


def test_a_viewer_who_sees_masked_data_sees_no_word_of_it(db, take):
    id_ = take(bounce(1))
    texts = publishing.completed(db, {"settings.yaml": "account: {mask_for_viewers: true}\n"})
    publishing.publish(db, texts, by="x", message="mask", now=utc_now())

    found = sheet_service.raw_notice(acting(db, VIEWER), id_)

    assert (found.text, found.addresses) == (HIDDEN, [HIDDEN])


def test_a_large_notice_is_kept_by_its_beginning(db, take):
    id_ = take(bounce(1) + b"x" * raw_notices.MAX_KEPT)

    found = raw_notices.raw_notice(db, id_)

    assert (len(found.text), found.shortened) == (raw_notices.MAX_KEPT, True)
    assert found.size > raw_notices.MAX_KEPT


def test_a_notice_that_comes_again_after_the_erasure_is_not_kept(db, take):
    raw = bounce(1)
    take(raw)
    privacy_service.erase(acting(db, ADMIN), ana(db), id_="erasure-1")
    run_jobs(db)
    assert db.raw_notices.count_documents({}) == 0

    take(raw)

    assert (ana(db), db.raw_notices.count_documents({}), db.activities.count_documents({})) == (None, 0, 0)


def test_an_archive_has_a_notice_of_the_person_and_of_one_about_several_no_address_of_others(db, take):
    take(bounce(1))
    other = b"Status: 5.1.1\n\nFinal-Recipient: rfc822; ben@x.example\nAction: failed\n"
    take(bounce(2).replace(b"Status: 5.1.1\n", other, 1))

    rows = [row for name, rows in known_of(db, ana(db)) if name == "raw_notices" for row in rows]

    assert len(rows) == 3
    assert sum("Final-Recipient: rfc822; ana@x.example" in str(row) for row in rows) == 1
    assert not any("Final-Recipient: rfc822; ben" in str(row) for row in rows)


def test_a_command_prints_the_notice(db, take, mongod: Mongod, monkeypatch, tmp_path):
    monkeypatch.setenv("MONGODB_URI", mongod.uri)
    monkeypatch.setenv("SHEETS_DATABASE", db.name)
    monkeypatch.setenv("SHEETS_DATA_DIR", str(tmp_path))
    id_ = take(bounce(1))

    assert "550 5.1.1 User unknown" in run("bounces", "show", id_).stdout
    assert json.loads(run("bounces", "show", id_, "--json").stdout)["media"] == "message/rfc822"
    assert "no notice of 'other' is kept" in str(run("bounces", "show", "other").exception)
