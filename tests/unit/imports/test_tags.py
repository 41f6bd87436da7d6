"""Tags in the notations of other tools, as static segments or as a list."""

import pytest

from engine.imports.mapping.import_settings import ImportSettings
from engine.imports.mapping.tags import read_tags
from engine.imports.reading.table import Row
from engine.imports.rows.parsed_row import RowParser
from tests.builders import days, rules

SHOP = rules(
    fields="fields:\n  - {id: labels, label: Labels, type: list}\n",
    segments="segments:\n  - {id: vip, name: VIP, static: true}\n  - {id: fair, name: Met at the fair, static: true}\n",
).present


@pytest.mark.parametrize(
    ("cell", "tags"),
    [
        ('"VIP","Blog"', ["VIP", "Blog"]),
        ("vip, wholesale", ["vip", "wholesale"]),
        ('["vip", "swim"]', ["vip", "swim"]),
        ("* myContacts ::: Friends ::: * Met, at the fair", ["Friends", "Met, at the fair"]),
        ("Customers;VIP", ["Customers", "VIP"]),
        ("VIP, vip,  VIP ", ["VIP"]),
        ("source: form", ["source: form"]),
        ("* myContacts", []),
        ("x" * 100, ["x" * 80]),
    ],
)
def test_tags_are_read_as_each_tool_writes_them(cell, tags):
    assert read_tags(cell) == tags


def parsed(columns, *cells):
    parser = RowParser(list(columns), ImportSettings(columns=columns), SHOP, now=days(0))
    return parser.parse(Row(2, cells))


def test_tags_that_are_static_segments_join_them_and_others_are_named_without_refusing_anything():
    row = parsed(
        {"Email": "email", "Tags": "tags", "Lists": "tags"}, "a@x.com", "vip, Blog", "met at the FAIR"
    )

    assert (row.segments, row.new_tags, row.left_out) == (("vip", "fair"), ("Blog",), ())
    assert [(notice.kind, notice.message) for notice in row.notices] == [
        ("tag", "no static segment for: Blog")
    ]


def test_tags_go_into_a_list_field_if_that_is_chosen():
    row = parsed({"Email": "email", "Tags": "custom.labels"}, "a@x.com", '"VIP","Blog"')

    assert (row.values["custom.labels"], row.segments) == (["VIP", "Blog"], ())
