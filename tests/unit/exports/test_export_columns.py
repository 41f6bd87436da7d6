"""The columns of an export, and the headings that an import understands."""

import pytest

from engine.exports.export_columns import UnknownColumn, chosen, offered, with_headings
from engine.imports.mapping import column_guesses
from engine.imports.mapping.headings import plain
from engine.imports.mapping.shop_exports import guess_kind
from tests.builders import SHIPPED, rules

ODD = rules(
    fields="""fields:
  - {id: mail, label: Email, type: text}
  - {id: club_points, label: Points, type: number}
  - {id: nombre, label: 名前, type: text}
  - {id: other, label: Points!, type: number}
  - {id: clubs, label: Static segments, type: text}
"""
).present


@pytest.mark.parametrize("ruleset", [SHIPPED.present, ODD])
def test_an_import_guesses_each_heading_as_what_it_is_and_leaves_the_others_out(ruleset):
    found = with_headings(chosen("contacts", (), ruleset), ruleset)
    guessed = column_guesses.guess([column.label for column in found], ruleset)

    assert [column.target for column in guessed] == [column.target for column in found]
    assert len({plain(column.label) for column in found}) == len(found)


@pytest.mark.parametrize("ruleset", [SHIPPED.present, ODD])
def test_an_export_of_activities_is_recognised_and_its_calculated_columns_are_left_out(ruleset):
    headings = [column.label for column in chosen("activities", (), ruleset)]

    assert guess_kind(list(map(plain, headings))) == "activities"
    guessed = {
        c.heading: c.target for c in column_guesses.guess(headings, ruleset, kind="activities") if c.target
    }
    assert guessed == {
        "Activity ID": "kept_id", "Happened at": "happened_at", "Activity type": "type",
        "External ID": "external_id", "Email": "email", "Mobile phone": "mobile_phone",
        "First name": "first_name", "Last name": "last_name", "Source": "source",
        "Properties": "properties", "Traits": "traits", "Can be imported": "importable",
    }  # fmt: skip


def test_columns_are_chosen_by_id_in_their_order_and_once():
    assert [column.id for column in chosen("activities", ["type", "email", "type"], SHIPPED.present)] == [
        "type", "email",
    ]  # fmt: skip
    assert list(offered("contacts", SHIPPED.present))[:3] == ["external_id", "email", "mobile_phone"]
    with pytest.raises(UnknownColumn, match="there is no column shoe; of contacts there are: external_id"):
        chosen("contacts", ["shoe"], SHIPPED.present)
