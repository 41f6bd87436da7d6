"""Changes that somebody has begun, while others change the same contact."""

from datetime import UTC, date, datetime

import pytest

from dashboard.sheet.sheet_draft import Draft
from tests.builders import SHIPPED

BEGUN = datetime(2026, 3, 2, 12, tzinfo=UTC)
RULES = SHIPPED.present


@pytest.fixture
def draft():
    return Draft(
        BEGUN,
        {"first_name": "Ana", "custom.city": "Roma", "email_status": "active", "email_status.until": None},
    )


def test_only_what_was_changed_is_in_the_edit(draft):
    draft.change("first_name", "Anna")
    draft.change("custom.city", "Roma")

    assert draft.edit(RULES).fields == {"first_name": "Anna"}
    assert draft.read(RULES) == {"first_name": "Ana"}


def test_a_change_that_is_taken_back_is_none(draft):
    draft.change("first_name", "Anna")
    draft.change("first_name", "Ana")

    assert not draft.edit(RULES)


def test_what_somebody_else_changed_is_seen_where_one_changed_nothing(draft):
    draft.change("first_name", "Anna")

    draft.catch_up({**draft.seen, "custom.city": "Paris"})

    assert draft.value("custom.city") == "Paris"
    assert draft.value("first_name") == "Anna"
    assert draft.overtaken({**draft.seen, "custom.city": "Paris"}) == {}


def test_what_both_changed_is_a_choice(draft):
    draft.change("custom.city", "Milano")
    present = {**draft.seen, "custom.city": "Paris"}

    draft.catch_up(present)

    assert draft.overtaken(present) == {"custom.city": "Paris"}


def test_keeping_mine_writes_over_what_was_seen_of_theirs(draft):
    draft.change("custom.city", "Milano")
    present = {**draft.seen, "custom.city": "Paris"}

    draft.keep_mine("custom.city", "Paris")

    assert draft.overtaken(present) == {}
    assert (draft.edit(RULES).fields, draft.read(RULES)) == (
        {"custom.city": "Milano"},
        {"custom.city": "Paris"},
    )


def test_taking_theirs_is_no_change(draft):
    draft.change("custom.city", "Milano")

    draft.take_theirs("custom.city", "Paris")

    assert not draft.edit(RULES)
    assert draft.value("custom.city") == "Paris"


def test_both_changing_the_same_to_the_same_is_no_quarrel(draft):
    draft.change("custom.city", "Paris")

    draft.catch_up({**draft.seen, "custom.city": "Paris"})

    assert not draft.changed


def test_a_pause_takes_its_end_along(draft):
    draft.change("email_status", "paused")
    draft.change("email_status.until", date(2026, 4, 1))

    change = draft.edit(RULES)

    assert (change.statuses, change.ends) == ({"email_status": "paused"}, {"email_status": date(2026, 4, 1)})


def test_another_end_of_a_running_pause_is_an_edit_of_the_pause():
    april, may = date(2026, 4, 1), date(2026, 5, 1)
    both = {"email_status": "paused", "mobile_status": "paused"}
    draft = Draft(BEGUN, {**both, "email_status.until": april, "mobile_status.until": april})
    draft.change("email_status.until", may)

    change = draft.edit(RULES)

    assert (change.statuses, change.ends) == ({"email_status": "paused"}, {"email_status": may})


def test_what_was_refused_is_tried_again_as_another_edit(draft):
    before = draft.id

    draft.refused({"email": "no address"}, None)
    draft.change("email", "ana@x.com")

    assert draft.id != before
    assert draft.problems == {}
