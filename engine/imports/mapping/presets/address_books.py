"""The exports of address books: Google Contacts, and Outlook in several languages."""

from __future__ import annotations

from engine.imports.mapping.presets.preset import Preset, filled, signed

ADDRESS_BOOKS = (
    Preset(
        "google",
        "Google Contacts",
        signed(
            "e mail 1 label, e mail 1 value", "given name, family name, e mail 1 value",
            "labels, e mail 1 value",
        ),
        filled(
            email="e mail 1 value",
            first_name="first name, given name",
            last_name="last name, family name",
            mobile_phone="phone 1 value",
            birth_date="birthday",
            custom__city="address 1 city",
            custom__country="address 1 country",
            tags="labels, group membership",
            left_out=(
                "name, e mail 1 label, e mail 1 type, phone 1 label, phone 1 type, language, gender, "
                "location"
            ),
        ),
    ),
    Preset(
        "outlook",
        "Outlook",
        signed(
            "e mail address, e mail 2 address",
            "e mail address, business phone, mobile phone",
            "e mail adresse, e mail typ",
            "e mail adresse, telefon geschaftlich",
            "adresse de messagerie, type de messagerie",
            "direccion de correo electronico, tipo de correo electronico",
            "indirizzo posta elettronica, tipo posta elettronica",
            "endereco de correio electronico, tipo de correio electronico",
            "endereco de email, tipo de email",
        ),
        filled(
            email="e mail address, e mail adresse, adresse de messagerie, direccion de correo electronico, "
            "indirizzo posta elettronica, endereco de correio electronico, endereco de email",
            first_name="first name, vorname, prenom, nombre, nome",
            last_name="last name, nachname, nom, apellidos, cognome, apelido, sobrenome",
            mobile_phone=(
                "mobile phone, mobiltelefon, tel mobile, movil, telefono movil, cellulare, telemovel"
            ),
            birth_date="birthday, geburtstag, anniversaire, cumpleanos, compleanno",
            custom__city="home city, business city",
            custom__country=(
                "home country region, business country region, home country, land region privat, land "
                "region geschaftlich, pays region domicile, pays region bureau, pais o region del "
                "trabajo, paese uff"
            ),
            tags="categories, kategorien, categorias, categorie",
            left_out=(
                "e mail type, e mail display name, e mail typ, type de messagerie, tipo de correo "
                "electronico, nombre de pantalla de correo electronico, tipo posta elettronica, nome "
                "visualizzato posta elettronica"
            ),
        ),
    ),
)  # fmt: skip
