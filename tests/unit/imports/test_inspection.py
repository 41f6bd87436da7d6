"""Before a file is looked at whole, what cannot be told of it is asked for."""

import io

from engine.imports.mapping import inspection
from engine.imports.mapping.cell_format import CellFormat
from engine.imports.reading.formats import Format
from tests.builders import SHIPPED

FILE = """email;Fecha de nacimiento;Fecha de suscripcion;shoe_size
a@x.com;31/03/1990;01/02/2026;38,5
b@x.com;01/04/1991;02/02/2026;40
"""


def opened(content, **more):
    return inspection.inspect(lambda: io.BytesIO(content.encode()), SHIPPED.present, **more)


def read(content, **said):
    found = opened(content)
    mapping = {column.heading: column.target for column in found.columns}
    return inspection.cell_formats(found, mapping, SHIPPED.present, **said)


def test_a_column_that_does_not_tell_the_order_of_its_dates_follows_one_of_the_same_file_that_does():
    assert read(FILE) == (
        {
            "Fecha de nacimiento": CellFormat(dates="dmy"),
            "Fecha de suscripcion": CellFormat(dates="dmy"),
            "shoe_size": CellFormat(decimals=","),
        },
        [],
    )


def test_what_no_column_tells_is_asked_for_and_what_is_said_holds():
    unclear = FILE.replace("31/03", "03/03").replace("38,5", "1.234")
    _, undecided = read(unclear)

    assert [(asked.heading, asked.ambiguous.what) for asked in undecided] == [
        ("Fecha de nacimiento", "dates"), ("Fecha de suscripcion", "dates"), ("shoe_size", "decimals"),
    ]  # fmt: skip
    settled, undecided = read(unclear, dates="mdy", decimals=",")
    assert (settled["Fecha de nacimiento"], settled["shoe_size"], undecided) == (
        CellFormat(dates="mdy"), CellFormat(decimals=","), [],
    )  # fmt: skip


def test_a_heading_whose_values_are_something_else_is_not_believed():
    found = opened(
        "Email,SMS,Consent,Birthday,Segments,Phone\n"
        "a@x.com,34600100200,I agree to all of it,03/25,Big spenders,ask at home\n"
        "b@x.com,34600100201,I agree to all of it,12/01,Asleep,600 100 202\n"
    )

    assert {column.heading for column in found.columns if column.target} == {"Email", "Phone"}


def test_a_format_that_a_person_corrected_is_obeyed():
    found = opened("a@x.com;Ana\n", format_=Format(separator=";", header=True))

    assert [column.heading for column in found.columns] == ["a@x.com", "Ana"]
