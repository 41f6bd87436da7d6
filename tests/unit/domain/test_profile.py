"""Traits fill a contact's fields, and a trusted source can take a value away again."""

from decimal import Decimal

import pytest

from engine.domain.folding.field_values import MAX_ITEMS, MAX_TEXT, as_date
from engine.domain.folding.profile import MAX_CUSTOM_FIELDS
from tests.builders import SHIPPED, an_activity, by_hand, identified, imported, minutes, rules, the_contact

BLANKS = [None, "", "  ", "\u200b", [], {}, [""], [None]]
FIRST = {"first_name": "Ana", "last_name": "Ruiz", "birthday": "1990-06-01", "city": "Vigo", "tags": ["a", "b"],
         "shoe_size": 40}  # fmt: skip

DECLARED = rules(
    fields="fields:\n"
    "  - {id: city, label: City}\n"
    "  - {id: since, label: Since, type: date}\n"
    "  - {id: size, label: Size, type: number}\n"
    "  - {id: tags, label: Tags, type: list}\n"
    "  - {id: news, label: News, type: boolean}\n"
)


def after(*said, trusted=True, rulebook=SHIPPED):
    """The state after traits that came one after another, the first ones from the shop's server."""
    events = [
        identified(
            minutes(number), external_id="u-1", tracker="t", traits=traits, trusted=trusted or not number
        )
        for number, traits in enumerate(said)
    ]
    return the_contact(events, rulebook).state


def of(state, name):
    return getattr(state, name) if hasattr(state, name) else state.custom.get(name)


# Taking a value away

FILLED = [("first_name", "first_name"), ("last_name", "lastName"), ("birth_date", "birthday"), ("city", "city"),
          ("tags", "tags"), ("shoe_size", "shoe_size")]  # fmt: skip


@pytest.mark.parametrize("blank", BLANKS)
@pytest.mark.parametrize(("field", "trait"), FILLED)
def test_a_trusted_source_takes_a_value_away(field, trait, blank):
    state = after(FIRST, {trait: blank})

    assert of(state, field) is None
    assert sum(of(state, name) is None for name, _ in FILLED) == 1


@pytest.mark.parametrize("blank", BLANKS)
@pytest.mark.parametrize(("field", "trait"), FILLED)
def test_an_unproven_source_does_not(field, trait, blank):
    assert of(after(FIRST, {trait: blank}, trusted=False), field) == of(after(FIRST), field)


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ({"name": None}, (None, None)),
        ({"name": None, "first_name": "Eva"}, ("Eva", "Ruiz")),
        ({"first_name": None, "firstName": "Eva"}, ("Eva", "Ruiz")),
        ({"first_name": None, "name": "Eva Gil"}, ("Eva", "Gil")),
        ({"first_name": 0, "last_name": False}, ("0", "Ruiz")),
    ],
)
def test_a_value_goes_before_a_blank_of_another_name(said, names):
    state = after(FIRST, said)

    assert (state.first_name, state.last_name) == names


@pytest.mark.parametrize("blank", BLANKS)
def test_identities_are_not_taken_away(blank):
    contact = the_contact(
        [
            identified(external_id="u-1", email="ana@x.com", trusted=True, traits={"email": "Ana@x.com"}),
            identified(minutes(1), external_id="u-1", trusted=True, traits={"email": blank, "phone": blank}),
        ]
    )

    assert "e:ana@x.com" in contact.person.keys()
    assert contact.state.email_typed == "Ana@x.com"


def test_what_was_taken_away_can_be_filled_again_by_anybody():
    state = the_contact(
        [
            identified(external_id="u-1", tracker="t", trusted=True, traits={"city": "Vigo"}),
            identified(minutes(1), external_id="u-1", trusted=True, traits={"city": None}),
            identified(minutes(2), external_id="u-1", tracker="new", traits={"city": "Lugo"}),
        ]
    ).state

    assert state.custom["city"] == "Lugo"


@pytest.mark.parametrize(("of_the_survivor", "city"), [({}, None), ({"city": "Lugo"}, "Lugo")])
def test_what_a_merged_contact_had_taken_away_fills_no_gap(of_the_survivor, city):
    state = the_contact(
        [
            identified(minutes(-1), email="ana@x.com", trusted=True, traits=of_the_survivor),
            an_activity(
                "page_visited", tracker="t", trusted=True, traits={"city": "Vigo", "first_name": "Ana"}
            ),
            an_activity("page_visited", minutes(1), tracker="t", trusted=True, traits={"city": None}),
            identified(minutes(2), tracker="t", email="ana@x.com", trusted=True),
        ]
    ).state

    assert (state.first_name, state.custom.get("city")) == ("Ana", city)


def test_an_older_blank_takes_no_newer_value():
    late = identified(external_id="u-1", trusted=True, traits={"city": None})
    newer = identified(minutes(1), external_id="u-1", trusted=True, traits={"city": "Vigo"})

    assert the_contact([newer, late]).state.custom["city"] == "Vigo"


def test_a_file_and_a_person_clear_what_they_name():
    ana = identified(external_id="u-1", trusted=True, traits=FIRST)
    file = imported(minutes(1), stream="x:u-1", cleared=["custom.city"])
    person = by_hand("x:u-1", minutes(2), cleared=["last_name"])

    state = the_contact([ana, file, person]).state

    assert (state.first_name, state.last_name, state.custom.get("city")) == ("Ana", None, None)


# Days

