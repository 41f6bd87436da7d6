"""The order exports of shop systems go in as they are: recognised, mapped, and read as they are meant."""

import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from engine.errors import WorkStopped
from engine.imports.history import staging
from engine.imports.history.history_rows import parser_of
from engine.imports.history.staging import StagedRows
from engine.imports.mapping import columns, inspection
from engine.imports.mapping.columns import InvalidMapping
from engine.imports.mapping.import_settings import ImportSettings
from engine.imports.reading.problems import UnreadableFile
from engine.imports.rows.parsed_row import RefusedRow
from tests.builders import SHIPPED
from tests.order_exports import ORDER_EXPORTS

SHOP = SHIPPED.present
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def inspected(text, **more):
    return inspection.inspect(lambda: io.BytesIO(text.encode()), SHOP, **more)


def read(text, **more):
    """The entries of a file, and the problems by line."""
    found = inspected(text, **more)
    mapping = {column.heading: column.target for column in found.columns}
    readings, undecided = inspection.cell_formats(found, mapping, SHOP)
    assert undecided == []
    settings = ImportSettings(found.format, mapping, readings, kind=found.kind)
    columns.validated(list(mapping), mapping, SHOP, kind=found.kind)
    parser = parser_of(list(mapping), settings, SHOP, now=NOW)
    staged = StagedRows(lambda: io.BytesIO(text.encode()), settings, go_on=lambda: True)
    entries, problems = [], {}
    for group in staged.by_line():
        try:
            entries.append(parser.parse(group.rows))
        except RefusedRow as error:
            problems[group.line] = str(error)
    return entries, problems


@pytest.mark.parametrize("export", ORDER_EXPORTS.values(), ids=ORDER_EXPORTS)
def test_an_export_is_recognised_and_read_as_it_is_meant(export):
    found = inspected(export.text)
    entries, problems = read(export.text)

    assert (found.kind, found.tool) == ("orders", export.tool)
    orders, cancelled, refunded = {}, [], {}
    for entry in entries:
        for part in entry.parts:
            number = part.properties["order_id"]
            if part.name == "placed":
                row = (
                    number,
                    f"{part.properties['total'].normalize():f}",
                    len(part.properties.get("products", ())),
                )
                orders.setdefault(entry.identities.email.lower(), []).append(row)
            elif part.name == "cancelled":
                cancelled.append(number)
            else:
                amount = part.properties.get("total")
                refunded[number] = None if amount is None else f"{amount.normalize():f}"
    assert {email: sorted(rows) for email, rows in orders.items()} == export.orders
    assert (tuple(cancelled), refunded, tuple(problems)) == (
        export.cancelled, export.refunded, export.refused,
    )  # fmt: skip


def test_of_a_shopify_order_every_part_is_kept():
    entries, _ = read(ORDER_EXPORTS["Shopify"].text)
    order = next(entry for entry in entries if entry.name == "#1003")
    placed, refund = order.parts

    assert placed.at == datetime(2026, 2, 2, 9, 0, tzinfo=UTC)
    assert placed.properties == {
        "order_id": "#1003",
        "shop_order_id": "5003",
        "total": Decimal("85.00"),
        "subtotal": Decimal("80.00"),
        "shipping": Decimal("5.00"),
        "tax": Decimal("0.00"),
        "discount": Decimal("10.00"),
        "currency": "EUR",
        "coupon": "SPRING",
        "products": [
            {"name": "Shirt", "sku": "SH-1", "quantity": 2, "price": Decimal("30.00"), "brand": "Northwind"},
            {"name": "Hat", "sku": "HA-1", "quantity": 1, "price": Decimal("30.00"), "brand": "Acme"},
        ],
    }
    assert refund.properties == {
        "order_id": "#1003", "shop_order_id": "5003", "refunded_in_all": True, "total": Decimal("20.00"),
        "currency": "EUR",
    }  # fmt: skip
    assert (order.names, order.email_typed) == ({"name": "Ana Ruiz"}, "Ana@Example.com")


def test_any_file_with_a_number_a_date_a_customer_and_an_amount_is_read():
    entries, problems = read(
        "Nº pedido;Fecha pedido;Correo;Importe\n17;31/01/2026 10:30;ana@example.com;1.234,50 €\n"
    )

    placed = entries[0].parts[0]
    assert problems == {}
    assert placed.at == datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
    assert placed.properties == {"order_id": "17", "total": Decimal("1234.50")}
    assert entries[0].shown()["total"] == "1234.50 EUR"


HEAD = "order number,order date,email,total,currency,status,product,quantity,price\n"


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ("1,2026-01-01,a@x.com,10,EUR,,,,\n1,2026-01-01,a@x.com,12,EUR,,,,\n", "has '10' in line 2 and '12'"),
        ("1,2026-01-01,a@x.com,10,EUR,,,,\n1,2026-01-01,b@x.com,,,,,,\n", "has 'a@x.com' in line 2"),
        (",2026-01-01,a@x.com,10,EUR,,,,\n", "no order number"),
        ("1,,a@x.com,10,EUR,,,,\n", "order 1 has no date"),
        ("1,2026-04-01,a@x.com,10,EUR,,,,\n", "is in the future"),
        ("1,2026-01-01,,10,EUR,,,,\n", "no customer is named"),
        ("1,2026-01-01,a@b@c,10,EUR,,,,\n", "email"),
        (
            "1,2026-01-01,a@x.com,10,EUR,payment error,,,\n",
            "is not an order yet: its status is payment error",
        ),
    ],
)
def test_what_no_order_can_be_made_of_is_refused_with_the_reason(rows, reason):
    entries, problems = read(HEAD + rows)

    assert (entries, list(problems)) == ([], [2])
    assert reason in problems[2]


