"""How a file is written: found out from its first bytes, shown to a person, and corrected by them.

The content decides, never the name: what is called .csv may be a workbook, and the reverse.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import BinaryIO, Literal, cast

from charset_normalizer import from_bytes

from engine.imports.reading.problems import UnreadableFile

Opener = Callable[[], BinaryIO]
"""Opens the same file from its start, each time anew."""

HEAD = 65_536
"""Bytes from which encoding, separator and quotation mark are found out."""

SAMPLE_LINES = 100
"""Lines that are looked at for the separator."""

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}

ENCODINGS = {
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16, little-endian",
    "utf-16-be": "UTF-16, big-endian",
    "cp1252": "Windows-1252",
    "latin-1": "Latin-1",
    "cp850": "MS-DOS (CP 850)",
    "mac-roman": "Macintosh",
}
"""The encodings that a person can choose.  A byte-order mark is taken off by `utf-8-sig`, if there is one."""

_WESTERN = ("cp1252", "latin-1", "cp850", "mac-roman")
"""The encodings of one byte a sign; in doubt the first."""

_CAPITALS = "ÁÉÍÓÚÀÈÌÒÙÂÊÎÔÛÄËÏÖÜÃÕÑÇÅÆØ"
_SIGNS = "¿¡ªº€«»·\u201c\u201d\u2018\u2019\u2013"
_USUAL = re.compile(
    rf"[{_CAPITALS.lower()}ß{_SIGNS}]|(?<![^\W\d_A-Z{_CAPITALS}])[{_CAPITALS}]",
)
"""Signs beyond ASCII of which Western European texts are full: a capital not after a small letter."""

_FOREIGN = {
    b"\xd0\xcf\x11\xe0": "an Excel workbook of before 2007 (.xls)",
    b"%PDF": "a PDF",
    b"PAR1": "a Parquet file",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf": "a 7z archive",
}
"""What files begin with that hold no rows that we read."""

ADVICE = "save it as CSV or as an Excel workbook (.xlsx) and import that"

Kind = Literal["text", "workbook"]


@dataclass(frozen=True)
class Format:
    """How a file's rows are written.

    Parameters:
      kind(str): `text` (separated values) or `workbook` (XLSX).
      encoding(str): One of `ENCODINGS`; of a workbook none.
      separator(str): One of `SEPARATORS`.
      quote(str): What encloses a cell that contains the separator.
      header(bool): Whether the first row names the columns.
      sheet(str): Which sheet of a workbook; empty: the first.
    """

    kind: Kind = "text"
    encoding: str = "utf-8-sig"
    separator: str = ","
    quote: str = '"'
    header: bool = True
    sheet: str = ""

    def __str__(self) -> str:
        if self.kind == "workbook":
            return f"Excel workbook, sheet {self.sheet}" if self.sheet else "Excel workbook"
        separator = SEPARATORS.get(self.separator, repr(self.separator))
        return f"{ENCODINGS.get(self.encoding, self.encoding)}, separated by {separator}"


def unpacked(open_: Opener) -> BinaryIO:
    """Open a file, unpacking it if it is gzipped."""
    stream = open_()
    magic = stream.read(2)
    stream.close()
    stream = open_()
    return cast(BinaryIO, gzip.GzipFile(fileobj=stream)) if magic == b"\x1f\x8b" else stream


def detect(open_: Opener) -> Format:
    """Find out how a file is written; raise UnreadableFile if it holds no rows that we can read."""
    head = _head(open_)
    if not head.strip(b"\0 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise UnreadableFile("the file is empty")
    if head.startswith(b"PK\x03\x04"):
        return Format(kind="workbook", encoding="")
    _refuse_foreign(head)
    encoding = encoding_of(head)
    text = _whole_lines(head.decode(encoding, errors="replace"), cut=len(head) >= HEAD)
    separator, quote = dialect_of(text)
    rows = csv.reader(io.StringIO(_without_hint(text), newline=""), delimiter=separator, quotechar=quote)
    return Format(
        encoding=encoding, separator=separator, quote=quote, header=looks_like_header(next(rows, []))
    )


def encoding_of(head: bytes) -> str:
    """The encoding of text by its first bytes, one of `ENCODINGS`."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" not in head and _is_utf8(head):
        return "utf-8-sig"
    isolated = ["utf_16_le", "utf_16_be", "utf_8", "cp1252", "latin_1"]
    found = from_bytes(head, cp_isolation=isolated).best() if b"\0" in head else None
    names = {"utf_16_le": "utf-16-le", "utf_16_be": "utf-16-be", "utf_8": "utf-8-sig"}
    if found is not None and found.encoding in names:
        return names[found.encoding]
    if _is_utf8(head):  # with NUL bytes, which are reported where they stand
        return "utf-8-sig"
    return _of_western(head)


