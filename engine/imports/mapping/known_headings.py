"""The headings by which the target of a column is guessed, in English, Spanish, French, German, Italian,
Portuguese, Dutch and Polish; what only one tool has is in its preset (`presets`).

The record ids of other tools (`Klaviyo ID`, `LEID`, `Record ID`) identify no contact here.
"""

from __future__ import annotations

from collections.abc import Mapping

NAMES: Mapping[str, tuple[str, ...]] = {
    "external_id": (
        "external id", "external identifier", "customer id", "customer number", "customer no", "client id",
        "client number", "user id", "shop customer id", "id externo", "identificador externo",
        "id cliente", "id de cliente", "numero de cliente", "n cliente", "codigo de cliente",
        "codigo cliente", "n de cliente", "no cliente", "num cliente", "cod cliente", "kundennummer",
        "kunden nr", "numero client", "n client", "codice cliente", "numero do cliente", "klantnummer",
        "numer klienta",
    ),
    "email": (
        "email", "e mail", "email address", "e mail address", "mail", "primary email", "subscriber email",
        "contact email", "email primary", "correo", "correo electronico", "direccion de correo",
        "direccion de correo electronico", "direccion de email", "email del contacto", "emailadresse",
        "e mail adresse", "mailadresse", "adresse e mail", "adresse email", "adresse mail",
        "adresse de messagerie", "adresse electronique", "courriel", "mel", "indirizzo email",
        "indirizzo e mail", "indirizzo di posta elettronica", "posta elettronica", "endereco de email",
        "endereco de e mail", "endereco eletronico", "correio eletronico", "e mailadres", "emailadres",
        "adres e mail", "adres email", "user email", "customer email", "billing email", "email billing",
        "primary email address", "email 1", "e mail 1", "e mail 1 value", "email adress", "your email",
        "contact e mail", "subscriber",
    ),
    "mobile_phone": (
        "mobile phone", "mobile phone number", "mobile", "mobile number", "cell phone", "cellphone",
        "cell", "sms phone number", "sms phone", "smsphone", "phone", "phone number", "phone mobile",
        "telephone", "default address phone", "whatsapp", "whatsapp phone number", "movil",
        "telefono movil", "numero de movil", "numero movil", "numero de telefono movil", "celular",
        "telefono", "numero de telefono", "tel", "mobile no", "cell number", "mobil", "mobiltelefon",
        "mobilnummer", "handy", "handynummer", "mobiltelefonnummer", "telefon mobil", "telefonnummer",
        "telefon", "telephone portable", "telephone mobile", "tel mobile", "tel portable", "portable",
        "numero de telephone", "numero de portable", "cellulare", "telefono cellulare",
        "numero di telefono", "numero di cellulare", "telefone", "telemovel", "numero de telemovel",
        "celular telefone", "numero de telefone", "mobiele telefoon", "mobiel", "telefoonnummer",
        "telefoon", "telefon komorkowy", "numer telefonu", "billing phone", "phone billing",
        "customer phone", "phone 1", "phone 1 value", "contact number", "mobilephone",
    ),
    "first_name": (
        "first name", "firstname", "fname", "given name", "forename", "christian name", "nombre",
        "nombre de pila", "primer nombre", "billing first name",
        "vorname", "prenom", "primeiro nome", "voornaam", "imie", "customer first name", "nome proprio",
    ),
    "last_name": (
        "last name", "lastname", "lname", "surname", "family name", "apellidos", "apellido",
        "primer apellido", "billing last name", "nachname", "familienname", "zuname", "nom de famille",
        "cognome", "sobrenome", "apelido", "apelidos", "ultimo nome", "achternaam", "nazwisko",
        "customer last name", "last names",
    ),
    "name": (
        "full name", "fullname", "name", "nome", "nom", "naam", "contact name", "customer name",
        "nombre completo", "nombre y apellidos", "nombre del cliente", "vollstandiger name",
        "vor und nachname", "nom complet", "nome completo", "nom et prenom", "nome e cognome",
        "volledige naam", "imie i nazwisko", "display name", "person name",
    ),
    "birth_date": (
        "birth date", "birthdate", "birthday", "date of birth", "dob", "fecha de nacimiento",
        "fecha nacimiento", "nacimiento", "cumpleanos", "fecha de cumpleanos", "dia de nacimiento",
        "birthday date", "geburtsdatum", "geburtstag", "date de naissance", "data di nascita",
        "data de nascimento", "geboortedatum", "data urodzenia",
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
        "newsletter abonniert", "abonne newsletter", "inscrit a la newsletter", "abonne",
        "iscritto alla newsletter", "iscritto", "stato iscrizione", "stato dell iscrizione",
        "estado da subscricao", "estado da assinatura", "subscritor", "statut d abonnement",
        "statut abonnement", "statut de l abonnement", "abonnementstatus", "newsletter abonnement",
        "anmeldestatus", "subscriber status", "email subscriber status", "email status",
        "receive marketing emails", "receives marketing emails", "boletin de noticias",
        "lettre d information", "global status", "marketing status", "acepta recibir comunicaciones",
    ),
    "newsletter_at": (
        "newsletter subscription date", "newsletter subscribed at", "email marketing consent timestamp",
        "email consent timestamp", "email marketing consent updated at", "opt in time", "opt in date",
        "subscribed at", "subscription date", "subscribe date", "consent date", "consent timestamp",
        "marketing consent date", "date of last newsletter subscription",
        "last newsletter subscription date", "newsletter last subscription date", "fecha de suscripcion",
        "fecha suscripcion", "fecha de alta newsletter", "fecha de consentimiento", "fecha consentimiento",
        "fecha de ultima suscripcion a la newsletter", "fecha de la ultima suscripcion a la newsletter",
        "fecha de ultima suscripcion a newsletter", "fecha de la ultima suscripcion a newsletter",
        "date subscribed", "subscribed on", "date d inscription newsletter", "anmeldedatum",
        "data iscrizione newsletter", "accepts marketing updated on", "opted in at", "newsletter am",
        "subscribed",
    ),
    "newsletter_ended_at": (
        "newsletter unsubscription date", "newsletter unsubscribed at", "unsub time", "unsubscribe time",
        "unsubscribed at", "unsubscribe date", "unsubscription date", "opt out date", "optout time",
        "opt out time", "date of last newsletter unsubscription", "last unsubscribed date",
        "last newsletter unsubscription date", "fecha de baja", "fecha baja", "fecha de baja newsletter",
        "fecha de ultima baja de la newsletter", "fecha de la ultima baja de la newsletter",
        "fecha de ultima baja de newsletter", "fecha de la ultima baja de newsletter",
        "fecha de ultima baja", "date unsubscribed", "unsubscribed on", "unsubscribed time",
        "date de desinscription", "date de desabonnement", "abmeldedatum", "abgemeldet am",
        "data disiscrizione", "data de cancelamento da subscricao", "opted out at", "unsubscribed",
    ),
    "newsletter_out": (
        "unsubscribed from all email", "opted out of email", "email opted out", "email opt out",
        "opted out", "opt out", "unsubscribed", "do not contact", "do not email", "donotemail",
        "email blacklisted", "opted out of email marketing information", "dado de baja", "baja",
        "se ha dado de baja de todos los correos electronicos",
        "ha cancelado su suscripcion a todos los correos", "unsub", "is unsubscribed", "opt out email",
        "do not send marketing materials", "unsubscribed from emails", "has opted out of email",
        "hasoptedoutofemail", "no enviar emails", "desabonne", "abgemeldet", "disiscritto",
        "do not allow emails", "do not allow bulk emails",
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
    "sms_out": (
        "opted out of sms", "sms opted out", "sms opt out", "sms blacklisted", "unsubscribed from sms",
        "sms unsubscribed",
    ),
    "segments": ("segments", "static segments", "segmentos", "segmentos estaticos"),
    "custom.city": (
        "city", "town", "default address city", "billing city", "ciudad", "poblacion", "localidad",
        "municipio", "stadt", "ort", "wohnort", "ville", "citta", "comune", "cidade", "localidade",
        "miasto", "plaats", "mailing city",
    ),
    "custom.country": (
        "country", "country region", "default address country code", "default address country",
        "country code", "billing country", "pais", "pais region", "codigo de pais",
        "land", "pays", "paese", "nazione", "pais regiao", "kraj", "land region", "mailing country",
    ),
    "custom.language": (
        "language", "preferred language", "preferred locale", "locale", "idioma", "lengua", "sprache",
        "langue", "lingua", "taal", "jezyk",
    ),
    "custom.gender": ("gender", "sex", "genero", "sexo"),
}  # fmt: skip
"""The headings of each target in the form of `headings.plain`, the most specific first.

Two have two targets: the values of `subscribed` and `unsubscribed` say whether they are days or states."""
