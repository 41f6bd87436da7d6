"""`python -m tests.pictures`: the pictures of README and docs, made from a made-up shop.

They are made of the real pages, so that they stay true; CI makes them with `--check` into a
folder of its own, and looks that each is there and small enough to be kept.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.conftest import settled
from tests.browser.places import Step, see, tab
from tests.conftest import CHROMIUM
from tests.running import Running, running

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"
DESK, PHONE = (1440, 900), (390, 844)
PATIENCE = 120_000
"""Milliseconds that a page may take on a busy machine."""

LARGEST = 200_000
"""Bytes of a picture at most."""


@dataclass(frozen=True)
class Picture:
    """A page as it is shown: its address (`{contact}`: the best customer's id), how large, and what one does first."""

    name: str
    address: str
    shows: str
    size: tuple[int, int] = DESK
    steps: tuple[Step, ...] = ()


def write_a_rule(page: Page) -> None:
    """Change the first rule's points in the editor, and plan it."""
    page.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(RULES)
    page.wait_for_timeout(700)
    see("^Valid$")(page)
    page.get_by_role("button", name="Plan", exact=True).click()
    expect(page.get_by_text("gain points")).to_be_visible()
    page.get_by_text("Impact if these rules").scroll_into_view_if_needed()


RULES = """rules:
  - id: expensive-shoes
    name: Look at expensive shoes
    on: product_visited
    when:
      activity.price: {gte: 60}
    points: 4
"""

PICTURES = (
    Picture("contacts", "/", r"contacts$"),
    Picture("sheet", "/?contact={contact}", r"Can be reached by"),
    Picture(
        "activity", "/?contact={contact}", r"Can be reached by", steps=(tab("Activity"), see("Raw data"))
    ),
    Picture("overview", "/?page=overview", r"Largest segments"),
    Picture("segments", "/?page=segments", r"\d+ segments"),
    Picture("rules-plan", "/?page=rules", r"is live", steps=(tab("Edit"), see("^Valid$"), write_a_rule)),
    Picture("phone", "/?contact={contact}", r"last seen", size=PHONE),
)


def main() -> None:
    """Make them all."""
    parser = argparse.ArgumentParser(prog="python -m tests.pictures", description=__doc__)
    parser.add_argument("--check", action="store_true", help="make them elsewhere, of a small shop")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sheets-pictures-") as name:
        folder = Path(name) / "pictures" if options.check else FOLDER
        folder.mkdir(exist_ok=True)
        with running(Path(name) / "data") as instance:
            instance.sheets(
                "demo", "--contacts", "40" if options.check else "400", "--no-live", "--seed", "3"
            )
            instance.sheets("wait", "--timeout", "120")
            make(instance, folder)


def make(instance: Running, folder: Path) -> None:
    """Take every picture, and say how large it is."""
    expect.set_options(timeout=PATIENCE)
    contact = best_customer(instance)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(instance.sheets("link").stdout.strip())
        page.get_by_role("button", name="Sign in").click()
        for picture in PICTURES:
            path = folder / f"{picture.name}.png"
            _take(page, f"{instance.dashboard}{picture.address.format(contact=contact)}", picture, path)
            print(f"{path.name}: {path.stat().st_size // 1_000} kB")
            assert path.stat().st_size <= LARGEST, f"{path.name} is too large to be kept"
        browser.close()


def best_customer(instance: Running) -> str:
    """The id of who has the most points of those who bought more than once."""
    listed = instance.sheets("contacts", "list", "--json", "--where", '{"orders": {"gte": 2}}')
    found = [json.loads(line) for line in listed.stdout.splitlines()]
    return str(max(found, key=lambda row: row["points"])["id"])


def _take(page: Page, address: str, picture: Picture, path: Path) -> None:
    width, height = picture.size
    page.set_viewport_size({"width": width, "height": height})
    page.goto(address)
    see(picture.shows)(page)
    for step in picture.steps:
        step(page)
    settled(page)
    page.wait_for_timeout(1_000)
    page.screenshot(path=path)
    with Image.open(path) as shot:
        shot.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main()
