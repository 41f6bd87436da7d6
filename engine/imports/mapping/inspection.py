"""Inspect a file before its import: its format, the guessed mapping, its first rows, ambiguous columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from engine.domain.rulebook import Ruleset
from engine.imports.mapping import column_guesses, columns, shop_exports, value_fit
from engine.imports.mapping.cell_format import Ambiguous, CellFormat, DateOrder, Decimals
from engine.imports.mapping.cells import meaning
from engine.imports.mapping.columns import Column
from engine.imports.mapping.dates import detect_date_order
from engine.imports.mapping.headings import plain
from engine.imports.mapping.kinds import ImportKind
from engine.imports.mapping.numbers import detect_decimal_mark
from engine.imports.mapping.presets import registry
from engine.imports.mapping.presets.preset import Preset
from engine.imports.mapping.values import is_blank
from engine.imports.reading import formats
from engine.imports.reading.formats import Format, Opener
from engine.imports.reading.problems import Problem
from engine.imports.reading.table import Row, read_table

SAMPLE = 5_000
"""Rows from which the notation of dates and numbers is detected."""

GUESSED_FROM = 100
"""Rows from which the mapping is guessed."""


ACCENTED = 5
"""Rows with accented characters that are shown."""

MAX_SHOWN = 200
"""Characters of such a row that are shown."""


@dataclass(frozen=True)
class Inspection:
    """A file before its import: its format, its columns with guessed targets, and its first rows.

    `kind` is what its rows are, as guessed or as the user chose; `tool` the one that exported it, and
    `preset` the id of what is known of its exports of contacts; both are empty for an unknown one.
    """

    format: Format
    columns: Sequence[Column]
    sample: Sequence[Row]
    notices: Sequence[Problem]
    kind: ImportKind = "contacts"
    tool: str = ""
    preset: str = ""

    def accented(self) -> list[tuple[int, str]]:
        """Return the first rows of a text with characters beyond ASCII, each with its line.

        By them the user sees whether the encoding is right.
        """
        if self.format.kind != "text":
            return []
        cells = ((row.line, _beyond_ascii(row)) for row in self.sample)
        return list(islice(((line, words) for line, words in cells if words), ACCENTED))


@dataclass(frozen=True)
class AmbiguousColumn:
    """A column of which the user has to decide how its cells are read."""

    heading: str
    ambiguous: Ambiguous


def _about_format(format_: Format) -> list[Problem]:
    """A notice of the lines above the headings."""
    if not (format_.header and format_.header_row):
        return []
    what = f"the headings are in line {format_.header_row}; what stands above them is left out"
    return [Problem(format_.header_row, "heading", what, refuses=False)]


def _beyond_ascii(row: Row) -> str:
    """The cells of a row that have characters beyond ASCII."""
    return " · ".join(cell for cell in row.cells if cell and not cell.isascii())[:MAX_SHOWN]


def inspect(
    open_: Opener,
    ruleset: Ruleset,
    *,
    name: str = "",
    format_: Format | None = None,
    kind: ImportKind | None = None,
    preset: str = "",
    remembered: Callable[[ImportKind, str], Sequence[Mapping[str, str]]] = lambda _kind, _preset: (),
) -> Inspection:
    """Inspect a file.  Raises UnreadableFile.

    Parameters:
      name: The name of the file.
      format_: The format, if the user corrected the detected one.
      kind: What its rows are, if the user chose it.
      preset: The id of the preset that the user chose, or `registry.NONE`; empty: the one that recognises it.
      remembered: Returns the mappings of earlier imports of a kind with a preset (see `guess`).
    """
    detected = formats.detect(open_) if format_ is None else format_
    table = read_table(open_, detected)
    sample = list(islice(table.rows, SAMPLE))
    plain_headings = list(map(plain, table.headings))
    kind = shop_exports.guess_kind(plain_headings) if kind is None else kind
    export = shop_exports.recognised(plain_headings) if kind == "orders" else None
    known = _preset(preset, plain_headings, name) if kind == "contacts" else None
    guessed = column_guesses.guess(
        table.headings,
        ruleset,
        kind=kind,
        sample=_meant(table.headings, sample[:GUESSED_FROM], known),
        remembered=remembered(kind, "" if known is None else known.id),
        preset=known,
        fits=lambda target, values: value_fit.fits(target, values, ruleset),
    )
    notices = [] if known is None or not known.note else [Problem(1, "heading", known.note, refuses=False)]
    notices += _about_format(detected)
    tool = known.tool if known is not None else "" if export is None else export.name
    id_ = "" if known is None else known.id
    return Inspection(detected, guessed, sample, [*notices, *table.notices], kind, tool, id_)


def _preset(chosen: str, headings: Sequence[str], name: str) -> Preset | None:
    """The preset that the user chose, else the one that recognises the file."""
    return registry.PRESETS.get(chosen) if chosen else registry.recognised(headings, name)


def _meant(headings: Sequence[str], rows: Sequence[Row], preset: Preset | None) -> list[Sequence[str | None]]:
    """The cells of rows as a preset understands their words."""
    words = {} if preset is None else registry.words_of(preset.id, headings)
    if not words:
        return [row.cells for row in rows]
    known = [words.get(heading) for heading in headings]
    return [
        [
            cell if cell is None or means is None else meaning(cell, means)
            for cell, means in zip(row.cells, known, strict=False)
        ]
        for row in rows
    ]


def cell_formats(
    inspection: Inspection,
    mapping: Mapping[str, str],
    ruleset: Ruleset,
    *,
    dates: DateOrder | None = None,
    decimals: Decimals | None = None,
) -> tuple[dict[str, CellFormat], list[AmbiguousColumn]]:
    """Return the notation of dates and numbers by column, and the columns of which it is ambiguous.

    `dates` and `decimals` decide the ambiguous ones.  If all other dates of the file have one order,
    ambiguous ones have it, too: one tool wrote all columns.
    """
    detected = {
        column.heading: _detected(columns.type_of(mapping.get(column.heading, ""), ruleset), cells)
        for index, column in enumerate(inspection.columns)
        if (cells := _with_value(inspection.sample, index))
    }
    orders = {one.dates for one in detected.values() if isinstance(one, CellFormat) and one.dates}
    order = orders.pop() if len(orders) == 1 else None
    decided = {"dates": CellFormat(dates=dates or order), "decimals": CellFormat(decimals=decimals)}
    found: dict[str, CellFormat] = {}
    undecided = []
    for heading, one in detected.items():
        format_ = decided[one.what] if isinstance(one, Ambiguous) else one
        if isinstance(one, Ambiguous) and format_ == CellFormat():
            undecided.append(AmbiguousColumn(heading, one))
        elif format_ is not None:
            found[heading] = format_
    return found, undecided


def _with_value(sample: Sequence[Row], index: int) -> list[str]:
    """The cells of a column that have a value: `0000-00-00` is no date."""
    return [cell for row in sample if (cell := row.cells[index]) and not is_blank(cell)]


def _detected(type_: str, cells: Sequence[str]) -> CellFormat | Ambiguous | None:
    """The notation of a column's cells; None if it does not matter."""
    if type_ == "date":
        order = detect_date_order(cells)
        return order if isinstance(order, Ambiguous) or order is None else CellFormat(dates=order)
    if type_ == "money":  # in doubt the account's decimal mark decides
        mark = detect_decimal_mark(cells)
        return CellFormat(decimals=mark) if isinstance(mark, str) else None
    if type_ == "number":
        mark = detect_decimal_mark(cells)
        return mark if isinstance(mark, Ambiguous) or mark is None else CellFormat(decimals=mark)
    return None
