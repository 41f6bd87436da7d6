"""Exports of address books and forms: Google Contacts, Outlook, Thunderbird, LinkedIn, Google Forms."""

from __future__ import annotations

from tests.tool_exports.export import export

_OUTLOOK = (
    "First Name,Middle Name,Last Name,Title,Suffix,Nickname,Given Yomi,Surname Yomi,E-mail Address,E-mail 2 Address,"
    "E-mail 3 Address,Home Phone,Home Phone 2,Business Phone,Business Phone 2,Mobile Phone,Car Phone,Other Phone,"
    "Primary Phone,Pager,Business Fax,Home Fax,Other Fax,Company Main Phone,Callback,Radio Phone,Telex,TTY/TDD Phone,"
    "IMAddress,Job Title,Department,Company,Office Location,Manager's Name,Assistant's Name,Assistant's Phone,"
    "Business Street,Business City,Business State,Business Postal Code,Business Country/Region,Home Street,Home City,"
    "Home State,Home Postal Code,Home Country/Region,Other Street,Other City,Other State,Other Postal Code,"
    "Other Country/Region,Personal Web Page,Spouse,Schools,Hobby,Location,Web Page,Birthday,Anniversary,Notes\n"
)
_BLANKS = "," * 23

ADDRESS_BOOKS = (
    export(
        "Google Contacts",
        "google",
        "contacts.csv",
        "First Name,Middle Name,Last Name,Phonetic First Name,Phonetic Middle Name,Phonetic Last Name,Name Prefix,"
        "Name Suffix,Nickname,File As,Organization Name,Organization Title,Organization Department,Birthday,Notes,Photo,"
        "Labels,E-mail 1 - Label,E-mail 1 - Value,E-mail 2 - Label,E-mail 2 - Value,Phone 1 - Label,Phone 1 - Value,"
        "Address 1 - Label,Address 1 - Formatted,Address 1 - City,Address 1 - Country\n"
        "Ana,,Ruiz,,,,,,,,Example,,,1990-03-31,,,* myContacts ::: Friends,* Work,go1.ana@example.com,Home,ana2@example.com,"
        "Mobile,+34 600 100 901,Home,,Madrid,ES\n"
        "Zoë,,O'Neill,,,,,,,,,,,,,,* myContacts,,go1.zoe@example.com,,,,+353 86 123 4569,,,,",
        """
        go1.ana@example.com | Ana | Ruiz | +34600100901 | never
        go1.zoe@example.com | Zoë | O'Neill | +353861234569 | never
        """,
    ),
    export(
        "Google Contacts, several values in a cell",
        "google",
        "contacts (1).csv",
        "First Name,Middle Name,Last Name,Labels,E-mail 1 - Label,E-mail 1 - Value,Phone 1 - Label,Phone 1 - Value\n"
        "Ana,,Gil,* myContacts ::: VIP,* Work,go2.ana@example.com ::: ana.home@example.com,Mobile,"
        "+34 600 100 902 ::: +34 91 123 45 67",
        "go2.ana@example.com | Ana | Gil | +34600100902 | never",
    ),
    export(
        "Google Contacts, earlier form",
        "google",
        "google.csv",
        "Name,Given Name,Additional Name,Family Name,Yomi Name,Given Name Yomi,Additional Name Yomi,Family Name Yomi,"
        "Name Prefix,Name Suffix,Initials,Nickname,Short Name,Maiden Name,Birthday,Gender,Location,Billing Information,"
        "Directory Server,Mileage,Occupation,Hobby,Sensitivity,Priority,Subject,Notes,Language,Photo,Group Membership,"
        "E-mail 1 - Type,E-mail 1 - Value,Phone 1 - Type,Phone 1 - Value,Organization 1 - Type,Organization 1 - Name\n"
        "Ana María Ruiz,Ana María,,Ruiz,,,,,,,,,,,,,,,,,,,,,,,,,* myContacts ::: Shop,* Home,go3.ana@example.com,Mobile,"
        "600 100 903,,",
        "go3.ana@example.com | Ana María | Ruiz | +34600100903 | never",
        encoding="utf-16",
    ),
    export(
        "Outlook in English",
        "outlook",
        "contacts.CSV",
        _OUTLOOK
        + "José,,Muñoz,,,,,,ou1.jose@example.com,jose2@example.com,,,,+34 91 123 45 67,,+34 600 100 904"
        + _BLANKS
        + "Calle 1,Madrid\n"
        "Bea,,Sol,,,,,,ou1.bea@example.com",
        """
        ou1.jose@example.com | José | Muñoz | +34600100904 | never
        ou1.bea@example.com | Bea | Sol | | never
        """,
        encoding="cp1252",
        end="\r\n",
    ),
    export(
        "Outlook in German",
        "outlook",
        "Kontakte.csv",
        '"Anrede","Vorname","Weitere Vornamen","Nachname","Suffix","Firma","Abteilung","Position","Telefon geschäftlich",'
        '"Telefon privat","Mobiltelefon","E-Mail-Adresse","E-Mail-Typ","E-Mail: Angezeigter Name","E-Mail 2: Adresse",'
        '"Land/Region geschäftlich","Geburtstag","Kategorien"\n'
        '"Herr","Jürgen","","Groß","","Beispiel","","","+49 30 123456","","0151 23456781","ou2.jurgen@example.com","SMTP",'
        '"Jürgen Groß","","Deutschland","0.0.00",""',
        "ou2.jurgen@example.com | Jürgen | Groß | +4915123456781 | never",
        encoding="cp1252",
        end="\r\n",
    ),
    export(
        "Outlook in French",
        "outlook",
        "contacts.csv",
        '"Titre","Prénom","Deuxième prénom","Nom","Suffixe","Société","Service","Tél. (bureau)","Tél. (domicile)",'
        '"Tél. mobile","Adresse de messagerie","Type de messagerie","Nom complet de l\'adresse de messagerie",'
        '"Pays/Région (bureau)"\n'
        '"","Hélène","","Lacôte","","","","","","06 12 34 56 79","ou3.helene@example.com","SMTP",'
        '"Hélène Lacôte (ou3.helene@example.com)","France"',
        "ou3.helene@example.com | Hélène | Lacôte | +33612345679 | never",
        encoding="cp1252",
        end="\r\n",
    ),
    export(
        "Outlook in Spanish",
        "outlook",
        "contactos.csv",
        '"Tratamiento","Nombre","Segundo nombre","Apellidos","Sufijo","Organización","Departamento","Teléfono del trabajo",'
        '"Particular","Móvil","Dirección de correo electrónico","Tipo de correo electrónico",'
        '"Nombre de pantalla de correo electrónico"\n'
        '"","Íñigo","","Peña","","","","","","600 100 905","ou4.inigo@example.com","SMTP","Íñigo Peña"',
        "ou4.inigo@example.com | Íñigo | Peña | +34600100905 | never",
        encoding="cp1252",
        end="\r\n",
    ),
    export(
        "Outlook in Italian",
        "outlook",
        "contatti.csv",
        '"Titolo","Nome","Secondo nome","Cognome","Società","Cellulare","Indirizzo posta elettronica",'
        '"Tipo posta elettronica","Nome visualizzato posta elettronica","Paese (uff.)"\n'
        '"","Nicolò","","Però","","347 123 4568","ou5.nicolo@example.com","SMTP","Nicolò Però","Italia"',
        "ou5.nicolo@example.com | Nicolò | Però | +393471234568 | never",
        encoding="cp1252",
        end="\r\n",
    ),
    export(
        "Thunderbird",
        "",
        "Personal Address Book.csv",
        "First Name,Last Name,Display Name,Nickname,Primary Email,Secondary Email,Screen Name,Work Phone,Home Phone,"
        "Fax Number,Pager Number,Mobile Number,Home Address,Home City,Home Country,Organization,Notes\n"
        "Ana,Ruiz,Ana Ruiz,,tb1.ana@example.com,ana3@example.com,,,,,,600 100 906,,Madrid,Spain,,",
        "tb1.ana@example.com | Ana | Ruiz | +34600100906 | never",
    ),
    export(
        "LinkedIn",
        "",
        "Connections.csv",
        "Notes:\n"
        '"When exporting your connection data, you may notice that some of the email addresses are missing."\n'
        "\n"
        "First Name,Last Name,URL,Email Address,Company,Position,Connected On\n"
        "Ana,Ruiz,https://www.example.org/in/ana,li1.ana@example.com,Example,CEO,01 Mar 2024",
        "li1.ana@example.com | Ana | Ruiz | | never",
    ),
    export(
        "A form in Spanish",
        "",
        "Respuestas de formulario 1.csv",
        '"Marca temporal","Nombre y apellidos","Dirección de correo electrónico","Teléfono móvil (opcional)",'
        '"¿Acepta recibir nuestro boletín?"\n'
        '"01/03/2024 10:00:00","Ana Ruiz","fo1.ana@example.com","600 100 907","Sí"\n'
        '"31/03/2024 10:00:00","Bea Sol","fo1.bea@example.com","","No"',
        """
        fo1.ana@example.com | Ana | Ruiz | +34600100907 | never
        fo1.bea@example.com | Bea | Sol | | never
        """,
    ),
    export(
        "Headings with hints, a byte-order mark and no-break spaces",
        "",
        "plantilla.csv",
        "Email\u00a0(required);First\u00a0name *;Last name [optional];Mobile\u00a0phone (with country code);Opt-out (yes/no)\n"
        "hi1.ana@example.com;Ana;Ruiz;+34 600 100 908;no\n"
        "hi1.bea@example.com;Bea;Sol;;yes",
        """
        hi1.ana@example.com | Ana | Ruiz | +34600100908 | never
        hi1.bea@example.com | Bea | Sol | | no
        """,
        encoding="utf-8-sig",
    ),
)
