"""Watched mailboxes: each message counts once, whatever is killed, and none is deleted."""

import json
import mailbox as standard
from contextlib import contextmanager

import pytest

from engine.db.connection import utc_now
from engine.notices import watching
from engine.notices.mailbox_states import watched
from engine.notices.not_understood import list_not_understood
from engine.publishing import publishing
from tests.imap_server import imap_server
from tests.integration.drained import drain_all
from tests.returned import LETTER, RIDDLE, bounce

ANA = "ana@x.example"
PASSWORD = {"IMAP_PASSWORD": "open sesame"}


class Killed(BaseException):
    """The process ends here."""


def declare(db, **keys):
    settings = json.dumps({"bounce_mailboxes": [{"id": "bounces", **keys}]})
    texts = publishing.completed(db, {"settings.yaml": settings})
    publishing.publish(db, texts, by="x", message="mailbox", now=utc_now())


@pytest.fixture
def read(db):
    woken = set()

    def reading(environment=PASSWORD):
        woken.clear()
        found = watching.read_all(db, environment, woken.update, clock=utc_now)
        assert bool(woken) == bool(db.activities.count_documents({"state": "received"}))
        drain_all(db)
        return found

    return reading


def bounces(db):
    return db.activities.count_documents({"type": "email_bounced"})


def status(db):
    return db.contacts.find_one({"email": ANA})["statuses"]["email_status"]["state"]


@pytest.fixture(params=["maildir", "mbox", "imap", "imap that moves", "imap without MOVE"])
def place(request, db, tmp_path):
    """Puts a message into a mailbox of each kind; `all_of` lists what it holds, wherever in it."""
    if request.param == "maildir":
        box = standard.Maildir(tmp_path / "Maildir")
        declare(db, path=str(tmp_path / "Maildir"))
        done = standard.Maildir(tmp_path / "Maildir" / ".processed")
        yield box.add, lambda: len(box) + len(done)
    elif request.param == "mbox":
        box = standard.mbox(tmp_path / "mbox")
        declare(db, path=str(tmp_path / "mbox"))

        def add(raw):
            box.add(raw)
            box.flush()

        add(LETTER)
        yield add, lambda: len(box) - 1
    else:
        with imap_server() as server:
            moves = {} if request.param == "imap" else {"move_to": "Read by shop"}
            if request.param == "imap without MOVE":
                server.capabilities = "IMAP4rev1 UIDPLUS"
            declare(db, host="127.0.0.1", port=server.port, security="none", user="b@x.example",
                    password="$IMAP_PASSWORD", **moves)  # fmt: skip
            yield server.inbox.add, lambda: sum(len(f.messages) for f in server.folders.values())


def test_each_message_counts_once_and_none_is_deleted(db, place, read):
    add, number = place
    for raw in (bounce(1), bounce(2), LETTER, bounce(1)):
        add(raw)
    read()
    assert (bounces(db), status(db)) == (2, "active")
    add(bounce(3))
    add(RIDDLE)

    assert read() == 2
    assert read() == 0

    assert (bounces(db), status(db), number()) == (3, "bounced", 6)
    [unclear] = list_not_understood(db)
    assert (unclear.source, unclear.event[:20]) == ("mailbox:bounces", RIDDLE.decode()[:20])
    [state] = watched(db)
    assert (state.error, state.notices) == (None, 5)
    assert state.read_at is not None


@pytest.mark.parametrize("at", ["receive", "keep_beside", "settle", "progress"])
def test_a_kill_at_any_moment_costs_and_doubles_nothing(db, place, read, monkeypatch, at):
    add, number = place
    for raw in (bounce(1), bounce(2), RIDDLE):
        add(raw)

    def killed(*_, **__):
        raise Killed

    with monkeypatch.context() as patched:
        if at == "receive":
            patched.setattr(watching.inbox, "receive", killed)
        elif at == "keep_beside":
            patched.setattr(watching.TakenNotices, "keep_beside", killed)
        elif at == "settle":
            for name, opener in (("open_path", watching.open_path), ("open_imap", watching.open_imap)):
                patched.setattr(watching, name, _breaking(opener, killed))
        else:
            patched.setattr(watching, "_progress", killed)
        with pytest.raises(Killed):
            read()
    db.mailboxes.update_many({}, {"$unset": {"until": ""}})  # after the time of the claim
    drain_all(db)

    read()
    read()

    assert (bounces(db), len(list_not_understood(db)), number()) == (2, 1, 3)
    assert db.raw_notices.count_documents({}) == 2


