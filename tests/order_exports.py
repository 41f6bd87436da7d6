"""Small order exports of shop systems, with the headings that their current versions write."""

from __future__ import annotations

from dataclasses import dataclass, field

_SHOPIFY = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,"
    "Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,"
    "Lineitem name,Lineitem price,Lineitem compare at price,Lineitem sku,Lineitem requires shipping,"
    "Lineitem taxable,Lineitem fulfillment status,Billing Name,Billing Street,Billing Phone,Notes,"
    "Note Attributes,Cancelled at,Payment Method,Payment Reference,Refunded Amount,Vendor,Id,Tags,"
    "Risk Level,Source,Lineitem discount,Phone\n"
    "#1003,Ana@Example.com,partially_refunded,2026-02-02 10:00:05 +0100,fulfilled,,no,EUR,80.00,5.00,0.00,"
    "85.00,SPRING,10.00,Standard,2026-02-02 10:00:00 +0100,2,Shirt,30.00,,SH-1,true,true,fulfilled,"
    "Ana Ruiz,Calle 1,+34600111222,,,,Card,r1,20.00,Northwind,5003,,Low,web,0.00,\n"
    "#1003,Ana@Example.com,,,,,,,,,,,,,,,1,Hat,30.00,,HA-1,true,true,fulfilled,,,,,,,,,,Acme,,,,,0.00,\n"
    "#1002,bea@example.com,voided,,unfulfilled,,no,EUR,10.00,0.00,0.00,10.00,,0.00,,"
    "2026-01-20 09:30:00 +0100,1,Mug,10.00,,MU-1,true,true,pending,Bea Sol,,,,,2026-01-21 08:00:00 +0100,"
    "Card,r2,0.00,Acme,5002,,Low,web,0.00,\n"
    "#1001,ana@example.com,paid,2026-01-05 12:00:01 +0100,fulfilled,,no,USD,50.00,0.00,0.00,50.00,,0.00,,"
    "2026-01-05 12:00:00 +0100,1,Scarf,50.00,,SC-1,true,true,fulfilled,Ana Ruiz,,,,,,Card,r3,0.00,Acme,"
    "5001,,Low,web,0.00,\n"
)

_WOOCOMMERCE = (
    "order_id,order_number,order_date,paid_date,status,shipping_total,tax_total,discount_total,order_total,"
    "order_subtotal,order_currency,payment_method,customer_id,customer_email,billing_first_name,"
    "billing_last_name,billing_email,billing_phone,line_item_1,line_item_2\n"
    "301,301,2026-01-05 12:00:00,2026-01-05 12:00:09,completed,5.00,0.00,0.00,45.50,40.50,EUR,stripe,7,"
    "ana@example.com,Ana,Ruiz,ana@example.com,600111222,"
    "name:Shirt|product_id:9|sku:SH-1|quantity:1|total:30.50,name:Hat|product_id:7|sku:|quantity:2|total:10.00\n"
    "302,302,2026-01-06 12:00:00,,cancelled,0.00,0.00,0.00,10.00,10.00,EUR,bacs,0,bea@example.com,Bea,Sol,"
    "bea@example.com,,name:Mug|product_id:8|sku:MU-1|quantity:1|total:10.00,\n"
    "303,303,2026-01-07 12:00:00,,failed,0.00,0.00,0.00,99.00,99.00,EUR,stripe,0,leo@example.com,Leo,Paz,"
    "leo@example.com,,name:Mug|product_id:8|sku:MU-1|quantity:9|total:99.00,\n"
)

_WOOCOMMERCE_PACKED = (
    "order_id,order_number,date,status,shipping_total,tax_total,order_total,order_currency,customer_id,"
    "billing_first_name,billing_last_name,billing_email,line_items,shipping_items\n"
    "601,#601,2026-01-05 12:00:00,wc-processing,0,8.15,58.14,EUR,861,Ana,Ruiz,ana@example.com,"
    "name:Plan One|sku:111112|quantity:1|total:39.99|meta:;name:Mug|sku:MU-1|quantity:1|total:10.00|meta:,"
    "method:Free Shipping|total:0.00\n"
    "602,#602,2026-01-06 12:00:00,wc-pending,0,0,10.00,EUR,862,Bea,Sol,bea@example.com,"
    "name:Mug|sku:MU-1|quantity:1|total:10.00|meta:,\n"
)

_WOOCOMMERCE_ITEMS = (
    "order_id,order_number,date,status,shipping_total,order_total,refunded_total,order_currency,customer_id,"
    "billing_first_name,billing_last_name,billing_email,item_id,item_name,item_sku,item_quantity\n"
    "401,401,2026-01-05 12:00:00,completed,0.00,30.00,0.00,EUR,7,Ana,Ruiz,ana@example.com,9,Shirt,SH-1,2\n"
    "402,402,2026-01-06 12:00:00,refunded,0.00,10.00,10.00,EUR,8,Bea,Sol,bea@example.com,8,Mug,MU-1,1\n"
    "401,401,2026-01-05 12:00:00,completed,0.00,30.00,0.00,EUR,7,Ana,Ruiz,ana@example.com,7,Hat,HA-1,1\n"
)

