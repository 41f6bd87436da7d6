"""`sheets doctor` lists orders with an unreadable amount."""

from engine.settings import Instance
from tests.builders import bought, minutes
from tests.integration.drained import receive_and_drain
from workers.cli import doctor


def orders(db):
    return {found.check: found for found in doctor.examine(db, Instance("", "", db.name), {})}["orders"]


def test_an_order_whose_amount_cannot_be_read_is_a_finding_until_it_is_corrected(db):
    said = {"email": "ana@x.com", "order_id": "a", "trusted": True}
    receive_and_drain(db, [bought("a lot", **said)])
    before = orders(db)

    receive_and_drain(db, [bought(20, minutes(1), **said)])

    assert before.verdict == "warning"
    assert before.found.startswith("contacts with an unreadable amount: 1 (")
    assert orders(db).verdict == "ok"


def test_an_order_in_no_currency_stands_apart_under_its_own_name_in_mongodb(db):
    names = ["$", "US$", "a.b", "$where", "€"]
    found = [bought(5, minutes(n), email="ana@x.com", order_id=f"o{n}", currency=name, trusted=True)
             for n, name in enumerate(names)]  # fmt: skip
    receive_and_drain(db, found)

    [contact] = db.contacts.find()
    assert contact["commerce"]["foreign"].keys() == set(names)
