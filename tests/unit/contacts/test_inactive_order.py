"""Which moment a list says nobody was seen after, and where its order is cut by that."""

from datetime import timedelta

import pytest

from engine.contacts.listing import inactive_order
from engine.rules.conditions.filter_reader import read_filters
from engine.rules.conditions.vocabulary import Vocabulary
from tests.builders import NOON, SHIPPED, days

WORDS = Vocabulary.of(SHIPPED.present)
UNSEEN = {"not": {"last_seen": {"within": "30d"}}}
EARLIER = {"last_seen": {"before": "2026-01-01T00:00:00Z"}}


def since(where):
    return inactive_order.unseen_since(read_filters(where, WORDS), now=NOON)


def test_whoever_was_not_seen_within_a_span_was_not_seen_since_its_beginning():
    assert since(UNSEEN) == days(-30)


def test_nor_was_whoever_was_last_seen_longer_ago():
    assert since({"last_seen": {"older_than": "30d"}}) == days(-30)


def test_of_several_conditions_the_earliest_moment_holds():
    assert since({"all": [UNSEEN, EARLIER], "points": {"gte": 20}}) == since(EARLIER) < days(-30)


@pytest.mark.parametrize(
    "where",
    [
        {"points": {"gte": 20}},
        {"last_seen": {"within": "30d"}},
        {"last_seen": {"exists": False}},
        {"first_seen": {"before": "2026-01-01"}},
        {"not": {"first_seen": {"within": "30d"}}},
        {"any": [UNSEEN, {"points": {"gte": 20}}]},
        {"not": UNSEEN},
    ],
    ids=str,
)
def test_other_conditions_say_no_such_moment(where):
    assert since(where) is None
    assert inactive_order.cuts(read_filters(where, WORDS), ascending=True, now=NOON) == ({},)


def test_the_order_is_read_the_later_part_first_when_the_latest_come_first():
    tree = read_filters(UNSEEN, WORDS)
    cut = days(-30) + timedelta(days=7)

    later, sooner = inactive_order.cuts(tree, ascending=False, now=NOON)

    assert later == {"active_at": {"$gt": cut}, "facets.away": True}
    assert sooner == {"active_at": {"$not": {"$gt": cut}}}
    assert inactive_order.cuts(tree, ascending=True, now=NOON) == (sooner, later)
