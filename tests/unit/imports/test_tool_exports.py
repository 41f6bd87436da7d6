"""What the usual tools export goes in at the first try, and nobody who refused is subscribed."""

import io
from datetime import UTC, datetime

import pytest

from engine.imports.mapping import inspection, opt_out_columns
from engine.imports.mapping.columns import targets
from engine.imports.mapping.headings import plain
from engine.imports.mapping.import_settings import ImportSettings
from engine.imports.mapping.presets import registry
from engine.imports.reading.table import read_table
from engine.imports.rows.parsed_row import RowParser
from tests.builders import SHIPPED
from tests.tool_exports import TOOL_EXPORTS, Person

SHOP = SHIPPED.present
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def inspected(export, **more):
    return inspection.inspect(lambda: io.BytesIO(export.content), SHOP, name=export.file, **more)


def settings_of(found):
    mapping = {column.heading: column.target for column in found.columns}
    readings, ambiguous = inspection.cell_formats(found, mapping, SHOP)
    assert ambiguous == []
    return ImportSettings(format=found.format, columns=mapping, readings=readings, preset=found.preset)


def standing_of(row):
    """How the person of a row stands, by what the row says."""
    states = {consent.channel: consent.state for consent in row.consents}
    if states.get("email_status") == "bounced":
        return "dead"
    if states.get("email_status") == "blocked" or states.get("newsletter") == "unsubscribed":
        return "no"
    return "yes" if states.get("newsletter") == "subscribed" else "never"


@pytest.mark.parametrize("title", TOOL_EXPORTS)
def test_the_tool_is_recognised_and_nothing_has_to_be_decided(title):
    export = TOOL_EXPORTS[title]

    found = inspected(export)

    settings = settings_of(found)
    headings = [column.heading for column in found.columns]
    assert (found.kind, found.preset) == ("contacts", export.preset)
    assert opt_out_columns.undecided(headings, found.sample, settings, SHOP) == []


@pytest.mark.parametrize("title", TOOL_EXPORTS)
def test_everybody_in_the_file_is_read_with_name_phone_and_standing(title):
    export = TOOL_EXPORTS[title]
    settings = settings_of(inspected(export))
    table = read_table(lambda: io.BytesIO(export.content), settings.format)
    parser = RowParser(table.headings, settings, SHOP, now=NOW)

    rows = [parser.parse(row) for row in table.rows]

    people = {
        row.identities.email: Person(
            row.values.get("first_name", ""),
            row.values.get("last_name", ""),
            row.identities.phone or "",
            standing_of(row),
        )
        for row in rows
    }
    assert people == export.people
    assert [notice for row in rows for notice in row.left_out if notice.kind != "further"] == []


@pytest.mark.parametrize("title", TOOL_EXPORTS)
def test_without_the_preset_nobody_who_refused_is_subscribed_unless_the_import_stops(title):
    export = TOOL_EXPORTS[title]
    found = inspected(export, preset=registry.NONE)
    settings = settings_of(found)
    headings = [column.heading for column in found.columns]
    if opt_out_columns.undecided(headings, found.sample, settings, SHOP):
        return
    table = read_table(lambda: io.BytesIO(export.content), settings.format)
    parser = RowParser(table.headings, settings, SHOP, now=NOW)

    subscribed = {row.identities.email for row in map(parser.parse, table.rows) if standing_of(row) == "yes"}

    assert {
        email for email in subscribed & export.people.keys() if export.people[email].standing == "no"
    } == set()


def test_a_preset_can_be_chosen_and_turned_off():
    export = TOOL_EXPORTS["Mailchimp, subscribed, under another name"]

    chosen = inspected(export, preset="mailchimp")
    off = inspected(export, preset=registry.NONE)

    assert (chosen.preset, off.preset) == ("mailchimp", "")
    assert {column.heading: column.target for column in chosen.columns}["CONFIRM_TIME"] == "newsletter_at"
    assert {column.heading: column.target for column in off.columns}["CONFIRM_TIME"] == ""


def test_what_a_preset_rules_out_is_not_filled_by_what_was_remembered():
    export = TOOL_EXPORTS["Mailchimp, not subscribed"]

    found = inspected(
        export,
        remembered=lambda _kind, _preset: [{"Email Address": "email", "CONFIRM_TIME": "newsletter_at"}],
    )

    assert {column.heading: column.target for column in found.columns}["CONFIRM_TIME"] == ""


def test_presets_fill_only_targets_that_exist_and_their_headings_are_plain():
    known = {target.id for target in targets(SHOP)} | {""}
    for preset in registry.PRESETS.values():
        assert (preset.id, set(preset.columns.values()) - known) == (preset.id, set())
        headings = {
            *preset.columns,
            *preset.words,
            *(one for signature in preset.signatures for one in signature),
        }
        assert (preset.id, [heading for heading in headings if plain(heading) != heading]) == (preset.id, [])
