"""What other tools export goes in at the first try: its format, columns, dates and subscriptions are guessed."""

import io
from datetime import UTC, datetime

import pytest

from engine.imports.mapping import inspection
from engine.imports.mapping.import_settings import ImportSettings
from engine.imports.reading.table import read_table
from engine.imports.rows.parsed_row import RefusedRow, RowParser
from tests.builders import SHIPPED
from tests.exports import EXPORTS

SHOP = SHIPPED.present
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def a_file(export):
    return lambda: io.BytesIO(export.content)


def opened(export):
    return inspection.inspect(a_file(export), SHOP, name=export.name)


def read(export):
    """The rows that can be read, by email or external id, and the lines that cannot."""
    found = opened(export)
    readings, _ = inspection.cell_formats(found, export.columns, SHOP)
    settings = ImportSettings(format=found.format, columns=export.columns, readings=readings)
    table = read_table(a_file(export), found.format)
    reader, wanted, refused = RowParser(table.headings, settings, SHOP, now=NOW), {}, []
    for row in table.rows:
        try:
            one = reader.parse(row)
        except RefusedRow:
            refused.append(row.line)
        else:
            wanted[one.identities.email] = one
    return wanted, tuple(refused)


@pytest.mark.parametrize("tool", EXPORTS)
def test_the_columns_of_an_export_are_guessed_and_nothing_has_to_be_asked(tool):
    export = EXPORTS[tool]
    found = opened(export)

    guessed = {column.heading: column.target for column in found.columns if column.target}
    assert guessed == export.columns
    assert inspection.cell_formats(found, guessed, SHOP)[1] == []
    assert [words in notice.message for words, notice in zip(export.notices, found.notices, strict=True)] == [
        True for _ in export.notices
    ]


@pytest.mark.parametrize("tool", EXPORTS)
def test_the_rows_of_an_export_are_read_as_they_are_meant(tool):
    export = EXPORTS[tool]
    wanted, refused = read(export)

    assert refused == export.refused
    for email, said in export.people.items():
        one = wanted[email]
        consents = {consent.channel: consent.state for consent in one.consents}
        values = {name.removeprefix("custom."): value for name, value in one.values.items()}
        found = {
            "external_id": one.identities.external_id,
            "mobile_phone": one.identities.phone,
            **values,
            **consents,
        }
        missing = {"newsletter": "not_subscribed", "sms": "not_subscribed"}
        shown = {name: found.get(name, missing.get(name)) for name in said}
        assert {name: "not_subscribed" if value == "no" else value for name, value in shown.items()} == said


def test_a_mailchimp_file_of_strangers_subscribes_nobody_though_its_dates_were_once_consents():
    export = EXPORTS["Mailchimp, not subscribed"]
    found = inspection.inspect(
        a_file(export),
        SHOP,
        name=export.name,
        remembered=lambda _kind, _preset: [EXPORTS["Mailchimp"].columns],
    )

    assert {column.heading: column.target for column in found.columns}["CONFIRM_TIME"] == ""
