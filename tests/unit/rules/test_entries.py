"""A key of a file is declared once: the reader takes it, and the schema for editors knows it."""

import jsonschema
import pytest
from ruamel.yaml import YAML

from engine.rules.files.scoring_file import GroupEntry
from engine.rules.language.entries import Entry, choice, flag, list_of, optional, text, whole
from engine.rules.language.nodes import File, Problems

COLOURS = ("red", "green")


class PaintedGroup(GroupEntry):
    colour = choice("What it looks like.", COLOURS, default="green")


class ShelfEntry(Entry):
    name = text("What people read.")
    label = optional(text("What stands on it."))
    rows = whole("How many rows.", least=1)
    open = flag("Whether it can be reached.")
    groups = list_of("What it holds.", PaintedGroup)


def read(kind, written):
    problems = Problems()
    entry = kind(File("shop.yaml", problems).parse(written))
    return entry, [str(problem) for problem in problems]


def test_a_key_that_is_added_in_one_place_is_read_and_is_in_the_schema():
    written = "{id: boots, at_most: 3, colour: red}"
    assert read(GroupEntry, written)[1] == [
        "shop.yaml:1:25: unknown key 'colour'; it can be at_most, id, name, per"
    ]

    entry, problems = read(PaintedGroup, written)

    assert (entry.colour, entry.at_most, entry.per, problems) == ("red", 3, "ever", [])
    assert PaintedGroup.schema()["properties"]["colour"] == {
        "enum": ["green", "red", None],
        "description": "What it looks like.",
    }
    assert "colour" not in GroupEntry.schema()["properties"]


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("rows: 1", "shop.yaml:1:1: `name` is missing"),
        ("{name: Boots}", "shop.yaml:1:1: `rows` is missing"),
        ("{name: 5, rows: 1}", "shop.yaml:1:2: `name` must be text"),
        ("{name: Boots, rows: 0}", "shop.yaml:1:15: `rows` must be 1 or more"),
        ("{name: Boots, rows: 1, open: perhaps}", "shop.yaml:1:24: `open` must be true or false"),
        ("{name: Boots, rows: 1, label: []}", "shop.yaml:1:24: `label` must be text"),
        ("{name: Boots, rows: 1, groups: {id: a}}", "shop.yaml:1:24: `groups` must be a list"),
        ("{name: Boots, rows: 1, groups: [a]}", "shop.yaml:1:33: an item of `groups` must be a mapping"),
        ("{name: Boots, rows: 1, groups: [{id: a, at_most: 1, colour: blue}]}", "shop.yaml:1:53: `colour` cannot be 'blue'; it can be green, red"),
    ],
)  # fmt: skip
def test_what_a_reader_refuses_the_schema_refuses_too(written, problem):
    assert problem in read(ShelfEntry, written)[1]

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(YAML(typ="safe", pure=True).load(written), ShelfEntry.schema())


def test_what_is_left_out_has_its_default():
    entry, problems = read(ShelfEntry, "{name: Boots, rows: 2}")

    assert problems == []
    assert (entry.name, entry.label, entry.rows, entry.open, entry.groups) == ("Boots", None, 2, False, [])
