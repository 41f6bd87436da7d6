"""Settings for each role: users, the audit log, oneself."""

import re
from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import current_user, formats
from dashboard.settings import audit_log_section
from engine.accounts import accounts, audit, key_service, passwords, users
from engine.accounts.audit import Change, Filters, Subject
from engine.accounts.current_user import COMMAND_LINE, CurrentUser
from engine.accounts.passwords import Browser
from engine.db.connection import utc_now
from engine.errors import Conflict
from engine.operations import operating
from tests.builders import acting
from tests.integration.dashboard.test_pages import SCRIPT, shown

ROOT = CurrentUser("command-line", "", "Root", "admin")
GOOD = "four quiet words here"


@pytest.fixture
def open_as(db, over_db, monkeypatch):
    """Open a section as somebody who is really signed in, by their role."""

    def opened(section, role):
        token = users.invite(acting(db, ROOT), f"{role}@x.com", role=role)
        entered = passwords.set_by_link(
            db, token, GOOD, Browser("192.0.2.1", "Firefox/1 Linux"), now=utc_now()
        )
        monkeypatch.setattr(current_user, "session_token", lambda: entered.session)
        app = AppTest.from_file(str(SCRIPT), default_timeout=20)
        app.query_params.update({"page": "settings", "section": section})
        return app.run()

    return opened


def find(db, email):
    return users.find(acting(db, ROOT), email)


@pytest.mark.parametrize("role", ["viewer", "marketer"])
@pytest.mark.parametrize("section", ["users", "keys", "audit"])
def test_who_is_no_admin_is_told_so_and_sees_nothing(open_as, section, role):
    app = open_as(section, role)

    assert "No access" in shown(app)
    assert "admin@x.com" not in shown(app)
    assert len(app.text_input) + len(app.selectbox) == 0
    assert "Users and roles" not in shown(app)


def test_an_admin_invites_somebody_and_gets_a_link_to_copy(db, open_as):
    app = open_as("users", "admin")
    app.text_input(key="users.email").set_value("leo@x.com")
    app.radio(key="users.role").set_value("viewer")
    app.button(key="users.invite").click().run()

    [link] = [block.value for block in app.code]
    token = link.partition("/signin?link=")[2]
    assert accounts.link_of(db, token, now=utc_now()).email == "leo@x.com"
    assert "invited" in shown(app)
    app.button(key="users.linked").click().run()
    assert not app.code


def test_an_invitation_without_a_role_or_of_somebody_known_says_what_is_wrong(db, open_as):
    app = open_as("users", "admin")
    app.text_input(key="users.email").set_value("admin@x.com")
    app.button(key="users.invite").click().run()
    assert "Choose a role." in shown(app)

    app.radio(key="users.role").set_value("viewer")
    app.button(key="users.invite").click().run()
    assert "Admin@x.com already has an account." in shown(app)


def test_an_admin_gives_another_role_but_not_to_themselves(db, open_as):
    users.invite(acting(db, ROOT), "leo@x.com", role="viewer")
    app = open_as("users", "admin")
    leo, own = find(db, "leo@x.com"), find(db, "admin@x.com")
    assert [box.key for box in app.selectbox] == [f"users.role.{leo.id}.viewer"]

    app.selectbox(key=f"users.role.{leo.id}.viewer").set_value("marketer").run()

    assert find(db, "leo@x.com").role == "marketer"
    assert own.id not in " ".join(button.key for button in app.button)


def test_disabling_asks_for_the_email_and_is_in_force_at_once(db, open_as):
    token = users.invite(acting(db, ROOT), "leo@x.com", role="viewer")
    session = passwords.set_by_link(db, token, GOOD, Browser("192.0.2.2"), now=utc_now()).session
    app = open_as("users", "admin")
    leo = find(db, "leo@x.com")

    app.button(key=f"users.disable.{leo.id}").click().run()
    assert app.button(key="users.sure").disabled
    app.text_input(key="users.typed").set_value("leo@x.com").run()
    app.button(key="users.sure").click().run()

    assert accounts.whoami(db, session, now=utc_now()) is None
    assert "disabled" in shown(app)
    app.button(key=f"users.enable.{leo.id}").click().run()
    assert find(db, "leo@x.com").disabled_at is None


def test_a_page_from_before_a_demotion_does_nothing_more(db, open_as):
    users.invite(acting(db, ROOT), "leo@x.com", role="viewer")
    app = open_as("users", "admin")
    leo = find(db, "leo@x.com")
    accounts.signed_in(db, leo.id, now=utc_now())
    users.change_role(acting(db, ROOT), "leo@x.com", "admin")
    users.change_role(acting(db, ROOT), "admin@x.com", "viewer")

    app.button(key=f"users.disable.{leo.id}").click().run()

    assert "No access" in shown(app)
    assert find(db, "leo@x.com").disabled_at is None


