"""Custom fields in their file: options, who may edit, and editing the file without losing what is written."""

import pytest

from engine.errors import InvalidRules
from engine.rules.language import editing
from tests.builders import rules

TEXT = """\
# The fields of our shop.
fields:
  # asked for at the till
  - {id: size, label: Size, type: number}
  - {id: tier, label: Tier, type: text, options: [gold, silver], edit: admin}
"""


def test_a_field_has_options_and_says_who_may_edit_it():
    fields = rules(fields=TEXT).present.fields

    assert list(fields) == ["size", "tier"]
    assert fields["tier"].options == ("gold", "silver")
    assert fields["tier"].edit == {"admin"}
    assert fields["size"].edit == {"admin", "marketer"}


def test_an_admin_may_whoever_else_is_named():
    assert rules(fields="fields: [{id: a, edit: [marketer]}]").present.fields["a"].edit == {
        "admin",
        "marketer",
    }


BUILT_IN = ["email", "phone", "mobile_phone", "external_id", "first_name", "firstname", "birthday", "name", "id",
            "surname", "points", "last_seen", "newsletter", "segments"]  # fmt: skip


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("{id: a, options: []}", "needs at least one choice"),
        ("{id: a, type: number, options: [one]}", "choices of a text"),
        ("{id: a, options: [x, x]}", "is there twice"),
        ("{id: a, options: [' x']}", "blanks around it"),
        ("{id: a, edit: [marketr]}", "did you mean 'marketer'"),
        ("{id: a, edit: viewer}", "cannot name 'viewer'"),
        ("{id: a, option: [x]}", "option"),
        *((f"{{id: {id_}}}", f"'{id_}' is a built-in field or identity") for id_ in BUILT_IN),
    ],
)
def test_what_is_wrong_is_told_at_its_line(entry, words):
    with pytest.raises(InvalidRules) as refused:
        rules(fields=f"fields:\n  - {entry}\n")

    [problem] = refused.value.problems
    assert (problem.file, problem.line) == ("fields.yaml", 2)
    assert words in problem.message


def test_changing_a_field_keeps_comments_and_the_way_the_others_are_written():
    text = editing.with_entry(TEXT, "fields", "tier", {"id": "tier", "label": "Level", "type": "text"})

    assert "# asked for at the till" in text
    assert "{id: size, label: Size, type: number}" in text
    assert rules(fields=text).present.fields["tier"].label == "Level"
    assert rules(fields=text).present.fields["tier"].options == ()


def test_a_new_field_is_written_as_the_others_are():
    text = editing.with_entry(TEXT, "fields", "vip", {"id": "vip", "label": "VIP", "type": "boolean"})

    assert "- {id: vip, label: VIP, type: boolean}" in text


def test_the_order_of_the_file_is_the_order_of_the_fields():
    text = editing.with_order(TEXT, "fields", ["tier", "size"])

    assert list(rules(fields=text).present.fields) == ["tier", "size"]


def test_a_setting_is_changed_and_comments_stay():
    text = "account:\n  # ours\n  name: A\n  currency: EUR\n"

    changed = editing.with_values(
        text, "account", {"name": "B: C", "currency": None, "time_zone": "Asia/Tokyo"}
    )

    assert "# ours" in changed
    account = rules(settings=changed).present.account
    assert (account.name, account.currency, str(account.time_zone)) == ("B: C", "EUR", "Asia/Tokyo")


def test_the_line_of_each_entry_is_known():
    assert editing.lines_of(TEXT, "fields") == {"size": 4, "tier": 5}


def test_an_entry_goes_with_its_comment_and_the_rest_stays_to_the_letter():
    text = (
        "# what this is\n\nsegments:\n  # the first\n  - {id: a, name: A}   # so\n\n"
        "  # the second,\n  # in two lines\n  - id: b\n    name: B\n\n  # the last\n  - {id: c, name: C}\n\n"
        "# how it is tried\ntests: [{name: t,   given: [{page_visited: {}}]}]\n"
    )

    first, second, third = (editing.without_entry(text, "segments", id_) for id_ in "abc")

    assert first == text.replace("  # the first\n  - {id: a, name: A}   # so\n\n", "")
    assert second == text.replace("  # the second,\n  # in two lines\n  - id: b\n    name: B\n\n", "")
    assert third == text.replace("  # the last\n  - {id: c, name: C}\n\n", "")
    assert editing.without_entry(text, "segments", "none") == text


def test_the_last_entry_leaves_an_empty_list_and_braces_stay():
    text = "segments:\n  - {id: a, name: A}\ntests:\n  - {name: t, given: [{page_visited: {}}]}\n"

    assert editing.without_entry(text, "segments", "a") == (
        "segments: []\ntests:\n  - {name: t, given: [{page_visited: {}}]}\n"
    )
