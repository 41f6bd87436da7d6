"""A list becomes a dynamic segment: the same contacts, now and later."""

import pytest

from engine.access import segments
from engine.access.permissions import NotAllowed
from engine.access.segments import InvalidSegment
from engine.store import listing, publishing, rulesets
from engine.store.connection import utc_now
from engine.store.filter_bar import offered, with_chosen
from engine.store.filters import Known, Picked, Range, Recency, Wording
from engine.store.listing import Listing, UnknownFilter
from tests.builders import an_activity, bought, identified, minutes
from tests.integration.access.test_segments import MAX, VERA, members
from tests.integration.drained import drain_all, receive_and_drain

CHOSEN = [
    {"points": Range(1), "last_seen": Recency(3_650)},
    {"newsletter": Picked(("subscribed",), outside=True), "identified": True},
    {"custom.city": Wording("Ro", whole=False), "orders": Range(1, 9), "last_seen": Known(True)},
    {"outside": ("vip",), "email": True},
]


@pytest.fixture
def shop(db):
    now = utc_now()
    receive_and_drain(
        db,
        [
            identified(now, email="ana@x.com", traits={"name": "Ana Ruiz", "city": "Roma"}),
            bought("12.10", now, email="ana@x.com", order_id="A-1", currency="EUR"),
            identified(now, email="bo@x.com", traits={"name": "Bo Li", "city": "Madrid"}),
            an_activity("newsletter_subscribed", now, email="bo@x.com"),
            an_activity("page_visited", minutes(4), tracker="somebody"),
        ],
    )
    return db


def filtered(db, chosen):
    bar = {filter_.id: filter_ for filter_ in offered(rulesets.current(db))}
    found = Listing()
    for id_, value in chosen.items():
        found = with_chosen(found, bar[id_], value)
    return found


def test_whoever_is_in_the_list_is_in_the_segment_and_a_window_goes_on_moving(shop):
    for number, chosen in enumerate(CHOSEN):
        wanted = filtered(shop, chosen)
        in_list = {row.id for row in listing.walk(shop, wanted)}
        assert in_list, chosen

        id_ = segments.save_list(shop, MAX, f"  Keen   ones {number} ", wanted, now=utc_now())

        drain_all(shop)
        assert id_ == f"keen-ones-{number}"
        assert members(shop, id_) == in_list, chosen
    assert "within: 3650d" in publishing.completed(shop, {})["segments.yaml"]
    assert rulesets.current(shop).segments["keen-ones-0"].name == "Keen ones 0"


def test_what_can_be_no_segment_says_why_and_publishes_nothing(shop):
    before = rulesets.current_number(shop)
    wanted = filtered(shop, CHOSEN[0])
    taken = next(iter(rulesets.current(shop).segments.values())).name

    for name, asked, error, why in (
        ("Found", Listing(search="ana"), UnknownFilter, "a search cannot be a segment"),
        ("Everybody", Listing(), UnknownFilter, "choose a filter first"),
        ("  ", wanted, InvalidSegment, "give the segment a name"),
        ("x" * 81, wanted, InvalidSegment, "at most 80"),
        (taken.upper(), wanted, InvalidSegment, "is called"),
    ):
        with pytest.raises(error, match=why):
            segments.save_list(shop, MAX, name, asked, now=utc_now())
    with pytest.raises(NotAllowed):
        segments.save_list(shop, VERA, "Keen", wanted, now=utc_now())
    assert rulesets.current_number(shop) == before
