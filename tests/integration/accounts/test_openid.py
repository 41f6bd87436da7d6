"""Accounts of those whom a company's provider signs in."""

from datetime import timedelta

import pytest

from engine.accounts import accounts, passwords, users
from engine.accounts.current_user import CurrentUser
from engine.accounts.openid import (
    SessionEnded,
    SignInRefused,
    claims_of,
    enter,
    provider_of,
    role_of,
)
from engine.accounts.passwords import Browser, LinkExpired, WrongPassword
from engine.accounts.users import UserConflict
from engine.db.connection import utc_now
from engine.settings import InvalidSettings, Settings
from tests.builders import acting

SET = {
    "openid_metadata_url": "https://id.example.com/.well-known/openid-configuration",
    "openid_client_id": "sheets",
    "openid_client_secret": "secret",
    "openid_cookie_secret": "0123456789" * 4,
    "openid_address": "https://contacts.example.com/",
    "openid_roles": "shop admins=admin, marketing=marketer, agency=viewer",
}
PROVIDER = provider_of(Settings(**SET))
ROOT = CurrentUser("command-line", "", "Root", "admin")


def signed_in(now, groups=("marketing",), **more):
    said = {
        "iss": "https://id.example.com", "sub": "42", "email": "Ana@X.com", "name": "Ana",
        "iat": now.timestamp(), "nonce": "n", "groups": list(groups), **more,
    }  # fmt: skip
    return claims_of(said, PROVIDER)


@pytest.fixture
def now():
    return utc_now().replace(microsecond=0)


def test_without_a_setting_there_is_no_provider():
    assert provider_of(Settings(openid_metadata_url="")) is None


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"openid_client_id": ""}, "OPENID_CLIENT_ID"),
        ({"openid_roles": ""}, "OPENID_ROLES"),
        ({"openid_roles": "marketing"}, "a group and a role"),
        ({"openid_roles": "marketing=king"}, "marketing=marketer"),
        ({"openid_roles": "marketing=marketer"}, "must be admin"),
        ({"openid_cookie_secret": "short"}, "32 random characters"),
        ({"openid_address": ""}, "OPENID_ADDRESS"),
    ],
)
def test_settings_that_cannot_work_are_refused_with_what_to_write(wrong, why):
    with pytest.raises(InvalidSettings, match=why):
        provider_of(Settings(**{**SET, **wrong}))


@pytest.mark.parametrize("left", ["openid_client_id", "openid_client_secret", "openid_roles"])
def test_credentials_without_a_provider_do_not_fall_back_to_passwords(left):
    with pytest.raises(InvalidSettings, match=rf"{left.upper()} is set, but not SHEETS_OPENID_METADATA_URL"):
        provider_of(Settings(**{left: SET[left]}))


@pytest.mark.parametrize(
    ("groups", "role"),
    [
        (["agency"], "viewer"),
        (["agency", "marketing"], "marketer"),
        (["marketing", "shop admins", "agency"], "admin"),
        (["others"], None),
        ([], None),
    ],
)
def test_the_role_is_the_highest_that_the_groups_give(now, groups, role):
    assert role_of(signed_in(now, groups), PROVIDER) == role


def test_groups_may_lie_within_another_claim(now):
    provider = provider_of(Settings(**SET, openid_roles_claim="realm_access.roles"))
    said = {"iss": "i", "sub": "s", "email": "e@x.com", "iat": 1, "realm_access": {"roles": ["agency"]}}

    assert claims_of(said, provider).groups == {"agency"}


def test_an_id_token_without_an_email_says_what_is_missing():
    with pytest.raises(SignInRefused, match="email"):
        claims_of({"iss": "i", "sub": "s", "iat": 1}, PROVIDER)


def test_an_account_is_made_at_the_first_sign_in_and_brought_up_to_date_at_the_next(db, now):
    first = enter(db, signed_in(now), PROVIDER, now=now)
    later = now + timedelta(hours=1)
    second = enter(
        db, signed_in(later, ["shop admins"], email="ana.ruiz@x.com", name="Ana Ruiz"), PROVIDER, now=later
    )

    assert (first.role, first.email) == ("marketer", "ana@x.com")
    assert (second.id, second.role, second.email) == (first.id, "admin", "ana.ruiz@x.com")
    assert db.users.count_documents({}) == 1


