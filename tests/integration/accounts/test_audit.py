"""Reading the audit log."""

from datetime import timedelta

import pytest

from engine.accounts import audit
from engine.accounts.audit import Change, Filters, Subject
from engine.accounts.current_user import CurrentUser
from tests.builders import NOON, acting, days

EVA = CurrentUser("u1", "eva@x.com", "Eva", "admin")
LEO = CurrentUser("u2", "leo@x.com", "Leo", "marketer")


@pytest.fixture
def log(db):
    """Ten acts, one a day, by two people."""
    for number in range(10):
        who, kind = (EVA, "key") if number % 2 else (LEO, "contact")
        changes = [Change("name", "a", str(number))]
        subject = Subject(kind, f"{kind}-{number % 4}")
        with audit.recorded(
            acting(db, who, at=days(number)),
            "changed a key" if kind == "key" else "edited a contact",
            subject=subject,
            changes=changes,
        ):
            pass


def seen(page):
    return [int(entry.changes[0].after) for entry in page.entries]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (Filters(), [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]),
        (Filters(by="u2"), [8, 6, 4, 2, 0]),
        (Filters(act="changed a key"), [9, 7, 5, 3, 1]),
        (Filters(kind="contact", subject="contact-2"), [6, 2]),
        (Filters(since=days(3), until=days(6)), [5, 4, 3]),
        (Filters(by="u1", kind="key", since=days(5)), [9, 7, 5]),
        (Filters(by="nobody"), []),
    ],
)
def test_lines_are_found_by_person_act_subject_and_dates(db, log, filters, found):
    assert seen(audit.page(acting(db, EVA), filters)) == found


def test_pages_follow_each_other_without_gap_or_repetition(db, log):
    after, pages = None, []
    while True:
        page = audit.page(acting(db, EVA), Filters(), after=after, limit=3)
        pages.append(seen(page))
        after = page.next
        if after is None:
            break

    assert pages == [[9, 8, 7], [6, 5, 4], [3, 2, 1], [0]]


def test_lines_of_the_same_moment_are_on_one_page_each(db):
    for number in range(5):
        with audit.recorded(
            acting(db, EVA, at=NOON),
            "x",
            subject=Subject("key", "k"),
            changes=[Change("n", None, str(number))],
        ):
            pass
    first = audit.page(acting(db, EVA), Filters(), limit=2)
    second = audit.page(acting(db, EVA), Filters(), after=first.next, limit=10)

    assert sorted(seen(first) + seen(second)) == [0, 1, 2, 3, 4]


def test_a_place_that_was_tampered_with_is_the_beginning(db, log):
    assert seen(audit.page(acting(db, EVA), Filters(), after="nowhere~x", limit=1)) == [9]


def test_what_there_is_to_filter_by(db, log):
    found = audit.choices(acting(db, EVA))

    assert found.people == {"u1": "Eva", "u2": "Leo"}
    assert (found.acts, found.kinds) == (["changed a key", "edited a contact"], ["contact", "key"])


@pytest.mark.parametrize(
    "filters",
    [Filters(), Filters(by="u1"), Filters(act="changed a key"), Filters(kind="key"),
     Filters(kind="key", subject="key-1"), Filters(since=NOON, until=NOON + timedelta(days=2))],
)  # fmt: skip
def test_no_page_scans_or_sorts_the_log(db, log, filters):
    equal = {
        "by": filters.by,
        "act": filters.act,
        "subject.kind": filters.kind,
        "subject.id": filters.subject,
    }
    query = {name: value for name, value in equal.items() if value is not None}
    plan = str(db.audit.find(query).sort([("at", -1), ("_id", -1)]).explain()["queryPlanner"]["winningPlan"])

    assert "IXSCAN" in plan
    assert "SORT" not in plan
