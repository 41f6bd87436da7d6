"""Exports of CRMs: HubSpot, Salesforce, Zoho, Pipedrive, Dynamics, Intercom and others."""

from __future__ import annotations

from tests.tool_exports.export import export

CRMS = (
    export(
        "HubSpot",
        "hubspot",
        "hubspot-crm-exports-all-contacts-2026-02-03.csv",
        '"Record ID","First Name","Last Name","Email","Phone Number","Mobile Phone Number","Contact owner",'
        '"Lead Status","Marketing contact status","Create Date (GMT+1)","Associated Company","Country/Region","City",'
        '"Unsubscribed from all email","Opted out of email: Marketing Information","Email hard bounce reason"\n'
        '"51","Ana","Torres","hs1.ana@example.com","+34 91 123 45 67","+34 600 100 701","Mia Owner (mia@example.org)",'
        '"Open","Marketing contact","2023-11-08 15:21","Example Inc","Spain","Bilbao","","",""\n'
        '"52","Bea","","hs1.bea@example.com","","","","","Non-marketing contact","2024-06-02 09:00","","","","true",'
        '"",""\n'
        '"53","Cleo","","hs1.cleo@example.com","","","","","Marketing contact","2024-06-02 09:00","","","","",'
        '"true",""\n'
        '"54","Dora","","hs1.dora@example.com","","","","","Marketing contact","2024-06-02 09:00","","","","",'
        '"","UNKNOWN_USER"',
        """
        hs1.ana@example.com | Ana | Torres | +34600100701 | never
        hs1.bea@example.com | Bea | | | no
        hs1.cleo@example.com | Cleo | | | no
        hs1.dora@example.com | Dora | | | dead
        """,
    ),
    export(
        "HubSpot in German",
        "hubspot",
        "hubspot-crm-exports-alle-kontakte-2026-02-03.csv",
        '"Datensatz-ID","Vorname","Nachname","E-Mail","Telefonnummer","Kontaktinhaber","Leadstatus","Land/Region",'
        '"Von allen E-Mails abgemeldet"\n'
        '"61","Jörg","Weiß","hs2.jorg@example.com","+49 151 23456780","","Neu","Deutschland",""\n'
        '"62","Änne","","hs2.anne@example.com","","","","","true"',
        """
        hs2.jorg@example.com | Jörg | Weiß | +4915123456780 | never
        hs2.anne@example.com | Änne | | | no
        """,
    ),
    export(
        "HubSpot in Spanish",
        "hubspot",
        "hubspot-crm-exports-todos-los-contactos-2026-02-03.csv",
        '"ID de registro","Nombre","Apellidos","Correo","Número de teléfono","Propietario del contacto",'
        '"Estado del lead","Fecha de creación","Ciudad","País/región",'
        '"Se ha dado de baja de todos los correos electrónicos"\n'
        '"61","Íñigo","Núñez","hs3.inigo@example.com","600 100 702","","Nuevo","2024-06-02 09:00","León","España",""\n'
        '"62","Bea","","hs3.bea@example.com","","","Nuevo","2024-06-02 09:00","","","Sí"',
        """
        hs3.inigo@example.com | Íñigo | Núñez | +34600100702 | never
        hs3.bea@example.com | Bea | | | no
        """,
    ),
    export(
        "Salesforce, a report",
        "salesforce",
        "report1738572000000.csv",
        '"Contact ID","Salutation","First Name","Last Name","Title","Account Name","Mailing City","Mailing Country",'
        '"Phone","Mobile","Email","Email Opt Out","Do Not Call"\n'
        '"0035g00000AbCdE","Ms.","Ana","Ruiz","CEO","Example","Madrid","Spain","+34 91 123 45 67","+34 600 100 703",'
        '"sf1.ana@example.com","0","0"\n'
        '"0035g00000AbCdF","Ms.","Bea","Sol","","Example","","","","","sf1.bea@example.com","1","0"\n'
        '"0035g00000AbCdG","","Cleo","Paz","","Example","","","","","sf1.cleo@example.com","0","1"',
        """
        sf1.ana@example.com | Ana | Ruiz | +34600100703 | never
        sf1.bea@example.com | Bea | Sol | | no
        sf1.cleo@example.com | Cleo | Paz | | never
        """,
        encoding="cp1252",
    ),
    export(
        "Salesforce, Data Loader",
        "salesforce",
        "extract.csv",
        '"ID","ISDELETED","ACCOUNTID","LASTNAME","FIRSTNAME","SALUTATION","NAME","MAILINGCITY","MAILINGCOUNTRY","PHONE",'
        '"MOBILEPHONE","EMAIL","HASOPTEDOUTOFEMAIL","HASOPTEDOUTOFFAX","DONOTCALL","EMAILBOUNCEDREASON",'
        '"EMAILBOUNCEDDATE","ISEMAILBOUNCED"\n'
        '"0035g00000AbCdH","false","0015g","Ruiz","Ana","Ms.","Ana Ruiz","Madrid","Spain","","+34600100704",'
        '"sf2.ana@example.com","false","false","false","","","false"\n'
        '"0035g00000AbCdI","false","0015g","Sol","Bea","","Bea Sol","","","","","sf2.bea@example.com","true","false",'
        '"false","","","false"\n'
        '"0035g00000AbCdJ","false","0015g","Paz","Cleo","","Cleo Paz","","","","","sf2.cleo@example.com","false","false",'
        '"false","550 no such user","2025-03-01T10:00:00.000Z","true"',
        """
        sf2.ana@example.com | Ana | Ruiz | +34600100704 | never
        sf2.bea@example.com | Bea | Sol | | no
        sf2.cleo@example.com | Cleo | Paz | | dead
        """,
    ),
    export(
        "Salesforce, weekly data export",
        "salesforce",
        "Contact.csv",
        '"Id","IsDeleted","MasterRecordId","AccountId","LastName","FirstName","Salutation","Name","MailingCountry",'
        '"Phone","MobilePhone","Email","HasOptedOutOfEmail","HasOptedOutOfFax","DoNotCall","EmailBouncedReason",'
        '"EmailBouncedDate"\n'
        '"0035g00000AbCdK","0","","0015g","Muñoz","José","","José Muñoz","Spain","","600 100 705","sf3.jose@example.com",'
        '"0","0","0","",""\n'
        '"0035g00000AbCdL","0","","0015g","Sol","Bea","","Bea Sol","Spain","","","sf3.bea@example.com","1","0","0","",""',
        """
        sf3.jose@example.com | José | Muñoz | +34600100705 | never
        sf3.bea@example.com | Bea | Sol | | no
        """,
        encoding="cp1252",
    ),
    export(
        "Zoho CRM",
        "zoho",
        "Contacts_2026_02_03.csv",
        "Record Id,Contact Owner.id,Contact Owner,Lead Source,First Name,Last Name,Account Name.id,Account Name,Email,"
        "Phone,Mobile,Full Name,Email Opt Out,Created Time,Modified Time,Mailing City,Mailing Country,Tag,"
        "Unsubscribed Mode,Unsubscribed Time,Secondary Email\n"
        "zcrm_4876876000000525001,zcrm_1,Mia Owner,Web,Ana,Ruiz,zcrm_2,Example,zo1.ana@example.com,,+34600100706,Ana Ruiz,"
        "false,2024-03-01 10:00:00,2024-03-01 10:00:00,Madrid,Spain,vip,,,\n"
        "zcrm_4876876000000525002,zcrm_1,Mia Owner,Web,Bea,Sol,,,zo1.bea@example.com,,,Bea Sol,true,2024-03-01 10:00:00,"
        "2024-03-01 10:00:00,,,,,,\n"
        "zcrm_4876876000000525003,zcrm_1,Mia Owner,Web,Cleo,Paz,,,zo1.cleo@example.com,,,Cleo Paz,false,"
        "2024-03-01 10:00:00,2024-03-01 10:00:00,,,,Consent form,2025-03-01 10:00:00,cleo2@example.com",
        """
        zo1.ana@example.com | Ana | Ruiz | +34600100706 | never
        zo1.bea@example.com | Bea | Sol | | no
        zo1.cleo@example.com | Cleo | Paz | | no
        """,
    ),
    export(
        "Zoho Campaigns",
        "",
        "zoho-campaigns.csv",
        "Contact Email,First Name,Last Name,Phone,Status,Added Time\n"
        "zo2.ana@example.com,Ana,Ruiz,+34600100707,Active,01 Mar 2024\n"
        "zo2.bea@example.com,Bea,Sol,,Unsubscribed,01 Mar 2024\n"
        "zo2.cleo@example.com,Cleo,Paz,,Bounced,01 Mar 2024",
        """
        zo2.ana@example.com | Ana | Ruiz | +34600100707 | yes
        zo2.bea@example.com | Bea | Sol | | no
        zo2.cleo@example.com | Cleo | Paz | | dead
        """,
    ),
    export(
        "Pipedrive",
        "pipedrive",
        "people-1234567-1.csv",
        "Person - ID,Person - Name,Person - Organization,Person - Phone - Mobile,Person - Phone - Work,"
        "Person - Email - Work,Person - Email - Home,Person - Marketing status\n"
        "1,Ana Ruiz,Example,+34600100708,,pd1.ana@example.com,,Subscribed\n"
        "2,Bea Sol,Example,,,pd1.bea@example.com,,Unsubscribed\n"
        "3,Cleo Paz,Example,,,pd1.cleo@example.com,,No consent\n"
        "4,Dora Gil,Example,,,pd1.dora@example.com,,Archived",
        """
        pd1.ana@example.com | Ana | Ruiz | +34600100708 | yes
        pd1.bea@example.com | Bea | Sol | | no
        pd1.cleo@example.com | Cleo | Paz | | never
        pd1.dora@example.com | Dora | Gil | | never
        """,
    ),
    export(
        "Dynamics 365",
        "",
        "My Active Contacts.csv",
        '"(Do Not Modify) Contact","Full Name","Email","Company Name","Business Phone","Mobile Phone",'
        '"Do not allow Emails","Do not allow Bulk Emails"\n'
        '"a1","Ana Ruiz","dy1.ana@example.com","Example","","+34600100709","Allow","Allow"\n'
        '"a2","Bea Sol","dy1.bea@example.com","Example","","","Do Not Allow","Allow"\n'
        '"a3","Cleo Paz","dy1.cleo@example.com","Example","","","Allow","Do Not Allow"',
        """
        dy1.ana@example.com | Ana | Ruiz | +34600100709 | never
        dy1.bea@example.com | Bea | Sol | | no
        dy1.cleo@example.com | Cleo | Paz | | no
        """,
    ),
    export(
        "Intercom",
        "",
        "user_export.csv",
        "Name,User ID,Email,Phone,Signed up,Unsubscribed from Emails,Has hard bounced,Marked email as spam,City,Country\n"
        "Ana Ruiz,int-1,in1.ana@example.com,+34600100710,2024-03-01 10:00:00,false,false,false,Madrid,Spain\n"
        "Bea Sol,int-2,in1.bea@example.com,,2024-03-01 10:00:00,true,false,false,,\n"
        "Cleo Paz,int-3,in1.cleo@example.com,,2024-03-01 10:00:00,false,true,false,,\n"
        "Dora Gil,int-4,in1.dora@example.com,,2024-03-01 10:00:00,false,false,true,,",
        """
        in1.ana@example.com | Ana | Ruiz | +34600100710 | never
        in1.bea@example.com | Bea | Sol | | no
        in1.cleo@example.com | Cleo | Paz | | dead
        in1.dora@example.com | Dora | Gil | | no
        """,
    ),
    export(
        "Odoo, mailing contacts",
        "",
        "Mailing Contact (mailing.contact).csv",
        "Name,Email,Mailing Lists,Blacklist,Bounce,Opt Out\n"
        "Ana Ruiz,od1.ana@example.com,Newsletter,FALSE,0,FALSE\n"
        "Bea Sol,od1.bea@example.com,Newsletter,TRUE,0,FALSE\n"
        "Cleo Paz,od1.cleo@example.com,Newsletter,FALSE,0,TRUE",
        """
        od1.ana@example.com | Ana | Ruiz | | never
        od1.bea@example.com | Bea | Sol | | no
        od1.cleo@example.com | Cleo | Paz | | no
        """,
    ),
)
