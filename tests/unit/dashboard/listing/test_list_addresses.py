"""A list in an address, and back."""

import pytest

from engine.contacts.listing.listing import InvalidFilter, Listing

FILTERED = Listing(
    where={
        "newsletter": "subscribed",
        "points": {"gte": 20, "lte": 50},
        "not": {"segments": {"has": "vip"}},
    },
    search="ana",
    sort="points",
    descending=False,
)


def test_the_usual_list_needs_no_parameters():
    assert Listing().in_address() == {}


@pytest.mark.parametrize("listing", [FILTERED, Listing(), Listing(sort="name", descending=True)])
def test_a_list_comes_back_out_of_its_address(listing):
    assert Listing.from_address(listing.in_address()) == listing


@pytest.mark.parametrize(
    "where",
    [
        "",
        "{",
        "[]",
        "7",
        '"a"',
        "null",
        '{"points": null}',
        "[" * 9_000,
        "[" * 5_000,
        '{"all": 7}',
        '{"all": [7]}',
    ],
)
def test_what_is_no_condition_is_left_out(where):
    assert Listing.from_address({"where": where}).where == {}


@pytest.mark.parametrize("sort", ["", "-", "nothing", "--points", "points.total"])
def test_an_order_that_there_is_not_is_the_usual_one(sort):
    assert Listing.from_address({"sort": sort}) == Listing()


def test_a_condition_is_taken_away_by_itself():
    kept = FILTERED.without({"points": {"gte": 20, "lte": 50}})

    assert kept.parts == [{"newsletter": "subscribed"}, {"not": {"segments": {"has": "vip"}}}]


def test_two_conditions_on_one_field_both_hold():
    listing = Listing().with_parts([{"segments": "vip"}, {"segments": "staff"}])

    assert listing.where == {"segments": "vip", "all": [{"segments": "staff"}]}
    assert listing.parts == [{"segments": "vip"}, {"segments": "staff"}]


def test_filters_are_the_condition_of_a_segment():
    listing = Listing(where={"points": {"gte": 20}, "all": [{"not": {"segments": "vip"}}]})

    assert listing.as_condition() == {
        "contact.points": {"gte": 20},
        "all": [{"not": {"contact.segments": "vip"}}],
    }


@pytest.mark.parametrize("listing", [Listing(search="ana", where={"points": 1}), Listing()])
def test_a_search_and_everybody_are_no_segments(listing):
    with pytest.raises(InvalidFilter):
        listing.as_condition()
