"""Columns are guessed by their headings; what a person settles is checked."""

import pytest

from engine.imports.mapping import columns
from engine.imports.mapping.column_guesses import guess
from engine.imports.mapping.columns import InvalidMapping
from engine.imports.mapping.headings import plain
from tests.builders import rules

SHOP = rules(
    fields="""fields:
  - {id: city, label: City, type: text}
  - {id: country, label: Country, type: text}
  - {id: shoe_size, label: Talla de zapato, type: number}
  - {id: whatsapp, label: WhatsApp name, type: text}
"""
).present


def guessed(*headings, **more):
    return {column.heading: column.target for column in guess(headings, SHOP, **more)}


TOOLS = {
    "Connectif": {
        "_name": "first_name", "_surname": "last_name", "_email": "email", "_birthdate": "birth_date",
        "_mobilePhone": "mobile_phone", "_newsletterSubscriptionStatus": "newsletter",
        "_smsSubscriptionStatus": "sms", "externalId": "external_id",
    },
    "HubSpot": {
        "Record ID": "", "First Name": "first_name", "Last Name": "last_name", "Email": "email",
        "Phone Number": "", "Mobile Phone Number": "mobile_phone", "Country/Region": "custom.country",
        "Unsubscribed from all email": "newsletter_out", "Date of birth": "birth_date", "Contact owner": "",
    },
    "Klaviyo": {
        "Email": "email", "Klaviyo ID": "", "First Name": "first_name", "Last Name": "last_name",
        "Phone Number": "mobile_phone", "City": "custom.city", "Country": "custom.country",
        "Email Marketing Consent": "newsletter", "Email Marketing Consent Timestamp": "newsletter_at",
        "SMS Marketing Consent": "sms", "External ID": "external_id",
    },
    "Mailchimp": {
        "Email Address": "email", "First Name": "first_name", "Last Name": "last_name", "Birthday": "birth_date",
        "Phone Number": "mobile_phone", "MEMBER_RATING": "", "OPTIN_TIME": "", "CONFIRM_TIME": "",
        "UNSUB_TIME": "newsletter_ended_at", "LEID": "", "EUID": "", "TAGS": "tags",
    },
    "Mautic": {
        "id": "", "firstname": "first_name", "lastname": "last_name", "email": "email", "mobile": "mobile_phone",
        "phone": "", "points": "", "city": "custom.city", "country": "custom.country",
    },
    "Shopify": {
        "Customer ID": "external_id", "First Name": "first_name", "Last Name": "last_name", "Email": "email",
        "Accepts Email Marketing": "newsletter", "Default Address City": "custom.city",
        "Default Address Country Code": "custom.country", "Default Address Phone": "", "Phone": "mobile_phone",
        "Accepts SMS Marketing": "sms", "Total Spent": "", "Tags": "tags",
    },
    "a shop in Spain": {
        "Código cliente": "external_id", "Nombre": "first_name", "Apellidos": "last_name",
        "Correo electrónico": "email", "Teléfono móvil": "mobile_phone", "Fecha de nacimiento": "birth_date",
        "Población": "custom.city", "País": "custom.country", "Suscrito": "newsletter",
        "Fecha de suscripción": "newsletter_at", "Fecha de baja": "newsletter_ended_at",
    },
}  # fmt: skip


@pytest.mark.parametrize("tool", TOOLS)
def test_the_usual_exports_go_in_as_they_are(tool):
    assert guessed(*TOOLS[tool]) == TOOLS[tool]


def test_a_field_of_the_shops_own_is_known_by_its_id_and_label_and_comes_before_a_usual_name():
    assert guessed("email", "shoe_size", "whatsapp") == {
        "email": "email", "shoe_size": "custom.shoe_size", "whatsapp": "custom.whatsapp",
    }  # fmt: skip
    assert guessed("TALLA DE ZAPATO") == {"TALLA DE ZAPATO": "custom.shoe_size"}


def test_a_target_is_given_to_one_column_alone_the_surest():
    assert guessed("Phone", "Mobile", "E-mail", "Email (2)") == {
        "Phone": "", "Mobile": "mobile_phone", "E-mail": "email", "Email (2)": "",
    }  # fmt: skip


def test_what_was_settled_before_comes_first_and_what_is_no_longer_there_is_forgotten():
    older = {"Correo": "email", "Nombre": "first_name"}
    newer = {"Correo": "", "Contacto": "email", "Extra": "custom.gone", "nombre": "last_name"}

    assert guessed("correo", "contacto", "Extra", "Nombre", remembered=[newer, older]) == {
        "correo": "", "contacto": "email", "Extra": "", "Nombre": "last_name",
    }  # fmt: skip


def test_what_was_settled_for_a_file_of_another_kind_says_nothing_of_this_one():
    another = dict.fromkeys(["Phone number", "Tags", "Address", "Rating"], "") | {
        "Phone number": "external_id"
    }

    assert guessed("Email", "Phone number", "Mobile phone number", remembered=[another]) == {
        "Email": "email", "Phone number": "", "Mobile phone number": "mobile_phone",
    }  # fmt: skip


def test_a_column_without_a_heading_that_holds_addresses_is_the_email():
    rows = [("Ana", "ana@x.com"), ("Bea", ""), ("Cai", "cai@x.com")]
    _, found = guess(["Column 1", "Column 2"], SHOP, sample=rows)

    assert (found.target, found.because) == ("email", "values")


def test_a_column_that_is_called_name_holds_whole_names_unless_last_names_have_their_own():
    assert guessed("Name", "email")["Name"] == "name"
    assert guessed("Name", "Surname name", "apellidos")["Name"] == "first_name"
    assert guessed("FirstName", "LastName", "Name", "Email") == {
        "FirstName": "first_name", "LastName": "last_name", "Name": "name", "Email": "email",
    }  # fmt: skip


def test_each_known_heading_leads_to_one_target():
    names = [name for names in columns.NAMES.values() for name in names]

    assert {name for name in names if names.count(name) > 1} == {"subscribed", "unsubscribed"}
    assert [name for name in names if plain(name) != name] == []
    assert {t for t in columns.NAMES if not t.startswith("custom.")} <= {t.id for t in columns.targets(SHOP)}


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ({"Emial": "email"}, r"there is no column 'Emial', did you mean 'Email'\?"),
        ({"Email": "emial"}, r"column 'Email': a contact has no field 'emial', did you mean 'email'\?"),
        (
            {"Email": "email", "Mail 2": "email"},
            "Email can be filled by one column, not by 'Email' and 'Mail 2'",
        ),
        ({"Name": "first_name"}, "no column names the contacts: choose one for the email"),
        ({"Email": "custom.shoe"}, "did you mean 'custom.shoe_size'"),
    ],
)
def test_columns_that_cannot_fill_what_they_are_to_are_told(mapping, says):
    with pytest.raises(InvalidMapping, match=says):
        columns.validated(("Email", "Mail 2", "Name"), mapping, SHOP)


def test_only_what_is_chosen_is_imported():
    chosen = columns.validated(
        ("Name", "Email", "Note"), {"Email": "email", "Note": "", "Name": "name"}, SHOP
    )

    assert chosen == {"Name": "name", "Email": "email"}
