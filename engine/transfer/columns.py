"""Which column of a file fills what of a contact: guessed by its heading, settled by a person.

`NAMES` is the one table of the headings that are known: English and Spanish ones, and those
of the usual exports of Connectif, HubSpot, Klaviyo, Mailchimp, Mautic and Shopify.  The ids
that another tool gives its own records (`Klaviyo ID`, `LEID`, `Record ID`) name nobody here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from engine.core.fields import CUSTOM, FIELDS
from engine.core.rulebook import Ruleset
from engine.errors import ContactSheetsError

IDENTITIES = ("external_id", "email", "mobile_phone")
"""What a contact is found by, in this order; a file needs one of them."""

Channel = Literal["newsletter", "sms"]

CHANNELS: tuple[Channel, ...] = ("newsletter", "sms")

SEGMENTS = "segments"

LEFT_OUT = ""
"""The target of a column that is not imported."""


@dataclass(frozen=True)
class Target:
    """Something of a contact that a column can fill."""

    id: str
    label: str


_OTHERS = (
    Target("name", "Whole name"),
    Target("newsletter", "Newsletter: subscribed or not"),
    Target("newsletter_at", "Newsletter: date of subscribing"),
    Target("newsletter_ended_at", "Newsletter: date of unsubscribing"),
    Target("newsletter_out", "Newsletter: opted out or not"),
    Target("sms", "SMS: subscribed or not"),
    Target("sms_at", "SMS: date of subscribing"),
    Target("sms_ended_at", "SMS: date of unsubscribing"),
    Target("sms_out", "SMS: opted out or not"),
    Target(SEGMENTS, "Static segments, by id or name"),
)

NAMES: Mapping[str, tuple[str, ...]] = {
    "external_id": (
        "external id", "external identifier", "customer id", "customer number", "customer no", "client id",
        "client number", "user id", "shop customer id", "id externo", "identificador externo", "id cliente",
        "id de cliente", "numero de cliente", "n cliente", "codigo de cliente", "codigo cliente",
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
        "numero de movil", "numero movil", "celular", "telefono", "numero de telefono", "tel",
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
        "fecha nacimiento", "nacimiento", "cumpleanos",
    ),
    "newsletter": (
        "newsletter", "newsletter subscription status", "newsletter subscription", "newsletter status",
        "accepts email marketing", "email marketing consent", "email consent", "email marketing status",
        "email subscription status", "subscription status", "accepts marketing", "marketing consent",
        "email opt in", "subscribed", "consent", "newsletter suscrito", "suscrito", "suscripcion",
        "estado de suscripcion", "estado de la suscripcion", "suscripcion a la newsletter",
        "suscripcion newsletter", "acepta marketing", "acepta publicidad", "boletin",
        "suscrito al boletin", "consentimiento",
    ),
    "newsletter_at": (
        "newsletter subscription date", "newsletter subscribed at", "email marketing consent timestamp",
        "email consent timestamp", "email marketing consent updated at", "confirm time", "optin time",
        "opt in time", "opt in date", "subscribed at", "subscription date", "subscribe date", "consent date",
        "consent timestamp", "marketing consent date", "fecha de suscripcion", "fecha suscripcion",
        "fecha de alta newsletter", "fecha de consentimiento", "fecha consentimiento",
    ),
    "newsletter_ended_at": (
        "newsletter unsubscription date", "newsletter unsubscribed at", "unsub time", "unsubscribe time",
        "unsubscribed at", "unsubscribe date", "unsubscription date", "opt out date", "optout time",
        "opt out time", "fecha de baja", "fecha baja", "fecha de baja newsletter",
    ),
    "newsletter_out": (
        "unsubscribed from all email", "opted out of email", "email opted out", "email opt out", "opted out",
        "opt out", "unsubscribed", "do not contact", "dado de baja", "baja",
    ),
    "sms": (
        "sms", "sms subscription status", "sms subscription", "sms status", "accepts sms marketing",
        "sms marketing consent", "sms consent", "sms marketing status", "sms opt in", "suscripcion sms",
        "acepta sms",
    ),
    "sms_at": (
        "sms subscription date", "sms subscribed at", "sms consent timestamp",
        "sms marketing consent timestamp", "sms marketing consent updated at", "sms opt in date",
        "fecha de suscripcion sms",
    ),
    "sms_ended_at": (
        "sms unsubscription date", "sms unsubscribed at", "sms opt out date", "fecha de baja sms",
    ),
    "sms_out": ("opted out of sms", "sms opted out", "sms opt out"),
    "segments": ("segments", "static segments", "segmentos", "segmentos estaticos"),
    "custom.city": (
        "city", "town", "default address city", "billing city", "ciudad", "poblacion", "localidad",
        "municipio",
    ),
    "custom.country": (
        "country", "country region", "default address country code", "default address country",
        "country code", "billing country", "pais",
    ),
    "custom.language": ("language", "preferred language", "preferred locale", "locale", "idioma", "lengua"),
    "custom.gender": ("gender", "sex", "genero", "sexo"),
}  # fmt: skip
"""The headings that fill each target, as `plain` writes them, the surest first."""


@dataclass(frozen=True)
class Column:
    """A column, and what it fills: `LEFT_OUT` for nothing.  `because` says how that is known."""

    heading: str
    target: str
    because: Literal["remembered", "name", "values", ""] = ""


class InvalidMapping(ContactSheetsError):
    """Columns that cannot fill what they are to fill; all that is wrong, one a line."""


def targets(ruleset: Ruleset) -> list[Target]:
    """All that a column can fill, as a person chooses it."""
    fields = ("external_id", "email", "mobile_phone", "first_name", "last_name", "birth_date")
    own = [Target(CUSTOM + field.id, field.label) for field in ruleset.fields.values()]
    return [*(Target(name, FIELDS[name].label) for name in fields), *own, *_OTHERS]


def guess(
    headings: Sequence[str],
    ruleset: Ruleset,
    *,
    sample: Sequence[Sequence[str | None]] = (),
    remembered: Mapping[str, str] | None = None,
) -> list[Column]:
    """Say of each column what it fills; one that nothing is known of is left out.

    `remembered` is how somebody settled such columns before, by heading.  A target is given to
    one column, the surest.  Without any heading that says so, a column of addresses is the email.
    """
    known = names_of(ruleset)
    allowed = {target.id for target in targets(ruleset)}
    before = {plain(heading): target for heading, target in (remembered or {}).items()}
    found = [
        Column(heading, before[plain(heading)], "remembered")
        if before.get(plain(heading)) in {*allowed, LEFT_OUT}
        else Column(heading, LEFT_OUT)
        for heading in headings
    ]
    settled = {column.target for column in found if column.target}
    for target, names in known.items():
        column = None if target in settled else _surest(found, names)
        if column is not None:
            found[column] = Column(headings[column], target, "name")
            settled.add(target)
    if not settled & set(IDENTITIES):
        _by_values(found, sample)
    return [_first_name(column) if "last_name" in settled else column for column in found]


def plain(heading: str) -> str:
    """A heading as it is compared: letters and digits alone, without accents or case."""
    letters = unicodedata.normalize("NFKD", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", heading))
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(re.sub(r"[^a-z0-9]+", " ", bare.lower()).split())


def checked(headings: Sequence[str], mapping: Mapping[str, str], ruleset: Ruleset) -> dict[str, str]:
    """The columns that are imported, each with what it fills; raise InvalidMapping."""
    labels = {target.id: target.label for target in targets(ruleset)}
    problems = [
        f"there is no column {heading!r}{_meant(heading, headings)}"
        for heading in mapping
        if heading not in headings
    ]
    chosen = {heading: target for heading, target in mapping.items() if target != LEFT_OUT}
    problems += [
        f"column {heading!r}: a contact has no field {target!r}{_meant(target, labels)}"
        for heading, target in chosen.items()
        if target not in labels
    ]
    for target in dict.fromkeys(chosen.values()):
        twice = [heading for heading, other in chosen.items() if other == target]
        if len(twice) > 1:
            problems.append(f"{labels.get(target, target)} can be filled by one column, not by {_and(twice)}")
    if not set(chosen.values()) & set(IDENTITIES):
        problems.append("no column names the contacts: choose one for the email, mobile phone or external id")
    if problems:
        raise InvalidMapping("\n".join(problems))
    return {heading: chosen[heading] for heading in headings if heading in chosen}


def names_of(ruleset: Ruleset) -> dict[str, tuple[str, ...]]:
    """What headings fill each target: a field of the shop's own by its id and label, too."""
    own = {
        CUSTOM + field.id: (plain(field.label), plain(field.id), *NAMES.get(CUSTOM + field.id, ()))
        for field in ruleset.fields.values()
    }
    theirs = {name for names in own.values() for name in names[:2]}
    standard = {
        target: tuple(name for name in names if name not in theirs)
        for target, names in NAMES.items()
        if not target.startswith(CUSTOM)
    }
    return own | standard


def _surest(columns: Sequence[Column], names: Sequence[str]) -> int | None:
    """The column whose heading comes first among some names."""
    free = {
        plain(column.heading): index
        for index, column in reversed(list(enumerate(columns)))
        if column.because == ""
    }
    return next((free[name] for name in names if name in free), None)


def _first_name(column: Column) -> Column:
    """Beside a column of last names, one that is called `name` holds first names."""
    whole = column.target == "name" and column.because == "name" and plain(column.heading) == "name"
    return Column(column.heading, "first_name", "name") if whole else column


def _by_values(columns: list[Column], sample: Sequence[Sequence[str | None]]) -> None:
    """Take the first column that holds addresses for the email."""
    for index, column in enumerate(columns):
        cells = [row[index] or "" for row in sample if index < len(row)]
        said = [cell for cell in cells if cell.strip()]
        looks = sum("@" in cell and "." in cell.rpartition("@")[2] for cell in said)
        if column.because == "" and said and looks >= 0.8 * len(said):
            columns[index] = Column(column.heading, "email", "values")
            return


def _meant(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, list(known), n=1)
    return f", did you mean {close[0]!r}?" if close else ""


def _and(headings: Sequence[str]) -> str:
    return " and ".join(repr(heading) for heading in headings)
