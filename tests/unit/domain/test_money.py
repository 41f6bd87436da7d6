"""Reading amounts as people and shops write them: exact, or said to be unreadable."""

from decimal import Decimal

import pytest
from babel.numbers import list_currencies
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.currencies import MINOR_UNITS, rounded
from engine.domain.money import Unreadable, Written, read, storable_number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12,50", "12.50"),
        ("1,234.50", "1234.50"),
        ("1.234,56 €", "1234.56"),
        ("€ 1.234,56", "1234.56"),
        ("$1,234.50", "1234.50"),
        ("1 234,50", "1234.50"),
        ("1\u202f234\u00a0567,5 EUR", "1234567.5"),
        ("CHF 1'234.50", "1234.50"),
        ("1\N{RIGHT SINGLE QUOTATION MARK}234.50", "1234.50"),
        ("12,34,567.80", "1234567.80"),
        ("1.234.567", "1234567"),
        ("10.0000", "10.0000"),
        ("0,125", "0.125"),
        (".5", ".5"),
        ("12.", "12"),
        ("-5", "-5"),
        ("€ \N{MINUS SIGN}5,00", "-5"),
        ("1e3", "1000"),
        (" 89.50 ", "89.5"),
    ],
)
@pytest.mark.parametrize("mark", [".", ","])
def test_an_unambiguous_amount_is_read_the_same_in_every_locale(text, number, mark):
    found = read(text, mark)

    assert isinstance(found, Written)
    assert found.number == Decimal(number)


@pytest.mark.parametrize(
    ("text", "mark", "number"),
    [("1,234", ".", "1234"), ("1,234", ",", "1.234"), ("1.234", ".", "1.234"), ("1.234", ",", "1234")],
)
def test_an_ambiguous_amount_is_read_by_the_locale(text, mark, number):
    assert read(text, mark) == Written(Decimal(number))


@pytest.mark.parametrize(
    "value",
    [
        "a lot", "NaN", "Infinity", "1e400", "1e-999999", "12,3,4", "1.2.3", "1,23.45,6", "12 34", "5 apples",
        "€5€", "--5", "9" * 16, "1" * 100, float("nan"), float("inf"), 1e300, True, [5], {"amount": 5},
    ],
)  # fmt: skip
def test_what_is_no_amount_is_unreadable_and_quoted(value):
    found = read(value)

    assert isinstance(found, Unreadable)
    assert found.text


@pytest.mark.parametrize("value", [None, "", "  ", [], {}])
def test_a_blank_is_no_amount_and_no_mistake(value):
    assert read(value) is None


@given(st.decimals(min_value=0, max_value=10**12, places=2))
def test_every_amount_is_read_back_from_the_ways_to_write_it(amount):
    english = f"{amount:,.2f}"
    german = english.translate(str.maketrans(",.", ".,"))
    french = english.translate({ord(","): "\u202f", ord("."): ","})

    assert {read(text, mark).number for text in (english, german, french) for mark in ",."} == {amount}


@given(st.text(max_size=60))
def test_any_text_is_read_or_quoted_and_what_is_stored_fits_into_mongodb(text):
    read(text)
    stored = storable_number(text, ",")

    assert stored is None or len(stored.as_tuple().digits) <= 34


@pytest.mark.parametrize(
    ("amount", "currency", "exact"),
    [
        ("104.80000000000000004", "EUR", "104.80"), ("9000.4", "JPY", "9000"), ("1.2345", "KWD", "1.234"),
        ("1.2345", "IQD", "1.234"), ("1.235", None, "1.24"), ("0.00012345", "BTC", "0.00012345"),
        ("0.000123456789", "BTC", "0.00012346"),
    ],
)  # fmt: skip
def test_an_amount_is_rounded_to_the_minor_unit_of_its_currency(amount, currency, exact):
    assert str(rounded(Decimal(amount), currency)) == exact


def test_the_table_holds_every_present_currency_that_the_pages_can_write():
    assert {"EUR", "USD", "JPY", "GBP", "CHF", "KWD"} <= MINOR_UNITS.keys()
    assert MINOR_UNITS.keys() - list_currencies() <= {"XCG", "ZWG", "SLE", "UYW", "VED"}
