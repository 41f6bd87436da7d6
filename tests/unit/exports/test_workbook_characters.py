"""Texts with characters that XML cannot hold come back from a workbook as they were."""

import io

import pytest

from engine.exports.workbook_writer import WorkbookWriter, text_cell
from engine.imports.reading.workbooks import records


@pytest.mark.parametrize(
    "text",
    [
        "a\ufffeb",
        "a\uffffb",
        "a\x07b",
        "a\rb",
        "_x0041_",
        "_xFFFE_",
        "_x005F_xFFFE_",
        "_xFFFE_\ufffe",
        "x_xfffe_",
    ],
)
def test_a_text_comes_back_as_it_was(text):
    class Kept(io.BytesIO):
        def close(self):
            """Stay open, so that the workbook can be read."""

    out = Kept()
    writer = WorkbookWriter(out, "people", ["name"], [10])
    writer.write([[text_cell(text)]])
    writer.close()

    _, (_, cells, _) = records(lambda: io.BytesIO(out.getvalue()), "")

    assert cells == [text]
