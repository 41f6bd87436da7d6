"""The options of `sheets import`, and its questions about ambiguous columns."""

import io

import pytest

from engine.imports.mapping import inspection
from engine.imports.mapping.cell_format import Ambiguous
from engine.imports.mapping.columns import InvalidMapping
from tests.builders import SHIPPED
from workers.cli import import_files as commands


def opened(content):
    return inspection.inspect(lambda: io.BytesIO(content.encode()), SHIPPED.present)


def test_the_command_line_asks_and_says_which_answers_there_are():
    dates = inspection.AmbiguousColumn("Born", Ambiguous("dates", "3/4/2026"))
    numbers = inspection.AmbiguousColumn("Spent", Ambiguous("decimals", "1.234"))

    assert (
        commands.question(dates)
        == "column 'Born': is 3/4/2026 day/month or month/day? Say --dates dmy or --dates mdy"
    )
    assert commands.question(numbers).endswith(
        "does 1.234 divide decimals or thousands? Say --decimals , or ."
    )


def test_what_is_said_of_columns_comes_before_what_is_guessed():
    found = opened("Correo;Nombre;Otro correo\na@x.com;Ana;b@x.com\n")

    said = commands.mapping_of(found, ["otro correo=email", "Nombre="])
    assert said == {"Correo": "", "Nombre": "", "Otro correo": "email"}
    with pytest.raises(InvalidMapping, match="COLUMN=FIELD is wanted"):
        commands.mapping_of(found, ["email"])
