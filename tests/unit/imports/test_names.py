"""A whole name is divided into its parts, which go before it where a file has both."""

import pytest

from engine.imports.mapping.import_settings import ImportSettings
from engine.imports.mapping.names import name_parts
from engine.imports.reading.table import Row
from engine.imports.rows.parsed_row import RowParser
from tests.builders import days, rules

SHOP = rules().present
COLUMNS = {"Mail": "email", "Name": "name", "First": "first_name", "Last": "last_name"}


@pytest.mark.parametrize(
    ("whole", "first", "last"),
    [
        ("Ana Ruiz Gil", "Ana", "Ruiz Gil"),
        ("Ana", "Ana", None),
        ("Ruiz Gil, Ana María", "Ana María", "Ruiz Gil"),
        ("Ruiz ,Ana", "Ana", "Ruiz"),
        ("Ruiz,", "Ruiz", None),
        ("Ana Ruiz, Jr.", "Ana", "Ruiz, Jr."),
        ("Muebles Ruiz, S.L.", "Muebles", "Ruiz, S.L."),
    ],
)
def test_a_whole_name_is_divided_in_either_order(whole, first, last):
    assert name_parts(whole) == {"first_name": first} | ({} if last is None else {"last_name": last})


@pytest.mark.parametrize(
    ("name", "first", "last", "stored"),
    [
        ("Ana Maria Ruiz", "Ana Maria", "Ruiz", ("Ana Maria", "Ruiz")),
        ("A. Ruiz (VIP)", "Ana", "Ruiz", ("Ana", "Ruiz")),
        ("Ana Ruiz", "", "", ("Ana", "Ruiz")),
        ("Ruiz, Ana", "", "", ("Ana", "Ruiz")),
        ("Ana Maria Ruiz", "Ana Maria", "", ("Ana Maria", "Ruiz")),
        ("Ana Maria Ruiz", "", "Ruiz", ("Ana Maria", "Ruiz")),
        ("Bea Gil", "Ana", "", ("Ana", None)),
        ("NULL", "Ana", "-", ("Ana", None)),
        ("n/a", "NULL", "\\N", (None, None)),
    ],
)
@pytest.mark.parametrize("order", [("Mail", "Name", "First", "Last"), ("Mail", "First", "Last", "Name")])
def test_the_parts_win_over_the_whole_wherever_they_stand(order, name, first, last, stored):
    cells = {"Mail": "a@x.com", "Name": name, "First": first, "Last": last}
    settings = ImportSettings(
        columns={heading: COLUMNS[heading] for heading in order}, clear=frozenset(order)
    )

    found = RowParser(order, settings, SHOP, now=days(0)).parse(Row(2, tuple(cells[one] for one in order)))

    assert (found.values.get("first_name"), found.values.get("last_name")) == stored
    assert not set(found.cleared) & set(found.values)


def test_a_choice_that_looks_like_no_value_is_kept():
    offering = rules(fields="fields:\n  - {id: size, label: Size, type: text, options: [S, n/a]}\n").present
    settings = ImportSettings(columns={"Mail": "email", "Size": "custom.size"})

    found = RowParser(["Mail", "Size"], settings, offering, now=days(0)).parse(Row(2, ("a@x.com", "n/a")))

    assert found.values == {"custom.size": "n/a"}
