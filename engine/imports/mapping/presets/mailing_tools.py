"""The exports of tools that send mailings."""

from __future__ import annotations

from engine.imports.mapping.presets.preset import CONSENTS, Preset, filled, signed

_MAILCHIMP = filled(
    email="email address",
    first_name="first name",
    last_name="last name",
    mobile_phone="sms phone number, phone number",
    birth_date="birthday",
    tags="tags",
    left_out=(
        "optin time, optin ip, confirm time, confirm ip, latitude, longitude, gmtoff, dstoff, timezone, "
        "last changed, leid, euid, cc, region, unsub campaign title, unsub campaign id, unsub reason, "
        "unsub reason other, clean campaign title, clean campaign id"
    ),
)
_MAILCHIMP_SIGNATURE = signed("email address, leid, euid")
_YES = {"1": "yes", "2": "no"}
"""What the category of a double opt-in is stored as."""

MAILING_TOOLS = (
    Preset(
        "mailchimp-cleaned",
        "Mailchimp",
        signed("email address, leid, euid, clean time"),
        _MAILCHIMP | {"clean time": "email_status"},
        everyone="bounced",
        without=CONSENTS,
        note="These are Mailchimp's cleaned contacts: their addresses bounced, and nobody is subscribed.",
    ),
    Preset(
        "mailchimp-unsubscribed",
        "Mailchimp",
        signed("email address, leid, euid, unsub time"),
        _MAILCHIMP | {"unsub time": "newsletter_ended_at"},
        everyone="unsubscribed",
        without=CONSENTS,
        note="These are Mailchimp's unsubscribed contacts: all of them are unsubscribed.",
    ),
    Preset(
        "mailchimp-nonsubscribed",
        "Mailchimp",
        _MAILCHIMP_SIGNATURE,
        _MAILCHIMP,
        file_name=r"nonsubscribed_|non-subscribed",
        without=CONSENTS,
        note="These are Mailchimp's contacts who are not subscribed: nobody is subscribed by the file.",
    ),
    Preset(
        "mailchimp",
        "Mailchimp",
        _MAILCHIMP_SIGNATURE,
        _MAILCHIMP | {"confirm time": "newsletter_at"},
        file_name=r"subscribed_",
    ),
    Preset(
        "mailchimp-unnamed",
        "Mailchimp",
        _MAILCHIMP_SIGNATURE,
        _MAILCHIMP,
        without=CONSENTS,
        note=(
            "Mailchimp says only in the name of the file (subscribed_…, nonsubscribed_…) who is "
            "subscribed, and this one has another name: nobody is subscribed. If they are the subscribed "
            "ones, import the file under its own name, choose the preset mailchimp, or state when and "
            "where all of them opted in."
        ),
    ),
    Preset(
        "klaviyo",
        "Klaviyo",
        signed("email, klaviyo id", "email, email marketing consent, email suppressions"),
        filled(
            email="email",
            first_name="first name",
            last_name="last name",
            mobile_phone="phone number",
            newsletter="email marketing consent",
            newsletter_at="email marketing consent timestamp",
            email_status="email suppressions",
            sms="sms marketing consent",
            sms_at="sms marketing consent timestamp",
            sms_out="sms suppressions",
            custom__city="city",
            custom__country="country",
            tags="lists, shopify tags",
            left_out="klaviyo id, email suppressions timestamp, sms suppressions timestamp",
        ),
    ),
    Preset(
        "brevo",
        "Brevo",
        signed(
            "email, email blocklisted", "email, email blacklisted", "email, double opt in, blacklisted",
            "email, double opt in, blocklisted",
        ),
        filled(
            email="email",
            first_name="firstname, prenom, nombre, vorname, nome",
            last_name="lastname, nom, apellidos, surname, nachname, cognome",
            mobile_phone="sms, whatsapp",
            external_id="ext id",
            newsletter="double opt in, opt in",
            newsletter_out="email blocklisted, email blacklisted, blacklisted, blocklisted",
            sms_out="sms blocklisted, sms blacklisted",
            left_out="contact id, landline number, added time, modified time",
        ),
        words={"double opt in": _YES},
        phones_lack_plus=True,
    ),
    Preset(
        "brevo-plain",
        "Brevo",
        signed(
            "email, double opt in, added time",
            "email, firstname, lastname, sms, double opt in",
            "email, nom, prenom, sms, double opt in",
            "contact id, email, added time, modified time",
        ),
        filled(
            email="email",
            first_name="firstname, prenom, nombre, vorname, nome",
            last_name="lastname, nom, apellidos, surname, nachname, cognome",
            mobile_phone="sms, whatsapp",
            external_id="ext id",
            left_out="contact id, landline number, added time, modified time, double opt in, opt in",
        ),
        phones_lack_plus=True,
        without=CONSENTS,
        note=(
            "This export of Brevo does not say who is blocklisted, so that nobody is subscribed. Export "
            "it with the column of blocklisted contacts, or import the blocklisted ones as a suppression "
            "list first and state when the others opted in."
        ),
    ),
    Preset(
        "activecampaign",
        "ActiveCampaign",
        signed("email, organization, ip, status", "email, subscribed date, status, tags"),
        filled(
            email="email",
            first_name="first name",
            last_name="last name",
            mobile_phone="phone",
            newsletter="status",
            newsletter_at="subscribed date, sdate",
            tags="tags",
            left_out="id, organization, ip, lists",
        ),
        words={"status": {"0": "unconfirmed", "1": "active", "2": "unsubscribed", "3": "bounced"}},
    ),
    Preset(
        "constant-contact",
        "Constant Contact",
        signed("email address, email permission status"),
        filled(
            email="email address",
            first_name="first name",
            last_name="last name",
            mobile_phone="phone mobile, phone home, phone work",
            newsletter="email status, email permission status",
            newsletter_ended_at="confirmed opt out date",
            birth_date="birthday",
            custom__city="city home, city work",
            custom__country="country home, country work",
            tags="tags",
            left_out=(
                "confirmed opt out source, confirmed opt out reason, confirmed opt in date, confirmed opt "
                "in source, email update source, source name, created at, updated at"
            ),
        ),
        words={"email permission status": dict.fromkeys(("express", "implied", "explicit"), "confirmed")},
    ),
    Preset(
        "kit",
        "Kit",
        signed(
            "email, first name, state, created at, tags",
            "email address, first name, status, created at, tags",
            "email address, first name, state, created at, tags",
        ),
        filled(
            email="email, email address",
            first_name="first name",
            last_name="last name",
            newsletter="state, status",
            tags="tags",
            left_out="id, created at",
        ),
    ),
    Preset(
        "mailerlite",
        "MailerLite",
        signed("subscriber, sent, opens, clicks", "email, status, sent, opens, clicks, subscribed"),
        filled(
            email="subscriber, email",
            first_name="name, first name",
            last_name="last name",
            mobile_phone="phone",
            newsletter="status",
            newsletter_at="subscribed",
            newsletter_ended_at="unsubscribed",
            custom__city="city",
            custom__country="country",
            tags="groups",
            left_out="sent, opens, clicks, location",
        ),
    ),
    Preset(
        "omnisend",
        "Omnisend",
        signed("email, email status, email status date"),
        filled(
            email="email",
            first_name="first name",
            last_name="last name",
            mobile_phone="phone",
            newsletter="email status",
            newsletter_at="email status date",
            sms="sms status",
            sms_at="sms status date",
            birth_date="birthdate, birthday",
            custom__city="city",
            custom__country="country, country code",
            custom__gender="gender",
            tags="tags",
        ),
    ),
    Preset(
        "mautic",
        "Mautic",
        signed("email, firstname, preferred locale, attribution date"),
        filled(
            email="email",
            first_name="firstname",
            last_name="lastname",
            mobile_phone="mobile, phone",
            newsletter_out="dnc, do not contact",
            custom__city="city",
            custom__country="country",
            custom__language="preferred locale",
            tags="tags",
            left_out="id, points, stage",
        ),
    ),
    Preset(
        "connectif",
        "Connectif",
        signed(
            "email, newsletter subscription status, sms subscription status",
            "email, id externo, estado de suscripcion a la newsletter",
        ),
        filled(
            email="email",
            external_id="external id, id externo",
            first_name="name, nombre",
            last_name="surname, apellidos",
            mobile_phone="mobile phone, telefono movil",
            birth_date="birthdate, fecha de nacimiento",
            newsletter="newsletter subscription status, estado de suscripcion a la newsletter",
            newsletter_at=(
                "date of last newsletter subscription, fecha de la ultima suscripcion a la newsletter"
            ),
            newsletter_ended_at=(
                "date of last newsletter unsubscription, fecha de la ultima baja de la newsletter"
            ),
            sms="sms subscription status, estado de suscripcion sms",
            email_status="email status, estado del email",
        ),
    ),
)  # fmt: skip
