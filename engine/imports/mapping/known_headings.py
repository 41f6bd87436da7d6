"""The headings by which the target of a column is guessed: English and Spanish ones, and those of the
exports of Connectif, HubSpot, Klaviyo, Mailchimp, Mautic and Shopify.

The record ids of other tools (`Klaviyo ID`, `LEID`, `Record ID`) identify no contact here.
"""

from __future__ import annotations

from collections.abc import Mapping

NAMES: Mapping[str, tuple[str, ...]] = {
    "external_id": (
        "external id", "external identifier", "customer id", "customer number", "customer no", "client id",
        "client number", "user id", "shop customer id", "id externo", "identificador externo", "id cliente",
        "id de cliente", "numero de cliente", "n cliente", "codigo de cliente", "codigo cliente",
        "n de cliente", "no cliente", "num cliente", "cod cliente",
    ),
    "email": (
        "email", "e mail", "email address", "mail", "primary email", "subscriber email", "contact email",
        "email primary", "correo", "correo electronico", "direccion de correo",
        "direccion de correo electronico", "direccion de email", "email del contacto",
    ),
    "mobile_phone": (
        "mobile phone", "mobile phone number", "mobile", "mobile number", "cell phone", "cellphone", "cell",
        "sms phone number", "sms phone", "smsphone", "phone", "phone number", "phone mobile", "telephone",
        "default address phone", "whatsapp", "whatsapp phone number", "movil", "telefono movil",
        "numero de movil", "numero movil", "numero de telefono movil", "celular", "telefono",
        "numero de telefono", "tel",
    ),
    "first_name": (
        "first name", "firstname", "fname", "given name", "forename", "christian name", "nombre",
        "nombre de pila", "primer nombre", "billing first name",
    ),
    "last_name": (
        "last name", "lastname", "lname", "surname", "family name", "apellidos", "apellido",
        "primer apellido", "billing last name",
    ),
    "name": (
        "full name", "fullname", "name", "contact name", "customer name", "nombre completo",
        "nombre y apellidos", "nombre del cliente",
    ),
    "birth_date": (
        "birth date", "birthdate", "birthday", "date of birth", "dob", "fecha de nacimiento",
        "fecha nacimiento", "nacimiento", "cumpleanos", "fecha de cumpleanos", "dia de nacimiento",
    ),
    "newsletter": (
        "newsletter", "newsletter subscription status", "newsletter subscription", "newsletter status",
        "accepts email marketing", "email marketing consent", "email consent", "email marketing status",
        "email subscription status", "subscription status", "accepts marketing", "marketing consent",
        "email opt in", "subscribed", "consent", "newsletter suscrito", "suscrito", "suscripcion",
        "estado de suscripcion", "estado de la suscripcion", "suscripcion a la newsletter",
        "suscripcion newsletter", "estado de suscripcion a la newsletter",
        "estado de suscripcion a newsletter", "estado suscripcion newsletter",
        "estado de la suscripcion a la newsletter", "confirm status", "email subscription",
        "acepta marketing", "acepta publicidad", "boletin", "suscrito al boletin", "consentimiento",
    ),
    "newsletter_at": (
        "newsletter subscription date", "newsletter subscribed at", "email marketing consent timestamp",
        "email consent timestamp", "email marketing consent updated at", "confirm time", "optin time",
        "opt in time", "opt in date", "subscribed at", "subscription date", "subscribe date", "consent date",
        "consent timestamp", "marketing consent date", "date of last newsletter subscription",
        "last newsletter subscription date", "newsletter last subscription date", "fecha de suscripcion",
        "fecha suscripcion", "fecha de alta newsletter", "fecha de consentimiento", "fecha consentimiento",
        "fecha de ultima suscripcion a la newsletter", "fecha de la ultima suscripcion a la newsletter",
        "fecha de ultima suscripcion a newsletter", "fecha de la ultima suscripcion a newsletter",
    ),
    "newsletter_ended_at": (
        "newsletter unsubscription date", "newsletter unsubscribed at", "unsub time", "unsubscribe time",
        "unsubscribed at", "unsubscribe date", "unsubscription date", "opt out date", "optout time",
        "opt out time", "date of last newsletter unsubscription", "last unsubscribed date",
        "last newsletter unsubscription date", "fecha de baja", "fecha baja", "fecha de baja newsletter",
        "fecha de ultima baja de la newsletter", "fecha de la ultima baja de la newsletter",
        "fecha de ultima baja de newsletter", "fecha de la ultima baja de newsletter",
        "fecha de ultima baja",
    ),
    "newsletter_out": (
        "unsubscribed from all email", "opted out of email", "email opted out", "email opt out", "opted out",
        "opt out", "unsubscribed", "do not contact", "do not email", "donotemail", "email blacklisted",
        "opted out of email marketing information", "dado de baja", "baja",
        "se ha dado de baja de todos los correos electronicos",
        "ha cancelado su suscripcion a todos los correos",
    ),
    "sms": (
        "sms", "sms subscription status", "sms subscription", "sms status", "accepts sms marketing",
        "sms marketing consent", "sms consent", "sms marketing status", "sms opt in", "suscripcion sms",
        "estado de suscripcion sms", "estado de suscripcion a sms", "acepta sms",
    ),
    "sms_at": (
        "sms subscription date", "sms subscribed at", "sms consent timestamp",
        "sms marketing consent timestamp", "sms marketing consent updated at", "sms opt in date",
        "fecha de suscripcion sms",
    ),
    "sms_ended_at": (
        "sms unsubscription date", "sms unsubscribed at", "sms opt out date", "fecha de baja sms",
    ),
    "sms_out": ("opted out of sms", "sms opted out", "sms opt out", "sms blacklisted"),
    "segments": ("segments", "static segments", "segmentos", "segmentos estaticos"),
    "custom.city": (
        "city", "town", "default address city", "billing city", "ciudad", "poblacion", "localidad",
        "municipio",
    ),
    "custom.country": (
        "country", "country region", "default address country code", "default address country",
        "country code", "billing country", "pais", "pais region", "codigo de pais",
    ),
    "custom.language": ("language", "preferred language", "preferred locale", "locale", "idioma", "lengua"),
    "custom.gender": ("gender", "sex", "genero", "sexo"),
}  # fmt: skip
"""The headings of each target in the form of `columns.plain`, the most specific first."""
