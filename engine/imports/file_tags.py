"""The tags of a whole file that are no static segment yet."""

from __future__ import annotations

from collections.abc import Mapping

from engine.domain.rulebook import Ruleset
from engine.errors import LimitExceeded
from engine.imports.mapping import tags
from engine.imports.mapping.columns import static_segments
from engine.imports.mapping.import_settings import ImportSettings
from engine.imports.mapping.values import is_blank
from engine.imports.preview import MAX_TAGS
from engine.imports.reading.formats import Opener
from engine.imports.reading.formula_escape import unescape_formula
from engine.imports.reading.table import read_table


class TooManyTags(LimitExceeded):
    """A file with more new tags than can become segments at once."""

    def __init__(self, count: int) -> None:
        super().__init__(
            f"the file has {count:,} tags that are no segment; at most {MAX_TAGS} become segments at once: "
            "map the column to a field of type list, or leave it out"
        )


def new_tags(open_: Opener, settings: ImportSettings, ruleset: Ruleset) -> list[str]:
    """Return the tags of a file that are no static segment.  Raises UnreadableFile and TooManyTags."""
    columns = [heading for heading, target in settings.columns.items() if target == tags.TARGET]
    if not columns:
        return []
    table = read_table(open_, settings.format)
    positions = [table.headings.index(heading) for heading in columns]
    known, found = static_segments(ruleset), dict[str, str]()
    for row in table.rows:
        for position in positions:
            cell = row.cells[position] if position < len(row.cells) else None
            if cell is not None and not is_blank(cell):
                _add(cell, found, known)
    if len(found) > MAX_TAGS:
        raise TooManyTags(len(found))
    return list(found.values())


def _add(cell: str, found: dict[str, str], known: Mapping[str, str]) -> None:
    for name in tags.divided(tags.read_tags(unescape_formula(cell)), known)[1]:
        found.setdefault(name.casefold(), name)
