"""Detect the format of a file from its first bytes: kind, encoding, separator, quotation mark, header.

The content decides, never the name: a file called .csv may be a workbook, and the reverse.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO, Literal, cast

from charset_normalizer import from_bytes

from engine.imports.reading.encodings import ENCODINGS, legacy_encoding
from engine.imports.reading.heading_row import ROWS, heading_row
from engine.imports.reading.problems import UnreadableFile

Opener = Callable[[], BinaryIO]
"""Opens a file at its start; may be called several times."""

HEAD = 65_536
"""Bytes that the detection reads."""

SAMPLE_LINES = 100
"""Lines from which the separator is detected."""

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}

_WESTERN = ("cp1252", "latin-1", "cp850", "mac-roman")
"""The single-byte encodings of Western Europe; in doubt the first."""

_CAPITALS = "ÁÉÍÓÚÀÈÌÒÙÂÊÎÔÛÄËÏÖÜÃÕÑÇÅÆØ"
_SIGNS = "¿¡ªº€«»·\u201c\u201d\u2018\u2019\u2013"
_COMMON = re.compile(
    rf"[{_CAPITALS.lower()}ß{_SIGNS}]|(?<![^\W\d_A-Z{_CAPITALS}])[{_CAPITALS}]",
)
"""Characters beyond ASCII that are common in Western European text; a capital within a word is not."""

_FOREIGN = {
    b"\xd0\xcf\x11\xe0": "an Excel workbook of before 2007 (.xls)",
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf": "a 7z archive",
}
"""The first bytes of formats that cannot be imported."""

ADVICE = "save it as CSV or as an Excel workbook (.xlsx) and import that"

Kind = Literal["text", "workbook", "parquet"]


@dataclass(frozen=True)
class Format:
    """The format of a file.

    Parameters:
      kind: `text` (separated values), `workbook` (XLSX) or `parquet`.
      encoding: One of `ENCODINGS`; empty for what is no text.
      separator: One of `SEPARATORS`.
      quote: The mark that encloses a cell that contains the separator.
      header: Whether the file has headings.
      header_row: Their line; 0: the first row.
      sheet: The sheet of a workbook; empty: the first.
    """

    kind: Kind = "text"
    encoding: str = "utf-8-sig"
    separator: str = ","
    quote: str = '"'
    header: bool = True
    sheet: str = ""
    header_row: int = 0

    def __str__(self) -> str:
        if self.kind == "parquet":
            return "Parquet"
        headings = f", headings in line {self.header_row}" if self.header and self.header_row else ""
        if self.kind == "workbook":
            return f"Excel workbook{f', sheet {self.sheet}' if self.sheet else ''}{headings}"
        separator = SEPARATORS.get(self.separator, repr(self.separator))
        return f"{ENCODINGS.get(self.encoding, self.encoding)}, separated by {separator}{headings}"


def decompressed(open_: Opener) -> BinaryIO:
    """Open a file, decompressing it if it is gzipped."""
    stream = open_()
    magic = stream.read(2)
    stream.close()
    stream = open_()
    return cast(BinaryIO, gzip.GzipFile(fileobj=stream)) if magic == b"\x1f\x8b" else stream


def detect(open_: Opener, *, encoding: str = "", sheet: str | None = None) -> Format:
    """Detect the format of a file, of which the encoding or the sheet may be known.

    Raises UnreadableFile if it is of one that cannot be imported.
    """
    head = _head(open_)
    if not head.strip(b"\0 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise UnreadableFile("the file is empty")
    if head.startswith(b"PK\x03\x04"):
        return _detect_workbook(open_, sheet)
    if head.startswith(b"PAR1"):
        return Format(kind="parquet", encoding="")
    _refuse_foreign(head)
    encoding = encoding or encoding_of(head)
    text = _whole_lines(head.decode(encoding, errors="replace"), cut=len(head) >= HEAD)
    separator, quote = dialect_of(text)
    lines = io.StringIO(_without_declaration(text), newline="")
    rows = csv.reader(lines, delimiter=separator, quotechar=quote)
    declared = 0 if _declared(text) is None else 1
    numbered = ((declared + line, row) for line, row in _numbered(rows) if row)
    header_row, header = heading_row(list(islice(numbered, ROWS)))
    return Format(encoding=encoding, separator=separator, quote=quote, header=header, header_row=header_row)


def _numbered(rows: Any) -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV reader, each with its first line."""
    line = 1
    for row in rows:
        yield line, row
        line = rows.line_num + 1


