"""Exports of further mailing tools: MailerLite, Omnisend, Mautic, Connectif, GetResponse, and others."""

from __future__ import annotations

from tests.tool_exports.export import export

MORE_MAILING = (
    export(
        "MailerLite, active",
        "mailerlite",
        "subscribers-active-2026-02-03.csv",
        'Subscriber,Sent,Opens,Clicks,Subscribed,Location,"Name","Last name",Phone\n'
        "ml1.ana@example.com,10,4,1,2024-03-01 10:00:00,Spain,Ana,Ruiz,+34600100601\n"
        "ml1.bea@example.com,10,4,1,2024-03-02 10:00:00,,Bea,,",
        """
        ml1.ana@example.com | Ana | Ruiz | +34600100601 | yes
        ml1.bea@example.com | Bea | | | yes
        """,
    ),
    export(
        "MailerLite, unsubscribed",
        "mailerlite",
        "subscribers-unsubscribed-2026-02-03.csv",
        'Subscriber,Sent,Opens,Clicks,Subscribed,Unsubscribed,Location,"Name","Last name",Phone\n'
        "ml2.cleo@example.com,10,4,1,2024-03-01 10:00:00,2025-03-01 10:00:00,,Cleo,,",
        "ml2.cleo@example.com | Cleo | | | no",
    ),
    export(
        "MailerLite, with status",
        "mailerlite",
        "subscribers.csv",
        'Email,Status,Sent,Opens,Clicks,Subscribed,Name,"Last name"\n'
        "ml3.ana@example.com,active,10,4,1,2024-03-01 10:00:00,Ana,Gil\n"
        "ml3.bea@example.com,unsubscribed,10,4,1,2024-03-01 10:00:00,Bea,\n"
        "ml3.cleo@example.com,bounced,10,4,1,2024-03-01 10:00:00,Cleo,\n"
        "ml3.dora@example.com,junk,10,4,1,2024-03-01 10:00:00,Dora,\n"
        "ml3.eva@example.com,unconfirmed,10,4,1,2024-03-01 10:00:00,Eva,",
        """
        ml3.ana@example.com | Ana | Gil | | yes
        ml3.bea@example.com | Bea | | | no
        ml3.cleo@example.com | Cleo | | | dead
        ml3.dora@example.com | Dora | | | no
        ml3.eva@example.com | Eva | | | never
        """,
    ),
    export(
        "Omnisend",
        "omnisend",
        "omnisend_contacts.csv",
        "Email,Email Status,Email Status Date,Phone,SMS Status,SMS Status Date,First Name,Last Name,City,Country,"
        "Country Code,Birthdate,Gender,Tags,Total Spent,Orders Count,Date Added\n"
        "om1.ana@example.com,Subscribed,2025-01-31T10:00:00Z,+34600100602,Non-subscribed,,Ana,Ruiz,Madrid,Spain,ES,,f,"
        '"source: form, vip",0,0,2025-01-31T10:00:00Z\n'
        "om1.bea@example.com,Unsubscribed,2025-02-28T10:00:00Z,,,,Bea,,,,,,,,0,0,2025-01-31T10:00:00Z\n"
        "om1.cleo@example.com,Non-subscribed,,,,,Cleo,,,,,,,,0,0,2025-01-31T10:00:00Z",
        """
        om1.ana@example.com | Ana | Ruiz | +34600100602 | yes
        om1.bea@example.com | Bea | | | no
        om1.cleo@example.com | Cleo | | | never
        """,
    ),
    export(
        "Mautic, with do not contact",
        "mautic",
        "contacts_20260203.csv",
        "id,points,title,firstname,lastname,company,position,email,mobile,phone,fax,address1,city,country,"
        "preferred_locale,last_active,attribution_date,attribution,stage,dnc\n"
        '17,45,,Ana,"Gil Soto",,,ma1.ana@example.com,"+34 600 100 603",,,"Calle Real 3",Cádiz,Spain,es_ES,,,,,0\n'
        "18,0,,Bea,,,,ma1.bea@example.com,,,,,,,,,,,,1",
        """
        ma1.ana@example.com | Ana | Gil Soto | +34600100603 | never
        ma1.bea@example.com | Bea | | | no
        """,
    ),
    export(
        "Connectif, by field ids",
        "connectif",
        "contacts.csv",
        "_email,_externalId,_name,_surname,_birthdate,_mobilePhone,_newsletterSubscriptionStatus,"
        "_smsSubscriptionStatus,_emailStatus,_points,city\n"
        "cf1.ana@example.com,c-101,Ana,Vega,1988-12-31,+34600100604,subscribed,none,active,120,Murcia\n"
        "cf1.bea@example.com,c-102,Bea,,,,unsubscribed,none,active,0,\n"
        "cf1.cleo@example.com,c-103,Cleo,,,,subscribed,none,bounced,0,\n"
        "cf1.dora@example.com,c-104,Dora,,,,none,none,active,0,",
        """
        cf1.ana@example.com | Ana | Vega | +34600100604 | yes
        cf1.bea@example.com | Bea | | | no
        cf1.cleo@example.com | Cleo | | | dead
        cf1.dora@example.com | Dora | | | never
        """,
    ),
    export(
        "Connectif in Spanish",
        "connectif",
        "contactos.csv",
        "Email;ID externo;Nombre;Apellidos;Fecha de nacimiento;Teléfono móvil;Estado de suscripción a la newsletter;"
        "Fecha de la última suscripción a la newsletter;Estado de suscripción SMS\n"
        "cf2.flor@example.com;c-106;Flor;Ibáñez;31/12/1988;600100605;suscrito;01/03/2025;ninguno\n"
        "cf2.gala@example.com;c-107;Gala;;;;dado de baja;01/03/2024;ninguno",
        """
        cf2.flor@example.com | Flor | Ibáñez | +34600100605 | yes
        cf2.gala@example.com | Gala | | | no
        """,
        encoding="utf-8-sig",
    ),
    export(
        "GetResponse, removed contacts",
        "",
        "removed.csv",
        '"Email","Name","Added on","Removed on","Unsubscribed"\n'
        '"gr1.ana@example.com","Ana Ruiz","2024-03-01","2025-03-01","yes"',
        "gr1.ana@example.com | Ana | Ruiz | | no",
    ),
    export(
        "AWeber",
        "",
        "aweber.csv",
        '"Email","Name","Message Number","Date Added","Stop Time","Stop Status","Status"\n'
        '"aw1.ana@example.com","Ana Ruiz","1001","2024-03-01","","","subscribed"\n'
        '"aw1.bea@example.com","Bea Sol","1001","2024-03-01","2025-03-01","requested via email","unsubscribed"',
        """
        aw1.ana@example.com | Ana | Ruiz | | yes
        aw1.bea@example.com | Bea | Sol | | no
        """,
    ),
    export(
        "Campaign Monitor, suppressed",
        "",
        "suppression-list.csv",
        "Email Address,Name,Suppression Reason,Date\n"
        "cm1.ana@example.com,Ana Ruiz,Unsubscribed,2025-03-01 10:00\n"
        "cm1.bea@example.com,Bea Sol,Bounced,2025-03-01 10:00",
        """
        cm1.ana@example.com | Ana | Ruiz | | no
        cm1.bea@example.com | Bea | Sol | | dead
        """,
    ),
    export(
        "Drip",
        "",
        "drip_subscribers.csv",
        "id,email,status,first_name,last_name,phone,tags,created_at,lifetime_value\n"
        "d1,dr1.ana@example.com,active,Ana,Ruiz,+34600100606,vip,2024-03-01T10:00:00Z,0\n"
        "d2,dr1.bea@example.com,unsubscribed,Bea,,,,2024-03-01T10:00:00Z,0\n"
        "d3,dr1.cleo@example.com,undeliverable,Cleo,,,,2024-03-01T10:00:00Z,0",
        """
        dr1.ana@example.com | Ana | Ruiz | +34600100606 | yes
        dr1.bea@example.com | Bea | | | no
        dr1.cleo@example.com | Cleo | | | dead
        """,
    ),
    export(
        "Customer.io",
        "",
        "people.csv",
        "id,email,first_name,created_at,unsubscribed\n"
        "9001,ci1.ana@example.com,Ana,1709287200,false\n"
        "9002,ci1.bea@example.com,Bea,1709287200,true",
        """
        ci1.ana@example.com | Ana | | | never
        ci1.bea@example.com | Bea | | | no
        """,
    ),
    export(
        "Mailjet",
        "",
        "mailjet-list.csv",
        "email,name,createdat,IsExcludedFromCampaigns,IsUnsubscribed\n"
        "mj1.ana@example.com,Ana Ruiz,2024-03-01T10:00:00Z,false,false\n"
        "mj1.bea@example.com,Bea Sol,2024-03-01T10:00:00Z,false,true\n"
        "mj1.cleo@example.com,Cleo Paz,2024-03-01T10:00:00Z,true,false",
        """
        mj1.ana@example.com | Ana | Ruiz | | never
        mj1.bea@example.com | Bea | Sol | | no
        mj1.cleo@example.com | Cleo | Paz | | no
        """,
    ),
    export(
        "MailPoet",
        "",
        "MailPoet_export_2026-02-03.csv",
        '"Email","First name","Last name","List","Global status","Subscribed on"\n'
        '"mp1.ana@example.com","Ana","Ruiz","Newsletter","Subscribed","2024-03-01"\n'
        '"mp1.bea@example.com","Bea","","Newsletter","Unsubscribed","2024-03-01"\n'
        '"mp1.cleo@example.com","Cleo","","Newsletter","Bounced","2024-03-01"\n'
        '"mp1.dora@example.com","Dora","","Newsletter","Unconfirmed","2024-03-01"',
        """
        mp1.ana@example.com | Ana | Ruiz | | yes
        mp1.bea@example.com | Bea | | | no
        mp1.cleo@example.com | Cleo | | | dead
        mp1.dora@example.com | Dora | | | never
        """,
    ),
    export(
        "A German sender, with states",
        "",
        "empfaenger.csv",
        "E-Mail-Adresse;Anrede;Vorname;Nachname;Mobiltelefon;Land;Status;Abgemeldet am\n"
        "de1.jurgen@example.com;Herr;Jürgen;Groß;0151 23456789;Deutschland;aktiv;\n"
        "de1.anke@example.com;Frau;Anke;Schäfer;;Deutschland;abgemeldet;31.01.2025\n"
        "de1.uli@example.com;;Uli;;;;Bounce;",
        """
        de1.jurgen@example.com | Jürgen | Groß | +4915123456789 | yes
        de1.anke@example.com | Anke | Schäfer | | no
        de1.uli@example.com | Uli | | | dead
        """,
        encoding="cp1252",
        end="\r\n",
    ),
    export(
        "A French sender, with states",
        "",
        "abonnes.csv",
        "Adresse e-mail;Prénom;Nom;Téléphone portable;Pays;Statut;Date de désinscription\n"
        "fr1.helene@example.com;Hélène;Œuvrard;06 12 34 56 78;France;abonné;\n"
        "fr1.remi@example.com;Rémi;Lacôte;;France;désabonné;31/01/2025\n"
        "fr1.ines@example.com;Inès;;;;désinscrit;",
        """
        fr1.helene@example.com | Hélène | Œuvrard | +33612345678 | yes
        fr1.remi@example.com | Rémi | Lacôte | | no
        fr1.ines@example.com | Inès | | | no
        """,
        encoding="cp1252",
        end="\r\n",
    ),
    export(
        "An Italian sender, with states",
        "",
        "iscritti.csv",
        "Indirizzo email;Nome;Cognome;Cellulare;Paese;Stato iscrizione\n"
        "it1.nicolo@example.com;Nicolò;Però;347 123 4567;Italia;iscritto\n"
        "it1.gio@example.com;Giò;;;Italia;disiscritto",
        """
        it1.nicolo@example.com | Nicolò | Però | +393471234567 | yes
        it1.gio@example.com | Giò | | | no
        """,
    ),
    export(
        "A Portuguese sender, with states",
        "",
        "subscritores.csv",
        "Endereço de email;Primeiro nome;Sobrenome;Telemóvel;País;Estado da subscrição\n"
        "pt1.joao@example.com;João;Conceição;912 345 678;Portugal;subscrito\n"
        "pt1.ines@example.com;Inês;;;Portugal;cancelado",
        """
        pt1.joao@example.com | João | Conceição | +351912345678 | yes
        pt1.ines@example.com | Inês | | | no
        """,
    ),
    export(
        "A Spanish sender, with states",
        "",
        "suscriptores.csv",
        "Correo electrónico (obligatorio);Nombre;Apellidos;Móvil;Estado;Fecha de alta\n"
        "es1.inigo@example.com;Íñigo;Peña;600 100 607;Activo;01/03/2024\n"
        "es1.bea@example.com;Bea;;;Baja;01/03/2024\n"
        "es1.cleo@example.com;Cleo;;;Rebotado;31/03/2024",
        """
        es1.inigo@example.com | Íñigo | Peña | +34600100607 | yes
        es1.bea@example.com | Bea | | | no
        es1.cleo@example.com | Cleo | | | dead
        """,
        encoding="cp1252",
    ),
    export(
        "A Polish sender, with states",
        "",
        "subskrybenci.csv",
        "Adres e-mail;Imię;Nazwisko;Telefon komórkowy;Kraj;Status\n"
        "pl1.lukasz@example.com;Łukasz;Żółć;512 345 678;Polska;subscribed\n"
        "pl1.ola@example.com;Ola;Śmigło;;Polska;unsubscribed",
        """
        pl1.lukasz@example.com | Łukasz | Żółć | +48512345678 | yes
        pl1.ola@example.com | Ola | Śmigło | | no
        """,
        encoding="cp1250",
        end="\r\n",
    ),
)
