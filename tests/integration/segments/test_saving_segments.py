"""A list becomes a dynamic segment: the same contacts, now and later."""

import pytest

from engine.contacts.listing import listing
from engine.contacts.listing.filter_bar import chips, offered, with_part
from engine.contacts.listing.filters import Known, Picked, Range, Recency, Wording
from engine.contacts.listing.listing import InvalidFilter, Listing
from engine.db.connection import utc_now
from engine.errors import EditConflict, NameTaken, NotAllowed
from engine.publishing import publishing
from engine.rules import versions
from engine.segments import segment_service
from engine.segments.segment_service import InvalidSegment, SegmentNotFound
from tests.builders import acting, an_activity, bought, identified, minutes
from tests.integration.drained import drain_all, receive_and_drain
from tests.integration.segments.test_deleting_segments import MAX, VERA, members

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
    bar = {filter_.id: filter_ for filter_ in offered(versions.current(db))}
    found = Listing()
    for id_, value in chosen.items():
        found = with_part(found, bar[id_].condition(value), instead_of=None)
    return found


def test_whoever_is_in_the_list_is_in_the_segment_and_a_window_goes_on_moving(shop):
    for number, chosen in enumerate(CHOSEN):
        wanted = filtered(shop, chosen)
        in_list = {row.id for row in listing.walk(shop, wanted)}
        assert in_list, chosen

        id_ = segment_service.save_list(acting(shop, MAX), f"  Keen   ones {number} ", wanted)

        drain_all(shop)
        assert id_ == f"keen-ones-{number}"
        assert members(shop, id_) == in_list, chosen
    assert "within: 3650d" in publishing.completed(shop, {})["segments.yaml"]
    assert versions.current(shop).segments["keen-ones-0"].name == "Keen ones 0"


def test_what_can_be_no_segment_says_why_and_publishes_nothing(shop):
    before = versions.current_number(shop)
    wanted = filtered(shop, CHOSEN[0])
    taken = next(iter(versions.current(shop).segments.values())).name

    for name, asked, error, why in (
        ("Found", Listing(search="ana"), InvalidFilter, "a search cannot be part of a segment"),
        ("Everybody", Listing(), InvalidFilter, "at least one filter"),
        ("  ", wanted, InvalidSegment, "enter a name for the segment"),
        ("x" * 81, wanted, InvalidSegment, "at most 80"),
        (taken.upper(), wanted, NameTaken, "is called"),
    ):
        with pytest.raises(error, match=why):
            segment_service.save_list(acting(shop, MAX), name, asked)
    with pytest.raises(NotAllowed):
        segment_service.save_list(acting(shop, VERA), "Keen", wanted)
    assert versions.current_number(shop) == before


def test_who_is_in_a_segment_is_changed_in_the_list_and_its_name_stays(shop):
    seen = segment_service.as_list(acting(shop, MAX), "hot-leads")
    assert [chip.words for chip in chips(seen, versions.current(shop))] == [
        "Points: 40 or more",
        "Not in Customers",
    ]
    wanted = filtered(shop, {"points": Range(1)})

    segment_service.change_list(acting(shop, MAX), "hot-leads", wanted, seen=seen)

    drain_all(shop)
    found = versions.current(shop).segments["hot-leads"]
    assert (found.name, found.description) == ("Hot leads", "Many points, no order yet")
    assert members(shop, "hot-leads") == {row.id for row in listing.walk(shop, wanted)}
    assert segment_service.as_list(acting(shop, MAX), "hot-leads") == wanted
    with pytest.raises(EditConflict):
        segment_service.change_list(acting(shop, MAX), "hot-leads", wanted, seen=seen)


def test_a_segment_that_no_list_can_show_is_not_changed_in_one(shop):
    assert segment_service.as_list(acting(shop, MAX), "vip") is None, "members are put into it by hand"
    assert segment_service.as_list(acting(shop, MAX), "window-shoppers") is None, (
        "a list cannot ask for the past"
    )
    with pytest.raises(NotAllowed):
        segment_service.as_list(acting(shop, VERA), "hot-leads")
    with pytest.raises(SegmentNotFound):
        segment_service.as_list(acting(shop, MAX), "gone")
    everything = [segment_service.as_list(acting(shop, MAX), id_) for id_ in versions.current(shop).segments]
    assert sum(found is not None for found in everything) == 7
