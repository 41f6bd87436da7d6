"""Accounts as admins manage them."""

import threading

import pytest

from engine.accounts import accounts, audit, key_service, users
from engine.accounts.accounts import changed_meanwhile
from engine.accounts.audit import StaleSession
from engine.accounts.current_user import CurrentUser
from engine.accounts.users import InvalidUser, UserConflict
from engine.db.connection import utc_now
from engine.errors import NotAllowed
from tests.builders import acting


@pytest.fixture
def admins(db):
    """Two admins who are signed in."""
    found = []
    for name in ("eva", "ana"):
        row = {"_id": name, "email": f"{name}@x.com", "role": "admin", "created_at": utc_now()}
        db.users.insert_one(row)
        session = accounts.signed_in(db, name, now=utc_now())
        found.append(accounts.whoami(db, session, now=utc_now()))
    return found


def test_who_is_invited_gets_a_link_and_is_in_the_log(db, admins):
    token = users.invite(acting(db, admins[0]), "Leo@X.com", role="viewer", name=" Leo  Gil ")

    assert accounts.link_of(db, token, now=utc_now()).email == "leo@x.com"
    leo = users.find(acting(db, admins[0]), "leo@x.com")
    assert (leo.name, leo.role, leo.invited) == ("Leo Gil", "viewer", True)
    [entry] = audit.page(acting(db, admins[0]), audit.Filters(act="invited")).entries
    assert (entry.subject.id, entry.by_name) == ("leo@x.com", "eva@x.com")


@pytest.mark.parametrize(
    ("email", "role", "error", "why"),
    [
        ("eva@x.com", "viewer", UserConflict, "already has an account"),
        ("no address", "viewer", InvalidUser, "no email"),
        ("a@x.com", "king", InvalidUser, "no role"),
    ],
)  # fmt: skip
def test_an_invitation_that_cannot_be_is_refused_with_the_reason(db, admins, email, role, error, why):
    with pytest.raises(error, match=why):
        users.invite(acting(db, admins[0]), email, role=role)


def test_nobody_changes_their_own_role_or_disables_themselves(db, admins):
    with pytest.raises(NotAllowed, match="own role"):
        users.change_role(acting(db, admins[0]), "eva", "viewer")
    with pytest.raises(NotAllowed, match="own account"):
        users.disable(acting(db, admins[0]), "eva")


@pytest.mark.parametrize(
    "act",
    [
        lambda db, by: users.change_role(acting(db, by), "eva", "viewer"),
        lambda db, by: users.disable(acting(db, by), "eva"),
    ],
)
def test_the_last_admin_who_can_sign_in_stays(db, admins, act):
    shell = CurrentUser("command-line", "", "Root", "admin")
    users.change_role(acting(db, shell), "ana", "marketer")
    users.invite(acting(db, shell), "not-here-yet@x.com", role="admin")

    with pytest.raises(UserConflict, match="last admin"):
        act(db, shell)

    assert users.find(acting(db, shell), "eva").role == "admin"
    refused = audit.page(acting(db, shell), audit.Filters(subject="eva@x.com")).entries[0]
    assert (refused.ending, "last admin" in refused.refusal) == ("refused", True)


def test_of_two_admins_who_demote_each_other_at_once_one_stays(db, admins):
    eva, ana = admins
    start = threading.Barrier(2)
    refused = []

    def demote(by, whom):
        start.wait()
        try:
            users.change_role(acting(db, by), whom, "viewer")
        except (UserConflict, StaleSession) as error:
            refused.append(error)

    threads = [threading.Thread(target=demote, args=pair) for pair in ((eva, "ana"), (ana, "eva"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert db.users.count_documents({"role": "admin"}) == 1
    assert len(refused) == 1


def test_who_is_disabled_is_out_at_once_and_may_be_let_in_again(db, admins):
    eva, ana = admins
    users.disable(acting(db, eva), "ana")

    assert changed_meanwhile(acting(db, ana))
    with pytest.raises(StaleSession):
        key_service.create(acting(db, ana), "write", label="late")
    assert key_service.all_keys(acting(db, eva)) == []

    users.enable(acting(db, eva), "ana")
    assert users.find(acting(db, eva), "ana").disabled_at is None


def test_who_was_given_a_lesser_role_does_nothing_more_by_a_page_from_before(db, admins):
    eva, ana = admins
    users.change_role(acting(db, eva), "ana", "viewer")

    with pytest.raises(StaleSession):
        users.change_role(acting(db, ana), "eva", "viewer")


def test_signing_somebody_out_ends_their_sessions(db, admins):
    eva, ana = admins
    assert users.end_sessions(acting(db, eva), "ana") == 1

    assert changed_meanwhile(acting(db, ana))
    assert users.find(acting(db, eva), "ana").sessions == 0
