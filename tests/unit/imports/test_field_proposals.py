"""What type a column's values look like."""

from datetime import date

import pytest

from engine.imports.mapping.field_proposals import proposed_type


@pytest.mark.parametrize(
    ("cells", "type_"),
    [
        ([], "text"),
        ([None, " "], "text"),
        (["sí", "no", ""], "boolean"),
        (["1", "0", "1"], "number"),
        (["37,5", "38"], "number"),
        (["1.234,50 €", "7"], "number"),
        (["08001", "28004"], "text"),
        (["12345678901234567"], "text"),
        (["31/01/2026", "02/03/2026"], "date"),
        (["2026-01-31"], "date"),
        (["31/01/2026", "soon"], "text"),
        (["Roma", "7"], "text"),
    ],
)
def test_a_field_of_the_proposed_type_keeps_all_values(cells, type_):
    assert proposed_type(cells, today=date(2026, 11, 25)) == type_
