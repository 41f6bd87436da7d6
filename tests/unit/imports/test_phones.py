"""A phone number is read with the country of its row, and is never guessed into another country."""

import pytest

from engine.errors import InvalidIdentity
from engine.imports.mapping.cell_format import InvalidValue
from engine.imports.mapping.countries import country_column, country_of
from engine.imports.mapping.import_settings import ImportSettings
from engine.imports.mapping.phones import read_phone
from engine.imports.reading.table import Row
from engine.imports.rows.parsed_row import RowParser
from tests.builders import days, rules

SHOP = rules().present


@pytest.mark.parametrize("cell", ["3.46E+10", "3,46E+10", "3.46001E+11", "+3.46e+10"])
def test_a_phone_that_a_spreadsheet_rounded_is_refused_with_what_to_do(cell):
    with pytest.raises(
        InvalidValue, match="its digits are lost: in the original, give the column the format Text"
    ):
        read_phone(cell, region="ES")


@pytest.mark.parametrize(
    ("cell", "country", "number"),
    [
        ("601 123 456", None, "+34601123456"),
        ("601 123 456", " ", "+34601123456"),
        ("601 123 456", "n/a", "+34601123456"),
        ("601 123 456", "CZ", "+420601123456"),
        ("912 345 678", "Portugal", "+351912345678"),
        ("07911 123456", "United Kingdom", "+447911123456"),
        ("+34 601 123 456", "CZ", "+34601123456"),
        ("+34 601 123 456", "Atlantis", "+34601123456"),
        ("0034 601 123 456", "PT", "+34601123456"),
        ("34601123456", None, "+34601123456"),
        ("420601123456", "Česko", "+420601123456"),
    ],
)
def test_a_national_number_is_one_of_the_country_of_its_row_else_of_the_account(cell, country, number):
    assert read_phone(cell, region="ES", country=country) == number


@pytest.mark.parametrize(
    ("cell", "country"),
    [
        ("34601123456", "CZ"), ("601 123 456", "DE"), ("112 345 678", None), ("601 123 456", "Atlantis"),
        ("12345", "ES"),
    ],
)  # fmt: skip
def test_a_number_that_is_none_of_its_country_is_not_guessed_into_another(cell, country):
    with pytest.raises((InvalidIdentity, InvalidValue), match=r"is no|is unknown: write"):
        read_phone(cell, region="ES", country=country)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("es", "ES"), ("ESP", "ES"), ("España", "ES"), ("ESPANA", "ES"), ("Spain", "ES"), ("Espanya", "ES"),
        ("UK", "GB"), ("Reino Unido", "GB"), ("England", "GB"), ("Czech Republic", "CZ"), ("Chequia", "CZ"),
        ("Česko", "CZ"), ("Deutschland", "DE"), ("Ελλάδα", "GR"), ("日本", "JP"), ("EE. UU.", "US"),
        ("United States (US)", "US"), ("España - Península", "ES"), ("Korea, Republic of", "KR"),
        ("Spain/Portugal", None), ("Atlantis", None), ("", None), ("ZZ", None), ("Europe", None),
    ],
)  # fmt: skip
def test_countries_are_known_by_their_codes_and_by_names_in_several_languages(cell, code):
    assert country_of(cell) == code


def test_the_column_of_countries_is_the_mapped_one_else_one_with_such_a_heading():
    assert country_column(["Mail", "Land", "Where"], {"Where": "custom.country"}) == "Where"
    assert country_column(["Mail", "Shipping Country", "Country"], {"Mail": "email"}) == "Country"
    assert country_column(["Mail", "Pays"], {"Mail": "email"}) == "Pays"
    assert country_column(["Mail", "City"], {"Mail": "email"}) is None


def test_a_row_is_read_with_its_country_though_no_field_holds_it():
    parser = RowParser(["Tel", "País"], ImportSettings(columns={"Tel": "mobile_phone"}), SHOP, now=days(0))

    czech, spanish = (parser.parse(Row(2, ("601 123 456", country))) for country in ("CZ", "España"))

    assert (czech.identities.phone, spanish.identities.phone) == ("+420601123456", "+34601123456")
