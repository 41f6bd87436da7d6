"""A file that another tool wrote becomes contacts, from the drop to taking it back."""

from __future__ import annotations

import csv
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PHONE, picture, settled
from tests.order_exports import ORDER_EXPORTS
from tests.running import Running

HEAD = "Código cliente;Correo electrónico;Nombre;Ciudad;Talla de zapato;Fecha de nacimiento"


def a_file(folder: Path) -> Path:
    """Three hundred people as a spreadsheet writes them here, one without a readable email, and one twice."""
    rows = [
        f"i{n};persona{n}@example.com;Íñigo {n};León;{36 + n % 9},5;0{n % 8 + 1}/04/1990" for n in range(300)
    ]
    wrong = ["i900;mala;Sin correo;;;", "i901;persona7@example.com;Otra vez;;;"]
    path = folder / "clientes de la feria.csv"
    path.write_bytes("\r\n".join([HEAD, *rows, *wrong]).encode("cp1252"))
    return path


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=option, exact=True).click()
    settled(page)


def test_a_file_is_dropped_settled_checked_imported_and_taken_back(
    page: Page, instance: Running, tmp_path: Path
):
    page.goto(instance.dashboard)
    page.get_by_role("button", name="Import", exact=True).click()
    page.locator("input[type=file]").set_input_files(a_file(tmp_path))
    expect(page.get_by_role("heading", name="Import clientes de la feria.csv")).to_be_visible()
    expect(page.get_by_text("Windows-1252 (Western Europe), separated by semicolon")).to_be_visible()
    settled(page)

    choose(page, "Import Talla de zapato as", "New field…")
    page.get_by_role("button", name="Create field").click()
    expect(page.get_by_text("6 of 6 columns will be imported")).to_be_visible()
    expect(page.get_by_text("Choose the date format of column 'Fecha de nacimiento'")).to_be_visible()
    settled(page)
    page.locator('[data-testid="stRadio"] label', has_text="Apr").click()
    expect(page.get_by_text("Choose the date format of column 'Fecha de nacimiento'")).to_be_hidden()
    picture(page, "import-columns")
    page.get_by_role("button", name="Check file").click()
    expect(page.get_by_text("302 rows · not imported yet")).to_be_visible()
    settled(page)
    page.reload()  # what was settled is kept with the file
    expect(page.get_by_text("302 rows · not imported yet")).to_be_visible()
    settled(page)
    picture(page, "import-checked")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.set_viewport_size(DESK)  # type: ignore[arg-type]

    page.get_by_role("button", name="Import 301 rows").click()
    expect(page.get_by_text("301 created · 1 refused")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="View reasons").click()
    expect(page.get_by_text("is no email address")).to_be_visible()
    expect(page.get_by_text("is imported").first).to_be_visible()
    picture(page, "import-left-out")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download cells left out").click()
    left_out = Path(download.value.path()).read_text(encoding="utf-8-sig")
    [headings, cells] = csv.reader(left_out.splitlines(), delimiter=";")
    assert (headings[-1], cells[:3]) == ("What was left out", ["i900", "mala", "Sin correo"])
    with page.expect_download() as download:
        page.get_by_role("link", name="Download refused rows").click()
    refused = Path(download.value.path()).read_text(encoding="utf-8-sig")
    [headings, only] = csv.reader(refused.splitlines(), delimiter=";")
    assert (headings[-2:], only[:3]) == (
        ["Line in the file", "Why it was refused"],
        ["i901", "persona7@example.com", "Otra vez"],
    )
    assert download.value.suggested_filename == "clientes de la feria-refused.csv"
    assert instance.json("contact", "show", "persona7@example.com")["custom"]["talla_de_zapato"] == 43.5

    page.keyboard.press("Escape")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("301 rows restored")).to_be_visible(timeout=60_000)


def test_the_orders_of_a_shop_are_recognised_checked_imported_and_taken_back(
    page: Page, instance: Running, tmp_path: Path
):
    path = tmp_path / "orders_export_1.csv"
    path.write_text(ORDER_EXPORTS["Shopify"].text, encoding="utf-8")
    page.goto(f"{instance.dashboard}/?page=import")
    page.locator("input[type=file]").set_input_files(path)
    expect(page.get_by_role("heading", name="Import orders_export_1.csv")).to_be_visible()
    expect(page.get_by_text("This is an order export from Shopify.")).to_be_visible()
    settled(page)
    picture(page, "import-orders-columns")
    page.get_by_role("button", name="Check file").scroll_into_view_if_needed()
    picture(page, "import-orders-options")

    page.locator('[data-testid="stRadio"] label', has_text="Activities").click()
    expect(page.get_by_text("Each row becomes an activity")).to_be_visible()
    settled(page)
    page.locator('[data-testid="stRadio"] label', has_text="Orders").click()
    expect(page.get_by_text("This is an order export from Shopify.")).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Check file").click()
    expect(page.get_by_text("3 orders · not imported yet")).to_be_visible(timeout=30_000)
    settled(page)
    expect(page.get_by_text("85.00 EUR")).to_be_visible()
    picture(page, "import-orders-checked")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.set_viewport_size(DESK)  # type: ignore[arg-type]

    page.get_by_role("button", name="Import 3 orders").click()
    expect(page.get_by_text("3 created").first).to_be_visible(timeout=60_000)
    picture(page, "import-orders-done")
    assert instance.json("contact", "show", "bea@example.com")["email"] == "bea@example.com"
    page.get_by_role("button", name="Undo").first.click()
    expect(page.get_by_text("3 orders restored")).to_be_visible(timeout=60_000)
