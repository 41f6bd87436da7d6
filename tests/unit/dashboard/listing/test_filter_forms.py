"""The forms of the filter bar: what they ask, and what comes of what was typed."""

from datetime import date

import pytest

from dashboard.listing import filter_forms
from dashboard.listing.filter_bar import changed
from dashboard.listing.filter_forms import MOST_DAYS, filled_form, form_of
from engine.contacts.listing.filter_bar import offered
from engine.contacts.listing.filters import Days, Every, Known, Picked, Range, Recency, Wording
from engine.contacts.listing.listing import InvalidFilter, Listing
from tests.builders import rules

RULESET = rules(
    fields="""
fields:
  - {id: city, label: City, type: text}
  - {id: shoe_size, label: Shoe size, type: number}
  - {id: member, label: Member, type: boolean}
  - {id: joined, label: Joined, type: date}
  - {id: size, label: Size, type: text, options: [S, M, L]}
"""
).present
BAR = {filter_.id: filter_ for filter_ in offered(RULESET)}
CAN_BE_CHOSEN = [filter_ for filter_ in BAR.values() if not filter_.unavailable]

READ = [
    ("identified", "yes", {}, True),
    ("segments", "in", {"values": ["vip"]}, ("vip",)),
    ("segments", "all", {"values": ["vip", "hot-leads"]}, Every(("hot-leads", "vip"))),
    ("points", "least", {"least": "20"}, Range(20)),
    ("points", "most", {"most": " 20 "}, Range(None, 20)),
    ("points", "between", {"least": "50", "most": "20"}, Range(20, 50)),
    ("points", "exactly", {"exactly": "0"}, Range(0, 0)),
    ("spent", "least", {"least": "12.5"}, Range(12.5)),
    ("last_seen", "within", {"days": "30"}, Recency(30)),
    ("last_seen", "outside", {"days": 30}, Recency(30, within=False)),
    ("last_seen", "longer", {"days": "60"}, Recency(60, within=False, ever=True)),
    (
        "last_seen",
        "between",
        {"first": "2026-02-01", "last": "2026-01-01"},
        Days(date(2026, 1, 1), date(2026, 2, 1)),
    ),
    ("last_seen", "first", {"first": "2026-02-01"}, Days(date(2026, 2, 1))),
    ("last_seen", "unknown", {}, Known(False)),
    ("newsletter", "is", {"values": ["subscribed", "made-up"]}, Picked(("subscribed",))),
    ("newsletter", "not", {"values": ["subscribed"]}, Picked(("subscribed",), outside=True)),
    ("custom.city", "is", {"text": " Roma "}, Wording("Roma")),
    ("custom.city", "begins", {"text": "Ro"}, Wording("Ro", whole=False)),
    ("custom.joined", "last", {"last": "2026-01-31"}, Days(last=date(2026, 1, 31))),
    ("custom.size", "is", {"values": ["L", "S"]}, Picked(("S", "L"))),
]


@pytest.mark.parametrize(("id_", "way", "said", "chosen"), READ)
def test_what_is_typed_becomes_what_is_chosen_and_stands_in_the_form_again(id_, way, said, chosen):
    found = filter_forms.read(BAR[id_], way, said)

    assert found == chosen
    filled = filled_form(BAR[id_], found)
    assert filled["way"] == way
    assert filter_forms.read(BAR[id_], filled["way"], filled["values"]) == chosen


@pytest.mark.parametrize(
    ("id_", "way", "said", "why"),
    [
        ("points", "least", {}, "enter a number"),
        ("points", "least", {"least": "many"}, "many is not a valid number"),
        ("points", "least", {"least": "nan"}, "not a valid number"),
        ("points", "least", {"least": "-inf"}, "not a valid number"),
        ("points", "least", {"least": "9" * 400}, "not a valid number"),
        ("points", "besides", {}, "choose it again"),
        ("last_seen", "within", {"days": "0"}, f"from 1 to {MOST_DAYS:,}"),
        ("last_seen", "within", {"days": "1.5"}, "whole days"),
        ("last_seen", "between", {"first": "31/01/2026", "last": "2026-02-01"}, "is not a date"),
        ("newsletter", "is", {"values": ["made-up"]}, "at least one"),
        ("newsletter", "is", {"values": "subscribed"}, "at least one"),
        ("custom.city", "is", {"text": "  "}, "enter a text"),
        ("custom.city", "is", {"text": "x" * 201}, "at most 200"),
        ("rfm", "is", {"values": ["winners"]}, "at least one"),
    ],
)
def test_what_says_nothing_is_refused_with_the_reason(id_, way, said, why):
    with pytest.raises(InvalidFilter, match=why):
        filter_forms.read(BAR[id_], way, said)


@pytest.mark.parametrize("filter_", CAN_BE_CHOSEN, ids=lambda filter_: filter_.id)
def test_every_filter_has_a_form(filter_):
    form = form_of(filter_)

    assert form["ways"]
    assert len({way["label"] for way in form["ways"]}) == len(form["ways"])
    needs_choices = any(asked["type"] == "choices" for way in form["ways"] for asked in way["inputs"])
    assert bool(form["choices"]) is needs_choices


def test_a_chip_that_is_changed_stays_where_it_is():
    listing = Listing(where={"points": {"gte": 5}, "identified": True})
    said = {"filter": "points", "way": "least", "values": {"least": "9"}, "instead": {"points": {"gte": 5}}}

    assert changed(listing, said, RULESET).parts == [{"points": {"gte": 9}}, {"identified": True}]


@pytest.mark.parametrize(
    "said", [{}, {"filter": "gone"}, {"filter": "points", "way": "least", "values": [], "instead": 7}]
)
def test_what_a_browser_makes_up_is_refused(said):
    with pytest.raises(InvalidFilter):
        changed(Listing(), said, RULESET)