def _detect_workbook(open_: Opener, sheet: str | None) -> Format:
    """The sheet that holds the data, and the row of its headings."""
    from engine.imports.reading import workbooks  # it reads what this module has detected

    name, rows = workbooks.proposed_sheet(open_, sheet)
    header_row, header = heading_row(rows)
    is_data = not header and any("@" in cell for _, row in rows[:1] for cell in row)
    return Format(kind="workbook", encoding="", sheet=name, header=not is_data, header_row=header_row)


def encoding_of(head: bytes) -> str:
    """Return the encoding of a text by its first bytes, one of `ENCODINGS`."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" not in head and _is_utf8(head):
        return "utf-8-sig"
    isolated = ["utf_16_le", "utf_16_be", "utf_8", "cp1252", "latin_1"]
    found = from_bytes(head, cp_isolation=isolated).best() if b"\0" in head else None
    names = {"utf_16_le": "utf-16-le", "utf_16_be": "utf-16-be", "utf_8": "utf-8-sig"}
    if found is not None and found.encoding in names:
        return names[found.encoding]
    if _is_utf8(head):  # with NUL bytes, which are reported at their line
        return "utf-8-sig"
    return legacy_encoding(head, _western(head))


def _western(head: bytes) -> str:
    """The single-byte encoding under which most characters beyond ASCII are common ones.

    Excel saves CSV also in the encodings of MS-DOS and Macintosh, in which a byte is another letter.
    """
    found = {encoding: _commonness(head.decode(encoding, errors="replace")) for encoding in _WESTERN}
    return max(found, key=lambda encoding: found[encoding])  # of equals the first


def _commonness(text: str) -> int:
    """A score of the characters in a text that are common; Spanish letters count twice."""
    return sum(2 if sign in "áéíóúñü" else 1 for sign in _COMMON.findall(text))


def dialect_of(text: str) -> tuple[str, str]:
    """Return the separator and the quotation mark of some lines of text."""
    from clevercsv import Detector  # its import takes a second

    declared = _declared(text)
    lines = "\n".join(text.replace("\0", "").splitlines()[:SAMPLE_LINES])  # NUL has its own problem
    found = Detector().detect(lines, delimiters=list(SEPARATORS))
    quote = "'" if found is not None and found.quotechar == "'" else '"'
    if declared is not None:
        return declared, quote
    return (found.delimiter or ",") if found is not None else ",", quote


def _head(open_: Opener) -> bytes:
    with closing(decompressed(open_)) as stream:
        try:
            return stream.read(HEAD)
        except (OSError, EOFError, zlib.error) as error:
            raise UnreadableFile(f"the gzip file is damaged: {error}") from None


def _refuse_foreign(head: bytes) -> None:
    for magic, what in _FOREIGN.items():
        if head.startswith(magic):
            raise UnreadableFile(f"this is {what}: {ADVICE}")
    if head.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html", b"<?xml", b"<table")):
        raise UnreadableFile(f"this is a web page or XML: {ADVICE}")
    if head.lstrip(b"\xef\xbb\xbf \r\n")[:1] in (b"{", b"["):
        raise UnreadableFile(f"this is JSON: {ADVICE}")


def _is_utf8(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # a last character that is cut is no error
    except UnicodeDecodeError:
        return False
    return True


def _whole_lines(text: str, *, cut: bool) -> str:
    """The text without its last line, if that may be cut off."""
    text = text.removeprefix("\ufeff")
    end = max(text.rfind("\n"), text.rfind("\r"))
    return text[: end + 1] if cut and end > 0 else text


def _declared(text: str) -> str | None:
    """The separator that Excel declares in a line of its own, `sep=;`."""
    first = text.lstrip("\ufeff")[:6].rstrip("\r\n")
    return first[4] if len(first) == 5 and first.lower().startswith("sep=") else None


def _without_declaration(text: str) -> str:
    return text if _declared(text) is None else text.split("\n", 1)[-1]


def is_separator_line(line: str) -> bool:
    """Return whether the first line of a file only declares the separator."""
    return _declared(line) is not None
