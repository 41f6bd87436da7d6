"""Any file that real tools produce is read; what is wrong with it is said at its line."""

import gzip
import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.imports.mapping.numbers import read_number
from engine.imports.mapping.values import read_list
from engine.imports.reading import delimited, workbooks
from engine.imports.reading.formats import Format, detect
from engine.imports.reading.formula_escape import unescape_formula
from engine.imports.reading.problems import UnreadableFile
from engine.imports.reading.table import read_table

PEOPLE = 'Nombre;Correo;Ciudad\nJosé Muñoz;jose@x.com;"Málaga; centro"\nÍñigo;i@x.com;León\n'


def a_file(content):
    return lambda: io.BytesIO(content)


def everything(content, format_=None):
    open_ = a_file(content)
    table = read_table(open_, format_ or detect(open_))
    return table, list(table.rows)


def a_workbook(*rows, sheets=("People",)):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1", "cp850", "mac-roman"],
)
def test_any_usual_encoding_is_found_out(encoding):
    table, rows = everything(PEOPLE.encode(encoding))

    assert table.headings == ("Nombre", "Correo", "Ciudad")
    assert [row.cells for row in rows] == [
        ("José Muñoz", "jose@x.com", "Málaga; centro"),
        ("Íñigo", "i@x.com", "León"),
    ]


def test_bytes_that_windows_alone_writes_are_read_as_windows_does():
    assert detect(a_file("name,price\nAna “la jefa”,€5\n".encode("cp1252"))).encoding == "cp1252"


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_any_usual_separator_and_line_end_is_found_out(separator, newline):
    lines = (
        ["email", "name", "note"],
        *[[f"e{n}@x.com", f"Ana {n}", f'"one{separator} ""two"""'] for n in range(5)],
    )
    content = newline.join(separator.join(line) for line in lines).encode()

    _, rows = everything(content)

    assert [row.cells for row in rows] == [
        (f"e{n}@x.com", f"Ana {n}", f'one{separator} "two"') for n in range(5)
    ]
    assert [row.line for row in rows] == [2, 3, 4, 5, 6]


def test_one_column_is_enough():
    _, rows = everything(b"email\na@x.com\nb@x.com\n")

    assert [row.cells for row in rows] == [("a@x.com",), ("b@x.com",)]


def test_nul_bytes_spoil_the_row_that_has_them_and_not_the_file():
    _, rows = everything(b"email,name\na@x.com,A\0na\nb@x.com,Bea\n")

    assert [(row.line, row.problem and row.problem.kind) for row in rows] == [(2, "nul"), (3, None)]


def test_decimal_commas_do_not_make_a_comma_the_separator():
    content = "id;importe;ciudad\n" + "".join(f"{n};{n},50;Madrid, centro\n" for n in range(20))

    assert detect(a_file(content.encode())).separator == ";"


def test_a_gzipped_file_is_unpacked_whatever_its_name():
    _, rows = everything(gzip.compress(PEOPLE.encode()))

    assert rows[1].cells[2] == "León"


def test_a_cell_with_line_breaks_is_one_and_the_lines_after_it_are_numbered_right():
    content = b'email,address\na@x.com,"Street 1\nMadrid"\n\nb@x.com,Street 2\n'
    _, rows = everything(content)

    assert [(row.line, row.cells) for row in rows] == [
        (2, ("a@x.com", "Street 1\nMadrid")), (5, ("b@x.com", "Street 2")),
    ]  # fmt: skip


def test_the_line_in_which_excel_names_the_separator_is_obeyed_and_not_read_as_a_row():
    table, rows = everything(b"sep=|\r\nemail|name\r\na@x.com|Ana\r\n")

    assert table.headings == ("email", "name")
    assert [(row.line, row.cells) for row in rows] == [(3, ("a@x.com", "Ana"))]


