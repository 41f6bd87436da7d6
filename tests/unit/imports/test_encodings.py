"""The encoding of a file is detected where its letters show it, and can be chosen by any of its names."""

import io

import pytest

from engine.imports.mapping.inspection import inspect
from engine.imports.reading.encodings import known_encoding
from engine.imports.reading.formats import Format, detect
from engine.imports.reading.table import read_table
from tests.builders import rules

PEOPLE = {
    "cp1250": ["Łukasz Wiśniewski", "Zażółć gęślą jaźń", "Małgorzata Wójcik, Łódź"],
    "iso8859-2": ["Łukasz Wiśniewski", "Jaśmina Źródło", "Wąs"],
    "cp1251": ["Иван Петров", "Москва", "Ольга Смирнова"],
    "koi8-r": ["Иван Петров", "Москва"],
    "cp1252": ["José Muñoz", "François Noël", "Jürgen Größe", "João São"],
    "cp1253": ["Γιάννης Παπαδόπουλος", "Αθήνα"],
    "cp1254": ["Şükrü Doğan", "Gökçe", "İstanbul"],
    "cp932": ["山田太郎", "やまだ たろう", "東京都"],
    "gb18030": ["张伟", "北京市朝阳区"],
    "big5": ["陳怡君", "台北市"],
    "cp949": ["김철수", "서울특별시"],
}


def a_file(names, encoding):
    lines = [f"p{number}@x.com;{name}\n" for number, name in enumerate(names)]
    return lambda: io.BytesIO(f"email;name\n{''.join(lines)}".encode(encoding))


@pytest.mark.parametrize("encoding", [*PEOPLE, "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_the_encoding_of_a_list_of_names_is_found_out(encoding):
    names = PEOPLE.get(encoding, PEOPLE["cp1250"])
    open_ = a_file(names, encoding)

    rows = list(read_table(open_, detect(open_)).rows)

    assert [row.cells[1] for row in rows] == names


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("Łukasz", "cp1250"), ("Dvořák", "cp1250"), ("Kovács Győző", "cp1250"), ("Иван", "cp1251"),
        ("Αθήνα", "cp1253"), ("Şükrü Doğan", "cp1254"), ("山田太郎", "cp932"), ("张伟", "gb18030"),
        ("김철수", "cp949"), ("João", "cp1252"), ("Müller", "cp1252"), ("Sørensen", "cp1252"),
        ("1ª planta, nº 3", "cp1252"), ("JOSÉ NÚÑEZ", "cp1252"), ("Œuvre", "cp1252"), ("Þórður", "cp1252"),
    ],
)  # fmt: skip
def test_one_name_is_often_enough(name, encoding):
    open_ = a_file([name], encoding)

    [row] = read_table(open_, detect(open_)).rows

    assert row.cells[1] == name


def test_a_chosen_encoding_decides_and_a_mark_that_it_does_not_take_off_is_no_part_of_a_heading():
    marked = "\ufeffemail;name\na@x.com;Łukasz\n".encode("utf-16-le")

    table = read_table(lambda: io.BytesIO(marked), detect(lambda: io.BytesIO(marked), encoding="utf-16-le"))

    assert table.headings == ("email", "name")
    assert [row.cells for row in table.rows] == [("a@x.com", "Łukasz")]


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("Windows-1250", "cp1250"), ("ISO-8859-2", "iso8859-2"), ("latin1", "latin-1"), ("UTF-8", "utf-8-sig"),
        ("Shift_JIS", "cp932"), ("GBK", "gb18030"), ("GB2312", "gb18030"), ("EUC-KR", "cp949"),
        ("macroman", "mac-roman"), ("utf16", "utf-16"), ("klingon", None), ("rot13", None),
    ],
)  # fmt: skip
def test_an_encoding_is_known_by_its_usual_names(name, encoding):
    assert known_encoding(name) == encoding


def test_the_first_accented_rows_are_shown_by_which_the_encoding_can_be_judged():
    content = "email;name\na@x.com;Ana\nb@x.com;Łukasz\n".encode("cp1250")

    found = inspect(lambda: io.BytesIO(content), rules().present, format_=Format("text", "cp1252", ";"))

    assert found.accented() == [(3, "£ukasz")]
