"""What a sent file is called."""

import pytest

from engine.imports.drafts import MAX_NAME, clean_name


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("people.csv", "people.csv"),
        (r"C:\Users\eva\people.csv", "people.csv"),
        ("../../etc/people.csv", "people.csv"),
        ("a\n\u202eb\0.csv", "a b .csv"),
        ("", "file"),
        ("x" * 500, "x" * MAX_NAME),
    ],
)
def test_a_sent_file_is_called_by_its_last_part_in_signs_that_show(sent, name):
    assert clean_name(sent) == name