def _of_western(head: bytes) -> str:
    """Which encoding of one byte a sign makes most of the signs beyond ASCII ones that people write here.

    Excel saves as MS-DOS or Macintosh CSV, too, and the same byte is another letter there.
    """
    found = {encoding: _usual(head.decode(encoding, errors="replace")) for encoding in _WESTERN}
    return max(found, key=lambda encoding: found[encoding])  # of equals the first


def _usual(text: str) -> int:
    """How much in a text is as people write it; a capital within a word is not."""
    return sum(2 if sign in "áéíóúñü" else 1 for sign in _USUAL.findall(text))


def dialect_of(text: str) -> tuple[str, str]:
    """The separator and the quotation mark of some lines of text."""
    from clevercsv import Detector  # it takes a second to look at all of Unicode when it is imported

    hint = _hint(text)
    lines = "\n".join(text.replace("\0", "").splitlines()[:SAMPLE_LINES])  # NUL is told of where it stands
    found = Detector().detect(lines, delimiters=list(SEPARATORS))
    quote = "'" if found is not None and found.quotechar == "'" else '"'
    if hint is not None:
        return hint, quote
    return (found.delimiter or ",") if found is not None else ",", quote


def looks_like_header(cells: list[str]) -> bool:
    """Whether a first row names columns rather than being somebody's data."""
    said = [cell.strip() for cell in cells if cell.strip()]
    return bool(said) and not any("@" in cell or _is_number(cell) for cell in said)


def _is_number(cell: str) -> bool:
    return any(map(str.isdigit, cell)) and not any(map(str.isalpha, cell))


def _head(open_: Opener) -> bytes:
    with closing(unpacked(open_)) as stream:
        try:
            return stream.read(HEAD)
        except (OSError, EOFError, zlib.error) as error:
            raise UnreadableFile(f"the file is gzipped, and damaged: {error}") from None


def _refuse_foreign(head: bytes) -> None:
    for magic, what in _FOREIGN.items():
        if head.startswith(magic):
            raise UnreadableFile(f"this is {what}, whatever its name says: {ADVICE}")
    if head.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html", b"<?xml", b"<table")):
        raise UnreadableFile(f"this is a web page or XML, whatever its name says: {ADVICE}")
    if head.lstrip(b"\xef\xbb\xbf \r\n")[:1] in (b"{", b"["):
        raise UnreadableFile(f"this is JSON, whatever its name says: {ADVICE}")


def _is_utf8(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # a cut last character is no fault
    except UnicodeDecodeError:
        return False
    return True


def _whole_lines(text: str, *, cut: bool) -> str:
    """Text without the last line, if that may be cut off."""
    text = text.removeprefix("\ufeff")
    end = max(text.rfind("\n"), text.rfind("\r"))
    return text[: end + 1] if cut and end > 0 else text


def _hint(text: str) -> str | None:
    """The separator that Excel names in a line of its own, `sep=;`."""
    first = text.lstrip("\ufeff")[:6].rstrip("\r\n")
    return first[4] if len(first) == 5 and first.lower().startswith("sep=") else None


def _without_hint(text: str) -> str:
    return text if _hint(text) is None else text.split("\n", 1)[-1]


def is_hint(line: str) -> bool:
    """Whether a file's first line only names the separator."""
    return _hint(line) is not None
