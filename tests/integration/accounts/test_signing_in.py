"""Who signs in and out, and who tries to, stands in the audit log."""

from datetime import timedelta

import pytest

from engine.accounts import accounts, audit, signing_in, users
from engine.accounts.audit import Filters
from engine.accounts.current_user import CurrentUser
from engine.accounts.passwords import Browser, WrongPassword
from engine.accounts.throttle import TooManyAttempts
from engine.db.connection import utc_now
from tests.builders import acting

GOOD = "four quiet words here"
ADMIN = CurrentUser("command-line", "", "Root", "admin")
HOME = Browser("192.0.2.1", "Firefox")


@pytest.fixture
def now():
    return utc_now()


@pytest.fixture
def ana(db, now):
    token = users.invite(acting(db, ADMIN, at=now), "ana@x.com", role="marketer")
    return signing_in.choose_password(db, token, GOOD, HOME, now=now)


def entries(db, **filters):
    """The newest first."""
    return audit.page(acting(db, ADMIN), Filters(**filters)).entries


def in_short(entry):
    return entry.by_name, entry.act, entry.subject.id, entry.ending


def test_coming_in_and_going_out_are_entries_with_address_and_browser(db, ana, now):
    later = [now + timedelta(minutes=minutes) for minutes in range(4)]
    entered = signing_in.by_password(db, "Ana@x.com", GOOD, HOME, now=later[1])
    signing_in.out(db, entered.session, HOME, now=later[2])
    link = accounts.first_link(db, now=later[3])
    signing_in.by_link(db, link, HOME, now=later[3])

    found = [entry for entry in entries(db) if entry.subject.kind == "user"]
    assert [in_short(entry) for entry in found[:4]] == [
        ("Admin", "signed in", "admin@localhost", "done"),
        ("ana@x.com", "signed out", "ana@x.com", "done"),
        ("ana@x.com", "signed in", "ana@x.com", "done"),
        ("ana@x.com", "chose a password", "ana@x.com", "done"),
    ]
    assert {change.what: change.after for change in found[2].changes} == {
        "by": "password",
        "IP address": "192.0.2.1",
        "browser": "Firefox",
    }


@pytest.mark.parametrize(
    ("email", "subject"), [("ana@x.com", "ana@x.com"), ("my-password!", "no such account")]
)
def test_a_refused_attempt_names_an_account_only_if_there_is_one(db, ana, now, email, subject):
    with pytest.raises(WrongPassword):
        signing_in.by_password(db, email, "wrong", HOME, now=now)

    [entry] = entries(db, by="not signed in")
    assert in_short(entry) == ("Not signed in", "signed in", subject, "refused")
    assert entry.refusal == "email or password is wrong"


def test_attempts_that_are_held_up_are_one_entry_an_hour(db, ana, now):
    for _ in range(6):
        with pytest.raises(WrongPassword):
            signing_in.by_password(db, "ana@x.com", "wrong", HOME, now=now)
    for _ in range(20):
        with pytest.raises(TooManyAttempts):
            signing_in.by_password(db, "ana@x.com", "wrong", HOME, now=now)

    refusals = [entry.refusal.partition(":")[0] for entry in entries(db, by="not signed in")]
    assert sorted(refusals) == ["email or password is wrong"] * 6 + ["too many attempts"]


def test_a_session_that_has_ended_signs_nobody_out(db, ana, now):
    signing_in.out(db, ana.session, HOME, now=now)
    signing_in.out(db, ana.session, HOME, now=now)

    assert [entry.act for entry in entries(db)].count("signed out") == 1
