"""Cells of files that spreadsheets open."""

from __future__ import annotations

_RUNS = ("=", "+", "-", "@", "\t", "\r", "\n")


def harmless(cell: object) -> str:
    """A cell that no spreadsheet runs as a formula; a number and an international phone stay as they are."""
    text = "" if cell is None else str(cell)
    signed = text.startswith(("+", "-")) and text[1:].replace(".", "", 1).isdigit()
    return f"'{text}" if text.startswith(_RUNS) and not signed else text