def test_without_a_header_the_columns_are_numbered_and_no_row_is_lost():
    open_ = a_file(b"a@x.com,Ana\nb@x.com,Bea\n")
    format_ = detect(open_)
    table = read_table(open_, format_)

    assert (format_.header, table.headings) == (False, ("Column 1", "Column 2"))
    assert [row.line for row in table.rows] == [1, 2]


def test_headings_that_are_empty_or_there_twice_get_names_of_their_own():
    table, _ = everything(b"email,,Email,\na@x.com,1,b@x.com,2\n")

    assert table.headings == ("email", "Column 2", "Email (2)", "Column 4")
    assert [notice.message for notice in table.notices] == [
        "column 2 has no heading",
        "the heading 'Email' is there more than once; this one is called 'Email (2)'",
        "column 4 has no heading",
    ]


def test_a_blank_last_heading_refuses_no_row_and_is_a_column_if_anything_stands_below_it():
    filled, rows = everything(b"email,name,\na@x.com,Ana,baja\nb@x.com,Bea\n", Format())
    assert filled.headings == ("email", "name", "Column 3")
    assert [row.cells for row in rows] == [("a@x.com", "Ana", "baja"), ("b@x.com", "Bea", None)]

    empty, rows = everything(b"email,name,,\na@x.com,Ana,,\nb@x.com,Bea,,\n", Format())
    assert empty.headings == ("email", "name")
    assert [row.problem for row in rows] == [None, None]


def test_a_cell_that_stands_under_a_blank_heading_far_down_costs_itself_alone():
    content = b"email,name,\n" + b"a@x.com,Ana,\n" * 600 + b"b@x.com,Bea,note\n"

    last = everything(content, Format())[1][-1]

    assert (last.cells, last.problem.kind, last.problem.refuses) == (("b@x.com", "Bea"), "no_heading", False)


@pytest.mark.parametrize(
    ("above", "line"),
    [
        ("", 0),
        ("Customers of the shop in 2026\n", 2),
        ("Report;;\n\nExported on 30/11/2026;;\n\n", 5),
        ("sep=;\nReport\n", 3),
    ],
)
def test_title_lines_above_the_headings_are_told_from_them(above, line):
    content = f"{above}email;name;city\na@x.com;Ana;Roma\nb@x.com;Bea;Oslo\n".encode()

    table, rows = everything(content)

    assert detect(a_file(content)).header_row == line
    assert table.headings == ("email", "name", "city")
    assert [row.cells[0] for row in rows] == ["a@x.com", "b@x.com"]


@pytest.mark.parametrize(
    "content",
    [
        "email;;;\na@x.com;Ana;Roma;1\nb@x.com;Bea;Oslo;2\n",
        "email;name;city\na@x.com;;\nb@x.com;;\n",
        "email\na@x.com\nb@x.com\n",
        "email;name\na@x.com;Ana\n",
    ],
)
def test_headings_in_the_first_line_are_left_there(content):
    assert (detect(a_file(content.encode())).header, detect(a_file(content.encode())).header_row) == (True, 0)


def test_the_line_of_the_headings_can_be_chosen():
    content = b"Report,of,people\nemail,name,city\na@x.com,Ana,Roma\n"

    table, rows = everything(content, Format(header_row=2))

    assert (table.headings, [row.line for row in rows]) == (("email", "name", "city"), [3])
    with pytest.raises(UnreadableFile, match="no rows in line 9 or below"):
        everything(content, Format(header_row=9))


def test_the_sheet_that_holds_the_data_is_proposed_with_the_line_of_its_headings():
    book = openpyxl.Workbook()
    book.active.title = "Read me"
    book.active.append(["Questions? Write to support@x.com"])
    hidden = book.create_sheet("Old")
    hidden.sheet_state = "hidden"
    people = book.create_sheet("People")
    for rows in (hidden, people):
        for row in (["Customers"], ["email", "name"], ["a@x.com", "Ana"]):
            rows.append(row)
    packed = io.BytesIO()
    book.save(packed)

    format_ = detect(a_file(packed.getvalue()))
    table, rows = everything(packed.getvalue())

    assert (format_.sheet, format_.header_row) == ("People", 2)
    assert str(format_) == "Excel workbook, sheet People, headings in line 2"
    assert (table.headings, [row.cells for row in rows]) == (("email", "name"), [("a@x.com", "Ana")])
    assert detect(a_file(packed.getvalue()), sheet="Old").sheet == "Old"
    assert detect(a_file(a_workbook(["email"], ["a@x.com"], sheets=("First", "Second")))).sheet == ""


