"""Lines of the audit log: kept before the change, ended once, refused if they make no sense."""

import pytest

from engine.accounts import audit
from engine.accounts.audit import AuditEntry, Change, StoredChange, StoredSubject, Subject
from engine.accounts.current_user import CurrentUser
from engine.errors import ContactSheetsError, InvalidDocument
from tests.builders import NOON, acting

ADMIN = CurrentUser("u1", "ana@x.com", "Ana", "admin")
SUBJECT = Subject("user", "bo@x.com")


@pytest.fixture
def actor(mock_db):
    return acting(mock_db, ADMIN, at=NOON)


def lines(actor):
    return audit.page(actor, audit.Filters()).entries


def test_a_line_is_there_before_the_change_and_says_how_it_ended(actor):
    with audit.recorded(actor, "invited", subject=SUBJECT, changes=[Change("role", None, "viewer")]):
        [begun] = lines(actor)

    [done] = lines(actor)
    assert (begun.ending, done.ending) == ("begun", "done")
    assert (done.act, done.subject, list(done.changes)) == (
        "invited", SUBJECT, [Change("role", None, "viewer")],
    )  # fmt: skip


def test_what_was_refused_says_why(actor):
    with (
        pytest.raises(ContactSheetsError),
        audit.recorded(actor, "invited", subject=SUBJECT),
    ):
        raise ContactSheetsError("there is an account already")

    [line] = lines(actor)
    assert (line.ending, line.refusal) == ("refused", "there is an account already")


def test_the_same_act_again_is_one_line(actor):
    for _ in range(2):
        with audit.recorded(actor, "invited", subject=SUBJECT, id_="once"):
            pass

    assert [line.id for line in lines(actor)] == ["once"]


def test_long_words_are_cut(actor):
    with audit.recorded(actor, "x", subject=SUBJECT, changes=[Change("name", "a" * 600)], reason="b" * 600):
        pass

    [line] = lines(actor)
    assert (len(line.changes[0].before), len(line.reason)) == (500, 500)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"by": None}, "by"),
        ({"ending": "perhaps"}, "ending"),
        ({"ending": "refused"}, "refusal"),
        ({"refusal": "no"}, "refusal"),
        ({"subject": None}, "subject"),
        ({"subject": StoredSubject(kind="user")}, "subject.id"),
        ({"changes": [StoredChange(what="name", before="a" * 501)]}, "changes.0.before"),
    ],
    ids=str,
)
def test_a_line_that_makes_no_sense_is_refused_by_its_field(mock_db, values, field):
    line = {
        "id": "l", "at": NOON, "by": "u1", "by_name": "Ana", "act": "x", "ending": "begun",
        "subject": StoredSubject(kind="user", id="u2"), **values,
    }  # fmt: skip

    with pytest.raises(InvalidDocument) as caught:
        AuditEntry.on(mock_db).insert(AuditEntry(**line))

    assert caught.value.field == field
