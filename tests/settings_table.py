"""The table of settings in docs/run-it-for-real.md, out of their declaration: `python -m tests.settings_table`."""

from __future__ import annotations

import re
from pathlib import Path

from engine.settings import Setting, declared

PAGE = Path(__file__).parent.parent / "docs" / "run-it-for-real.md"
TABLE = re.compile(r"(?<=<!-- settings -->\n).*?(?=<!-- end of settings -->)", re.DOTALL)


def table() -> str:
    """The table as the page has it."""
    rows = [_row(setting) for setting in declared()]
    return "\n".join(["| variable | meaning | allowed | default |", "|---|---|---|---|", *rows]) + "\n"


def written(page: str) -> str:
    """The table that stands in the page's text."""
    return TABLE.findall(page)[0]


def _row(setting: Setting) -> str:
    other = f" or `{setting.about.also}`" if setting.about.also else ""
    old = f" (before: `{setting.about.old}`)" if setting.about.old else ""
    default = setting.shown(setting.default)
    cells = (
        f"`{setting.name}`{other}{old}",
        setting.about.meaning,
        setting.allowed.replace("|", "\\|"),
        f"`{default}`" if default else "",
    )
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    PAGE.write_text(TABLE.sub(lambda _: table(), PAGE.read_text()))