@pytest.mark.parametrize(
    ("line", "kind", "refuses", "cells"),
    [
        (b"b@x.com,Bea,Roma", "ragged", True, ("b@x.com", "Bea", "Roma")),
        (b"b@x.com,Bea,,", None, False, ("b@x.com", "Bea")),
        (b"b@x.com", "short", False, ("b@x.com", None)),
        (b"b@x.com,B\0ea", "nul", True, ("b@x.com", "B\0ea")),
        (b"b@x.com,B\xffea", "encoding", True, ("b@x.com", "B\ufffdea")),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_row_is_said_at_its_line_and_the_others_are_read(line, kind, refuses, cells):
    table = read_table(a_file(b"email,name\na@x.com,Ana\n" + line + b"\nc@x.com,Cai\n"), Format())
    good, bad, last = table.rows

    assert (good.problem, last.problem) == (None, None)
    assert (bad.line, bad.cells) == (3, cells)
    found = (None, False) if bad.problem is None else (bad.problem.kind, bad.problem.refuses)
    assert found == (kind, refuses)


@pytest.mark.parametrize("behind", ["", "".join(f"p{n}@x.com,P\n" for n in range(5_000))])
def test_a_quotation_mark_that_is_never_closed_costs_its_own_line_alone(behind):
    content = 'email,name\na@x.com,"Ana\nb@x.com,Bea\n' + behind
    _, rows = everything(content.encode(), Format())

    assert (rows[0].line, rows[0].problem.kind) == (2, "quote")
    assert (rows[1].line, rows[1].cells, rows[1].problem) == (3, ("b@x.com", "Bea"), None)
    assert len(rows) == 2 + behind.count("\n")


NEXT = [("q2", "Bea", "Roma"), ("q3", "Cai", "Oslo")]


@pytest.mark.parametrize(
    ("line", "behind", "says", "lines_refused"),
    [
        ('q1,"Ana,Madrid', "q2,Bea,Roma\nq3,Cai,Oslo\n", "opened in this line and not closed", [2]),
        ('q1,"Ana,Madrid', 'q2,Bea,Roma\nq3,"Cai",Oslo\n', "opened in this line and not closed", [2]),
        ('q1,"Ana,Madrid', 'q2,"Bea",Roma\nq3,"Cai",Oslo\n', "opened in this line and not closed", [2]),
        ('"q1,Ana,Madrid', "q2,Bea,Roma\nq3,Cai,Oslo\n", "opened in this line and not closed", [2]),
        ('q1,Ana,"Madrid', "q2,Bea,Roma\nq3,Cai,Oslo\n", "opened in this line and not closed", [2]),
        ('q1,"Ana,Madrid', 'q2,Bea,Roma\nq3,Cai,Oslo\nq4,Dia,Rom"a\n', "not closed", [2, 5]),
        ('q1,"Ana" Ruiz,Madrid', "q2,Bea,Roma\nq3,Cai,Oslo\n", "text follows a closing", [2]),
        ('q1,An"a,Madrid', "q2,Bea,Roma\nq3,Cai,Oslo\n", "stands within a cell", [2]),
        ('q1,Ana,Madrid"', "q2,Bea,Roma\nq3,Cai,Oslo\n", "stands within a cell", [2]),
        ('q1,"Ana,Madrid', 'q2,Bea,Roma\nq3,Cai,Oslo\nq4,Dia",Rom\n', "not closed", [2, 5]),
    ],
)  # fmt: skip
def test_a_stray_quotation_mark_costs_its_own_line_and_no_neighbour(line, behind, says, lines_refused):
    _, rows = everything(f"id,name,city\n{line}\n{behind}".encode(), Format())

    assert [row.line for row in rows if row.problem is not None] == lines_refused
    assert rows[0].problem.kind == "quote"
    assert says in rows[0].problem.message
    assert [row.cells for row in rows if row.problem is None] == NEXT


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ('q1,"Ana\nRuiz",Madrid\n', ("q1", "Ana\nRuiz", "Madrid")),
        ('q1,"Street 1, B\n28001, Madrid, Spain\n",x\n', ("q1", "Street 1, B\n28001, Madrid, Spain\n", "x")),
        ('q1,"""Ana"" Ruiz\n\nand ""Bea""",Madrid\n', ("q1", '"Ana" Ruiz\n\nand "Bea"', "Madrid")),
        ('q1,Ana "la jefa" Ruiz,"{""a"": 1}"\n', ("q1", 'Ana "la jefa" Ruiz', '{"a": 1}')),
        ('q1, "Ruiz, Ana", "Madrid"\n', ("q1", "Ruiz, Ana", "Madrid")),
        ('q1,"",""\n', ("q1", "", "")),
    ],
)
def test_marks_that_enclose_a_cell_or_are_a_pair_within_one_are_read(text, cells):
    _, rows = everything(f"id,name,city\n{text}q2,Bea,Roma\n".encode(), Format())

    assert [row.cells for row in rows] == [cells, ("q2", "Bea", "Roma")]
    assert [row.problem for row in rows] == [None, None]


