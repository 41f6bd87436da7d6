"""Exports of customers and subscribers of shop systems."""

from __future__ import annotations

from tests.tool_exports.export import export

_WOO_USERS = (
    "ID,customer_id,user_login,user_pass,user_nicename,user_email,user_url,user_registered,display_name,first_name,"
    "last_name,user_status,roles,nickname,description,locale,billing_first_name,billing_last_name,billing_company,"
    "billing_email,billing_phone,billing_address_1,billing_city,billing_postcode,billing_country,shipping_first_name,"
    "shipping_last_name,shipping_city,shipping_country\n"
)

SHOPS = (
    export(
        "Shopify",
        "shopify",
        "customers_export.csv",
        "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,"
        "Default Address Address1,Default Address Address2,Default Address City,Default Address Province Code,"
        "Default Address Country Code,Default Address Zip,Default Address Phone,Phone,Accepts SMS Marketing,"
        "Total Spent,Total Orders,Note,Tax Exempt,Tags\n"
        "'6940095185144,Ana,Jansen,sh1.ana@example.com,yes,,Calle Sol 1,2 B,Valencia,V,ES,'46001,'+34612000801,"
        '\'+34612000801,no,150.00,3,"Likes ""blue""",no,"vip, wholesale"\n'
        "'6940095185145,Bea,Ruiz,sh1.bea@example.com,no,,,,,,,,,,no,0.00,0,,no,",
        """
        sh1.ana@example.com | Ana | Jansen | +34612000801 | yes
        sh1.bea@example.com | Bea | Ruiz | | never
        """,
    ),
    export(
        "Shopify, 2022",
        "shopify",
        "customers.csv",
        "First Name,Last Name,Email,Accepts Email Marketing,Company,Address1,Address2,City,Province,Province Code,"
        "Country,Country Code,Zip,Phone,Accepts SMS Marketing,Total Spent,Total Orders,Tags,Note,Tax Exempt\n"
        "Zoë,O'Brien,sh2.zoe@example.com,yes,,,,Dublin,,,Ireland,IE,,'+353861234568,no,0.00,0,,,no\n"
        "Bea,Sol,sh2.bea@example.com,no,,,,,,,,,,,no,0.00,0,,,no",
        """
        sh2.zoe@example.com | Zoë | O'Brien | +353861234568 | yes
        sh2.bea@example.com | Bea | Sol | | never
        """,
    ),
    export(
        "Shopify, earlier form",
        "shopify",
        "customers_export 2.csv",
        "First Name,Last Name,Email,Company,Address1,Address2,City,Province,Province Code,Country,Country Code,Zip,"
        "Phone,Accepts Marketing,Total Spent,Total Orders,Tags,Note,Tax Exempt\n"
        "Ana,Gil,sh3.ana@example.com,,,,,,,Spain,ES,,600 100 802,yes,0.00,0,,,no\n"
        "Bea,Sol,sh3.bea@example.com,,,,,,,,,,,no,0.00,0,,,no",
        """
        sh3.ana@example.com | Ana | Gil | +34600100802 | yes
        sh3.bea@example.com | Bea | Sol | | never
        """,
    ),
    export(
        "WooCommerce, users",
        "woocommerce-users",
        "user_export_2026-02-03.csv",
        _WOO_USERS
        + "12,12,ana,$P$Bxyz,ana,wo1.ana@example.com,,2024-03-01 10:00:00,Ana Ruiz,Ana,Ruiz,0,customer,ana,,es_ES,Ana,Ruiz,,"
        "wo1.ana@example.com,600 100 803,Calle 1,Madrid,28013,ES,Ana,Ruiz,Madrid,ES\n"
        "13,13,joao,$P$Bxyz,joao,wo1.joao@example.com,,2024-03-01 10:00:00,João,João,Sá,0,customer,joao,,,João,Sá,,"
        "wo1.joao@example.com,912 345 679,,Lisboa,,PT,,,,",
        """
        wo1.ana@example.com | Ana | Ruiz | +34600100803 | never
        wo1.joao@example.com | João | Sá | +351912345679 | never
        """,
    ),
    export(
        "WooCommerce, customers of the analytics",
        "woocommerce-customers",
        "customers_2026-02-03_orderby-date-last-active.csv",
        'Name,Username,"Last active","Sign up",Email,Orders,"Total spend",AOV,"Country / Region",City,Region,"Postal code"\n'
        '"Ana Ruiz",ana,"2026-01-05 10:00:00","2024-03-01 10:00:00",wo2.ana@example.com,3,150,50,ES,Madrid,MD,28013\n'
        '"Łukasz Żak",,"2026-01-05 10:00:00",,wo2.lukasz@example.com,1,50,50,PL,Kraków,,',
        """
        wo2.ana@example.com | Ana | Ruiz | | never
        wo2.lukasz@example.com | Łukasz | Żak | | never
        """,
    ),
    export(
        "WooCommerce, billing columns",
        "",
        "customers.csv",
        "Customer Id,Billing First Name,Billing Last Name,Billing Email,Billing Phone,Billing City,Billing Country\n"
        "4711,Ana,Ruiz,wo3.ana@example.com,600 100 804,Madrid,ES",
        "wo3.ana@example.com | Ana | Ruiz | +34600100804 | never",
    ),
    export(
        "PrestaShop, customers",
        "prestashop",
        "customer_2026-02-03_100000.csv",
        'ID;"Social title";"First name";"Last name";"Email address";Group;Sales;Enabled;Newsletter;"Partner offers";'
        'Registration;"Last visit"\n'
        '3001;Mrs;Ana;Ruiz;ps1.ana@example.com;Customer;€150.00;1;1;0;"2024-03-01 10:00:00";"2026-01-05 10:00:00"\n'
        '3002;Mr;Ben;Ortí;ps1.ben@example.com;Customer;€0.00;1;0;0;"2024-03-01 10:00:00";',
        """
        ps1.ana@example.com | Ana | Ruiz | | yes
        ps1.ben@example.com | Ben | Ortí | | never
        """,
    ),
    export(
        "PrestaShop, customers in Spanish",
        "prestashop",
        "customer_2026-02-03.csv",
        'ID;Tratamiento;Nombre;Apellidos;"Dirección de correo electrónico";Grupo;Ventas;Activado;'
        '"Boletín de noticias";"Ofertas de los socios";Registro;"Última visita"\n'
        '3011;Sra.;Ana;Peña;ps2.ana@example.com;Cliente;150,00 €;1;1;0;"01/03/2024 10:00:00";\n'
        '3012;Sr.;Ben;Sol;ps2.ben@example.com;Cliente;0;1;0;0;"31/03/2024 10:00:00";',
        """
        ps2.ana@example.com | Ana | Peña | | yes
        ps2.ben@example.com | Ben | Sol | | never
        """,
    ),
    export(
        "PrestaShop, customers in French",
        "prestashop",
        "customer.csv",
        'ID;Titre;Prénom;Nom;"Adresse e-mail";Groupe;Ventes;Activé;"Lettre d\'information";"Offres partenaires";'
        'Inscription;"Dernière visite"\n'
        "3021;Mme;Chloé;Bézier;ps3.chloe@example.com;Client;0;1;1;0;2024-03-01 10:00:00;\n"
        "3022;M.;Luc;Noël;ps3.luc@example.com;Client;0;1;0;0;2024-03-01 10:00:00;",
        """
        ps3.chloe@example.com | Chloé | Bézier | | yes
        ps3.luc@example.com | Luc | Noël | | never
        """,
    ),
    export(
        "PrestaShop, newsletter module",
        "prestashop-newsletter",
        "1738572000_ab.csv",
        "id;shop_name;gender;lastname;firstname;email;subscribed;subscribed_on;iso_code\n"
        "C3031;My shop;Mrs.;Ruiz;Ana;ps4.ana@example.com;1;2024-03-01 10:00:00;es\n"
        "N3032;My shop;;;;ps4.bea@example.com;1;2024-03-01 10:00:00;es\n"
        "C3033;My shop;;Paz;Cleo;ps4.cleo@example.com;0;;es",
        """
        ps4.ana@example.com | Ana | Ruiz | | yes
        ps4.bea@example.com | | | | yes
        ps4.cleo@example.com | Cleo | Paz | | never
        """,
    ),
    export(
        "PrestaShop, SQL manager",
        "prestashop",
        "request_sql_1.csv",
        "id_customer;id_gender;company;firstname;lastname;email;birthday;newsletter;newsletter_date_add;optin;website;"
        "active;is_guest;deleted;date_add\n"
        "3041;2;;Ana;Ruiz;ps5.ana@example.com;1990-03-31;1;2024-03-01 10:00:00;1;;1;0;0;2024-03-01 10:00:00\n"
        "3042;1;;Ben;Sol;ps5.ben@example.com;0000-00-00;0;0000-00-00 00:00:00;1;;1;0;0;2024-03-01 10:00:00",
        """
        ps5.ana@example.com | Ana | Ruiz | | yes
        ps5.ben@example.com | Ben | Sol | | never
        """,
    ),
    export(
        "Magento, the grid of customers",
        "magento",
        "customer_listing.csv",
        'ID,Name,Email,Group,Phone,ZIP,Country,State/Province,"Customer Since","Web Site","Confirmed email",'
        '"Account Created in","Billing Address","Shipping Address","Date of Birth","Tax VAT Number",Gender,'
        '"Street Address",City,Fax,"VAT Number",Company,"Billing Firstname","Billing Lastname","Account Lock"\n'
        '4001,"Ana Ruiz",mg1.ana@example.com,General,"600 100 805",28013,Spain,Madrid,"Mar 1, 2024 10:00:00 AM",'
        '"Main Website","Confirmation Not Required","Default Store View","Calle 1","Calle 1",,,Female,"Calle 1",Madrid,,,,'
        "Ana,Ruiz,Unlocked",
        "mg1.ana@example.com | Ana | Ruiz | +34600100805 | never",
    ),
    export(
        "Magento, customer main file",
        "magento",
        "customer_20260203_100000.csv",
        "email,_website,_store,confirmation,created_at,created_in,disable_auto_group_change,dob,firstname,gender,"
        "group_id,lastname,middlename,password_hash,prefix,rp_token,store_id,suffix,taxvat,website_id,password\n"
        'mg2.ana@example.com,base,default,,"2024-03-01 10:00:00","Default Store View",0,,Ana,,1,Ruiz,,abc:xyz:1,,,1,,,1,',
        "mg2.ana@example.com | Ana | Ruiz | | never",
    ),
    export(
        "Magento, newsletter subscribers",
        "magento-newsletter",
        "subscribers.csv",
        '"ID","Email","Type","Customer First Name","Customer Last Name","Status","Website","Store","Store View"\n'
        '"1","mg3.ana@example.com","Customer","Ana","Ruiz","Subscribed","Main Website","Main Website Store","Default"\n'
        '"2","mg3.bea@example.com","Guest","----","----","Unsubscribed","Main Website","Main Website Store","Default"\n'
        '"3","mg3.cleo@example.com","Guest","----","----","Not Activated","Main Website","Main Website Store","Default"\n'
        '"4","mg3.dora@example.com","Guest","----","----","Unconfirmed","Main Website","Main Website Store","Default"',
        """
        mg3.ana@example.com | Ana | Ruiz | | yes
        mg3.bea@example.com | | | | no
        mg3.cleo@example.com | | | | never
        mg3.dora@example.com | | | | never
        """,
    ),
    export(
        "BigCommerce",
        "",
        "customers-2026-02-03.csv",
        "Customer ID,First Name,Last Name,Email,Phone,Company,Customer Group,Date Joined,Receive Marketing Emails?\n"
        "501,Ana,Ruiz,bc1.ana@example.com,+34600100806,,,01/31/2024,Yes\n"
        "502,Bea,Sol,bc1.bea@example.com,,,,01/31/2024,No",
        """
        bc1.ana@example.com | Ana | Ruiz | +34600100806 | yes
        bc1.bea@example.com | Bea | Sol | | never
        """,
    ),
    export(
        "Squarespace, profiles",
        "",
        "profiles.csv",
        "Email,First Name,Last Name,Phone Number,Created On,Accepts Marketing,Accepts Marketing Updated On,Tags\n"
        "sq1.ana@example.com,Ana,Ruiz,+34600100807,2024-03-01,true,2024-03-01,\n"
        "sq1.bea@example.com,Bea,Sol,,2024-03-01,false,2025-03-01,",
        """
        sq1.ana@example.com | Ana | Ruiz | +34600100807 | yes
        sq1.bea@example.com | Bea | Sol | | never
        """,
    ),
    export(
        "Wix",
        "wix",
        "contacts.csv",
        "First Name,Last Name,Email 1,Email 2,Phone 1,Phone 2,Company,Labels,Email subscriber status,SMS subscriber status,"
        "Last Activity,Source,Language\n"
        "Ana,Ruiz,wx1.ana@example.com,,'+34600100808,,,Customers;VIP,Subscribed,Never subscribed,,,es\n"
        "Bea,Sol,wx1.bea@example.com,,,,,,Unsubscribed,Never subscribed,,,es\n"
        "Cleo,Paz,wx1.cleo@example.com,,,,,,Never subscribed,Never subscribed,,,es",
        """
        wx1.ana@example.com | Ana | Ruiz | +34600100808 | yes
        wx1.bea@example.com | Bea | Sol | | no
        wx1.cleo@example.com | Cleo | Paz | | never
        """,
    ),
    export(
        "Square",
        "",
        "export-20260203-100000.csv",
        "Reference ID,First Name,Last Name,Email Address,Phone Number,Nickname,Company Name,City,State,Postal Code,"
        "Birthday,Memo,Square Customer ID,Creation Source,First Visit,Last Visit,Transaction Count,Lifetime Spend,"
        "Email Subscription Status,Instant Profile\n"
        ",Ana,Ruiz,sr1.ana@example.com,'+34600100809,,,,,,,,SQ1,Directory,,,0,0,subscribed,No\n"
        ",Bea,Sol,sr1.bea@example.com,,,,,,,,,SQ2,Directory,,,0,0,unsubscribed,No\n"
        ",Cleo,Paz,sr1.cleo@example.com,,,,,,,,,SQ3,Directory,,,0,0,unknown,No\n"
        ",Dora,Gil,sr1.dora@example.com,,,,,,,,,SQ4,Directory,,,0,0,bounced,No",
        """
        sr1.ana@example.com | Ana | Ruiz | +34600100809 | yes
        sr1.bea@example.com | Bea | Sol | | no
        sr1.cleo@example.com | Cleo | Paz | | never
        sr1.dora@example.com | Dora | Gil | | dead
        """,
    ),
    export(
        "Shopware, newsletter recipients",
        "shopware",
        "newsletter_recipient.csv",
        "id;email;title;first_name;last_name;zip_code;city;street;status;hash\n"
        "a1;sw1.ana@example.com;;Ana;Ruiz;28013;Madrid;;optIn;x\n"
        "a2;sw1.bea@example.com;;Bea;Sol;;;;optOut;x\n"
        "a3;sw1.cleo@example.com;;Cleo;Paz;;;;notSet;x\n"
        "a4;sw1.dora@example.com;;Dora;Gil;;;;direct;x",
        """
        sw1.ana@example.com | Ana | Ruiz | | yes
        sw1.bea@example.com | Bea | Sol | | no
        sw1.cleo@example.com | Cleo | Paz | | never
        sw1.dora@example.com | Dora | Gil | | yes
        """,
    ),
    export(
        "An opt-out column of yes and no under a short heading",
        "",
        "kunden.csv",
        "Kundennummer;E-Mail;Name;STATUS;UNSUB;Newsletter am\n"
        "9101;un1.ana@example.com;Ana Ruiz;subscribed;no;31.01.2024\n"
        "9102;un1.bea@example.com;Bea Sol;unsubscribed;yes;31.01.2024\n"
        "9103;un1.cleo@example.com;Cleo Paz;subscribed;yes;31.01.2024",
        """
        un1.ana@example.com | Ana | Ruiz | | yes
        un1.bea@example.com | Bea | Sol | | no
        un1.cleo@example.com | Cleo | Paz | | no
        """,
    ),
)
