"""Products that stand in one cell come out as they went in."""

from decimal import Decimal

import pytest

from engine.imports.mapping.packed_items import read_items

CELLS = {
    "name:Shirt|product_id:9|sku:SH-1|quantity:2|total:25.00|sub_total:30.00": [
        {"product_id": "9", "sku": "SH-1", "name": "Shirt", "quantity": 2, "price": Decimal("12.5")}
    ],
    "name:Plan One $29.99|sku:111112|quantity:1|total:49.99|meta:": [
        {"sku": "111112", "name": "Plan One $29.99", "quantity": 1, "price": Decimal("49.99")}
    ],
    "name:Gli asini · 121|product_id:31529|sku:|quantity:1|total:13.00": [
        {"product_id": "31529", "name": "Gli asini · 121", "quantity": 1, "price": Decimal("13.00")}
    ],
    r"id:5|name:Cup\: red\|blue|product_id:0|sku:C-1|quantity:3|total:10.00|meta:size\:L": [
        {"sku": "C-1", "name": "Cup: red|blue", "quantity": 3, "price": Decimal("3.3333")}
    ],
    "name:Salt | pepper|sku:SP|quantity:1|total:5": [
        {"sku": "SP", "name": "Salt | pepper", "quantity": 1, "price": Decimal(5)}
    ],
    "name:A|sku:a|quantity:1|total:1.00;name:B; large|sku:b|quantity:2|total:4.00": [
        {"sku": "a", "name": "A", "quantity": 1, "price": Decimal("1.00")},
        {"sku": "b", "name": "B; large", "quantity": 2, "price": Decimal("2.00")},
    ],
    '[{"id":7,"name":"Hat","product_id":12,"sku":"","quantity":1,"total":"9.90"}]': [
        {"product_id": "12", "name": "Hat", "quantity": 1, "price": Decimal("9.90")}
    ],
    "name:Free|quantity:0|total:0": [{"name": "Free", "quantity": 0}],
    "quantity:2|total:3": [],
    "two shirts": [],
    "[broken": [],
    "[1, null]": [],
    "": [],
}


@pytest.mark.parametrize(("cell", "items"), CELLS.items(), ids=[cell[:30] for cell in CELLS])
def test_products_of_a_cell(cell, items):
    assert read_items(cell) == items