def test_a_line_with_a_stray_mark_in_a_file_of_emails_is_told_by_the_next_email():
    content = b'name,city,email\nAna,"Madrid,ana@x.com\nBea,Sol,bea@x.com\nCai,"",cai@x.com\n'
    _, rows = everything(content, Format())

    assert [row.cells[0] for row in rows if row.problem is None] == ["Bea", "Cai"]


def test_a_cell_of_ten_megabytes_costs_its_own_line_alone():
    for size in (delimited.MAX_CELL + 1, 10_000_000):
        content = b"email,name\na@x.com," + b"A" * size + b"\nb@x.com,Bea\n"
        large, good = everything(content, Format())[1]

        assert (large.line, large.problem.kind) == (2, "too_large")
        assert (good.line, good.cells) == (3, ("b@x.com", "Bea"))


def test_ten_thousand_columns_are_refused_with_what_to_look_at():
    with pytest.raises(UnreadableFile, match=r"10,000 cells, and at most 1,000 columns are read"):
        everything(",".join(f"c{n}" for n in range(10_000)).encode())


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf \r\n", "the file is empty"),
        (b"\xd0\xcf\x11\xe0 old Excel", r"before 2007 \(.xls\): save it"),
        (b"%PDF-1.7", "this is a PDF"),
        (b"<html><table><tr><td>a</td></tr></table></html>", "a web page"),
        (b'[{"email": "a@x.com"}]', "this is JSON"),
        (gzip.compress(b"email\n" * 50_000)[:60], "damaged"),
    ],
)
def test_what_holds_no_rows_is_refused_with_what_to_do(content, says):
    with pytest.raises(UnreadableFile, match=says):
        everything(content)