def test_one_changes_ones_own_password_and_the_other_browsers_are_out(db, open_as):
    app = open_as("you", "viewer")
    other = passwords.sign_in(db, "viewer@x.com", GOOD, Browser("192.0.2.5"), now=utc_now()).session

    app.text_input(key="you.old").set_value("wrong")
    app.text_input(key="you.new").set_value("seven green kettles sing")
    app.text_input(key="you.again").set_value("seven green kettles sing")
    app.button(key="you.save").click().run()
    assert "The current password is wrong." in shown(app)

    app.text_input(key="you.old").set_value(GOOD)
    app.text_input(key="you.new").set_value("seven green kettles sing")
    app.text_input(key="you.again").set_value("seven green kettles sing")
    app.button(key="you.save").click().run()

    assert app.success[0].value == "Password changed. You were signed out of 1 other browser."
    assert accounts.whoami(db, other, now=utc_now()) is None
    assert "Firefox on Linux" in shown(app)


def test_one_signs_out_everywhere_else(db, open_as):
    app = open_as("you", "marketer")
    others = [
        passwords.sign_in(db, "marketer@x.com", GOOD, Browser("192.0.2.5"), now=utc_now()).session
        for _ in range(2)
    ]
    app.run()
    app.button(key="you.end_all").click().run()

    assert [accounts.whoami(db, session, now=utc_now()) for session in others] == [None, None]
    assert app.success[0].value == "You were signed out of 2 other browsers."


def log(db, count):
    for number in range(count):
        with audit.recorded(
            acting(db, CurrentUser("e", "", "Eva", "admin"), at=utc_now() - timedelta(minutes=count - number)), "edited a contact",
            subject=Subject("contact", f"{number:024d}"),
            changes=[Change("first_name", "=1+1", "<b>Leo</b>")], reason="she asked",
        ):  # fmt: skip
            pass


def test_the_log_says_who_did_what_from_what_to_what(db, open_as):
    log(db, 1)
    text = shown(open_as("audit", "admin"))

    for words in (
        "Eva",
        "edited a contact",
        "First name: =1+1 → &lt;b&gt;Leo&lt;/b&gt;",
        "“she asked”",
        "?contact=0000",
    ):
        assert words in text


def test_the_log_says_what_was_done_by_command_in_words(db, open_as):
    root = CurrentUser(COMMAND_LINE, "", "pilar", "admin")
    key = key_service.create(acting(db, root), "secret", label="Old <shop>")
    key_service.revoke(acting(db, root), key.id)
    operating.run_again(acting(db, root), None)
    operating.run_again(acting(db, root), ["a1", "a2"])
    operating.call_again(acting(db, root))
    with pytest.raises(Conflict):
        key_service.revoke(acting(db, root), key.id)

    text = plain(shown(open_as("audit", "admin")))

    for words in (
        "pilar (command line) created an API key “Old &lt;shop&gt;”",
        "secret key: Old &lt;shop&gt;",
        f"secret key: Old &lt;shop&gt; → {formats.NOTHING}",
        "pilar (command line) revoked an API key “Old &lt;shop&gt;” refused",
        "Old &lt;shop&gt; was revoked before",
        "pilar (command line) retried failed activities (all that failed)",
        "pilar (command line) retried failed activities (2 that failed)",
        "pilar (command line) retried webhook calls (all that failed)",
    ):
        assert words in text


def plain(text):
    """Words as they are read, without markup."""
    return " ".join(re.sub("<[^>]*>", " ", text).split())


def test_the_log_goes_on_page_by_page_and_back(db, open_as):
    log(db, 60)
    app = open_as("audit", "admin")
    assert shown(app).count("cs-act") - shown(app).count(".cs-act") >= 50

    app.button(key="audit.older").click().run()
    assert "audit.older" not in [button.key for button in app.button]
    app.button(key="audit.newer").click().run()
    assert "audit.newer" not in [button.key for button in app.button]


def test_the_log_is_filtered_by_person_and_says_when_nothing_is_left(db, open_as):
    log(db, 2)
    app = open_as("audit", "admin")
    app.selectbox(key="audit.by").set_value("e").run()
    assert "invited" not in [box for box in shown(app).split() if box == "invited"]

    app.text_input(key="audit.subject").set_value("nobody").run()
    assert "No entries found" in shown(app)


def test_the_file_of_the_log_runs_no_formula(db, open_as):
    log(db, 1)
    open_as("audit", "admin")

    lines = audit_log_section.csv_of(acting(db, ROOT), Filters(by="e")).splitlines()

    assert lines[0].startswith("at,by,act")
    assert "first_name: =1+1 -> <b>Leo</b>" in lines[1]
    assert not any(cell.startswith(("=", "@")) for line in lines for cell in line.split(","))
