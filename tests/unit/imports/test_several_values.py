"""Several emails or phones in a cell: the first identifies, and none of the others is lost in silence."""

import pytest

from engine.imports.mapping.import_settings import ImportSettings
from engine.imports.reading.table import Row
from engine.imports.rows.parsed_row import RefusedRow, RowParser
from tests.builders import days, rules

PLAIN = rules(fields="fields: []\n").present
WITH_LISTS = rules(
    fields="""fields:
  - {id: further_emails, label: Further emails, type: list}
  - {id: other_phones, label: Other phones, type: list}
"""
).present
COLUMNS = {"Email": "email", "Phone": "mobile_phone"}


def parsed(email, phone="", ruleset=PLAIN, **more):
    parser = RowParser(list(COLUMNS), ImportSettings(columns=COLUMNS, **more), ruleset, now=days(0))
    return parser.parse(Row(2, (email, phone)))


@pytest.mark.parametrize(
    "cell",
    [
        "ana@x.com; work@x.com", "ana@x.com,work@x.com", "ana@x.com | work@x.com", "ana@x.com / work@x.com",
        "ana@x.com\nwork@x.com", "ana@x.com ::: work@x.com", "; ana@x.com;work@x.com;ana@x.com",
    ],
)  # fmt: skip
def test_the_first_email_identifies_and_the_others_are_listed(cell):
    row = parsed(cell)

    assert (row.identities.email, row.email_typed) == ("ana@x.com", "ana@x.com")
    assert [(one.kind, one.message) for one in row.left_out] == [
        ("further", "Email: further email: work@x.com")
    ]


def test_the_first_that_can_be_read_identifies():
    row = parsed("no address; ana@x.com", "ask at home / 600 100 200 / 91 123 45 67")

    assert (row.identities.email, row.identities.phone) == ("ana@x.com", "+34600100200")
    assert [one.message for one in row.left_out] == [
        "Email: further email: no address",
        "Phone: further mobile phone: ask at home, 91 123 45 67",
    ]


def test_the_others_go_into_a_list_field_that_is_there_for_them():
    row = parsed("ana@x.com; work@x.com", "600 100 200; 600 100 201", WITH_LISTS)

    assert row.values == {"custom.further_emails": ["work@x.com"], "custom.other_phones": ["600 100 201"]}
    assert row.left_out == ()


def test_further_values_refuse_no_row_and_cells_without_any_that_can_be_read_do():
    assert parsed("ana@x.com; work@x.com", bad_cells="refuse").identities.email == "ana@x.com"
    with pytest.raises(RefusedRow, match="is no email address"):
        parsed("ana at x; work at x")