def test_a_file_that_breaks_off_gives_its_rows_and_says_where_it_breaks():
    whole = gzip.compress("".join(f"p{n * 7919 % 100_003}@x.com,P{n * n}\n" for n in range(60_000)).encode())
    table = read_table(a_file(whole[: len(whole) // 2]), Format(header=False))

    with pytest.raises(UnreadableFile, match="damaged after line"):
        list(table.rows)


def test_a_workbook_is_read_whatever_its_name_with_dates_and_numbers_as_text():
    content = a_workbook(
        ["email", "phone", "born", "seen", "vip", "spent"],
        ["a@x.com", 34600123456, date(1990, 3, 31), datetime.fromisoformat("2026-01-02T10:30"), True, 3.5],
        [None] * 6,
        ["b@x.com", None, None, None, False, None],
    )
    table, rows = everything(content)

    assert table.headings[:2] == ("email", "phone")
    assert [(row.line, row.cells) for row in rows] == [
        (2, ("a@x.com", "34600123456", "1990-03-31", "2026-01-02 10:30:00", "true", "3.5")),
        (4, ("b@x.com", "", "", "", "false", "")),
    ]


def test_a_sheet_that_begins_further_down_keeps_its_line_numbers():
    book = openpyxl.Workbook()
    book.active["B3"], book.active["B4"] = "email", "a@x.com"
    packed = io.BytesIO()
    book.save(packed)

    table, [row] = everything(packed.getvalue())

    assert (table.headings, row.line, row.cells) == (("email",), 4, ("a@x.com",))


def test_a_sheet_can_be_chosen_and_one_that_is_not_there_is_told():
    content = a_workbook(["email"], ["a@x.com"], sheets=("First", "Second"))
    assert workbooks.sheets(a_file(content)) == ["First", "Second"]

    with pytest.raises(UnreadableFile, match="no sheet 'Third'; the workbook has: First, Second"):
        everything(content, Format(kind="workbook", sheet="Third"))


def test_a_workbook_that_would_unpack_to_a_mountain_is_refused_before_it_is_unpacked():
    bomb = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(a_workbook(["email"]))) as real, zipfile.ZipFile(bomb, "w") as packed:
        for name in real.namelist():
            content = b" " * 20_000_000 if name.endswith("sheet1.xml") else real.read(name)
            packed.writestr(name, content, compress_type=zipfile.ZIP_DEFLATED)

    with pytest.raises(UnreadableFile, match=r"sheet1\.xml would unpack to 19 MB from"):
        everything(bomb.getvalue())


def test_an_archive_that_is_no_workbook_is_told_from_one():
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("people.csv", "email\na@x.com\n")

    with pytest.raises(UnreadableFile, match="unpack it and import the files in it"):
        everything(archive.getvalue())


def test_a_damaged_workbook_is_refused():
    content = a_workbook(["email"], ["a@x.com"])

    with pytest.raises(UnreadableFile, match="damaged"):
        everything(content[: len(content) // 2])


def test_a_parquet_file_is_read_as_any_other():
    file = io.BytesIO()
    at = datetime(2026, 1, 5, 11, tzinfo=UTC)
    table = pa.table(
        {
            "order id": ["1", "2"],
            "date": pa.array([at, None], pa.timestamp("ms", "UTC")),
            "total": [Decimal("10.50"), None],
            "tags": [["a", "b"], []],
            "count": [1.0, 2.5],
        }
    )
    pq.write_table(table, file)

    def opened():
        return io.BytesIO(file.getvalue())

    found = read_table(opened, detect(opened))
    assert str(detect(opened)) == "Parquet"
    assert found.headings == ("order id", "date", "total", "tags", "count")
    assert [(row.line, row.cells) for row in found.rows] == [
        (2, ("1", "2026-01-05 11:00:00+00:00", "10.50", "a|b", "1")),
        (3, ("2", "", "", "", "2.5")),
    ]


@pytest.mark.parametrize("text", ["=1+1", "'=1+1", "'12", "-2+3", "+34600", "O'Hara", "[1,2]", "two\nlines"])
def test_a_text_in_parquet_is_what_it_is_and_no_escaped_formula(text):
    file = io.BytesIO()
    pq.write_table(pa.table({"text": [text], "items": [["x", text]], "number": [1.234]}), file)

    [row] = everything(file.getvalue())[1]

    assert unescape_formula(row.cells[0]) == text
    assert read_list(unescape_formula(row.cells[1])) == ["x", text]
    assert read_number(row.cells[2], ",") == "1.2340"


def test_a_parquet_file_that_breaks_off_is_unreadable():
    with pytest.raises(UnreadableFile, match="Parquet file cannot be read"):
        read_table(lambda: io.BytesIO(b"PAR1 and nothing else"), Format(kind="parquet"))
