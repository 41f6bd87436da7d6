"""Columns that say who is subscribed or refused, by their values; what only looks like it subscribes nobody."""

import io

import pytest

from engine.imports.mapping import inspection, undecided_columns
from engine.imports.mapping.import_settings import ImportSettings
from engine.imports.reading.table import read_table
from engine.imports.rows.parsed_row import RowParser
from tests.builders import NOON, SHIPPED

SHOP = SHIPPED.present


def guessed(heading, *cells, email="Email"):
    """What a column beside the email is guessed to be."""
    return mapping_of(table_of(heading, *cells, email=email))[heading]


def table_of(heading, *cells, email="Email"):
    return f"{email};{heading}\n" + "".join(f"a{n}@x.com;{cell}\n" for n, cell in enumerate(cells))


def mapping_of(content):
    found = inspection.inspect(lambda: io.BytesIO(content.encode()), SHOP)
    return {column.heading: column.target for column in found.columns}


def states(content):
    """The state of the newsletter and of the email that each row gives, by the guessed mapping."""
    open_ = lambda: io.BytesIO(content.encode())  # noqa: E731
    found = inspection.inspect(open_, SHOP)
    mapping = {column.heading: column.target for column in found.columns}
    readings, _ = inspection.cell_formats(found, mapping, SHOP)
    settings = ImportSettings(format=found.format, columns=mapping, readings=readings)
    table = read_table(open_, found.format)
    parser = RowParser(table.headings, settings, SHOP, now=NOON)
    return [sorted({(c.channel, c.state) for c in parser.parse(row).consents}) for row in table.rows]


@pytest.mark.parametrize(
    ("heading", "cells", "target"),
    [
        ("Status", ("Active", "Unsubscribed"), "newsletter"),
        ("Estado", ("Activo", "Baja", "Rebotado"), "newsletter"),
        ("Statut", ("abonné", "désabonné"), "newsletter"),
        ("Anything", ("subscribed", "unsubscribed"), "newsletter"),
        ("Status", ("Active", "Inactive"), ""),
        ("Estado", ("Activo", "Inactivo"), ""),
        ("Role", ("subscriber", "subscriber"), ""),
        ("Course", ("inscrito", "inscrito"), ""),
        ("SMS status", ("subscribed", "unsubscribed"), "sms"),
        ("WhatsApp status", ("subscribed", "unsubscribed"), ""),
        ("Soft bounces", ("0", "1"), ""),
        ("Bounce rate", ("0", "1"), ""),
        ("State", ("CA", "TX"), ""),
        ("Order status", ("completed", "cancelled"), ""),
        ("Email status", ("subscribed", "unsubscribed"), "newsletter"),
        ("Email status", ("active", "bounced"), "email_status"),
        ("Unsubscribed", ("yes", "no"), "newsletter_out"),
        ("Unsubscribed", ("2025-03-01", ""), "newsletter_ended_at"),
        ("Subscribed", ("2025-03-01", ""), "newsletter_at"),
        ("Subscribed", ("yes", "no"), "newsletter"),
        ("UNSUB", ("yes", ""), "newsletter_out"),
        ("Has opted out", ("true", "false"), "newsletter_out"),
        ("Do not allow Emails", ("Allow", "Do Not Allow"), "newsletter_out"),
        ("Do not call", ("yes", "no"), ""),
        ("SMS opt-out", ("yes", "no"), "sms_out"),
        ("Hard bounced on", ("2025-03-01", ""), "email_status"),
        ("Hard bounce reason", ("mailbox full", ""), ""),
    ],
)
def test_what_a_column_holds_is_guessed_by_heading_and_values(heading, cells, target):
    assert guessed(heading, *cells) == target


@pytest.mark.parametrize(
    "heading",
    [
        "E-mail", "Email (required)", "Adresse e-mail", "Courriel", "E-Mail-Adresse", "Indirizzo e-mail",
        "Endereço de e-mail", "Adres e-mail", "E-mailadres", "Correo\u00a0electrónico", "Dirección de email [único]",
        "E-mail 1 - Value", "Primary Email Address", "user_email",
    ],
)  # fmt: skip
def test_email_columns_are_recognised_in_other_languages_and_with_hints(heading):
    assert next(iter(mapping_of(table_of("x", "1", email=heading)).values())) == "email"


