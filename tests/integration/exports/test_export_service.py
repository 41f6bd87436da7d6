"""Exporting is for those who may, each download is in the audit log, and a link is one person's."""

from datetime import timedelta

import pytest

from engine.accounts import accounts, file_links, sessions
from engine.accounts.current_user import CurrentUser
from engine.accounts.file_links import LINK_LIFE
from engine.contacts.bulk.selection import Selection
from engine.contacts.listing.listing import Listing
from engine.db.connection import utc_now
from engine.errors import NotAllowed
from engine.exports import export_service
from engine.exports.exporting import Export
from engine.jobs import job_service
from tests.builders import acting, days, identified
from tests.integration.drained import receive_and_drain
from tests.integration.job_runs import run_next_job

MIA = CurrentUser("u1", "mia@x.com", "Mia", "marketer")
VI = CurrentUser("u2", "v@x.com", "Vi", "viewer")
SUBSCRIBED = Selection(listing=Listing(where={"newsletter": "subscribed"}))


def test_a_marketer_exports_downloads_and_exports_again_and_all_of_it_is_logged(db):
    receive_and_drain(db, [identified(days(0), email="ana@x.com")])
    wanted = Export(columns=("email",))
    for id_ in ("job-1", "job-1"):
        export_service.start(acting(db, MIA), wanted, id_=id_)
    export_service.start(acting(db, MIA), Export("activities", selection=SUBSCRIBED), id_="job-2")
    while run_next_job(db, clock=utc_now, stopped=lambda: False):
        pass

    made, stream = export_service.download(acting(db, MIA), "job-1")
    assert stream.read().decode("utf-8-sig") == 'Email\n"ana@x.com"\n'
    assert (made.name, made.rows) == ("contacts.csv", 1)
    export_service.again(acting(db, MIA), "job-1", id_="job-3")
    assert not job_service.can_be_undone(acting(db, MIA), job_service.job(acting(db, MIA), "job-1"))
    assert [job.id for job in job_service.recent(acting(db, MIA))] == ["job-3", "job-2", "job-1"]

    assert job_service.recent(acting(db, VI)) == []
    for ask in (
        lambda: export_service.start(acting(db, VI), wanted, id_="job-9"),
        lambda: export_service.again(acting(db, VI), "job-1", id_="job-9"),
        lambda: export_service.download(acting(db, VI), "job-1"),
        lambda: job_service.stop(acting(db, VI), "job-3"),
    ):
        with pytest.raises(NotAllowed, match="a viewer cannot export contacts"):
            ask()
    entries = [
        (row["act"], {change["what"]: change["after"] for change in row["changes"]})
        for row in db.audit.find()
    ]
    assert entries == [
        ("exported contacts", {"of": "all contacts", "columns": "email", "format": "csv"}),
        ("exported activities", {"of": '{"newsletter": "subscribed"}', "columns": "all", "format": "csv"}),
        ("downloaded an export", {}),
        ("exported contacts", {"of": "all contacts", "columns": "email", "format": "csv"}),
    ]


def test_a_signed_link_is_good_for_one_file_one_session_and_some_hours(db):
    now = utc_now()
    user = db.users.insert_one(
        {"_id": "u1", "email": "mia@x.com", "name": "Mia", "role": "marketer"}
    ).inserted_id
    mia = accounts.whoami(db, sessions.start(db, user, now=now), now=now)
    said = file_links.signed(acting(db, mia, at=now), "/exports/job-1")

    assert file_links.user_of_link(db, "/exports/job-1", said, now=now) == mia
    forged = [
        ("job-2", said),
        ("job-1", said | {"until": "9" * 12}),
        ("job-1", said | {"session": "other"}),
        ("job-1", said | {"key": "0" * 64}),
        ("job-1", {}),
    ]
    assert [file_links.user_of_link(db, f"/exports/{job}", other, now=now) for job, other in forged] == [
        None
    ] * len(forged)
    later = now + LINK_LIFE + timedelta(seconds=1)
    assert file_links.user_of_link(db, "/exports/job-1", said, now=later) is None
    sessions.end(db, mia.session, now=now)
    assert file_links.user_of_link(db, "/exports/job-1", said, now=now) is None
    assert file_links.signed(acting(db, MIA, at=now), "/exports/job-1") == {}
