"""Users, sessions, one-time links and keys as they are kept: what is refused, and which states guard what."""

from datetime import UTC, datetime, timedelta

import pytest
from pymongo.errors import DuplicateKeyError

from engine.accounts import accounts, keys, sessions
from engine.accounts.accounts import SignInLink, User
from engine.accounts.key_limits import NO_LIMITS, KeyLimits
from engine.accounts.keys import ApiKey
from engine.accounts.sessions import IDLE_LIFE, SEEN_PRECISION, Session, digest
from engine.errors import InvalidDocument

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def a_user(**values):
    return User(**{"id": "u1", "email": "ana@x.com", "role": "viewer", "created_at": NOON, **values})


# Users


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"email": None}, "email"),
        ({"role": "owner"}, "role"),
        ({"role": None}, "role"),
        ({"name": "x" * 81}, "name"),
        ({"created_at": NOON.replace(tzinfo=None)}, "created_at"),
        ({"issuer": "https://id.example"}, "subject"),
        ({"subject": "s"}, "subject"),
        ({"issuer": "https://id.example", "subject": "s", "password_hash": "argon2"}, "password_hash"),
    ],
    ids=str,
)
def test_an_account_that_makes_no_sense_is_refused_by_its_field(mock_db, values, field):
    with pytest.raises(InvalidDocument) as caught:
        User.on(mock_db).insert(a_user(**values))

    assert (caught.value.document, caught.value.field) == ("User", field)


def test_nobody_is_given_a_role_that_there_is_not(mock_db):
    User.on(mock_db).insert(a_user())

    with pytest.raises(InvalidDocument, match=r"^User\.role: "):
        User.on(mock_db, id="u1").update_one(set__role="owner")


def test_an_email_has_one_account(mock_db):
    mock_db.users.create_index("email", unique=True)
    User.on(mock_db).insert(a_user())

    with pytest.raises(DuplicateKeyError):
        User.on(mock_db).insert(a_user(id="u2"))


def test_an_account_without_a_name_is_called_by_its_email(mock_db):
    User.on(mock_db).insert(a_user())

    assert User.on(mock_db, id="u1").one().shown_name == "ana@x.com"


def test_the_local_admin_is_made_once(mock_db):
    accounts.first_link(mock_db, now=NOON)
    accounts.first_link(mock_db, now=NOON + HOUR)

    [admin] = User.on(mock_db)
    assert (admin.email, admin.role, admin.created_at) == ("admin@localhost", "admin", NOON)


def test_an_account_of_the_first_version_is_read(mock_db):
    mock_db.users.insert_one(
        {"_id": "u1", "email": "ana@x.com", "role": "admin", "created_at": NOON, "theme": "dark"}
    )
    token = sessions.start(mock_db, "u1", now=NOON)

    user = accounts.whoami(mock_db, token, now=NOON)

    assert (user.name, user.role) == ("ana@x.com", "admin")


# One-time links


def test_a_link_is_used_once_and_until_its_time(mock_db):
    User.on(mock_db).insert(a_user())
    link = accounts.new_link(mock_db, "u1", "sign in", now=NOON)
    late = accounts.new_link(mock_db, "u1", "sign in", now=NOON)

    assert accounts.use_up(mock_db, link, now=NOON).email == "ana@x.com"
    assert accounts.use_up(mock_db, link, now=NOON) is None
    assert accounts.use_up(mock_db, late, now=NOON + HOUR) is None


def test_a_new_link_to_set_a_password_makes_the_one_before_it_void(mock_db):
    User.on(mock_db).insert(a_user())
    first = accounts.new_link(mock_db, "u1", "invitation", now=NOON)
    signs_in = accounts.new_link(mock_db, "u1", "sign in", now=NOON)
    second = accounts.new_link(mock_db, "u1", "new password", now=NOON)

    found = [accounts.link_of(mock_db, token, now=NOON) for token in (first, signs_in, second)]

    assert [link and link.purpose for link in found] == [None, "sign in", "new password"]


def test_a_link_of_the_first_version_is_one_to_sign_in_by(mock_db):
    User.on(mock_db).insert(a_user())
    mock_db.sign_in_links.insert_one({"_id": digest("t"), "user": "u1", "expires_at": NOON + HOUR})

    assert accounts.link_of(mock_db, "t", now=NOON).purpose == "sign in"


