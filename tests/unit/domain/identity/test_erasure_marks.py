"""What becomes of activities that name somebody who was erased."""

import pytest

from engine.domain.identity.erasure_marks import ErasureMark, erased_activities
from tests.builders import an_activity, bought, by_hand, identified, imported, minutes

EVA = {"t:t1": [ErasureMark(minutes(10))], "e:eva@x.com": [ErasureMark(minutes(10))]}


def kept(*activities, marks=EVA, held=()):
    gone = erased_activities(activities, marks, held)
    return [activity.id for activity in activities if activity.id not in gone]


@pytest.mark.parametrize(
    "late",
    [
        an_activity("page_visited", minutes(9), tracker="t1"),
        bought("9", minutes(10), email="eva@x.com"),
        identified(minutes(3), tracker="new", email="eva@x.com"),
        identified(minutes(3), external_id="7", email="eva@x.com", trusted=True),
        identified(minutes(3), tracker="t1", email="new@x.com"),
        by_hand("e:eva@x.com", minutes(9)),
    ],
    ids=lambda activity: f"{activity.type} of {','.join(activity.keys())}",
)
def test_what_happened_before_the_erasure_is_gone_however_late_it_comes(late):
    assert kept(late) == []


@pytest.mark.parametrize(
    "echo",
    [
        an_activity("page_visited", minutes(11), tracker="t1"),
        identified(minutes(11), tracker="t1", email="eva@x.com"),
        an_activity("email_bounced", minutes(11), email="eva@x.com"),
        imported(minutes(11), email="eva@x.com"),
        imported(minutes(11), "newsletter_subscribed", email="eva@x.com"),
        by_hand("e:eva@x.com", minutes(11)),
    ],
    ids=lambda activity: activity.type,
)
def test_an_echo_from_elsewhere_does_not_bring_them_back(echo):
    assert kept(echo) == []


def test_they_come_back_by_an_act_of_their_own_and_with_them_what_follows():
    visit = an_activity("page_visited", minutes(11), tracker="t1", id_="before")
    order = bought("20", minutes(12), tracker="t1", email="eva@x.com", id_="order")
    later = an_activity("page_visited", minutes(13), tracker="t1", id_="after")

    assert kept(later, order, visit) == ["after", "order"]
    assert kept(later, held={"t:t1"}) == ["after"]


def test_who_came_back_does_not_get_back_what_was_erased():
    assert kept(bought("9", minutes(2), email="eva@x.com"), held={"e:eva@x.com"}) == []


def test_somebody_else_on_the_same_browser_is_not_erased_with_them():
    theirs = identified(minutes(11), tracker="t1", email="bob@x.com", id_="bob")
    before = bought("5", minutes(5), tracker="t1", email="bob@x.com", id_="order")

    assert kept(theirs) == ["bob"]
    assert kept(before, held={"e:bob@x.com"}) == ["order"]


def test_of_a_browser_that_passed_to_another_only_their_own_time_is_gone():
    marks = {"t:t1": [ErasureMark(minutes(10), since=minutes(1), until=minutes(5))]}
    first = an_activity("page_visited", minutes(0), tracker="t1", id_="first")
    theirs = an_activity("page_visited", minutes(4), tracker="t1", id_="theirs")
    last = an_activity("page_visited", minutes(5), tracker="t1", id_="last")

    assert kept(first, theirs, last, marks=marks, held={"t:t1"}) == ["first", "last"]


def test_while_it_is_being_done_nothing_is_let_through():
    marks = {"e:eva@x.com": [ErasureMark(None)]}

    assert kept(bought("20", minutes(99), email="eva@x.com"), marks=marks) == []


def test_who_was_never_erased_is_not_touched():
    assert len(kept(an_activity(tracker="t2"), identified(email="bob@x.com"))) == 2
