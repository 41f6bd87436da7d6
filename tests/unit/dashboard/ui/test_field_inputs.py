"""A field's value goes into its input and comes out as it was."""

import pytest

from dashboard.ui.field_inputs import FieldInput, input_value, stored_value


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("text", "Roma"),
        ("text", None),
        ("number", 42),
        ("number", 0.1),
        ("number", None),
        ("boolean", False),
        ("boolean", None),
        ("date", "2026-03-02"),
        ("date", None),
        ("list", ["a, b", "c"]),
        ("list", None),
    ],
)
def test_a_value_that_nobody_touches_is_not_changed(type_, value):
    assert stored_value(input_value(FieldInput("custom.x", "X", type_), value)) == value


def test_what_is_not_of_the_type_is_shown_as_nothing():
    assert input_value(FieldInput("custom.x", "X", "date"), "in spring") is None
    assert input_value(FieldInput("custom.x", "X", "number"), "many") is None
