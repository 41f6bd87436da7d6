"""Columns that say who must not be written to: recognised by heading and by values, in every kind of file."""

import io

import pytest

from engine.imports.mapping import inspection, opt_out_columns
from engine.imports.mapping.import_settings import ImportSettings
from tests.builders import SHIPPED

RULES = SHIPPED.present


def undecided(content, *, kind=None, columns=None, **more):
    """The columns that stop an import of a file with the guessed mapping, or the given one."""
    found = inspection.inspect(lambda: io.BytesIO(content.encode()), RULES, kind=kind)
    mapping = {column.heading: column.target for column in found.columns} if columns is None else columns
    settings = ImportSettings(columns=mapping, kind=found.kind, **more)
    headings = [column.heading for column in found.columns]
    return opt_out_columns.undecided(headings, found.sample, settings, RULES)


def orders(heading, *cells):
    head = f"Order number,Order date,Email,Total,{heading}\n"
    rows = (f"{n},2026-01-0{n},a{n}@x.com,10,{cell}\n" for n, cell in enumerate(cells, 1))
    return head + "".join(rows)


HEADINGS = (
    "Opted out", "Email opt-out", "optOut", "Unsubscribed", "UNSUB_TIME", "Do not contact", "DoNotEmail",
    "Do not call", "Suppressed", "Suppression list", "Hard bounce", "Email hard bounce reason", "Bounced at",
    "Email blacklisted", "Blocked", "Spam complaint", "CLEAN_TIME", "Dado de baja", "Fecha de baja",
    "Lista negra", "Email rebotado", "No contactar", "Lista Robinson", "Abgemeldet am", "Désabonné",
)  # fmt: skip


@pytest.mark.parametrize("heading", HEADINGS)
def test_an_opt_out_of_an_orders_file_is_recognised_by_its_heading(heading):
    assert undecided(orders(heading, "1", "")) == [heading]


@pytest.mark.parametrize(
    "cells",
    [
        ("subscribed", "unsubscribed"),
        ("vip", "Do not email"),
        ("", "HARD_BOUNCE"),
        ("opted-out", ""),
        ("alta", "baja"),
        ("active", "blocked"),
        ("active", "cleaned", "n/a"),
    ],
)
def test_an_opt_out_under_any_heading_is_recognised_by_its_values(cells):
    assert undecided(orders("Remarks", *cells)) == ["Remarks"]


@pytest.mark.parametrize(
    ("heading", "cells"),
    [
        ("Priority", ("alta", "media", "baja")),
        ("Shipping method", ("Standard", "Express")),
        ("Accepts Marketing", ("yes", "no")),
        ("Warehouse", ("open", "blocked")),
        ("Notes", ("please call before delivery", "")),
        ("Rabat", ("10", "0")),
        ("Option", ("blue", "red")),
    ],
)
def test_other_columns_stop_nothing(heading, cells):
    assert undecided(orders(heading, *cells)) == []


@pytest.mark.parametrize(
    ("heading", "cells"),
    [
        ("Opt-in", ("no", "yes")),
        ("Accepts marketing", ("yes", "0")),
        ("GDPR consent", ("false", "true")),
        ("Contactable", ("yes", "n")),
        ("Einwilligung", ("ja", "nein")),
        ("Acepta recibir comunicaciones", ("sí", "no")),
    ],
)
def test_a_no_to_what_another_column_says_yes_to_stops_an_import_of_contacts(heading, cells):
    content = f"Email,Newsletter,{heading}\n" + "".join(f"a{n}@x.com,yes,{c}\n" for n, c in enumerate(cells))

    assert undecided(content) == [heading]


@pytest.mark.parametrize(
    "heading", ["Consent withdrawn", "Revoked on", "Widerruf am", "Opposition", "Sperrliste"]
)
def test_a_consent_that_was_taken_back_is_imported_or_stops_the_import(heading):
    content = f"Email,Newsletter,{heading}\na@x.com,yes,2026-01-31\nb@x.com,yes,\n"
    found = inspection.inspect(lambda: io.BytesIO(content.encode()), RULES)

    assert found.columns[2].target in ("newsletter_ended_at", "email_status") or undecided(content) == [
        heading
    ]


@pytest.mark.parametrize(
    ("heading", "cells"),
    [
        ("Opt-in", ("yes", "yes")), ("Newsletters read", ("0", "7")), ("Phone consent", ("no", "yes")),
        ("Loyalty card", ("no", "yes")), ("Permission", ("implied", "express")), ("Consent text", ("v1", "v2")),
    ],
)  # fmt: skip
def test_columns_without_a_no_to_email_stop_no_import_of_contacts(heading, cells):
    content = f"Email,Newsletter,{heading}\n" + "".join(f"a{n}@x.com,yes,{c}\n" for n, c in enumerate(cells))

    assert undecided(content) == []


def test_columns_that_are_imported_or_left_out_by_the_user_stop_nothing():
    contacts = "Email,Unsubscribed,Unsubscribe reason\na@x.com,yes,too many\n"

    assert undecided(contacts) == []
    left = {"Email": "email"}
    assert undecided(contacts, columns=left) == ["Unsubscribed", "Unsubscribe reason"]
    both = frozenset({"Unsubscribed", "Unsubscribe reason"})
    assert undecided(contacts, columns=left, dropped_opt_outs=both) == []


def test_a_bounce_stops_an_import_that_has_the_opt_outs_too():
    file = "Email,Unsubscribed,Hard bounce reason\na@x.com,yes,mailbox full\n"

    assert undecided(file) == ["Hard bounce reason"]


def test_an_undeclared_property_of_an_activity_is_no_opt_out_but_a_declared_one_is_what_it_says():
    head = "Event,Date,Email,Opted out,Reason,Bounce\n"
    rows = "email_bounced,2026-01-05,a@x.com,yes,mailbox full,permanent\n"

    assert undecided(head + rows, kind="activities") == ["Opted out"]
