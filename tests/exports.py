"""Files as other tools write them when one exports one's contacts, with what each is to come to.

Headings, quoting, words for subscriptions and dates are those of the tools; the people are invented.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import openpyxl


@dataclass(frozen=True)
class Export:
    """A file of another tool.

    `columns` are those that are to be imported, each with what it fills; `people` some of
    those whom it makes, by their email, with what is to be known of them.  `refused` are the
    lines that cannot go in, `opt_outs` the columns of which the user decides that they are left out.
    """

    name: str
    content: bytes
    columns: Mapping[str, str]
    people: Mapping[str, Mapping[str, Any]]
    refused: tuple[int, ...] = ()
    notices: tuple[str, ...] = ()
    opt_outs: tuple[str, ...] = ()


def _lines(*lines: str, end: str = "\n") -> str:
    return end.join(lines) + end


MAILCHIMP_HEAD = (
    '"Email Address","First Name","Last Name",Address,"Phone Number",Birthday,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,'
    "CONFIRM_TIME,CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,"
)
MAILCHIMP_END = "LAST_CHANGED,LEID,EUID,NOTES,TAGS"
MAILCHIMP = {
    "Email Address": "email", "First Name": "first_name", "Last Name": "last_name", "Phone Number": "mobile_phone",
    "TAGS": "tags",
}  # fmt: skip


def _mailchimp() -> dict[str, Export]:
    subscribed = _lines(
        MAILCHIMP_HEAD + MAILCHIMP_END,
        'mc.ana@example.com,Ana,"García López","Calle Mayor 1  28013  Madrid","612 345 678",03/25,4,"2024-03-01 09:12:44",'
        '81.33.12.9,"2024-03-01 09:13:02",81.33.12.9,40.4165000,-3.7026000,1,2,Europe/Madrid,ES,MD,'
        '"2026-02-03 10:00:01",45967475,3b0a62b412,,"""VIP"",""Blog"""',
        'mc.bea@example.com,Bea,,,,12/01,2,,,"2025-06-30 23:59:59",,,,,,,,,"2025-06-30 23:59:59",45967476,3b0a62b413,,',
    )
    unsubscribed = _lines(
        MAILCHIMP_HEAD
        + "UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON_OTHER,"
        + MAILCHIMP_END,
        'mc.cleo@example.com,Cleo,,,,,2,,,"2023-01-05 10:00:00",,,,,,,,,"2025-05-05 12:30:00","Spring sale",a1b2c3,'
        '"NORMAL (No longer interested)",,"2025-05-05 12:30:00",45967477,3b0a62b414,,',
    )
    cleaned = _lines(
        MAILCHIMP_HEAD + "CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID," + MAILCHIMP_END,
        'mc.dead@example.com,Dora,,,,,1,,,"2023-01-05 10:00:00",,,,,,,,,"2024-02-01 08:00:00","Winter",d4e5f6,'
        '"2024-02-01 08:00:00",45967478,3b0a62b415,,',
    )
    strangers = _lines(
        MAILCHIMP_HEAD + MAILCHIMP_END,
        'mc.guest@example.com,Gus,,,,,2,,,"2025-01-05 10:00:00",,,,,,,,,"2025-01-05 10:00:00",45967479,3b0a62b416,,',
    )
    return {
        "Mailchimp": Export(
            "subscribed_email_audience_export_1bde686f3d.csv",
            subscribed.encode(),
            MAILCHIMP | {"CONFIRM_TIME": "newsletter_at"},
            {
                "mc.ana@example.com": {
                    "first_name": "Ana", "last_name": "García López", "mobile_phone": "+34612345678", "newsletter": "subscribed",
                },
                "mc.bea@example.com": {"newsletter": "subscribed", "birth_date": None},
            },
        ),
        "Mailchimp, unsubscribed": Export(
            "unsubscribed_email_audience_export_1bde686f3d.csv",
            unsubscribed.encode(),
            MAILCHIMP | {"Birthday": "birth_date", "UNSUB_TIME": "newsletter_ended_at"},
            {"mc.cleo@example.com": {"newsletter": "unsubscribed"}},
            notices=("unsubscribed contacts",),
        ),
        "Mailchimp, cleaned": Export(
            "cleaned_email_audience_export_1bde686f3d.csv",
            cleaned.encode(),
            MAILCHIMP | {"Birthday": "birth_date", "CLEAN_TIME": "email_status"},
            {"mc.dead@example.com": {"newsletter": "not_subscribed", "email_status": "bounced"}},
            notices=("addresses bounced",),
        ),
        "Mailchimp, not subscribed": Export(
            "nonsubscribed_email_audience_export_1bde686f3d.csv",
            strangers.encode(),
            MAILCHIMP | {"Birthday": "birth_date"},
            {"mc.guest@example.com": {"newsletter": "not_subscribed"}},
            notices=("contacts who are not subscribed",),
        ),
    }  # fmt: skip


def _klaviyo() -> Export:
    content = _lines(
        "Email,Klaviyo ID,First Name,Last Name,Organization,Title,Phone Number,Address,Address 2,City,State / Region,"
        "Country,Zip Code,Latitude,Longitude,Source,IP Address,Email Marketing Consent,"
        "Email Marketing Consent Timestamp,SMS Marketing Consent,SMS Marketing Consent Timestamp,"
        "Historic Customer Lifetime Value,Total Customer Lifetime Value,Predicted Customer Lifetime Value,"
        "Average Order Value,Historic Number Of Orders,First Active,Last Active,Profile Created On,Date Added,"
        "Last Open,Last Click,Average Days Between Orders,Email Suppressions,Shopify Tags",
        "kl.ana@example.com,01HB4E5XYZ,Ana,Pérez,,,+34600100201,Calle Luna 4,,Sevilla,Andalucía,Spain,41001,37.3886,"
        "-5.9953,Footer form,81.33.12.10,SUBSCRIBED,2024-09-20 14:03:22,SUBSCRIBED,2025-01-02T09:00:00+00:00,"
        "120.50,180.00,59.50,60.25,2,2024-09-20 14:03:22,2026-01-05 08:00:00,2024-09-20 14:03:22,2024-09-20,,,45.0,[],"
        '"[""vip"", ""swim""]"',
        "kl.bea@example.com,01HB4E5XYA,Bea,,,,,,,,,,,,,,,NEVER_SUBSCRIBED,,NEVER_SUBSCRIBED,,0.0,,,,0,,,"
        "2025-02-01 10:00:00,2025-02-01,,,,[],",
        "kl.cleo@example.com,01HB4E5XYB,Cleo,,,,,,,,,,,,,,,UNSUBSCRIBED,2023-05-01 10:00:00,,,0.0,,,,0,,,"
        "2025-02-01 10:00:00,2025-02-01,,,,\"['UNSUBSCRIBED']\",",
    )
    return Export(
        "Newsletter_members_2026-02-03.csv",
        content.encode("utf-8-sig"),
        {
            "Email": "email", "First Name": "first_name", "Last Name": "last_name", "Phone Number": "mobile_phone",
            "City": "custom.city", "Country": "custom.country", "Email Marketing Consent": "newsletter",
            "Email Marketing Consent Timestamp": "newsletter_at", "SMS Marketing Consent": "sms",
            "SMS Marketing Consent Timestamp": "sms_at", "Email Suppressions": "email_status", "Shopify Tags": "tags",
        },
        {
            "kl.ana@example.com": {
                "city": "Sevilla", "mobile_phone": "+34600100201", "newsletter": "subscribed", "sms": "subscribed",
            },
            "kl.bea@example.com": {"newsletter": "not_subscribed", "sms": "not_subscribed"},
            "kl.cleo@example.com": {"newsletter": "unsubscribed"},
        },
    )  # fmt: skip


def _hubspot() -> dict[str, Export]:
    english = _lines(
        '"Record ID","First Name","Last Name","Email","Phone Number","Mobile Phone Number","Contact owner",'
        '"Primary Associated Company ID","Last Activity Date (GMT+1)","Lead Status","Marketing contact status",'
        '"Create Date (GMT+1)","Associated Company","Country/Region","City","Unsubscribed from all email",'
        '"Date of birth"',
        '"51","Ana","Torres","hs.ana@example.com","+34 91 123 45 67","+34 600 100 301","Mia Owner (mia@shop.example)",'
        '"8801","2026-01-30 16:20","Open","Marketing contact","2023-11-08 15:21","Example Inc","Spain","Bilbao","",'
        '"1990-04-03"',
        '"52","Bea","","hs.bea@example.com","","","","","","","Non-marketing contact","2024-06-02 09:00","","","",'
        '"true",""',
    )
    spanish = _lines(
        '"ID de registro","Nombre","Apellidos","Correo","Número de teléfono","Propietario del contacto",'
        '"Estado del lead","Fecha de creación","Ciudad","País/región"',
        '"61","Íñigo","Núñez","hs.inigo@example.com","600 100 302","","Nuevo","2024-06-02 09:00","León","España"',
    )
    return {
        "HubSpot": Export(
            "hubspot-crm-exports-all-contacts-2026-02-03.csv",
            english.encode(),
            {
                "First Name": "first_name", "Last Name": "last_name", "Email": "email",
                "Mobile Phone Number": "mobile_phone", "Country/Region": "custom.country", "City": "custom.city",
                "Unsubscribed from all email": "newsletter_out", "Date of birth": "birth_date",
            },
            {
                "hs.ana@example.com": {
                    "mobile_phone": "+34600100301", "birth_date": "1990-04-03", "newsletter": "not_subscribed",
                },
                "hs.bea@example.com": {"newsletter": "unsubscribed"},
            },
        ),
        "HubSpot in Spanish": Export(
            "hubspot-crm-exports-todos-los-contactos-2026-02-03.csv",
            spanish.encode(),
            {
                "Nombre": "first_name", "Apellidos": "last_name", "Correo": "email",
                "Número de teléfono": "mobile_phone", "Ciudad": "custom.city", "País/región": "custom.country",
            },
            {"hs.inigo@example.com": {"first_name": "Íñigo", "mobile_phone": "+34600100302", "country": "España"}},
        ),
    }  # fmt: skip


def _shopify() -> Export:
    content = _lines(
        "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,"
        "Default Address Address1,Default Address Address2,Default Address City,Default Address Province Code,"
        "Default Address Country Code,Default Address Zip,Default Address Phone,Phone,Accepts SMS Marketing,"
        "Total Spent,Total Orders,Note,Tax Exempt,Tags",
        "'6940095185044,Ana,Jansen,sh.ana@example.com,yes,,Calle Sol 1,2 B,Valencia,V,ES,'46001,'+34612000401,"
        '\'+34612000401,yes,150.00,3,"Likes ""blue"", and green",no,"vip, wholesale"',
        "'6940095185045,Bea,Ruiz,sh.bea@example.com,no,,,,,,,,,,no,0.00,0,,no,",
        "'6940095185046,,,,no,,,,,,,,,'+34612000402,no,20.00,1,,no,",
        "'6940095185047,Nobody,,,no,,,,,,,,,,no,0.00,0,,no,",
    )
    return Export(
        "customers_export.csv",
        content.encode(),
        {
            "Customer ID": "external_id", "First Name": "first_name", "Last Name": "last_name", "Email": "email",
            "Accepts Email Marketing": "newsletter", "Default Address City": "custom.city",
            "Default Address Country Code": "custom.country", "Phone": "mobile_phone", "Accepts SMS Marketing": "sms",
            "Tags": "tags",
        },
        {
            "sh.ana@example.com": {
                "external_id": "6940095185044", "mobile_phone": "+34612000401", "newsletter": "subscribed",
                "sms": "subscribed", "country": "ES",
            },
            "sh.bea@example.com": {"external_id": "6940095185045", "newsletter": "not_subscribed"},
        },
    )  # fmt: skip


def _mautic() -> Export:
    content = _lines(
        "id,points,title,firstname,lastname,company,position,email,mobile,phone,fax,address1,address2,city,state,"
        "zipcode,country,preferred_locale,timezone,last_active,attribution_date,attribution,website,facebook,"
        "twitter,stage",
        '17,45,,Ana,"Gil Soto",,,ma.ana@example.com,"+34 600 100 501",,,"Calle Real 3",,Cádiz,Andalucía,11001,Spain,es_ES,'
        'Europe/Madrid,"2026-01-30 16:20:11",,,,,,',
        "18,0,,,,,,ma.bea@example.com,,,,,,,,,,,,,,,,,,",
    )
    return Export(
        "contacts_20260203.csv",
        content.encode(),
        {
            "firstname": "first_name", "lastname": "last_name", "email": "email", "mobile": "mobile_phone",
            "city": "custom.city", "country": "custom.country", "preferred_locale": "custom.language",
        },
        {"ma.ana@example.com": {"last_name": "Gil Soto", "mobile_phone": "+34600100501", "city": "Cádiz"}},
    )  # fmt: skip


def _connectif() -> dict[str, Export]:
    api = _lines(
        "_email,_externalId,_name,_surname,_birthdate,_mobilePhone,_newsletterSubscriptionStatus,"
        "_smsSubscriptionStatus,_emailStatus,_points,city",
        "cn.ana@example.com,c-1,Ana,Vega,1988-12-31,+34600100601,subscribed,none,active,120,Murcia",
        "cn.bea@example.com,c-2,Bea,,,,unsubscribed,none,active,0,",
        "cn.cleo@example.com,c-3,,,,,none,none,bounced,0,",
    )
    english = _lines(
        "Email,External ID,Name,Surname,Birthdate,Mobile phone,Newsletter subscription status,"
        "Date of last newsletter subscription,Date of last newsletter unsubscription,SMS subscription status,Email status",
        "cn.dora@example.com,c-4,Dora,Sanz,1970-01-01,+34600100602,subscribed,2025-03-01T10:00:00.000Z,,none,active",
        "cn.eva@example.com,c-5,Eva,,,,unsubscribed,2024-03-01T10:00:00.000Z,2025-09-01T10:00:00.000Z,none,active",
    )
    spanish = _lines(
        "Email;ID externo;Nombre;Apellidos;Fecha de nacimiento;Teléfono móvil;Estado de suscripción a la newsletter;"
        "Fecha de la última suscripción a la newsletter;Estado de suscripción SMS",
        "cn.flor@example.com;c-6;Flor;Ibáñez;31/12/1988;600100603;suscrito;01/03/2025;ninguno",
        "cn.gala@example.com;c-7;Gala;;;;no suscrito;;ninguno",
    )
    columns = {
        "_email": "email", "_externalId": "external_id", "_name": "first_name", "_surname": "last_name",
        "_birthdate": "birth_date", "_mobilePhone": "mobile_phone", "_newsletterSubscriptionStatus": "newsletter",
        "_smsSubscriptionStatus": "sms", "_emailStatus": "email_status", "city": "custom.city",
    }  # fmt: skip
    return {
        "Connectif, by field ids": Export(
            "contacts.csv",
            api.encode(),
            columns,
            {
                "cn.ana@example.com": {
                    "external_id": "c-1", "birth_date": "1988-12-31", "newsletter": "subscribed", "city": "Murcia",
                },
                "cn.bea@example.com": {"newsletter": "unsubscribed"},
                "cn.cleo@example.com": {"newsletter": "not_subscribed", "email_status": "bounced"},
            },
        ),
        "Connectif in English": Export(
            "contacts-export.csv",
            english.encode("utf-8-sig"),
            {
                "Email": "email", "External ID": "external_id", "Name": "first_name", "Surname": "last_name",
                "Birthdate": "birth_date", "Mobile phone": "mobile_phone", "Newsletter subscription status": "newsletter",
                "Date of last newsletter subscription": "newsletter_at",
                "Date of last newsletter unsubscription": "newsletter_ended_at", "SMS subscription status": "sms",
                "Email status": "email_status",
            },
            {
                "cn.dora@example.com": {"mobile_phone": "+34600100602", "newsletter": "subscribed"},
                "cn.eva@example.com": {"newsletter": "unsubscribed"},
            },
        ),
        "Connectif in Spanish": Export(
            "contactos.csv",
            spanish.encode("utf-8-sig"),
            {
                "Email": "email", "ID externo": "external_id", "Nombre": "first_name", "Apellidos": "last_name",
                "Fecha de nacimiento": "birth_date", "Teléfono móvil": "mobile_phone",
                "Estado de suscripción a la newsletter": "newsletter",
                "Fecha de la última suscripción a la newsletter": "newsletter_at", "Estado de suscripción SMS": "sms",
            },
            {
                "cn.flor@example.com": {
                    "last_name": "Ibáñez", "birth_date": "1988-12-31", "mobile_phone": "+34600100603",
                    "newsletter": "subscribed",
                },
                "cn.gala@example.com": {"newsletter": "not_subscribed"},
            },
        ),
    }  # fmt: skip


SPREADSHEET = {
    "Nº cliente": "external_id", "Nombre": "first_name", "Apellidos": "last_name", "Correo electrónico": "email",
    "Móvil": "mobile_phone", "Fecha de nacimiento": "birth_date", "Población": "custom.city",
    "Talla": "custom.shoe_size", "Suscrito": "newsletter", "Fecha de alta": "",
}  # fmt: skip


def _excel() -> dict[str, Export]:
    def text(prefix: str, separator: str) -> str:
        rows = (
            ("Nº cliente", "Nombre", "Apellidos", "Correo electrónico", "Móvil", "Fecha de nacimiento", "Población"),
            ("00071", "José", "Muñoz Íñiguez", f"{prefix}.jose@example.com", "600 100 70" + prefix[-1], "31/03/1990", "León"),
            ("00072", "Ángela", '"Díaz; de León"' if separator == ";" else "Díaz; de León", f"{prefix}.angela@example.com", "", "05/11/1985", "A Coruña"),
        )  # fmt: skip
        return _lines(*(separator.join(row) for row in rows), end="\r\n")

    def export(name: str, prefix: str, content: bytes) -> Export:
        columns = {heading: target for heading, target in SPREADSHEET.items() if target}
        for absent in ("Talla", "Suscrito"):
            columns.pop(absent)
        jose = {
            "first_name": "José",
            "last_name": "Muñoz Íñiguez",
            "birth_date": "1990-03-31",
            "city": "León",
        }
        return Export(
            name,
            content,
            columns,
            {
                f"{prefix}.jose@example.com": jose,
                f"{prefix}.angela@example.com": {"last_name": "Díaz; de León", "birth_date": "1985-11-05"},
            },
        )

    def each_its_ids(content: str, number: str) -> str:
        return content.replace("0007", f"{number}7")

    return {
        "Excel, CSV": export(
            "clientes.csv", "x1", each_its_ids(text("x1", ";"), "001").encode("cp1252")
        ),
        "Excel, CSV UTF-8": export(
            "clientes.csv", "x2", each_its_ids(text("x2", ";"), "002").encode("utf-8-sig")
        ),
        "Excel, Unicode text": export(
            "clientes.txt", "x3", each_its_ids(text("x3", "\t"), "003").encode("utf-16")
        ),
        "Excel, CSV for MS-DOS": export(
            "clientes.csv", "x4", each_its_ids(text("x4", ";"), "004").encode("cp850")
        ),
        "Excel, CSV for Macintosh": export(
            "clientes.csv", "x5", each_its_ids(text("x5", ";"), "005").encode("mac-roman")
        ),
        "Excel, with the separator in a line of its own": export(
            "clientes.csv", "x6", b"sep=;\r\n" + each_its_ids(text("x6", ";"), "006").encode("cp1252")
        ),
        "Excel, workbook": _workbook(),
    }  # fmt: skip


def _workbook() -> Export:
    """A workbook with real dates, numbers for phones and ids, and an empty row at the top."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Clientes"
    sheet.append([])
    sheet.append(
        [
            "Código cliente",
            "Nombre",
            "E-mail",
            "Teléfono",
            "Fecha de nacimiento",
            "Suscrito",
            "Fecha de consentimiento",
        ]
    )
    agreed = datetime(2025, 1, 31, 10, 30)  # noqa: DTZ001  (a spreadsheet knows no zones)
    sheet.append([81, "Ana", "xl.ana@example.com", 600100801, date(1990, 3, 31), "Sí", agreed])
    sheet.append([82, "Bea", "xl.bea@example.com", None, None, "No", None])
    sheet.append([83, "Cleo", "xl.cleo@example.com", "3.46E+10", None, None, None])
    packed = io.BytesIO()
    book.save(packed)
    return Export(
        "Clientes 2026.xlsx",
        packed.getvalue(),
        {
            "Código cliente": "external_id", "Nombre": "first_name", "E-mail": "email", "Teléfono": "mobile_phone",
            "Fecha de nacimiento": "birth_date", "Suscrito": "newsletter", "Fecha de consentimiento": "newsletter_at",
        },
        {
            "xl.ana@example.com": {
                "external_id": "81", "mobile_phone": "+34600100801", "birth_date": "1990-03-31",
                "newsletter": "subscribed",
            },
            "xl.bea@example.com": {"external_id": "82", "newsletter": "not_subscribed"},
            "xl.cleo@example.com": {"external_id": "83", "mobile_phone": None},
        },
    )  # fmt: skip


EXPORTS: Mapping[str, Export] = {
    **_mailchimp(),
    "Klaviyo": _klaviyo(),
    **_hubspot(),
    "Shopify": _shopify(),
    "Mautic": _mautic(),
    **_connectif(),
    **_excel(),
}
"""By the tool, and the kind of its file."""
