"""What the documentation says of settings, against their declaration."""

import re
from pathlib import Path

from engine.settings import declared
from tests.settings_table import PAGE, table, written

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_table_of_settings_is_that_of_the_class():
    assert written(PAGE.read_text()) == table(), "python -m tests.settings_table"


def test_every_variable_that_the_pages_name_is_a_setting_by_its_present_name():
    known = {name for setting in declared() for name in (setting.name, setting.about.also)}
    for page in PAGES:
        text = page.read_text() if page != PAGE else page.read_text().replace(table(), "")
        named = set(re.findall(r"\b(?:SHEETS_[A-Z_]*[A-Z]|OPENID_[A-Z_]+|MONGODB_URI|BROKER_URL)\b", text))
        assert named <= known, page.name