def test_the_rows_of_an_order_are_put_together_wherever_they_stand():
    rows = [
        "1,2026-01-01,a@x.com,,,,Shirt,2,10\n",
        "2,2026-01-02,b@x.com,,,,Mug,1,5\n",
        "1,2026-01-01,a@x.com,,,,Hat,1,7\n",
    ]
    entries, problems = read(HEAD + "".join(rows))

    assert problems == {}
    assert [[p["name"] for p in one.parts[0].properties["products"]] for one in entries] == [
        ["Shirt", "Hat"],
        ["Mug"],
    ]


def test_an_amount_that_cannot_be_read_leaves_an_order_and_says_so():
    entries, _ = read(HEAD + "1,2026-01-01,a@x.com,ten,EUR,,,,\n")

    assert entries[0].parts[0].properties["total"] == "ten"
    assert [(one.kind, one.refuses) for one in entries[0].notices] == [("amount", False)]
    assert entries[0].shown()["total"] == "unreadable"


def test_a_phone_that_cannot_be_read_costs_no_order():
    text = "order number,order date,email,phone,total\n1,2026-01-01,a@x.com,12,10\n"
    found = inspected(text)
    mapping = {column.heading: column.target for column in found.columns}
    assert mapping["phone"] == ""  # beside an email it may be another person's
    settings = ImportSettings(found.format, {**mapping, "phone": "mobile_phone"}, kind="orders")
    entry = parser_of(list(mapping), settings, SHOP, now=NOW).parse([found.sample[0]])

    assert (entry.identities.email, entry.identities.phone) == ("a@x.com", None)
    assert entry.notices[0].column == "phone"


def test_a_list_of_orders_without_customers_says_what_it_lacks():
    text = "ID;Reference;New client;Delivery;Customer;Total;Payment;Status;Date\n1;ABC;1;ES;A. RUIZ;10;Card;Shipped;2026-01-05 12:00:00\n"
    with pytest.raises(InvalidMapping, match="no column names the customers"):
        read(text)


def test_a_file_of_events_is_known_as_one_and_its_columns_become_properties():
    text = "event,timestamp,email,Product name,Price\nProduct Viewed,2026-01-05 12:00,a@x.com,Shirt,10.50\n"
    entries, _ = read(text)

    assert inspected(text).kind == "activities"
    part = entries[0].parts[0]
    assert (part.type, part.properties["product_name"]) == ("product_visited", "Shirt")
    assert part.properties["price"] == Decimal("10.50")


def test_what_only_the_product_records_is_no_type_for_a_file():
    text = (
        "event,timestamp,email\nPoints changed,2026-01-05 12:00,a@x.com\ncontacts_merged,2026-01-05,a@x.com\n"
    )
    entries, problems = read(text.replace("Points changed", "points_changed"))

    assert entries == []
    assert all("only Contact Sheets itself records" in problem for problem in problems.values())


@pytest.mark.parametrize(
    ("headings", "kind"),
    [
        ("email,first name,city", "contacts"),
        ("email,order count,total spent,created at", "contacts"),
        ("order id,date,email,total", "orders"),
        ("type,date,email", "contacts"),
        ("event,date,email", "activities"),
    ],
)
def test_what_a_file_has_is_guessed_from_its_headings(headings, kind):
    assert inspected(f"{headings}\n" + "x," * headings.count(",") + "x\n").kind == kind


def test_refused_activities_go_in_again_without_the_columns_that_say_why():
    text = "event,date,email,Line in the file,Why it was refused\nCall,2026-01-05,a@x.com,7,no date\n"

    assert read(text)[0][0].parts[0].properties == {}


@pytest.mark.parametrize("between", ["", "2,2026-01-01,b@x.com,10,EUR,,,,\n"])
def test_a_column_with_one_value_in_thousands_of_rows_is_no_order_number(monkeypatch, between):
    monkeypatch.setattr(staging, "MAX_ROWS_OF_ORDER", 3)
    row = "1,2026-01-01,a@x.com,10,EUR,,,,\n"

    with pytest.raises(UnreadableFile, match="more than 3 rows have the order number '1'"):
        read(HEAD + (row + between) * 4)


def test_scattered_rows_are_put_together_however_many_orders_have_them(monkeypatch):
    monkeypatch.setattr(staging, "INSERTED_AT_ONCE", 2)
    rows = [f"{n},2026-01-01,c{n}@x.com,,,,P{part},1,1\n" for part in range(3) for n in range(7, 0, -1)]
    entries, problems = read(HEAD + "".join(rows))

    assert problems == {}
    assert [(one.name, len(one.parts[0].properties["products"])) for one in entries] == [
        (str(n), 3) for n in range(7, 0, -1)
    ]


def test_a_stop_ends_the_sorting_of_a_file():
    text = HEAD + "1,2026-01-01,a@x.com,10,EUR,,,,\n"
    found = inspected(text)
    mapping = {column.heading: column.target for column in found.columns}
    settings = ImportSettings(found.format, mapping, kind="orders")

    with pytest.raises(WorkStopped):
        StagedRows(lambda: io.BytesIO(text.encode()), settings, go_on=lambda: False)
