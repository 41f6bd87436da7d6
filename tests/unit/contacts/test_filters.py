"""What the list can be filtered by, and how it reads."""

from datetime import date

import pytest

from engine.contacts.listing.filter_bar import chips, offered, with_part
from engine.contacts.listing.filters import Days, Every, Known, Picked, Range, Recency, Wording
from engine.contacts.listing.listing import Listing
from engine.rules.conditions.filter_reader import read_filters
from engine.rules.conditions.vocabulary import Vocabulary
from tests.builders import rules

RULESET = rules(
    fields="""
fields:
  - {id: city, label: City, type: text}
  - {id: shoe_size, label: Shoe size, type: number}
  - {id: member, label: Member, type: boolean}
  - {id: joined, label: Joined, type: date}
  - {id: likes, label: Likes, type: list}
  - {id: size, label: Size, type: text, options: [S, M, L]}
"""
).present
BAR = {filter_.id: filter_ for filter_ in offered(RULESET)}

CHOSEN = [
    ("identified", True, "Identified"),
    ("identified", False, "Anonymous visitor"),
    ("segments", ("vip",), "In VIP"),
    ("segments", ("vip", "hot-leads"), "In VIP or Hot leads"),
    ("segments", Every(("vip", "hot-leads")), "In VIP and Hot leads"),
    ("outside", ("vip",), "Not in VIP"),
    ("points", Range(20), "Points: 20 or more"),
    ("points", Range(20, 50), "Points: 20 to 50"),
    ("points", Range(0, 0), "Points: 0"),
    ("last_seen", Recency(30), "Seen in the last 30 days"),
    ("last_seen", Recency(1, within=False), "Not seen in the last day"),
    ("last_seen", Recency(60, within=False, ever=True), "Last seen over 60 days ago"),
    ("last_seen", Days(date(2026, 1, 2), date(2026, 1, 31)), "Seen 2 Jan 2026 to 31 Jan 2026"),
    ("last_seen", Days(last=date(2026, 1, 31)), "Seen up to 31 Jan 2026"),
    ("last_seen", Known(False), "Never seen"),
    ("email", True, "Has an email"),
    ("email", False, "Has no email"),
    ("email_status", Picked(("bounced", "blocked")), "Email status: Bounced or Blocked"),
    ("newsletter", Picked(("subscribed",)), "Newsletter: Subscribed"),
    ("newsletter", Picked(("subscribed",), outside=True), "Newsletter: not Subscribed"),
    ("mobile_phone", False, "Has no mobile phone"),
    ("mobile_status", Picked(("active",)), "Mobile status: Active"),
    ("sms", Picked(("not_subscribed",)), "SMS: Not subscribed"),
    ("push", Picked(("enabled",)), "Web push: Enabled"),
    ("orders", Range(most=3), "Orders: up to 3"),
    ("spent", Range(1500, 2000), "Spent: 1,500 EUR to 2,000 EUR"),
    ("cart", Picked(("abandoned",)), "Cart: Abandoned"),
    ("rfm", Picked(("champions", "lost")), "RFM category: Champions or Lost"),
    ("rfm", Picked(("lost",), outside=True), "RFM category: not Lost"),
    ("clv", Range(50), "Lifetime value: 50 EUR or more"),
    ("custom.city", Wording("Madrid"), "City: Madrid"),
    ("custom.city", Wording("Ma", whole=False), "City: Ma…"),
    ("custom.shoe_size", Range(42, 43.5), "Shoe size: 42 to 43.5"),
    ("custom.member", False, "Not member"),
    ("custom.joined", Days(date(2026, 1, 2)), "Joined: from 2 Jan 2026"),
    ("custom.likes", Wording("boots"), "Likes: boots"),
    ("custom.likes", Known(False), "Likes is not known"),
    ("custom.member", Known(True), "Member is known"),
    ("custom.size", Picked(("S", "M")), "Size: S or M"),
    ("custom.size", Picked(("S",), outside=True), "Size: not S"),
]


@pytest.mark.parametrize(("id_", "value", "words"), CHOSEN)
def test_what_is_chosen_becomes_a_chip_and_can_be_chosen_again(id_, value, words):
    listing = with_part(Listing(), BAR[id_].condition(value), instead_of=None)

    [chip] = chips(Listing.from_address(listing.in_address()), RULESET)

    assert (chip.words, chip.filter) == (words, id_)
    assert BAR[id_].chosen(chip.part) == value
    assert listing.without(chip.part) == Listing()


@pytest.mark.parametrize(("id_", "value"), [(id_, value) for id_, value, _ in CHOSEN])
def test_what_is_chosen_is_a_condition_of_the_rules(id_, value):
    assert read_filters(BAR[id_].condition(value), Vocabulary.of(RULESET)) is not None


def test_every_filter_that_is_available_was_tried():
    assert {id_ for id_, _, _ in CHOSEN} == {f.id for f in BAR.values() if not f.unavailable}


def test_choosing_again_replaces_and_nothing_takes_away():
    many, vip = BAR["points"].condition(Range(20)), BAR["outside"].condition(("vip",))
    listing = Listing().with_parts([many, vip, BAR["last_seen"].condition(Recency(7, within=False))])

    changed = with_part(listing, BAR["points"].condition(Range(30)), instead_of=many).without(vip)

    assert [chip.words for chip in chips(listing, RULESET)] == [
        "Points: 20 or more",
        "Not in VIP",
        "Not seen in the last 7 days",
    ]
    assert [chip.words for chip in chips(changed, RULESET)] == [
        "Points: 30 or more",
        "Not seen in the last 7 days",
    ]


def test_a_condition_is_changed_where_it_stands_and_never_there_twice():
    vip, staff, many = {"segments": {"has_any": ["vip"]}}, {"segments": {"has_any": ["staff"]}}, {"points": 9}
    listing = Listing().with_parts([vip, many])

    assert with_part(listing, staff, instead_of=vip).parts == [staff, many]
    assert with_part(listing, staff, instead_of=None).parts == [vip, many, staff]
    assert with_part(listing, staff, instead_of={"points": 7}).parts == [vip, many, staff]
    assert with_part(listing, vip, instead_of=None) == listing
    assert with_part(listing, vip, instead_of=vip) == listing
    assert with_part(listing, vip, instead_of=many).parts == [vip]


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ({"any": [{"orders": 1}, {"points": {"gt": 5}}]}, "Orders is 1 or Points is over 5"),
        ({"points": {"gt": 5}}, "Points is over 5"),
        ({"segments": {"has_any": ["gone"]}}, "In gone"),
        ({"nonsense": 1}, "no field 'nonsense'"),
        (
            {"points": {"gte": "many"}},
            "this can never match: `contact.points` is a number, and 'many' is not",
        ),
    ],
)
def test_a_condition_that_no_filter_made_is_a_chip_in_the_words_of_the_rules(where, words):
    [chip] = chips(Listing(where=where), RULESET)

    assert chip.words == words


def test_the_categories_of_rfm_can_be_chosen():
    assert [choice.value for choice in BAR["rfm"].choices][:2] == ["champions", "loyal"]
    assert not BAR["rfm"].unavailable


def test_a_plain_list_of_segments_means_all_of_them():
    [chip] = chips(Listing(where={"segments": ["vip", "hot-leads"]}), RULESET)

    assert (chip.words, chip.filter) == ("In VIP and Hot leads", "segments")