def test_who_has_no_role_is_told_so_and_has_no_account(db, now):
    with pytest.raises(SignInRefused, match="none of your groups has a role"):
        enter(db, signed_in(now, []), PROVIDER, now=now)
    assert db.users.count_documents({}) == 0


def test_a_role_taken_away_at_the_provider_ends_what_was_signed_in_before(db, now):
    before = signed_in(now)
    enter(db, before, PROVIDER, now=now)
    later = now + timedelta(hours=1)

    with pytest.raises(SignInRefused):
        enter(db, signed_in(later, []), PROVIDER, now=later)

    with pytest.raises(SessionEnded):
        enter(db, before, PROVIDER, now=later)


def test_a_sign_in_is_good_for_hours_and_then_the_provider_is_asked_again(db, now):
    claims = signed_in(now)
    for hours in range(12):
        enter(db, claims, PROVIDER, now=now + timedelta(hours=hours))

    with pytest.raises(SessionEnded):
        enter(db, claims, PROVIDER, now=now + timedelta(hours=12))
    with pytest.raises(SessionEnded):
        enter(db, claims, PROVIDER, now=now + timedelta(days=20))


def test_a_sign_in_that_was_ended_stays_ended_though_the_browser_still_says_it(db, now):
    claims = signed_in(now)
    ana = enter(db, claims, PROVIDER, now=now)

    users.end_sessions(acting(db, ROOT, at=now), ana.id)

    with pytest.raises(SessionEnded):
        enter(db, claims, PROVIDER, now=now)


def test_who_was_disabled_here_is_told_so(db, now):
    ana = enter(db, signed_in(now), PROVIDER, now=now)
    enter(db, signed_in(now, ["shop admins"], sub="1", email="eva@x.com"), PROVIDER, now=now)
    users.disable(acting(db, ROOT, at=now), ana.id)

    with pytest.raises(SignInRefused, match="disabled"):
        enter(db, signed_in(now + timedelta(seconds=5)), PROVIDER, now=now + timedelta(seconds=5))


def test_another_person_with_the_same_email_is_not_let_into_the_account(db, now):
    enter(db, signed_in(now), PROVIDER, now=now)

    with pytest.raises(SignInRefused, match="another account has the email"):
        enter(db, signed_in(now, sub="43", email_verified=True), PROVIDER, now=now)


def test_a_checked_email_takes_over_the_local_account_and_its_password_is_gone(db, now):
    token = users.invite(acting(db, ROOT, at=now), "ana@x.com", role="viewer")
    local = passwords.set_by_link(db, token, "four quiet words here", Browser("192.0.2.1"), now=now)
    link = users.password_link(acting(db, ROOT, at=now), "ana@x.com")

    with pytest.raises(SignInRefused, match="another account"):
        enter(db, signed_in(now), PROVIDER, now=now)
    ana = enter(db, signed_in(now, email_verified=True), PROVIDER, now=now)

    assert ana.role == "marketer"
    assert accounts.whoami(db, local.session, now=now) is None
    with pytest.raises(LinkExpired):
        passwords.set_by_link(db, link, "seven green kettles sing", Browser("192.0.2.1"), now=now)
    with pytest.raises(WrongPassword):
        passwords.sign_in(db, "ana@x.com", "four quiet words here", Browser("192.0.2.1"), now=now)


def test_the_role_of_such_an_account_is_changed_at_the_provider_alone(db, now):
    ana = enter(db, signed_in(now), PROVIDER, now=now)

    with pytest.raises(UserConflict, match="change it there"):
        users.change_role(acting(db, ROOT, at=now), ana.id, "admin")
    with pytest.raises(UserConflict, match="no password here"):
        users.password_link(acting(db, ROOT, at=now), ana.id)