def _breaking(opener, killed):
    @contextmanager
    def opened(*args):
        with opener(*args) as found:
            found.settle = killed
            yield found

    return opened


def test_messages_of_a_restored_folder_count_once(db, read):
    with imap_server() as server:
        declare(db, host="127.0.0.1", port=server.port, security="none", user="u", password="$IMAP_PASSWORD")
        for number in range(3):
            server.inbox.add(bounce(number))
        read()
        assert all(flags == {r"\Seen"} for flags in server.inbox.flags.values())
        server.inbox.renumber()

        assert read() == 3
        assert (read(), bounces(db)) == (0, 3)


def test_a_mailbox_that_cannot_be_read_is_shown_with_the_reason_and_tried_again(db, read):
    with imap_server() as server:
        declare(db, host="127.0.0.1", port=server.port, security="none", user="u", password="$IMAP_PASSWORD",
                folder="Bounces")  # fmt: skip
        reasons = []
        for environment in ({}, {"IMAP_PASSWORD": "wrong"}, PASSWORD):
            read(environment)
            reasons.append(watched(db)[0].error)
        assert [words in reason for words, reason in zip(
            ("$IMAP_PASSWORD, its password, is not set", "wrong user or password", "no such folder"), reasons,
            strict=True,
        )] == [True] * 3  # fmt: skip
        since = watched(db)[0].failing_since
        server.folders["Bounces"] = server.inbox
        server.inbox.add(bounce(1))
        server.break_at = {"UID FETCH"}
        read()
        assert (watched(db)[0].failing_since, bounces(db)) == (since, 0)
        server.break_at, server.refuse = set(), {"UID STORE"}
        read()
        assert (bounces(db), "refused here" in watched(db)[0].error) == (1, True)

        server.refuse = set()
        read()

    assert (watched(db)[0].error, watched(db)[0].failing_since, bounces(db)) == (None, None, 1)


def test_a_server_that_is_away_or_whose_certificate_is_not_trusted_is_not_logged_in_to(db, read):
    with imap_server() as server:
        declare(db, host="127.0.0.1", port=server.port, user="u", password="$IMAP_PASSWORD")
        read()
        assert "LOGIN" not in server.log
    assert watched(db)[0].error is not None
    read()
    assert "127.0.0.1" in watched(db)[0].error


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda _: None, "No such file"),
        (lambda path: path.mkdir(), "is no Maildir"),
        (lambda path: path.write_text("root:x:0:0"), "is no mbox file"),
    ],
)
def test_a_path_that_is_no_mailbox_is_not_read(db, read, tmp_path, make, reason):
    make(tmp_path / "mail")
    declare(db, path=str(tmp_path / "mail"))

    read()

    assert reason in watched(db)[0].error


def test_an_mbox_file_that_is_replaced_is_read_anew(db, read, tmp_path):
    file = tmp_path / "mbox"
    declare(db, path=str(file))
    begin = b"From MAILER-DAEMON Mon Mar  2 09:00:00 2026\n"
    file.write_bytes(begin + bounce(1) + b"\n" + begin + bounce(2) + b"\n")
    assert read() == 2
    file.write_bytes(begin + bounce(3) + b"\n")

    assert read() == 1
    file.write_bytes(begin + bounce(4) + b"\n" + begin + bounce(5) + b"\n" + begin + bounce(6) + b"\n")
    assert read() == 3

    assert bounces(db) == 6


def test_a_mailbox_that_is_no_longer_declared_is_forgotten(db, read, tmp_path):
    declare(db, path=str(tmp_path / "none"))
    read()
    publishing.publish(
        db, publishing.completed(db, {"settings.yaml": ""}), by="x", message="x", now=utc_now()
    )

    read()

    assert watched(db) == []
