"""The exports of CRMs."""

from __future__ import annotations

from engine.imports.mapping.presets.preset import Preset, filled, signed

_BOUNCED = {"*": "bounced"}
"""The reason of a bounce, in any words."""

CRMS = (
    Preset(
        "pipedrive",
        "Pipedrive",
        signed("person name, person email work", "person name, person marketing status"),
        filled(
            email="person email work, person email home, person email other, person email",
            name="person name",
            mobile_phone="person phone mobile, person phone work, person phone home, person phone",
            newsletter="person marketing status",
            tags="person labels, person label",
            left_out="person id, person organization",
        ),
    ),
    Preset(
        "zoho",
        "Zoho CRM",
        signed("record id, account name, email opt out", "contact owner id, email opt out"),
        filled(
            email="email",
            first_name="first name",
            last_name="last name",
            name="full name",
            mobile_phone="mobile, phone",
            birth_date="date of birth",
            newsletter_out="email opt out",
            newsletter_ended_at="unsubscribed time",
            custom__city="mailing city",
            custom__country="mailing country",
            tags="tag",
            left_out="record id, contact owner id, account name id, unsubscribed mode",
        ),
    ),
    Preset(
        "hubspot",
        "HubSpot",
        signed(
            "record id, contact owner", "record id, lead status, email",
            "id de registro, propietario del contacto", "datensatz id, kontaktinhaber",
            "record id, unsubscribed from all email",
        ),
        filled(
            email="email, correo, e mail, e mail adresse",
            first_name="first name, nombre, vorname, prenom",
            last_name="last name, apellidos, nachname, nom",
            mobile_phone="mobile phone number, numero de telefono movil, mobiltelefonnummer, phone number, "
            "numero de telefono, telefonnummer",
            birth_date="date of birth, fecha de nacimiento, geburtsdatum",
            newsletter_out="unsubscribed from all email, opted out of email marketing information, "
            "opted out of email one to one, se ha dado de baja de todos los correos electronicos, "
            "ha cancelado su suscripcion a todos los correos, von allen e mails abgemeldet",
            email_status="email hard bounce reason, hard bounce reason",
            custom__city="city, ciudad, stadt ort",
            custom__country="country region, pais region, land region",
            left_out="record id, id de registro, datensatz id, marketing contact status, lead status",
        ),
        words={"email hard bounce reason": _BOUNCED, "hard bounce reason": _BOUNCED},
    ),
    Preset(
        "salesforce",
        "Salesforce",
        signed(
            "has opted out of email", "hasoptedoutofemail", "contact id, email, email opt out",
            "lead id, email, email opt out", "email, email opt out, mailing country",
        ),
        filled(
            email="email",
            first_name="first name, firstname",
            last_name="last name, lastname",
            name="name",
            mobile_phone="mobile phone, mobilephone, mobile, phone",
            birth_date="birthdate",
            newsletter_out="has opted out of email, hasoptedoutofemail, email opt out",
            email_status=(
                "is email bounced, isemailbounced, email bounced reason, emailbouncedreason, email "
                "bounced date, emailbounceddate"
            ),
            custom__city="mailing city, mailingcity",
            custom__country="mailing country, mailingcountry",
            left_out=(
                "id, contact id, lead id, do not call, donotcall, has opted out of fax, hasoptedoutoffax, "
                "fax opt out"
            ),
        ),
        words={"email bounced reason": _BOUNCED, "emailbouncedreason": _BOUNCED},
    ),
)  # fmt: skip