@pytest.mark.parametrize(
    ("heading", "target"),
    [
        ("Prénom", "first_name"), ("Nom de famille", "last_name"), ("Vorname", "first_name"),
        ("Nachname", "last_name"), ("Cognome", "last_name"), ("Sobrenome", "last_name"), ("Imię", "first_name"),
        ("Nazwisko", "last_name"), ("Achternaam", "last_name"), ("Telefone", "mobile_phone"),
        ("Cellulare (con prefisso)", "mobile_phone"), ("Handynummer", "mobile_phone"),
        ("Téléphone portable", "mobile_phone"), ("Telemóvel", "mobile_phone"), ("Geburtsdatum", "birth_date"),
        ("Date de naissance", "birth_date"), ("Ville", "custom.city"), ("Paese", "custom.country"),
    ],
)  # fmt: skip
def test_columns_of_people_are_recognised_in_other_languages(heading, target):
    assert guessed(heading) == target


def test_a_column_called_just_name_is_the_part_of_the_name_that_no_other_column_has():
    assert mapping_of("Email;Nom;Prénom\n")["Nom"] == "last_name"
    assert mapping_of("Email;Nome;Cognome\n")["Nome"] == "first_name"
    assert mapping_of("Email;Nome\n")["Nome"] == "name"


def test_a_consent_date_beside_a_state_of_unsubscribed_subscribes_nobody():
    content = "Email;STATUS;Consent date\na@x.com;unsubscribed;2025-01-31\nb@x.com;subscribed;2025-01-31\n"

    assert states(content) == [[("newsletter", "unsubscribed")], [("newsletter", "subscribed")]]


def test_a_no_in_any_of_several_columns_counts():
    content = (
        "Email;Subscribed;Opted out;Do not email;Email bounced\n"
        "a@x.com;yes;no;no;\nb@x.com;yes;yes;no;\nc@x.com;yes;no;yes;\nd@x.com;yes;no;no;yes\ne@x.com;yes;2025-01-31;;\n"
    )

    assert states(content) == [
        [("newsletter", "subscribed")],
        [("newsletter", "unsubscribed")],
        [("newsletter", "unsubscribed")],
        [("email_status", "bounced"), ("newsletter", "subscribed")],
        [("newsletter", "unsubscribed")],
    ]


def test_a_state_of_the_address_in_a_column_of_subscriptions_moves_the_email_status():
    content = "Email;Subscription status\na@x.com;bounced\nb@x.com;complained\nc@x.com;cleaned\nd@x.com;suppressed\n"

    assert states(content) == [
        [("email_status", "bounced")],
        [("email_status", "blocked"), ("newsletter", "unsubscribed")],
        [("email_status", "bounced")],
        [("email_status", "blocked")],
    ]


def undecided(content, **more):
    found = inspection.inspect(lambda: io.BytesIO(content.encode()), SHOP)
    mapping = {column.heading: column.target for column in found.columns} | more.pop("columns", {})
    settings = ImportSettings(columns=mapping, **more)
    return [one.problem for one in undecided_columns.undecided(list(mapping), found.sample, settings, SHOP)]


def test_a_column_of_addresses_stops_an_import_whose_contacts_would_have_no_email():
    content = "Customer number;Contact of the customer\n1;a@x.com\n2;b@x.com\n3;\n"

    assert undecided(content) == [
        "column 'Contact of the customer' seems to hold email addresses, and is not imported"
    ]
    assert undecided(content, columns={"Contact of the customer": "email"}) == []
    assert undecided(content, dropped_opt_outs=frozenset({"Contact of the customer"})) == []


def test_a_second_column_of_addresses_stops_nothing_and_is_named():
    content = "Email;Work\na@x.com;b@x.com\n"
    found = inspection.inspect(lambda: io.BytesIO(content.encode()), SHOP)
    settings = ImportSettings(columns={"Email": "email"})

    assert undecided(content) == []
    assert undecided_columns.address_columns(["Email", "Work"], found.sample, settings) == ["Work"]