def test_a_link_for_a_purpose_that_there_is_not_is_refused(mock_db):
    with pytest.raises(InvalidDocument, match=r"^SignInLink\.purpose: "):
        SignInLink.on(mock_db).insert(SignInLink(id="l", user="u1", purpose="fun", expires_at=NOON))


# Sessions


def test_a_session_slides_with_its_use_and_is_written_once_a_minute(mock_db):
    token = sessions.start(mock_db, "u1", now=NOON)
    used = [NOON + SEEN_PRECISION / 2, NOON + SEEN_PRECISION, NOON + SEEN_PRECISION * 1.5]

    seen = []
    for now in used:
        assert sessions.user_of(mock_db, digest(token), now=now) == "u1"
        seen.append(Session.on(mock_db).one().seen_at)

    assert seen == [NOON, NOON + SEEN_PRECISION, NOON + SEEN_PRECISION]


def test_a_session_that_nobody_uses_ends_and_stays_so(mock_db):
    token = sessions.start(mock_db, "u1", now=NOON)

    assert sessions.is_active(mock_db, digest(token), "u1", now=NOON + IDLE_LIFE - SEEN_PRECISION)
    assert sessions.user_of(mock_db, digest(token), now=NOON + IDLE_LIFE) is None


def test_all_sessions_end_but_the_one_that_is_named(mock_db):
    here, there = (sessions.start(mock_db, "u1", now=NOON) for _ in range(2))
    others = sessions.start(mock_db, "u2", now=NOON)

    assert sessions.end_all(mock_db, "u1", now=NOON, but=digest(here)) == 1
    assert sessions.end_all(mock_db, "u1", now=NOON, but=digest(here)) == 0
    assert [
        sessions.user_of(mock_db, digest(token), now=NOON) for token in (here, there, others)
    ] == ["u1", None, "u2"]  # fmt: skip


def test_a_session_that_ends_before_it_begins_is_refused(mock_db):
    with pytest.raises(InvalidDocument, match=r"^Session\.expires_at: "):
        Session.on(mock_db).insert(Session(id="s", user="u1", created_at=NOON, seen_at=NOON, expires_at=NOON))


# Keys


@pytest.mark.parametrize(
    ("values", "field"),
    [({"kind": "master"}, "kind"), ({"label": "x" * 81}, "label"), ({"digest": "plain token"}, "digest")],
)
def test_a_key_that_makes_no_sense_is_refused_by_its_field(mock_db, values, field):
    key = {"id": "k", "kind": "write", "label": "shop", "digest": "0" * 64, "created_at": NOON, **values}

    with pytest.raises(InvalidDocument) as caught:
        ApiKey.on(mock_db).insert(ApiKey(**key))

    assert caught.value.field == field


def test_a_key_is_revoked_once_and_then_authenticates_nobody(mock_db):
    key = keys.create_key(mock_db, "secret", label="shop", now=NOON)

    assert keys.authenticate(mock_db, key.token).trusted
    assert keys.revoke(mock_db, key.id, now=NOON)
    assert not keys.revoke(mock_db, key.id, now=NOON + HOUR)
    assert keys.authenticate(mock_db, key.token) is None
    assert [found.revoked_at for found in keys.all_keys(mock_db)] == [NOON]


def test_the_last_use_of_a_key_never_goes_back(mock_db):
    key = keys.create_key(mock_db, "write", label="shop", now=NOON)

    for at in (NOON + HOUR, NOON):
        keys.note_use(mock_db, key.id, now=at)

    assert keys.all_keys(mock_db)[0].last_used_at == NOON + HOUR


def test_a_key_that_an_older_version_made_has_no_limits(mock_db):
    key = keys.create_key(mock_db, "write", label="shop", now=NOON)
    mock_db["keys"].update_one({}, {"$unset": {"origins": "", "address_rate": "", "new_contacts": ""}})

    assert keys.authenticate(mock_db, key.token).limits == NO_LIMITS


def test_the_limits_of_a_key_are_read_as_they_were_set(mock_db):
    key = keys.create_key(mock_db, "write", label="shop", now=NOON)
    limits = KeyLimits(("https://shop.example",), 2.5, 100)

    assert keys.set_limits(mock_db, key.id, limits)

    assert keys.authenticate(mock_db, key.token).limits == limits