_ADVANCED_ORDER_EXPORT = (
    "Order Number,Order Status,Order Date,Customer Note,First Name (Billing),Last Name (Billing),"
    "Email (Billing),Phone (Billing),Payment Method Title,Cart Discount Amount,Order Subtotal Amount,"
    "Order Shipping Amount,Order Refund Amount,Order Total Amount,Order Total Tax Amount,SKU,Item #,"
    "Item Name,Quantity (- Refund),Item Cost,Coupon Code\n"
    "501,Completed,2026-01-05 12:00,,Ana,Ruiz,ana@example.com,600111222,Card,0,25,5,0,30,0,SH-1,1,Shirt,1,15,\n"
    "501,Completed,2026-01-05 12:00,,Ana,Ruiz,ana@example.com,600111222,Card,0,25,5,0,30,0,HA-1,2,Hat,2,5,\n"
)

_PRESTASHOP = (
    "id_order;reference;id_customer;email;firstname;lastname;order_state;payment;total_discounts;"
    "total_paid_tax_incl;total_shipping_tax_incl;iso_code;date_add;product_id;product_reference;"
    "product_name;product_quantity;unit_price_tax_incl\n"
    "61;XKBKNABJK;7;ana@example.com;Ana;Ruiz;Payment accepted;Card;0,00;1.234,50;5,00;EUR;"
    "2026-01-05 12:00:00;9;SH-1;Shirt;2;600,00\n"
    "61;XKBKNABJK;7;ana@example.com;Ana;Ruiz;Payment accepted;Card;0,00;1.234,50;5,00;EUR;"
    "2026-01-05 12:00:00;7;HA-1;Hat;1;29,50\n"
    "62;OHSATSERP;8;bea@example.com;Bea;Sol;Canceled;Card;0,00;10,00;0,00;EUR;2026-01-06 12:00:00;8;MU-1;"
    "Mug;1;10,00\n"
    "63;UOYEVOLI;8;bea@example.com;Bea;Sol;Payment error;Card;0,00;10,00;0,00;EUR;2026-01-06 13:00:00;8;"
    "MU-1;Mug;1;10,00\n"
)

_MAGENTO = (
    'ID,"Purchase Point","Purchase Date","Bill-to Name","Ship-to Name","Grand Total (Base)",'
    '"Grand Total (Purchased)",Status,"Billing Address","Shipping Address","Shipping Information",'
    '"Customer Email","Customer Group",Subtotal,"Shipping and Handling","Customer Name","Payment Method",'
    '"Total Refunded"\n'
    '000000101,"Main Website","Jan 5, 2026 12:00:00 PM","Ana Ruiz","Ana Ruiz","€45.50","€45.50",complete,'
    '"Calle 1","Calle 1","Flat Rate",ana@example.com,General,€40.50,€5.00,"Ana Ruiz",checkmo,\n'
    '000000102,"Main Website","Jan 6, 2026 9:05:00 AM","Bea Sol","Bea Sol","€1,010.00","€1,010.00",closed,'
    '"Calle 2","Calle 2","Flat Rate",bea@example.com,General,"€1,000.00",€10.00,"Bea Sol",checkmo,'
    '"€1,010.00"\n'
)


@dataclass(frozen=True)
class OrderExport:
    """An export, and what becomes of it: orders by email as (order, total, products), lines that are refused."""

    tool: str
    text: str
    orders: dict[str, list[tuple[str, str, int]]]
    cancelled: tuple[str, ...] = ()
    refunded: dict[str, str | None] = field(default_factory=dict)
    refused: tuple[int, ...] = ()

    @property
    def content(self) -> bytes:
        return self.text.encode()


ORDER_EXPORTS = {
    "Shopify": OrderExport(
        "Shopify",
        _SHOPIFY,
        {
            "ana@example.com": [("#1001", "50", 1), ("#1003", "85", 2)],
            "bea@example.com": [("#1002", "10", 1)],
        },
        cancelled=("#1002",),
        refunded={"#1003": "20"},
    ),
    "WooCommerce": OrderExport(
        "WooCommerce",
        _WOOCOMMERCE,
        {"ana@example.com": [("301", "45.5", 2)], "bea@example.com": [("302", "10", 1)]},
        cancelled=("302",),
        refused=(4,),
    ),
    "WooCommerce, all products in one column": OrderExport(
        "WooCommerce",
        _WOOCOMMERCE_PACKED,
        {"ana@example.com": [("601", "58.14", 2)]},
        refused=(3,),
    ),
    "WooCommerce, a row for each product": OrderExport(
        "WooCommerce",
        _WOOCOMMERCE_ITEMS,
        {"ana@example.com": [("401", "30", 2)], "bea@example.com": [("402", "10", 1)]},
        refunded={"402": "10"},
    ),
    "WooCommerce, Advanced Order Export": OrderExport(
        "WooCommerce", _ADVANCED_ORDER_EXPORT, {"ana@example.com": [("501", "30", 2)]}
    ),
    "PrestaShop": OrderExport(
        "PrestaShop",
        _PRESTASHOP,
        {
            "ana@example.com": [("XKBKNABJK", "1234.5", 2)],
            "bea@example.com": [("OHSATSERP", "10", 1)],
        },
        cancelled=("OHSATSERP",),
        refused=(5,),
    ),
    "Magento": OrderExport(
        "Magento",
        _MAGENTO,
        {"ana@example.com": [("000000101", "45.5", 0)], "bea@example.com": [("000000102", "1010", 0)]},
        refunded={"000000102": "1010"},
    ),
}
