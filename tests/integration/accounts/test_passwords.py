"""Local accounts: passwords, guesses, sessions and one-time links."""

from datetime import timedelta

import pytest

from engine.accounts import accounts, passwords, sessions, throttle, users
from engine.accounts.accounts import changed_meanwhile
from engine.accounts.current_user import CurrentUser
from engine.accounts.passwords import Browser, LinkExpired, WeakPassword, WrongPassword
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
    """A marketer who was invited and chose a password."""
    token = users.invite(acting(db, ADMIN, at=now), "ana@x.com", role="marketer")
    return passwords.set_by_link(db, token, GOOD, HOME, now=now)


def test_who_was_invited_chooses_a_password_and_signs_in_by_it(db, ana, now):
    assert accounts.whoami(db, ana.session, now=now).role == "marketer"

    entered = passwords.sign_in(db, " Ana@X.com ", GOOD, HOME, now=now)

    assert accounts.whoami(db, entered.session, now=now).email == "ana@x.com"
    assert db.users.find_one({"email": "ana@x.com"})["password_hash"].startswith("$argon2id$")


@pytest.mark.parametrize(
    ("email", "password"),
    [("ana@x.com", "wrong"), ("nobody@x.com", GOOD), ("", ""), ("ana@x.com", ""), ("ana@x.com", GOOD + "x" * 10**5)],
)  # fmt: skip
def test_who_is_wrong_is_told_the_same_whatever_it_was(db, ana, now, email, password):
    with pytest.raises(WrongPassword, match=r"^email or password is wrong$"):
        passwords.sign_in(db, email, password, Browser("192.0.2.9"), now=now)


def test_a_disabled_user_is_told_the_same_as_a_stranger(db, ana, now):
    users.disable(acting(db, ADMIN, at=now), "ana@x.com")

    with pytest.raises(WrongPassword):
        passwords.sign_in(db, "ana@x.com", GOOD, HOME, now=now)
    assert accounts.whoami(db, ana.session, now=now) is None


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short", "at least 12"),
        ("aaaaaaaaaaaaaaaa", "different"),
        ("x" * 129, "at most 128"),
        ("bernardo is my name", "email"),
        ("password1234", "easy to guess"),
        ("P@ssw0rd123456", "easy to guess"),
        ("qwertyuiop12", "easy to guess"),
        ("Summer2026!!", "easy to guess"),
        ("Contact-Sheets-1", "easy to guess"),
        ("contraseña123", "easy to guess"),
        ("abcde" * 14, "easy to guess"),
    ],
)
def test_a_weak_password_is_refused_and_the_link_still_works(db, now, password, why):
    token = users.invite(acting(db, ADMIN, at=now), "bernardo@x.com", role="viewer")

    with pytest.raises(WeakPassword, match=why):
        passwords.set_by_link(db, token, password, HOME, now=now)
    passwords.set_by_link(db, token, GOOD, HOME, now=now)

    with pytest.raises(LinkExpired):
        passwords.set_by_link(db, token, GOOD, HOME, now=now)


def test_a_new_link_voids_the_one_before_and_a_new_password_ends_all_sessions(db, ana, now):
    first = users.password_link(acting(db, ADMIN, at=now), "ana@x.com")
    second = users.password_link(acting(db, ADMIN, at=now), "ana@x.com")
    assert accounts.link_of(db, first, now=now) is None
    assert accounts.link_of(db, second, now=now).purpose == "new password"

    entered = passwords.set_by_link(db, second, "seven green kettles sing", HOME, now=now)

    assert accounts.whoami(db, ana.session, now=now) is None
    assert accounts.whoami(db, entered.session, now=now) is not None


def test_a_link_for_a_password_does_not_sign_in_by_itself(db, now):
    token = users.invite(acting(db, ADMIN, at=now), "ana@x.com", role="viewer")

    assert accounts.redeem(db, token, now=now) is None
    assert accounts.link_of(db, token, now=now) is not None
    assert accounts.link_of(db, token, now=now + timedelta(days=8)) is None


# Guesses


def guess(db, at, *, address="192.0.2.9", known="", password="wrong"):
    return passwords.sign_in(db, "ana@x.com", password, Browser(address, known=known), now=at)


def exhaust(db, at, **more):
    for _ in range(6):
        with pytest.raises(WrongPassword):
            guess(db, at, **more)


def test_after_some_guesses_each_waits_longer_and_says_how_long(db, ana, now):
    exhaust(db, now)

    with pytest.raises(TooManyAttempts, match="try again in 2 seconds"):
        guess(db, now)
    with pytest.raises(WrongPassword):
        guess(db, now + timedelta(seconds=2))
    with pytest.raises(TooManyAttempts, match="try again in 4 seconds"):
        guess(db, now + timedelta(seconds=2))


def test_while_one_waits_even_the_right_password_is_not_looked_at(db, ana, now):
    exhaust(db, now)

    with pytest.raises(TooManyAttempts):
        guess(db, now, password=GOOD)
    assert guess(db, now + timedelta(seconds=2), password=GOOD)


def test_no_wait_is_longer_than_minutes_however_many_guesses(db, ana, now):
    at = now
    for _ in range(40):
        try:
            guess(db, at, address=f"192.0.2.{_}")
        except WrongPassword:
            continue
        except TooManyAttempts as error:
            assert error.until - at <= timedelta(minutes=5)
            at = error.until

    assert passwords.sign_in(db, "ana@x.com", GOOD, HOME, now=at + timedelta(minutes=5))