MADRID = [
    ("1990-06-01", "1990-06-01"),
    ("1990-05-31T22:00:00.000Z", "1990-06-01"),
    ("1990-05-31T21:59:59.999Z", "1990-05-31"),
    ("1990-06-01T00:00:00.000Z", "1990-06-01"),
    ("1990-06-01T00:00:00+00:00", "1990-06-01"),
    ("1990-06-01T00:00:00+02:00", "1990-06-01"),
    ("1990-05-31T20:00:00-02:00", "1990-06-01"),
    ("1990-05-31T23:30:00", "1990-05-31"),
    ("1990-05-31 23:30", "1990-05-31"),
    ("1990-12-31T23:00:00Z", "1991-01-01"),
    (644_191_200_000, "1990-06-01"),
    (644_191_200_000.0, "1990-06-01"),
    (644_198_400_000, "1990-06-01"),
    (0, "1970-01-01"),
    (-86_400_000, "1969-12-31"),
    (10**18, None),
    (float("inf"), None),
    (float("nan"), None),
    (True, None),
    ("soon", None),
    ("9999-12-31T23:30:00Z", None),
]


@pytest.mark.parametrize(("said", "day"), MADRID)
def test_a_moment_is_its_day_in_the_accounts_time_zone(said, day):
    assert SHIPPED.present.account.time_zone.key == "Europe/Madrid"
    assert as_date(said, SHIPPED.present.account.time_zone) == day


@pytest.mark.parametrize("said", ["1990-05-31T22:00:00.000Z", 644_191_200_000])
@pytest.mark.parametrize(("trait", "field"), [("birthday", "birth_date"), ("since", "since")])
def test_birthdays_and_declared_days_are_read_so(said, trait, field):
    assert of(after({trait: said}, rulebook=DECLARED), field) == "1990-06-01"


def test_west_of_greenwich_midnight_in_utc_keeps_its_day():
    west = rules(settings="account: {time_zone: America/New_York}\n").present.account.time_zone

    assert as_date("1990-06-01T00:00:00Z", west) == "1990-06-01"
    assert as_date("1990-06-01T03:00:00Z", west) == "1990-05-31"


# Lists and objects

LONG = "x" * (MAX_TEXT + 1)


@pytest.mark.parametrize(
    ("traits", "custom"),
    [
        ({"hobbies": ["tennis", " chess ", 7]}, {"hobbies": ["tennis", "chess", "7"]}),
        ({"hobbies": ["tennis", None, ""]}, {"hobbies": ["tennis"]}),
        ({"latitude": Decimal("42.23138460000000123")}, {"latitude": 42.2313846}),
        ({"hobbies": [True]}, {"hobbies": ["true"]}),
        ({"children": [{"name": "Eva"}]}, {"children": ['{"name":"Eva"}']}),
        ({"hobbies": ["a"] * MAX_ITEMS}, {"hobbies": ["a"] * MAX_ITEMS}),
        ({"hobbies": ["a"] * (MAX_ITEMS + 1)}, {}),
        ({"hobbies": [LONG]}, {}),
        ({"address": {"city": "Vigo", "street": "Mayor 1"}}, {"city": "Vigo", "street": "Mayor 1"}),
        ({"address": {"city": "Vigo"}, "city": "Lugo"}, {"city": "Lugo"}),
        ({"address": {"first_name": "Eva", "id": 5}}, {"address_first_name": "Eva", "address_id": 5}),
        ({"address": {"geo": {"lat": 42.2}}}, {"geo_lat": 42.2}),
        ({"company": {"name": "Acme", "size": 5, "tags": ["b2b"]}},
         {"company_name": "Acme", "company_size": 5, "company_tags": ["b2b"]}),
        ({"company": {"name": "Acme"}, "company_name": "Acme Ltd"}, {"company_name": "Acme Ltd"}),
        ({"a": {"b": {"c": {"d": 1, "e": {"f": 1}}}}}, {"a_b_c_d": 1}),
        ({"company": {"a.b": 1, "$gt": 2}}, {}),
        ({"plan": {f"p{n}": n for n in range(500)}}, {f"plan_p{n}": n for n in range(MAX_CUSTOM_FIELDS)}),
    ],
)  # fmt: skip
def test_lists_and_objects_of_undeclared_traits_are_kept(traits, custom):
    assert after(traits).custom == custom


def test_parts_fill_declared_fields_in_their_types():
    traits = {"address": {"city": "Vigo", "since": 644_191_200_000, "size": "40", "tags": "a", "news": "yes"}}

    assert after(traits, rulebook=DECLARED).custom == {
        "city": "Vigo", "since": "1990-06-01", "size": 40, "tags": ["a"], "news": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ({"company": None}, {"city": "Vigo", "hobbies": ["chess"]}),
        ({"company": {}}, {"city": "Vigo", "hobbies": ["chess"]}),
        ({"company": {"name": None}}, {"city": "Vigo", "hobbies": ["chess"], "company_size": 5}),
        (
            {"company": None, "company_name": "Gil"},
            {"city": "Vigo", "hobbies": ["chess"], "company_name": "Gil"},
        ),
        ({"address": {"city": ""}}, {"hobbies": ["chess"], "company_name": "Acme", "company_size": 5}),
        ({"hobbies": []}, {"city": "Vigo", "company_name": "Acme", "company_size": 5}),
    ],
)
def test_a_part_is_taken_away_by_itself_or_with_its_whole(said, left):
    whole = {"address": {"city": "Vigo"}, "company": {"name": "Acme", "size": 5}, "hobbies": ["chess"]}

    assert after(whole, said).custom == left


def test_where_undeclared_traits_are_ignored_parts_still_fill_declared_fields():
    strict = rules(settings="account: {undeclared_traits: ignore}\n")

    assert after(
        {"address": {"city": "Vigo", "street": "Mayor 1"}, "hobbies": ["a"]}, rulebook=strict
    ).custom == {"city": "Vigo"}
