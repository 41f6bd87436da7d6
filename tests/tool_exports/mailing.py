"""Exports of Mailchimp, Klaviyo, Brevo, ActiveCampaign, Constant Contact and Kit."""

from __future__ import annotations

from tests.tool_exports.export import export

_MAILCHIMP = (
    '"Email Address","First Name","Last Name",Address,"Phone Number",Birthday,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,'
    "CONFIRM_TIME,CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,"
)
_END = "LAST_CHANGED,LEID,EUID,NOTES,TAGS"
_KLAVIYO = (
    "Email,Klaviyo ID,First Name,Last Name,Organization,Title,Phone Number,Address,Address 2,City,State / Region,"
    "Country,Zip Code,Latitude,Longitude,Source,IP Address,Email Marketing Consent,"
    "Email Marketing Consent Timestamp,SMS Marketing Consent,SMS Marketing Consent Timestamp,"
    "First Active,Last Active,Profile Created On,Date Added,Email Suppressions,Email Suppressions Timestamp,"
    "SMS Suppressions\n"
)

MAILING = (
    export(
        "Mailchimp, subscribed",
        "mailchimp",
        "subscribed_email_audience_export_a1b2c3d4e5.csv",
        _MAILCHIMP + _END + "\n"
        'mc1.ana@example.com,Ana,"García López","Calle Mayor 1  28013  Madrid","612 345 678",03/25,4,'
        '"2024-03-01 09:12:44",81.33.12.9,"2024-03-01 09:13:02",81.33.12.9,40.4165,-3.7026,1,2,Europe/Madrid,ES,MD,'
        '"2026-02-03 10:00:01",45967475,3b0a62b412,,"""VIP"",""Blog"""\n'
        'mc1.zoe@example.com,Zoë,"O\'Neill",,"+353 86 123 4567",,2,,,"2025-06-30 23:59:59",,,,,,,IE,,'
        '"2025-06-30 23:59:59",45967476,3b0a62b413,,',
        """
        mc1.ana@example.com | Ana | García López | +34612345678 | yes
        mc1.zoe@example.com | Zoë | O'Neill | +353861234567 | yes
        """,
    ),
    export(
        "Mailchimp, subscribed, under another name",
        "mailchimp-unnamed",
        "audience of the shop.csv",
        _MAILCHIMP + _END + "\n"
        'mc2.ana@example.com,Ana,Gil,,,,4,,,"2024-03-01 09:13:02",,,,,,,ES,,"2026-02-03 10:00:01",45967495,3b0a62b492,,',
        "mc2.ana@example.com | Ana | Gil | | never",
    ),
    export(
        "Mailchimp, unsubscribed",
        "mailchimp-unsubscribed",
        "unsubscribed_email_audience_export_a1b2c3d4e5.csv",
        _MAILCHIMP
        + "UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON_OTHER,"
        + _END
        + "\n"
        'mc3.cleo@example.com,Cleo,,,,,2,,,"2023-01-05 10:00:00",,,,,,,,,"2025-05-05 12:30:00","Spring sale",a1b2c3,'
        '"NORMAL (No longer interested)",,"2025-05-05 12:30:00",45967477,3b0a62b414,,\n'
        'mc3.dan@example.com,Dan,,,,,2,,,,,,,,,,,,,,,,,"2025-05-05 12:30:00",45967487,3b0a62b424,,',
        """
        mc3.cleo@example.com | Cleo | | | no
        mc3.dan@example.com | Dan | | | no
        """,
    ),
    export(
        "Mailchimp, cleaned",
        "mailchimp-cleaned",
        "cleaned_email_audience_export_a1b2c3d4e5.csv",
        _MAILCHIMP + "CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID," + _END + "\n"
        'mc4.dead@example.com,Dora,,,,,1,,,"2023-01-05 10:00:00",,,,,,,,,"2024-02-01 08:00:00","Winter",d4e5f6,'
        '"2024-02-01 08:00:00",45967478,3b0a62b415,,',
        "mc4.dead@example.com | Dora | | | dead",
    ),
    export(
        "Mailchimp, not subscribed",
        "mailchimp-nonsubscribed",
        "nonsubscribed_email_audience_export_a1b2c3d4e5.csv",
        _MAILCHIMP + _END + "\n"
        'mc5.gus@example.com,Gus,,,,,2,,,"2025-01-05 10:00:00",,,,,,,,,"2025-01-05 10:00:00",45967479,3b0a62b416,,',
        "mc5.gus@example.com | Gus | | | never",
    ),
    export(
        "Klaviyo, a list",
        "klaviyo",
        "Newsletter_members_2026-02-03.csv",
        _KLAVIYO
        + "kl1.ana@example.com,01HB4E5XYZ,Ana,Pérez,,,+34600100201,Calle Luna 4,,Sevilla,Andalucía,Spain,41001,37.38,"
        "-5.99,Footer form,81.33.12.10,SUBSCRIBED,2024-09-20 14:03:22,NEVER_SUBSCRIBED,,2024-09-20 14:03:22,,"
        "2024-09-20 14:03:22,2024-09-20,[],[],[]\n"
        "kl1.cleo@example.com,01HB4E5XYB,Cleo,,,,,,,,,,,,,,,UNSUBSCRIBED,2023-05-01 10:00:00,,,,,2025-02-01 10:00:00,"
        "2025-02-01,\"['UNSUBSCRIBED']\",\"['2025-05-01 10:00:00']\",[]\n"
        "kl1.dora@example.com,01HB4E5XYC,Dora,,,,,,,,,,,,,,,SUBSCRIBED,2023-05-01 10:00:00,,,,,2025-02-01 10:00:00,"
        "2025-02-01,\"['HARD_BOUNCE']\",\"['2025-05-01 10:00:00']\",[]\n"
        "kl1.eva@example.com,01HB4E5XYD,Eva,,,,,,,,,,,,,,,SUBSCRIBED,2023-05-01 10:00:00,,,,,2025-02-01 10:00:00,"
        "2025-02-01,\"['USER_SUPPRESSED']\",\"['2025-05-01 10:00:00']\",[]\n"
        "kl1.fay@example.com,01HB4E5XYE,Fay,,,,,,,,,,,,,,,NEVER_SUBSCRIBED,,,,,,2025-02-01 10:00:00,2025-02-01,[],[],[]",
        """
        kl1.ana@example.com | Ana | Pérez | +34600100201 | yes
        kl1.cleo@example.com | Cleo | | | no
        kl1.dora@example.com | Dora | | | dead
        kl1.eva@example.com | Eva | | | no
        kl1.fay@example.com | Fay | | | never
        """,
        encoding="utf-8-sig",
    ),
    export(
        "Klaviyo, suppressed profiles",
        "",
        "suppressed_profiles.csv",
        "Email,Suppression Reason,Suppressed At\n"
        "kl2.ana@example.com,Unsubscribed,2025-03-01 10:00:00\n"
        "kl2.bea@example.com,Hard Bounced,2025-03-02 10:00:00\n"
        "kl2.cleo@example.com,Marked as Spam,2025-03-03 10:00:00\n"
        "kl2.dora@example.com,Manually Suppressed,2025-03-04 10:00:00",
        """
        kl2.ana@example.com | | | | no
        kl2.bea@example.com | | | | dead
        kl2.cleo@example.com | | | | no
        kl2.dora@example.com | | | | no
        """,
    ),
    export(
        "Brevo, with blocklist",
        "brevo",
        "contacts_export_1738572000.csv",
        "CONTACT ID,EMAIL,FIRSTNAME,LASTNAME,SMS,WHATSAPP,LANDLINE_NUMBER,EXT_ID,OPT_IN,DOUBLE_OPT-IN,EMAIL_BLOCKLISTED,"
        "SMS_BLOCKLISTED,ADDED_TIME,MODIFIED_TIME\n"
        "11,br1.ana@example.com,Ana,Núñez,34600100301,,,b-1,true,Yes,false,false,2025-01-31 10:00:00,2025-01-31 10:00:00\n"
        "12,br1.bea@example.com,Bea,,,,,b-2,true,Yes,true,false,2025-01-31 10:00:00,2025-01-31 10:00:00\n"
        "13,br1.cleo@example.com,Cleo,,,,,b-3,,,false,false,2025-01-31 10:00:00,2025-01-31 10:00:00",
        """
        br1.ana@example.com | Ana | Núñez | +34600100301 | yes
        br1.bea@example.com | Bea | | | no
        br1.cleo@example.com | Cleo | | | never
        """,
    ),
    export(
        "Brevo, without blocklist",
        "brevo-plain",
        "export_brevo.csv",
        "EMAIL;FIRSTNAME;LASTNAME;SMS;DOUBLE_OPT-IN;ADDED_TIME\n"
        "br2.ana@example.com;Ana;Ortí;34600100302;Yes;2025-01-31 10:00:00\n"
        "br2.bea@example.com;Bea;;;No;2025-01-31 10:00:00",
        """
        br2.ana@example.com | Ana | Ortí | +34600100302 | never
        br2.bea@example.com | Bea | | | never
        """,
    ),
    export(
        "Sendinblue in French",
        "brevo",
        "contacts.csv",
        "EMAIL;NOM;PRENOM;SMS;DOUBLE_OPT-IN;BLACKLISTED;DATE_INSCRIPTION\n"
        "br3.zoe@example.com;Lefèvre;Zoé;33612345670;1;0;31/01/2025\n"
        "br3.luc@example.com;Noël;Luc;;1;1;31/01/2025\n"
        "br3.eve@example.com;Petit;Ève;;2;0;31/01/2025",
        """
        br3.zoe@example.com | Zoé | Lefèvre | +33612345670 | yes
        br3.luc@example.com | Luc | Noël | | no
        br3.eve@example.com | Ève | Petit | | never
        """,
        encoding="cp1252",
        end="\r\n",
    ),
    export(
        "ActiveCampaign, with words",
        "activecampaign",
        "contacts_2026-02-03.csv",
        '"ID","Email","First Name","Last Name","Phone","Organization","IP","Subscribed Date","Status","Tags","Lists"\n'
        '"7","ac1.ana@example.com","Ana","Ruiz","+34 600 100 401","","81.33.1.1","2024-03-01 10:00:00","Active",'
        '"vip, blog","Newsletter"\n'
        '"8","ac1.bea@example.com","Bea","","","","","2024-03-01 10:00:00","Unsubscribed","",""\n'
        '"9","ac1.cleo@example.com","Cleo","","","","","2024-03-01 10:00:00","Bounced","",""\n'
        '"10","ac1.dora@example.com","Dora","","","","","2024-03-01 10:00:00","Unconfirmed","",""',
        """
        ac1.ana@example.com | Ana | Ruiz | +34600100401 | yes
        ac1.bea@example.com | Bea | | | no
        ac1.cleo@example.com | Cleo | | | dead
        ac1.dora@example.com | Dora | | | never
        """,
    ),
    export(
        "ActiveCampaign, with numbers",
        "activecampaign",
        "ac_contacts.csv",
        "id,email,first_name,last_name,phone,organization,ip,sdate,status,tags,lists\n"
        "7,ac2.ana@example.com,Ana,Gil,+34600100402,,81.33.1.1,2024-03-01 10:00:00,1,,\n"
        "8,ac2.bea@example.com,Bea,,,,,2024-03-01 10:00:00,2,,\n"
        "9,ac2.cleo@example.com,Cleo,,,,,2024-03-01 10:00:00,3,,\n"
        "10,ac2.dora@example.com,Dora,,,,,2024-03-01 10:00:00,0,,",
        """
        ac2.ana@example.com | Ana | Gil | +34600100402 | yes
        ac2.bea@example.com | Bea | | | no
        ac2.cleo@example.com | Cleo | | | dead
        ac2.dora@example.com | Dora | | | never
        """,
    ),
    export(
        "Constant Contact",
        "constant-contact",
        "contact_export_1107000000_020326.csv",
        "Email address,First name,Last name,Company,Job title,Email status,Email permission status,"
        "Email update source,Confirmed Opt-Out Date,Confirmed Opt-Out Source,Confirmed Opt-Out Reason,Phone - home,"
        "Phone - mobile,City - home,Country - home,Email Lists,Tags,Source Name,Created At,Updated At\n"
        "cc1.ana@example.com,Ana,Ruiz,,,Active,Express,Contact,,,,,+34 600 100 501,Madrid,Spain,General,vip,Form,"
        "2024-01-31 10:00:00 +0000,2024-01-31 10:00:00 +0000\n"
        "cc1.bea@example.com,Bea,,,,Unsubscribed,Opt-out,Contact,2025-05-05 12:00:00 +0000,Contact,,,,,,,,Form,"
        "2024-01-31 10:00:00 +0000,2025-05-05 12:00:00 +0000\n"
        "cc1.cleo@example.com,Cleo,,,,Bounced,Implied,Account,,,,,,,,,,Form,2024-01-31 10:00:00 +0000,"
        "2025-05-05 12:00:00 +0000\n"
        "cc1.dora@example.com,Dora,,,,Awaiting confirmation,Pending Confirmation,Account,,,,,,,,,,Form,"
        "2024-01-31 10:00:00 +0000,2025-05-05 12:00:00 +0000\n"
        "cc1.eva@example.com,Eva,,,,Active,Temp hold,Account,,,,,,,,,,Form,2024-01-31 10:00:00 +0000,"
        "2025-05-05 12:00:00 +0000",
        """
        cc1.ana@example.com | Ana | Ruiz | +34600100501 | yes
        cc1.bea@example.com | Bea | | | no
        cc1.cleo@example.com | Cleo | | | dead
        cc1.dora@example.com | Dora | | | never
        cc1.eva@example.com | Eva | | | never
        """,
    ),
    export(
        "Constant Contact, earlier form",
        "",
        "export.csv",
        '"Email Address","First Name","Last Name","Home Phone","Cell Phone","Status","Date Unsubscribed"\n'
        '"cc2.ana@example.com","Ana","Ruiz","","600 100 502","Active",""\n'
        '"cc2.bea@example.com","Bea","","","","Unsubscribed","05/31/2025"',
        """
        cc2.ana@example.com | Ana | Ruiz | +34600100502 | yes
        cc2.bea@example.com | Bea | | | no
        """,
    ),
    export(
        "Kit, active subscribers",
        "kit",
        "subscribers.csv",
        "id,email,first_name,state,created_at,tags,last_name\n"
        '2001,ki1.ana@example.com,Ana,active,2024-03-01 10:00:00 UTC,"vip, course",Ruiz\n'
        "2002,ki1.bea@example.com,Bea,cancelled,2024-03-01 10:00:00 UTC,,\n"
        "2003,ki1.cleo@example.com,Cleo,bounced,2024-03-01 10:00:00 UTC,,\n"
        "2004,ki1.dora@example.com,Dora,complained,2024-03-01 10:00:00 UTC,,\n"
        "2005,ki1.eva@example.com,Eva,inactive,2024-03-01 10:00:00 UTC,,",
        """
        ki1.ana@example.com | Ana | Ruiz | | yes
        ki1.bea@example.com | Bea | | | no
        ki1.cleo@example.com | Cleo | | | dead
        ki1.dora@example.com | Dora | | | no
        ki1.eva@example.com | Eva | | | never
        """,
    ),
    export(
        "ConvertKit, earlier form",
        "kit",
        "convertkit.csv",
        "first_name,email_address,status,created_at,tags\n"
        "Ana,ki2.ana@example.com,active,2024-03-01,vip\n"
        "Bea,ki2.bea@example.com,cancelled,2024-03-01,",
        """
        ki2.ana@example.com | Ana | | | yes
        ki2.bea@example.com | Bea | | | no
        """,
    ),
)