def test_a_stranger_who_guesses_does_not_keep_the_owner_out(db, ana, now):
    exhaust(db, now)

    assert guess(db, now, address="192.0.2.1", known=ana.browser, password=GOOD)


def test_right_passwords_are_no_guesses_however_many_sign_in_from_one_office(db, ana, now):
    for _ in range(40):
        passwords.sign_in(db, "ana@x.com", GOOD, HOME, now=now)


def test_a_right_password_frees_nobody_to_guess_on(db, ana, now):
    for n in range(30):
        with pytest.raises(WrongPassword):
            passwords.sign_in(db, f"nobody-{n}@x.com", "wrong", HOME, now=now)
        passwords.sign_in(db, "ana@x.com", GOOD, HOME, now=now)

    with pytest.raises(WrongPassword):
        passwords.sign_in(db, "nobody@x.com", "wrong", HOME, now=now)
    with pytest.raises(TooManyAttempts):
        passwords.sign_in(db, "nobody@x.com", "wrong", HOME, now=now)


def test_guesses_of_the_office_hold_up_no_browser_that_its_owner_has_used(db, ana, now):
    for n in range(31):
        with pytest.raises(WrongPassword):
            passwords.sign_in(db, f"nobody-{n}@x.com", "wrong", HOME, now=now)

    with pytest.raises(TooManyAttempts):
        passwords.sign_in(db, "ana@x.com", GOOD, HOME, now=now)
    passwords.sign_in(db, "ana@x.com", GOOD, Browser("192.0.2.1", known=ana.browser), now=now)


def test_an_address_that_tries_many_accounts_waits_too(db, now):
    for number in range(31):
        with pytest.raises(WrongPassword):
            passwords.sign_in(db, f"p{number}@x.com", "x", Browser("192.0.2.7"), now=now)

    with pytest.raises(TooManyAttempts):
        passwords.sign_in(db, "p99@x.com", "x", Browser("192.0.2.7"), now=now)
    with pytest.raises(WrongPassword):
        passwords.sign_in(db, "p99@x.com", "x", Browser("192.0.2.8"), now=now)


def test_an_account_that_there_is_not_waits_like_one_that_there_is(db, now):
    for _ in range(6):
        with pytest.raises(WrongPassword):
            passwords.sign_in(db, "nobody@x.com", "x", Browser("192.0.2.9"), now=now)

    with pytest.raises(TooManyAttempts, match="2 seconds"):
        passwords.sign_in(db, "nobody@x.com", "x", Browser("192.0.2.9"), now=now)


def test_one_network_of_version_six_counts_as_one_address():
    assert throttle.by_address("2001:db8::1") == throttle.by_address("2001:db8::ffff")
    assert throttle.by_address("2001:db8::1") != throttle.by_address("2001:db8:0:1::1")


# Sessions


def test_a_session_that_nobody_uses_ends_and_one_in_use_ends_too(db, ana, now):
    assert accounts.whoami(db, ana.session, now=now + timedelta(hours=11))
    assert accounts.whoami(db, ana.session, now=now + timedelta(hours=22))
    assert accounts.whoami(db, ana.session, now=now + timedelta(hours=35)) is None

    used = passwords.sign_in(db, "ana@x.com", GOOD, HOME, now=now).session
    for hours in range(0, 7 * 24, 8):
        assert accounts.whoami(db, used, now=now + timedelta(hours=hours))
    assert accounts.whoami(db, used, now=now + timedelta(days=7)) is None

    left_open = passwords.sign_in(db, "ana@x.com", GOOD, HOME, now=now).session
    open_page = accounts.whoami(db, left_open, now=now)
    for hours in range(1, 12):  # it looks by itself, and nobody is there
        assert not changed_meanwhile(acting(db, open_page, at=now + timedelta(hours=hours)))
    assert changed_meanwhile(acting(db, open_page, at=now + timedelta(hours=12)))


def test_changing_the_password_ends_all_other_sessions(db, ana, now):
    here = accounts.whoami(db, ana.session, now=now)
    other = passwords.sign_in(db, "ana@x.com", GOOD, HOME, now=now).session

    with pytest.raises(WrongPassword):
        passwords.change(acting(db, here, at=now), "not it", "seven green kettles sing")
    assert passwords.change(acting(db, here, at=now), GOOD, "seven green kettles sing") == 1

    assert accounts.whoami(db, other, now=now) is None
    assert accounts.whoami(db, ana.session, now=now) == here


def test_signing_out_everywhere_leaves_only_this_browser(db, ana, now):
    here = accounts.whoami(db, ana.session, now=now)
    others = [passwords.sign_in(db, "ana@x.com", GOOD, HOME, now=now).session for _ in range(3)]
    assert len(users.own_sessions(acting(db, here, at=now))) == 4

    users.end_own_session(acting(db, here, at=now), sessions.digest(others[0]))
    assert accounts.whoami(db, others[0], now=now) is None
    assert users.end_own_sessions(acting(db, here, at=now)) == 2

    assert [s.id for s in users.own_sessions(acting(db, here, at=now))] == [here.session]


def test_nobody_ends_the_session_of_somebody_else_as_their_own(db, ana, now):
    token = users.invite(acting(db, ADMIN, at=now), "leo@x.com", role="viewer")
    leo = accounts.whoami(db, passwords.set_by_link(db, token, GOOD, HOME, now=now).session, now=now)

    users.end_own_session(acting(db, leo, at=now), sessions.digest(ana.session))

    assert accounts.whoami(db, ana.session, now=now) is not None
